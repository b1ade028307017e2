//! Which links become methods of an answer, and where does each get its values?
//!
//! A link becomes one where the answer is an object of this crate and every parameter that the other operation demands is a field of
//! it, or a constant, of the type that is wanted. Every other is told in the documentation alone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::answers::Success;
use super::calls::{ArgumentKind, CallPlan, OptionField, argument};
use super::features::GroupFeatures;
use super::names::{self, Ident, Namespace};
use super::rust::{self, Presence, RustType, TypePlan};
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};
use crate::ir::{Api, Link, LinkSource, Shape, TypeId};

/// A method of an answer that makes the call of a link.
#[derive(Debug, Clone)]
pub struct LinkPlan {
    /// The type of the answer.
    pub ty: TypeId,
    /// The method.
    pub method: Ident,
    /// Whether another operation has the same link and defines it.
    pub shared: bool,
    /// The groups of which an operation defines it as well, where groups have features: it is defined here only without these.
    pub unless: Vec<usize>,
    /// What the arguments of the other operation are, in their order.
    pub arguments: Vec<LinkArgument>,
    /// The fields that are set of its struct of optional parameters, in their order.
    pub options: Vec<(OptionField, LinkArgument)>,
}

/// What a link gives as an argument.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkArgument {
    /// A text.
    Text(String),
    /// A truth or a number that is whole.
    Plain(Value),
    /// A field of the answer: the steps to it, each with whether it may be missing, and how it is handed over.
    Field(Vec<(Ident, Presence)>, Handing),
}

/// How a field is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handing {
    /// By reference.
    Borrowed,
    /// By value, since it is as small.
    Copied,
    /// As a value of its own.
    Cloned,
    /// By its text.
    Written,
}

/// What an answer has beside such methods, or would have if it were asked to derive it.
const RESERVED: &[&str] = &[
    "new",
    "default",
    "clone",
    "eq",
    "ne",
    "cmp",
    "partial_cmp",
    "hash",
    "fmt",
    "from",
    "into",
    "validate",
    "to_owned",
    "to_string",
    "serialize",
    "deserialize",
    "borrow",
    "type_id",
];

/// Plans the links of every operation, parallel to [`crate::ir::Operation::links`].
pub(super) fn fill(
    api: &Api,
    types: &[TypePlan],
    calls: &mut [CallPlan],
    features: Option<&GroupFeatures>,
    diagnostics: &mut Diagnostics,
) {
    let mut names: BTreeMap<TypeId, Namespace> = BTreeMap::new();
    // Each with the groups that define it.
    let mut known: BTreeMap<(TypeId, &str, usize), (LinkPlan, Vec<usize>)> = BTreeMap::new();
    let mut planned = Vec::with_capacity(calls.len());
    for (position, (operation, call)) in api.operations.iter().zip(calls.iter()).enumerate() {
        let group = features.map(|features| features.of_operations[position]);
        let plans = operation.links.iter().map(|link| match resolve(api, types, call, link, &calls[link.target]) {
            Err(why) => {
                diagnostics.push(
                    Diagnostic::note(codes::IGNORED_PART, format!("the link `{}` becomes no method", link.name))
                        .at_key(&Pointer::from_canonical(&link.pointer), why)
                        .help("the documentation of the method that answers it says what it leads to"),
                );
                None
            }
            Ok(Resolved { ty, arguments, options }) => {
                let key = (ty, link.name.as_str(), link.target);
                let same = |plan: &LinkPlan| {
                    let set = plan.options.iter().map(|(field, value)| (field.parameter, value));
                    plan.arguments == arguments && set.eq(options.iter().map(|(field, value)| (field.parameter, value)))
                };
                if let Some((plan, groups)) = known.get_mut(&key).filter(|(plan, _)| same(plan)) {
                    let Some(group) = group.filter(|group| !groups.contains(group)) else {
                        return Some(LinkPlan { shared: true, ..plan.clone() });
                    };
                    let unless = groups.clone();
                    groups.push(group);
                    return Some(LinkPlan { unless, ..plan.clone() });
                }
                let names = names.entry(ty).or_insert_with(|| Namespace::reserving(RESERVED));
                let method = names.take(&names::snake(&link.name));
                let plan = LinkPlan { ty, method, shared: false, unless: Vec::new(), arguments, options };
                known.insert(key, (plan.clone(), group.into_iter().collect()));
                Some(plan)
            }
        });
        planned.push(plans.collect::<Vec<_>>());
    }
    for (call, links) in calls.iter_mut().zip(planned) {
        call.links = links;
    }
}

struct Resolved {
    ty: TypeId,
    arguments: Vec<LinkArgument>,
    options: Vec<(OptionField, LinkArgument)>,
}

