//! Which types of JSON can the values of a schema be of?

use std::collections::HashMap;

use serde_json::Value;

use super::super::schema::{JsonType, Schema, SchemaId, SchemaTable};

/// A set of types, a bit each. Numbers are two: whole ones, and those with a fraction.
pub(super) type Set = u8;

pub(super) const NULL: Set = 1;
pub(super) const BOOLEAN: Set = 2;
pub(super) const WHOLE: Set = 4;
pub(super) const FRACTION: Set = 8;
pub(super) const TEXT: Set = 16;
pub(super) const LIST: Set = 32;
pub(super) const OBJECT: Set = 64;
pub(super) const ALL: Set = 127;

/// The types that a list of names admits; nothing said is everything.
pub(super) fn stated(types: &[JsonType]) -> Set {
    let one = |ty: &JsonType| match ty {
        JsonType::Null => NULL,
        JsonType::Boolean => BOOLEAN,
        JsonType::Integer => WHOLE,
        JsonType::Number => WHOLE | FRACTION,
        JsonType::String => TEXT,
        JsonType::Array => LIST,
        JsonType::Object => OBJECT,
    };
    if types.is_empty() { ALL } else { types.iter().map(one).fold(0, |set, bit| set | bit) }
}

/// The type of a value. `1.0` is a whole number (JSON Schema 2020-12, 6.1.1).
pub(super) fn of_value(value: &Value) -> Set {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOLEAN,
        Value::Number(number) if number.is_i64() || number.is_u64() => WHOLE,
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => WHOLE,
        Value::Number(_) => FRACTION,
        Value::String(_) => TEXT,
        Value::Array(_) => LIST,
        Value::Object(_) => OBJECT,
    }
}

/// A set in words.
pub(super) fn words(set: Set) -> String {
    let names = [
        (NULL, "null"),
        (BOOLEAN, "booleans"),
        (WHOLE | FRACTION, "numbers"),
        (WHOLE, "whole numbers"),
        (TEXT, "texts"),
        (LIST, "lists"),
        (OBJECT, "objects"),
    ];
    let mut left = set;
    let mut words = Vec::new();
    for (bits, name) in names {
        if left & bits == bits {
            left &= !bits;
            words.push(name);
        }
    }
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}

/// The types of schemas, worked out once each.
#[derive(Debug)]
pub(super) struct Kinds<'t> {
    pub(super) table: &'t SchemaTable,
    known: HashMap<SchemaId, Set>,
}

/// No chain of schemas is followed further; beyond it, anything is admitted.
const DEEPEST: usize = 100;

impl<'t> Kinds<'t> {
    pub(super) fn new(table: &'t SchemaTable) -> Self {
        Self { table, known: HashMap::new() }
    }

    /// The types that a schema admits, or more: circles admit everything.
    pub(super) fn of(&mut self, id: SchemaId) -> Set {
        self.at(id, 0)
    }

    fn at(&mut self, id: SchemaId, depth: usize) -> Set {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        let table = self.table;
        let schema = match &table.get(id).schema {
            Schema::Boolean(admits) => return if *admits { ALL } else { 0 },
            Schema::Object(_) if depth > DEEPEST => return ALL,
            Schema::Object(schema) => schema,
        };
        // Met again on the way, it stands for anything.
        self.known.insert(id, ALL);
        let mut set = stated(&schema.types);
        if let Some(values) = &schema.enumeration {
            set &= values.iter().map(of_value).fold(0, |set, bit| set | bit);
        }
        if let Some(constant) = &schema.constant {
            set &= of_value(constant);
        }
        if let Some(target) = schema.reference.as_ref().and_then(|target| table.at(target)) {
            set &= self.at(target, depth + 1);
        }
        for &branch in &schema.all_of {
            set &= self.at(branch, depth + 1);
        }
        for branches in [&schema.any_of, &schema.one_of] {
            if !branches.is_empty() {
                set &= branches.iter().fold(0, |set, &branch| set | self.at(branch, depth + 1));
            }
        }
        if schema.nullable {
            set |= NULL;
        }
        self.known.insert(id, set);
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_told_in_words() {
        assert_eq!(words(WHOLE | FRACTION | NULL), "null and numbers");
        assert_eq!(words(stated(&[JsonType::Integer])), "whole numbers");
        assert_eq!(words(TEXT | LIST | OBJECT), "texts, lists and objects");
        assert_eq!(words(0), "nothing");
        assert_eq!(of_value(&serde_json::json!(1.0)), WHOLE);
        assert_eq!(of_value(&serde_json::json!(1.5)), FRACTION);
    }
}
