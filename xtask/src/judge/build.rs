//! How are values of generated types built without any document, as a program would?
//!
//! The driver gets a trait of its own and an implementation for every type: each field, each alternative, each listed word, by dice.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use sinew_generator::ir::{Api, Listed, Shape};
use sinew_generator::plan::Plan;

/// The trait and what it is for plain types.
const PLAIN: &str = r#"
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5151_5151)
    }

    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }
}

/// How deep values nest before only what must be there is; at three times this depth, none is found.
const DEEP: u32 = 5;

pub trait Build: Sized {
    fn build(dice: &mut Dice, depth: u32) -> Option<Self>;
}

macro_rules! plain {
    ($($type:ty: $dice:ident => $make:expr),* $(,)?) => {
        $(impl Build for $type {
            fn build($dice: &mut Dice, _: u32) -> Option<Self> { Some($make) }
        })*
    };
}

plain! {
    (): _dice => (),
    bool: dice => dice.below(2) == 0,
    u8: dice => dice.below(256) as u8,
    i32: dice => dice.below(1 << 32) as u32 as i32,
    i64: dice => (dice.below(1 << 60) as i64) * if dice.below(2) == 0 { -8 } else { 7 },
    u32: dice => dice.below(1 << 32) as u32,
    u64: dice => dice.below(u64::MAX),
    f32: dice => dice.below(1 << 20) as f32 / 64.0,
    f64: dice => (dice.below(1 << 40) as f64 - 1e6) / 64.0,
    String: dice => ["", "a", "ünï 🦀", "\"quoted\" \\ \u{1}", "null", "1"][dice.below(6) as usize].to_owned(),
    sinew_runtime::Secret: dice => sinew_runtime::Secret::from(["hunter2", "ü"][dice.below(2) as usize]),
    jiff::Timestamp: dice => jiff::Timestamp::from_millisecond(dice.below(1 << 41) as i64).ok()?,
    jiff::civil::Date: dice => jiff::civil::date(1970 + dice.below(99) as i16, 1 + dice.below(12) as i8, 1 + dice.below(28) as i8),
    uuid::Uuid: dice => uuid::Uuid::from_u64_pair(dice.below(u64::MAX), dice.below(u64::MAX)),
    rust_decimal::Decimal: dice => rust_decimal::Decimal::new(dice.below(1 << 60) as i64 - (1 << 50), dice.below(12) as u32),
    serde_json::Value: dice => [
        serde_json::json!("any"), serde_json::json!(7), serde_json::json!({"a": [1, null]}), serde_json::json!([true]),
    ][dice.below(4) as usize].clone(),
}

impl<T: Build> Build for Option<T> {
    fn build(dice: &mut Dice, depth: u32) -> Option<Self> {
        Some(if depth > DEEP || dice.below(3) == 0 { None } else { T::build(dice, depth + 1) })
    }
}

impl<T: Build> Build for sinew_runtime::Nullable<T> {
    fn build(dice: &mut Dice, depth: u32) -> Option<Self> {
        Some(match dice.below(3) {
            _ if depth > DEEP => Self::Absent,
            0 => Self::Absent,
            1 => Self::Null,
            _ => T::build(dice, depth + 1).map_or(Self::Absent, Self::Present),
        })
    }
}

impl<T: Build> Build for Box<T> {
    fn build(dice: &mut Dice, depth: u32) -> Option<Self> {
        T::build(dice, depth + 1).map(Box::new)
    }
}

macro_rules! tuples {
    ($(($($name:ident),+))*) => {
        $(impl<$($name: Build),+> Build for ($($name,)+) {
            fn build(dice: &mut Dice, depth: u32) -> Option<Self> { Some(($($name::build(dice, depth + 1)?,)+)) }
        })*
    };
}

tuples! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) }

impl<T: Build> Build for Vec<T> {
    fn build(dice: &mut Dice, depth: u32) -> Option<Self> {
        let count = if depth > DEEP { 0 } else { dice.below(4) };
        Some((0..count).filter_map(|_| T::build(dice, depth + 1)).collect())
    }
}

impl<T: Build> Build for std::collections::BTreeMap<String, T> {
    fn build(dice: &mut Dice, depth: u32) -> Option<Self> {
        let count = if depth > DEEP { 0 } else { dice.below(3) };
        Some((0..count).filter_map(|at| Some((format!("key {at}"), T::build(dice, depth + 1)?))).collect())
    }
}
"#;

