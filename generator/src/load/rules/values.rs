//! Do the values that a schema states satisfy it, and can anything satisfy all of its parts?

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::super::schema::{Schema, SchemaEntry, SchemaId, SchemaObject, SchemaTable};
use super::syntax;
use super::types::{ALL, Kinds, NULL, Set, TEXT, of_value, stated, words};
use crate::diagnostics::{Diagnostic, Pointer, codes};

/// How many schemas are laid together for one `allOf`: more than people write.
const MOST_PARTS: usize = 200;
/// How many characters of a value are shown.
const SHOWN: usize = 40;

pub(super) fn check(table: &SchemaTable, kinds: &mut Kinds<'_>) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    let mut pairs = HashSet::new();
    for (id, entry) in table.iter() {
        let Schema::Object(schema) = &entry.schema else { continue };
        told.extend(listed(entry, schema));
        told.extend(xml(entry, schema));
        told.extend(schema.default.as_ref().and_then(|value| default(entry, schema, value, kinds.of(id))));
        if !schema.all_of.is_empty() {
            told.extend(contradiction(table, kinds, entry, schema));
            conflicts(table, kinds, id, &mut pairs, &mut told);
        }
    }
    told
}

/// Values under `enum` and `const` that are not of the type beside them.
fn listed(entry: &SchemaEntry, schema: &SchemaObject) -> Option<Diagnostic> {
    let admitted = stated(&schema.types);
    if admitted == ALL {
        return None;
    }
    let unfit = |value: &Value| of_value(value) & admitted == 0;
    let (place, value, others) = match (&schema.constant, &schema.enumeration) {
        (Some(value), _) if unfit(value) => (entry.pointer.join("const"), value, 0),
        (_, Some(values)) => {
            let mut odd = values.iter().enumerate().filter(|(_, value)| unfit(value));
            let (index, value) = odd.next()?;
            (entry.pointer.join("enum").index(index), value, odd.count())
        }
        _ => return None,
    };
    let warning =
        Diagnostic::warning(codes::UNFIT_VALUE, format!("`{}` is not of the type that is stated for it", shown(value)));
    let more = match others {
        0 => String::new(),
        1 => ", nor is another one of the list".to_owned(),
        others => format!(", nor are {others} others of the list"),
    };
    let label = format!("{} is not among {}{more}", what(value), words(admitted));
    Some(warning.at(&place, label).at(&entry.pointer.join("type"), "the type"))
}

/// `nodeType` excludes what older versions said in its place (OpenAPI 3.2, "XML Object").
fn xml(entry: &SchemaEntry, schema: &SchemaObject) -> Option<Diagnostic> {
    let said = schema.passive.get("xml")?.as_object().filter(|said| said.contains_key("nodeType"))?;
    let older = ["attribute", "wrapped"].into_iter().find(|key| said.contains_key(*key))?;
    let place = entry.pointer.join("xml");
    let warning = Diagnostic::warning(codes::EXCLUSIVE_KEYS, format!("`nodeType` and `{older}` exclude each other"));
    Some(warning.at_key(&place.join("nodeType"), "this one, or").at_key(&place.join(older), "this one"))
}

fn default(entry: &SchemaEntry, schema: &SchemaObject, value: &Value, admitted: Set) -> Option<Diagnostic> {
    // A schema that admits nothing is told as such.
    let label = if admitted != 0 && of_value(value) & admitted == 0 {
        format!("{} is not among {}", what(value), words(admitted))
    } else if let Some(values) = schema.enumeration.as_ref().filter(|values| !values.contains(value)) {
        if value.is_null() && admitted & NULL != 0 || values.is_empty() {
            return None;
        }
        "is not in the `enum`".to_owned()
    } else {
        let text = value.as_str().filter(|_| admitted & TEXT != 0)?;
        match schema.format.as_deref() {
            Some("uuid") if !syntax::is_uuid(text) => "is no UUID".to_owned(),
            Some("date") if !syntax::is_date(text) => "is no date such as `2026-11-23`".to_owned(),
            _ => return None,
        }
    };
    let warning = Diagnostic::warning(
        codes::INVALID_DEFAULT,
        format!("the schema does not admit its default `{}`", shown(value)),
    );
    Some(warning.at(&entry.pointer.join("default"), label))
}

/// Parts of an `allOf` of which no value can be at once.
fn contradiction(
    table: &SchemaTable,
    kinds: &mut Kinds<'_>,
    entry: &SchemaEntry,
    schema: &SchemaObject,
) -> Option<Diagnostic> {
    let own = stated(&schema.types);
    let target = schema.reference.as_ref().and_then(|target| table.at(target));
    let parts: Vec<(Set, SchemaId)> =
        target.into_iter().chain(schema.all_of.iter().copied()).map(|part| (kinds.of(part), part)).collect();
    // What admits nothing by itself is told where it stands.
    if own == 0 || parts.iter().any(|(set, _)| *set == 0) {
        return None;
    }
    let mut left = own;
    for (index, (set, part)) in parts.iter().enumerate() {
        if left & set == 0 {
            let before = parts.iter().take(index).find(|(other, _)| other & set == 0);
            let warning =
                Diagnostic::warning(codes::CONTRADICTORY_SCHEMA, "no value is of all the types of this `allOf`");
            let warning = warning.at(&table.get(*part).pointer, format!("admits {}", words(*set)));
            return Some(match before {
                Some((other, first)) => warning.at(&table.get(*first).pointer, format!("admits {}", words(*other))),
                None => warning.at(&entry.pointer, format!("leaves {}", words(left))),
            });
        }
        left &= set;
    }
    None
}

/// Properties to which the parts of an `allOf` give types that no value has at once.
fn conflicts(
    table: &SchemaTable,
    kinds: &mut Kinds<'_>,
    id: SchemaId,
    pairs: &mut HashSet<(SchemaId, SchemaId)>,
    told: &mut Vec<Diagnostic>,
) {
    let mut known: BTreeMap<&str, SchemaId> = BTreeMap::new();
    let mut open = vec![id];
    let mut seen = HashSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) || seen.len() > MOST_PARTS {
            continue;
        }
        let Schema::Object(schema) = &table.get(id).schema else { continue };
        for (name, &property) in &schema.properties {
            let Some(&first) = known.get(name.as_str()) else {
                known.insert(name, property);
                continue;
            };
            let (one, other) = (kinds.of(first), kinds.of(property));
            // What is optional can be left away, but who gives it cannot satisfy both.
            if one & other == 0 && one != 0 && other != 0 && pairs.insert((first.min(property), first.max(property))) {
                let said = format!("no value is of both types of the property `{name}`");
                let place = |id: SchemaId| -> &Pointer { &table.get(id).pointer };
                told.push(
                    Diagnostic::warning(codes::CONTRADICTORY_SCHEMA, said)
                        .at(place(first), format!("admits {}", words(one)))
                        .at(place(property), format!("admits {}", words(other)))
                        .help("both schemas are parts of one `allOf`"),
                );
            }
        }
        let target = schema.reference.as_ref().and_then(|target| table.at(target));
        open.extend(schema.all_of.iter().rev().copied().chain(target));
    }
}

fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "`null`",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
