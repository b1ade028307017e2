//! How does a decoder tell the alternatives of a union apart?

use super::boxes::Knots;
use super::names::{self, Ident};
use super::rust::{Adapter, Context, RustType, keeper};
use crate::ir::{Enumeration, Listed, Shape, TextKind, TypeId, Types, Union, Use};

/// A union as Rust has it. The alternatives stand in the order in which a decoder tries them where nothing else decides.
#[derive(Debug, Clone)]
pub struct UnionPlan {
    /// The alternatives.
    pub arms: Vec<ArmPlan>,
    /// The field that tells them apart, and what its values mean.
    pub tag: Option<(String, Vec<(String, usize)>)>,
    /// The variant that keeps what fits no alternative, unless that is an error.
    pub unknown: Option<Ident>,
    /// An alternative of which an empty value can stand where none was read yet, of a union that keeps nothing else.
    pub stands: Option<usize>,
}

/// An alternative of a union.
#[derive(Debug, Clone)]
pub struct ArmPlan {
    /// Its variant.
    pub ident: Ident,
    /// What the document says that it is.
    pub used: Use,
    /// What the variant holds.
    pub ty: RustType,
    /// How its value is written.
    pub adapter: Option<Adapter>,
    /// The JSON types its values can have.
    pub json: Vec<JsonKind>,
    /// The fields an object of it always has.
    pub required: Vec<String>,
    /// All fields an object of it can have.
    pub properties: Vec<String>,
    /// Fields that can have only these values.
    pub constants: Vec<(String, Vec<String>)>,
    /// The words that a value of it can be, where it is a closed list of words.
    pub values: Vec<String>,
    /// The value of the tag that must be written with it, where its own fields do not.
    pub written_tag: Option<String>,
}

/// A type of JSON, as the runtime's `JsonTypes` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum JsonKind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

pub(super) fn plan(context: &Context<'_>, id: TypeId, union: &Union, knots: &Knots) -> UnionPlan {
    let types = context.types;
    let hints: Vec<&str> = union.arms.iter().map(|arm| arm.hint.as_deref().unwrap_or("other")).collect();
    let idents = names::siblings(hints, &["Self"], names::camel);
    let mut order: Vec<usize> = (0..union.arms.len()).collect();
    order.sort_by_key(|&at| (leniency(types, union.arms[at].used), at));
    let mut arms = Vec::with_capacity(order.len());
    for &at in &order {
        let used = union.arms[at].used;
        let resolved = types.resolve(used).ty;
        let mention = context.mention(used.ty);
        let own = context.own.behind(types, used).is_some();
        let ty = if !own && knots.boxes(types, id, used) { RustType::Boxed(Box::new(mention)) } else { mention };
        let (required, properties, constants) = match &types.get(resolved).shape {
            Shape::Record(record) => (
                record.fields.iter().filter(|field| field.required).map(|field| field.name.clone()).collect(),
                record.fields.iter().map(|field| field.name.clone()).collect(),
                record
                    .fields
                    .iter()
                    .filter(|field| field.required)
                    .filter_map(|field| match &types.get(types.resolve(field.used).ty).shape {
                        Shape::Enumeration(Enumeration { values, open: false, .. }) => {
                            Some((field.name.clone(), values.clone()))
                        }
                        _ => None,
                    })
                    .collect(),
            ),
            _ => (Vec::new(), Vec::new(), Vec::new()),
        };
        let written_tag = union.tag.as_ref().and_then(|tag| {
            let is_record = matches!(types.get(resolved).shape, Shape::Record(_));
            let own = constants.iter().any(|(field, _): &(String, Vec<String>)| *field == tag.field);
            let mut values = tag.values.iter().filter(|(_, arm)| *arm == at).map(|(value, _)| value);
            match (values.next(), values.next()) {
                // With several values only the sender knows which one is meant.
                (Some(only), None) if is_record && !own => Some(only.clone()),
                _ => None,
            }
        });
        arms.push(ArmPlan {
            ident: idents[at].clone(),
            used,
            ty,
            adapter: context.adapter(used),
            json: json_kinds(types, resolved, 0),
            required,
            properties,
            constants,
            values: match &types.get(resolved).shape {
                Shape::Enumeration(Enumeration { values, open: false, .. }) => values.clone(),
                _ => Vec::new(),
            },
            written_tag,
        });
    }
    let position = |arm: usize| order.iter().position(|&at| at == arm).unwrap_or(arm);
    let tag = union.tag.as_ref().map(|tag| {
        (tag.field.clone(), tag.values.iter().map(|(value, arm)| (value.clone(), position(*arm))).collect())
    });
    let idents: Vec<Ident> = arms.iter().map(|arm| arm.ident.clone()).collect();
    UnionPlan { tag, unknown: union.open.then(|| keeper(&idents)), arms, stands: None }
}

/// How much a type admits among those of the same JSON type: what admits less is tried first.
fn leniency(types: &Types, used: Use) -> u8 {
    match &types.get(types.resolve(used).ty).shape {
        Shape::Enumeration(Enumeration { open: false, .. }) => 0,
        Shape::Text(TextKind::DateTime | TextKind::Date | TextKind::Uuid | TextKind::Decimal) => 1,
        Shape::Text(TextKind::Base64 | TextKind::Base64Url) => 2,
        Shape::Enumeration(Enumeration { open: true, .. }) => 3,
        Shape::Text(TextKind::Plain | TextKind::Secret) => 4,
        Shape::Integer(_) => 0,
        Shape::Number(_) => 1,
        Shape::Record(_) => 0,
        Shape::Union(_) => 1,
        Shape::Map(_) => 2,
        Shape::Nothing | Shape::Boolean | Shape::List(_) | Shape::Tuple(_) => 0,
        Shape::Anything | Shape::Alias(_) => 9,
    }
}

fn json_kinds(types: &Types, id: TypeId, depth: usize) -> Vec<JsonKind> {
    match &types.get(id).shape {
        Shape::Nothing => vec![JsonKind::Null],
        Shape::Boolean => vec![JsonKind::Boolean],
        Shape::Integer(_) => vec![JsonKind::Integer],
        Shape::Number(_) => vec![JsonKind::Number],
        Shape::Enumeration(listed) => match listed.listed {
            Listed::Words => vec![JsonKind::String],
            Listed::Integers => vec![JsonKind::Integer],
            Listed::Values
                if !listed.open && listed.values.iter().all(|value| matches!(value.as_str(), "true" | "false")) =>
            {
                vec![JsonKind::Boolean]
            }
            Listed::Values => vec![JsonKind::Boolean, JsonKind::Number, JsonKind::String],
        },
        Shape::Text(_) => vec![JsonKind::String],
        Shape::List(_) | Shape::Tuple(_) => vec![JsonKind::Array],
        Shape::Map(_) | Shape::Record(_) => vec![JsonKind::Object],
        Shape::Union(union) if depth < 8 => {
            let mut kinds: Vec<JsonKind> =
                union.arms.iter().flat_map(|arm| json_kinds(types, types.resolve(arm.used).ty, depth + 1)).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        }
        Shape::Anything | Shape::Union(_) | Shape::Alias(_) => vec![
            JsonKind::Null,
            JsonKind::Boolean,
            JsonKind::Number,
            JsonKind::String,
            JsonKind::Array,
            JsonKind::Object,
        ],
    }
}