/// A file of the driver: the trait, and what it is for each type of a crate.
pub(super) fn module(api: &Api, plan: &Plan, krate: &str) -> String {
    let mut text = format!("//! Values of every type, by dice.\n#![allow(dead_code, deprecated)]\n{PLAIN}");
    for id in &plan.definitions {
        let planned = &plan.types[id.index()];
        let Some(name) = &planned.name else { continue };
        let body = match &api.types.get(*id).shape {
            Shape::Record(_) => {
                let fields = planned.fields.iter().map(|field| &field.ident);
                let fields = fields.chain(planned.rest.iter().map(|(ident, _)| ident));
                let fields: Vec<_> = fields.map(|ident| format!("{ident}: Build::build(dice, depth + 1)?, ")).collect();
                let fields = fields.concat();
                format!("Some({krate}::types::{name} {{ {fields} }})")
            }
            Shape::Enumeration(listed) => {
                let json = |word: &String| match listed.listed {
                    Listed::Words => Value::from(word.as_str()).to_string(),
                    Listed::Integers | Listed::Values => word.clone(),
                };
                let words: Vec<String> = listed.values.iter().map(|word| format!("{:?}", json(word))).collect();
                format!("serde_json::from_str([{}][dice.below({}) as usize]).ok()", words.join(", "), words.len())
            }
            Shape::Union(_) => {
                let arms = planned.union.iter().flat_map(|union| &union.arms);
                let arms: Vec<String> = arms
                    .enumerate()
                    .map(|(at, arm)| {
                        format!("{at} => Build::build(dice, depth + 1).map({krate}::types::{name}::{})", arm.ident)
                    })
                    .collect();
                let count = arms.len();
                // Where an alternative goes too deep, the next one may not.
                format!(
                    "let first = dice.below({count});\n        (0..{count}).find_map(|next| match (first + next) % {count} {{ {}, _ => None }})",
                    arms.join(", ")
                )
            }
            _ => continue,
        };
        let _ = write!(
            text,
            "\nimpl Build for {krate}::types::{name} {{\n    fn build(dice: &mut Dice, depth: u32) -> Option<Self> {{\n        if depth > 3 * DEEP {{ return None; }}\n        {body}\n    }}\n}}\n"
        );
    }
    text
}

/// What a schema says of values that a type promises to hold: without bounds, which `validate()` checks; and an alternative that a
/// value also fits is none the worse.
pub(super) fn promised(schema: &mut Value) {
    const BOUNDS: [&str; 12] = [
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "minContains",
    ];
    const SAID: [&str; 8] =
        ["not", "if", "then", "else", "contains", "propertyNames", "dependentSchemas", "dependentRequired"];
    match schema {
        Value::Object(map) => {
            map.retain(|key, value| {
                let bound = BOUNDS.contains(&key.as_str()) && value.is_number();
                let said = SAID.contains(&key.as_str()) && !is_property(value, key);
                let text = matches!(key.as_str(), "pattern" | "format") && value.is_string();
                !(bound || said || text || key == "uniqueItems" && value.is_boolean())
            });
            for (inner, name) in [("oneOf", "anyOf")] {
                if let (true, false) = (map.get(inner).is_some_and(Value::is_array), map.contains_key(name)) {
                    let branches = map.remove(inner).unwrap_or_default();
                    map.insert(name.to_owned(), branches);
                }
            }
            map.iter_mut().for_each(|(key, inner)| match (key.as_str(), inner) {
                ("properties" | "schemas" | "definitions" | "$defs" | "x-files", Value::Object(named)) => {
                    named.values_mut().for_each(promised);
                }
                (_, inner) => promised(inner),
            });
        }
        Value::Array(items) => items.iter_mut().for_each(promised),
        _ => {}
    }
}

/// `dependentRequired` and its kin stand for themselves unless what follows is no schema of theirs at all.
fn is_property(value: &Value, key: &str) -> bool {
    let schema = |value: &Value| value.is_object() || value.is_boolean();
    match key {
        "dependentSchemas" | "dependentRequired" => !value
            .as_object()
            .is_some_and(|map: &Map<String, Value>| map.values().all(|inner| schema(inner) || inner.is_array())),
        _ => !schema(value),
    }
}