/// What the values of a link are to be.
enum Wanted<'p> {
    Argument(&'p ArgumentKind),
    Field(&'p RustType),
}

/// The type that has the method, and what it hands over; else why there is none.
fn resolve(api: &Api, types: &[TypePlan], call: &CallPlan, link: &Link, target: &CallPlan) -> Result<Resolved, String> {
    if target.body.is_some() || link.body {
        return Err("the other operation has a body".to_owned());
    }
    let root = match &call.success {
        Success::Json(ty, _) | Success::Xml(ty, _) => match rust::bare(types, ty, 0) {
            RustType::Named(id) => Some(api.types.resolve(crate::ir::Use { ty: id, nullable: false }).ty),
            _ => None,
        },
        _ => None,
    };
    let root = root.filter(|id| is_record(api, types, *id)).ok_or("the answer is not always one object")?;
    let parameters = &api.operations[link.target].parameters;
    let mut given: BTreeMap<usize, &LinkSource> = BTreeMap::new();
    for value in &link.values {
        let at = value.parameter.ok_or_else(|| format!("the other operation has no parameter `{}`", value.name))?;
        given.insert(at, &value.source);
    }
    let value = |at: usize, wanted: &Wanted<'_>, source: &LinkSource| {
        let name = &parameters[at].name;
        match source {
            LinkSource::Constant(value) => {
                constant(types, wanted, value).ok_or_else(|| format!("`{name}` is of another type"))
            }
            LinkSource::Exchange(said) => Err(format!("`{said}` is no field of the answer")),
            LinkSource::Field(steps) => {
                let shown = || steps.join("/");
                let (way, leaf) =
                    way(api, types, root, steps).ok_or_else(|| format!("the answer has no field `{}`", shown()))?;
                let handing = handing(types, wanted, leaf)
                    .ok_or_else(|| format!("`{name}` is of another type than `{}`", shown()))?;
                Ok(LinkArgument::Field(way, handing))
            }
        }
    };
    let arguments = target.arguments.iter().map(|argument| {
        let at = argument.parameter;
        let source = given.get(&at).ok_or_else(|| format!("it does not give `{}`", parameters[at].name))?;
        value(at, &Wanted::Argument(&argument.kind), source)
    });
    let fields = target.options.iter().flat_map(|(_, fields)| fields);
    let options = fields.filter_map(|field| Some((field, given.get(&field.parameter)?))).map(|(field, source)| {
        let inner = match &field.ty {
            RustType::Option(inner) => inner,
            list => list,
        };
        Ok((field.clone(), value(field.parameter, &Wanted::Field(inner), source)?))
    });
    Ok(Resolved {
        ty: root,
        arguments: arguments.collect::<Result<_, String>>()?,
        options: options.collect::<Result<_, String>>()?,
    })
}

fn is_record(api: &Api, types: &[TypePlan], id: TypeId) -> bool {
    let planned = &types[id.index()];
    matches!(api.types.get(id).shape, Shape::Record(_)) && planned.name.is_some() && planned.own.is_none()
}

/// The fields on the way to a value of an answer, and the type of that value.
fn way<'t>(
    api: &Api,
    types: &'t [TypePlan],
    root: TypeId,
    steps: &[String],
) -> Option<(Vec<(Ident, Presence)>, &'t RustType)> {
    let (last, before) = steps.split_last()?;
    let mut at = root;
    let mut way = Vec::with_capacity(steps.len());
    let mut step = |at: TypeId, name: &String| {
        let Shape::Record(record) = &api.types.get(at).shape else { return None };
        let position = record.fields.iter().position(|field| field.name == *name)?;
        let planned = &types[at.index()].fields[position];
        way.push((planned.ident.clone(), planned.presence));
        Some((api.types.resolve(record.fields[position].used).ty, &planned.bare))
    };
    for name in before {
        let (inner, bare) = step(at, name)?;
        at = Some(inner).filter(|inner| is_record(api, types, *inner) && !matches!(bare, RustType::Own(_)))?;
    }
    let (_, leaf) = step(at, last)?;
    Some((way, leaf))
}

/// How a value of this type becomes what is wanted, if it does.
fn handing(types: &[TypePlan], wanted: &Wanted<'_>, leaf: &RustType) -> Option<Handing> {
    let leaf = rust::bare(types, leaf, 0);
    let same = |ty: &RustType| rust::bare(types, ty, 0) == leaf;
    let writes =
        matches!(leaf, RustType::I32 | RustType::I64 | RustType::U32 | RustType::U64 | RustType::Bool | RustType::Uuid);
    match wanted {
        Wanted::Argument(ArgumentKind::Text) if leaf == RustType::String => Some(Handing::Borrowed),
        Wanted::Argument(ArgumentKind::Text) => writes.then_some(Handing::Written),
        Wanted::Argument(ArgumentKind::Value(ty)) => same(ty).then_some(Handing::Copied),
        Wanted::Argument(ArgumentKind::Reference(ty)) => same(ty).then_some(Handing::Borrowed),
        Wanted::Argument(ArgumentKind::Slice(item)) => {
            matches!(&leaf, RustType::List(inner) if rust::bare(types, item, 0) == **inner).then_some(Handing::Borrowed)
        }
        Wanted::Field(ty) if same(ty) => {
            let small = matches!(argument(&leaf, types), ArgumentKind::Value(_));
            Some(if small { Handing::Copied } else { Handing::Cloned })
        }
        Wanted::Field(ty) => (writes && rust::bare(types, ty, 0) == RustType::String).then_some(Handing::Written),
    }
}

/// A constant as what is wanted, where its type is that.
fn constant(types: &[TypePlan], wanted: &Wanted<'_>, value: &Value) -> Option<LinkArgument> {
    let ty = match wanted {
        Wanted::Argument(ArgumentKind::Text) => RustType::String,
        Wanted::Argument(ArgumentKind::Value(ty)) => rust::bare(types, ty, 0),
        Wanted::Field(ty) => rust::bare(types, ty, 0),
        Wanted::Argument(ArgumentKind::Slice(_) | ArgumentKind::Reference(_)) => return None,
    };
    let fits = match (ty, value) {
        (RustType::String, Value::String(text)) => return Some(LinkArgument::Text(text.clone())),
        (RustType::Bool, Value::Bool(_)) => true,
        (RustType::I64, Value::Number(number)) => number.is_i64(),
        (RustType::U64, Value::Number(number)) => number.is_u64(),
        (RustType::I32, Value::Number(number)) => number.as_i64().is_some_and(|whole| i32::try_from(whole).is_ok()),
        (RustType::U32, Value::Number(number)) => number.as_i64().is_some_and(|whole| u32::try_from(whole).is_ok()),
        _ => false,
    };
    fits.then(|| LinkArgument::Plain(value.clone()))
}
