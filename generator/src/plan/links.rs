//! Which links become methods of an answer, and where does each get its values?
//!
//! A link becomes one where the answer is an object of this crate and every parameter that the other operation demands is a field of
//! it, or a constant, of the type that is wanted. Every other is told in the documentation alone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::answers::Success;
use super::calls::{ArgumentKind, CallPlan};
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
    /// What the arguments of the other operation are, in their order.
    pub arguments: Vec<LinkArgument>,
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
pub(super) fn fill(api: &Api, types: &[TypePlan], calls: &mut [CallPlan], diagnostics: &mut Diagnostics) {
    let mut names: BTreeMap<TypeId, Namespace> = BTreeMap::new();
    let mut known: Vec<(String, usize, LinkPlan)> = Vec::new();
    let mut planned = Vec::with_capacity(calls.len());
    for (operation, call) in api.operations.iter().zip(calls.iter()) {
        let plans = operation.links.iter().map(|link| match resolve(api, types, call, link, &calls[link.target]) {
            Err(why) => {
                diagnostics.push(
                    Diagnostic::note(codes::IGNORED_PART, format!("the link `{}` becomes no method", link.name))
                        .at_key(&Pointer::from_canonical(&link.pointer), why)
                        .help("the documentation of the method that answers it says what it leads to"),
                );
                None
            }
            Ok((ty, arguments)) => {
                let same = known.iter().find(|(name, target, plan)| {
                    (name.as_str(), *target, plan.ty) == (link.name.as_str(), link.target, ty)
                        && plan.arguments == arguments
                });
                if let Some((.., plan)) = same {
                    return Some(LinkPlan { shared: true, ..plan.clone() });
                }
                let names = names.entry(ty).or_insert_with(|| Namespace::reserving(RESERVED));
                let method = names.take(&names::snake(&link.name));
                let plan = LinkPlan { ty, method, shared: false, arguments };
                known.push((link.name.clone(), link.target, plan.clone()));
                Some(plan)
            }
        });
        planned.push(plans.collect::<Vec<_>>());
    }
    for (call, links) in calls.iter_mut().zip(planned) {
        call.links = links;
    }
}

/// The type that has the method, and its arguments; else why there is none.
fn resolve(
    api: &Api,
    types: &[TypePlan],
    call: &CallPlan,
    link: &Link,
    target: &CallPlan,
) -> Result<(TypeId, Vec<LinkArgument>), String> {
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
    let given = link.values.iter().map(|value| match value.parameter {
        None => Err(format!("the other operation has no parameter `{}`", value.name)),
        Some(at) if target.arguments.iter().all(|argument| argument.parameter != at) => {
            Err(format!("`{}` is optional there", value.name))
        }
        Some(at) => Ok((at, value)),
    });
    let given: Vec<_> = given.collect::<Result<_, String>>()?;
    let arguments = target.arguments.iter().map(|argument| {
        let wanted = &api.operations[link.target].parameters[argument.parameter].name;
        let (_, value) = given
            .iter()
            .find(|(at, _)| *at == argument.parameter)
            .ok_or_else(|| format!("it does not give `{wanted}`"))?;
        match &value.source {
            LinkSource::Constant(value) => {
                constant(types, &argument.kind, value).ok_or_else(|| format!("`{wanted}` is of another type"))
            }
            LinkSource::Exchange(said) => Err(format!("`{said}` is no field of the answer")),
            LinkSource::Field(steps) => {
                let shown = || steps.join("/");
                let (way, leaf) =
                    way(api, types, root, steps).ok_or_else(|| format!("the answer has no field `{}`", shown()))?;
                let handing = handing(types, &argument.kind, leaf)
                    .ok_or_else(|| format!("`{wanted}` is of another type than `{}`", shown()))?;
                Ok(LinkArgument::Field(way, handing))
            }
        }
    });
    Ok((root, arguments.collect::<Result<_, String>>()?))
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

/// How a value of this type becomes the argument, if it does.
fn handing(types: &[TypePlan], kind: &ArgumentKind, leaf: &RustType) -> Option<Handing> {
    let leaf = rust::bare(types, leaf, 0);
    let same = |ty: &RustType| rust::bare(types, ty, 0) == leaf;
    match kind {
        ArgumentKind::Text => match leaf {
            RustType::String => Some(Handing::Borrowed),
            RustType::I32 | RustType::I64 | RustType::U32 | RustType::U64 | RustType::Bool | RustType::Uuid => {
                Some(Handing::Written)
            }
            _ => None,
        },
        ArgumentKind::Value(ty) => same(ty).then_some(Handing::Copied),
        ArgumentKind::Reference(ty) => same(ty).then_some(Handing::Borrowed),
        ArgumentKind::Slice(item) => {
            matches!(&leaf, RustType::List(inner) if rust::bare(types, item, 0) == **inner).then_some(Handing::Borrowed)
        }
    }
}

/// A constant as an argument, where its type is the argument's.
fn constant(types: &[TypePlan], kind: &ArgumentKind, value: &Value) -> Option<LinkArgument> {
    let plain = || Some(LinkArgument::Plain(value.clone()));
    match (kind, value) {
        (ArgumentKind::Text, Value::String(text)) => Some(LinkArgument::Text(text.clone())),
        (ArgumentKind::Value(ty), value) => match (rust::bare(types, ty, 0), value) {
            (RustType::Bool, Value::Bool(_)) => plain(),
            (RustType::I64, Value::Number(number)) if number.is_i64() => plain(),
            (RustType::U64, Value::Number(number)) if number.is_u64() => plain(),
            (RustType::I32, Value::Number(number)) => {
                number.as_i64().filter(|n| i32::try_from(*n).is_ok()).and_then(|_| plain())
            }
            (RustType::U32, Value::Number(number)) => {
                number.as_u64().filter(|n| u32::try_from(*n).is_ok()).and_then(|_| plain())
            }
            _ => None,
        },
        _ => None,
    }
}
