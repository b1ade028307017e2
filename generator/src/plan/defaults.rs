//! What is a value where the document says what holds if nothing is sent?
//!
//! An optional field stays absent in Rust's `Default`: absent is what the document gives a meaning to, and the service may change
//! that meaning later. What it is today is a constant beside the field. A required field has no such choice, so its default is the
//! document's.

use std::collections::BTreeSet;

use serde_json::Value;

use super::names::Ident;
use super::rust::{Presence, RustType, TypePlan};
use crate::ir::{Api, Listed, Shape, TypeId, Use};

/// What a field or a parameter is where nothing is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct DefaultPlan {
    /// The constant that says so; what is empty needs none.
    pub constant: Option<String>,
    /// Its type, aliases looked through.
    pub ty: RustType,
    /// Its value.
    pub value: DefaultValue,
}

/// A value that a constant can have.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // each variant is the value of its name
pub enum DefaultValue {
    Bool(bool),
    Whole(i128),
    Real(f64),
    Text(String),
    /// A variant of an enumeration, by its position.
    Variant(TypeId, usize),
    List(Vec<DefaultValue>),
    /// A list, a map or an object with nothing in it.
    Empty,
}

/// Names the constants of siblings, so that no two are one.
#[derive(Debug, Default)]
pub(super) struct Constants(BTreeSet<String>);

impl Constants {
    /// What a field or parameter of this type is by default, if the document says so in a way that Rust can.
    pub(super) fn of(
        &mut self,
        api: &Api,
        types: &[TypePlan],
        ident: &Ident,
        ty: &RustType,
        said: &Value,
    ) -> Option<DefaultPlan> {
        let (ty, value) = of(api, types, ty, said, 0)?;
        let name = format!("DEFAULT_{}", ident.plain().to_ascii_uppercase());
        let constant = (value != DefaultValue::Empty && self.0.insert(name.clone())).then_some(name);
        Some(DefaultPlan { constant, ty, value })
    }
}

/// What the document says of a mention: there, or at the type.
pub(super) fn said(api: &Api, at_mention: Option<&Value>, used: Use) -> Option<Value> {
    let at_type = || api.types.get(used.ty).docs.default.as_ref();
    at_mention.or_else(at_type).or_else(|| api.types.get(api.types.resolve(used).ty).docs.default.as_ref()).cloned()
}

/// Decides the defaults of all types.
pub(super) fn fill(api: &Api, types: &mut [TypePlan]) {
    for (id, ty) in api.types.iter() {
        let planned = &types[id.index()];
        match &ty.shape {
            Shape::Record(record) => {
                let mut constants = Constants::default();
                let defaults: Vec<Option<DefaultPlan>> = record
                    .fields
                    .iter()
                    .zip(&planned.fields)
                    .map(|(field, of_field)| {
                        // What is answered and always there has no default that anybody could need.
                        let unasked = of_field.constant || (of_field.is_given() && !planned.sent);
                        let said = said(api, field.docs.default.as_ref(), field.used).filter(|_| !unasked)?;
                        constants.of(api, types, &of_field.ident, &of_field.bare, &said)
                    })
                    .collect();
                let planned = &mut types[id.index()];
                for (field, default) in planned.fields.iter_mut().zip(defaults) {
                    field.default = default;
                }
                let mut given = planned.fields.iter().filter(|field| field.is_given()).peekable();
                let none = given.peek().is_none();
                let empty =
                    given.clone().all(|field| field.presence == Presence::Required && field.is_empty_by_default());
                planned.defaults = none || (planned.sent && empty);
                planned.valued = !planned.defaults
                    && planned.sent
                    && given.all(|field| field.default.as_ref().is_some_and(DefaultPlan::is_value));
            }
            Shape::Enumeration(listed) if listed.is_constant() => types[id.index()].default_variant = Some(0),
            Shape::Enumeration(_) => {
                let found = ty.docs.default.as_ref().and_then(|said| variant(api, id, said));
                types[id.index()].default_variant = found;
            }
            _ => {}
        }
    }
}

impl DefaultPlan {
    /// Whether a field can be given it: what is empty always, all else by its constant.
    fn is_value(&self) -> bool {
        self.constant.is_some() || self.value == DefaultValue::Empty
    }
}

fn of(api: &Api, types: &[TypePlan], ty: &RustType, said: &Value, depth: usize) -> Option<(RustType, DefaultValue)> {
    // Aliases lead on, and a circle of lists ends.
    if depth > 32 {
        return None;
    }
    let value = match (ty, said) {
        (RustType::Option(inner) | RustType::Nullable(inner) | RustType::Boxed(inner), said) => {
            return of(api, types, inner, said, depth + 1);
        }
        (RustType::Named(id), said) => {
            let planned = &types[id.index()];
            if planned.own.is_some() {
                return None;
            }
            if let Some(alias) = &planned.alias {
                return of(api, types, alias, said, depth + 1);
            }
            match (&api.types.get(*id).shape, said) {
                (Shape::Enumeration(_), said) => DefaultValue::Variant(*id, variant(api, *id, said)?),
                _ => return None,
            }
        }
        (RustType::Bool, Value::Bool(truth)) => DefaultValue::Bool(*truth),
        (RustType::I32 | RustType::I64 | RustType::U32 | RustType::U64, Value::Number(_)) => {
            let whole = whole(said)?;
            let fits = match ty {
                RustType::I32 => i32::try_from(whole).is_ok(),
                RustType::I64 => i64::try_from(whole).is_ok(),
                RustType::U32 => u32::try_from(whole).is_ok(),
                _ => u64::try_from(whole).is_ok(),
            };
            fits.then_some(DefaultValue::Whole(whole))?
        }
        (RustType::F32 | RustType::F64, Value::Number(number)) => DefaultValue::Real(number.as_f64()?),
        (RustType::String, Value::String(text)) => DefaultValue::Text(text.clone()),
        (RustType::List(_), Value::Array(items)) if items.is_empty() => DefaultValue::Empty,
        (RustType::Map(_), Value::Object(fields)) if fields.is_empty() => DefaultValue::Empty,
        (RustType::List(inner), Value::Array(items)) => {
            let items: Option<Vec<_>> = items.iter().map(|item| of(api, types, inner, item, depth + 1)).collect();
            let items = items?;
            let inner = items.first()?.0.clone();
            if matches!(inner, RustType::List(_) | RustType::Map(_)) {
                return None;
            }
            return Some((
                RustType::List(Box::new(inner)),
                DefaultValue::List(items.into_iter().map(|(_, value)| value).collect()),
            ));
        }
        _ => return None,
    };
    Some((ty.clone(), value))
}

/// The listed value that a default is.
fn variant(api: &Api, id: TypeId, said: &Value) -> Option<usize> {
    let Shape::Enumeration(listed) = &api.types.get(id).shape else { return None };
    let word = match (listed.listed, said) {
        (Listed::Words, Value::String(word)) => word.clone(),
        (Listed::Integers, said) => whole(said)?.to_string(),
        _ => return None,
    };
    listed.values.iter().position(|value| *value == word)
}

/// A whole number, also where it is written as `1.0`.
fn whole(said: &Value) -> Option<i128> {
    let Value::Number(number) = said else { return None };
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    // Beyond 2^53 a double is not what was written.
    #[allow(clippy::cast_possible_truncation)]
    let real = |real: f64| (real.fract() == 0.0 && real.abs() < 9_007_199_254_740_992.0).then_some(real as i128);
    whole.or_else(|| real(number.as_f64()?))
}
