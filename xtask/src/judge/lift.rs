//! How does a document of an older version say the same in JSON Schema 2020-12?
//!
//! For the validator and the maker of values; written apart from the generator's own lifting, so that one can find the other wrong.

use serde_json::{Map, Value, json};

/// Where schemas stand: by their names, and one to a file.
pub(super) const PLACES: [&str; 3] = ["/components/schemas", "/definitions", "/x-files"];

/// Lifts every schema that a document names, in place.
pub(super) fn document(root: &mut Value) {
    for place in PLACES {
        for schema in root.pointer_mut(place).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            lift(schema);
        }
    }
}

const ONE: &[&str] = &[
    "items",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "contains",
    "not",
    "if",
    "then",
    "else",
];
const SEVERAL: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED: &[&str] = &["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"];
const NUMBERS: &[&str] = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const COUNTS: &[&str] = &["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"];
const TYPES: &[&str] = &["null", "boolean", "integer", "number", "string", "array", "object"];

fn lift(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    for keyword in ONE {
        if let Some(inner) = map.get_mut(*keyword) {
            lift(inner);
        }
    }
    for keyword in SEVERAL {
        for branch in map.get_mut(*keyword).and_then(Value::as_array_mut).into_iter().flatten() {
            // What documents of 3.0 write for want of a type for `null`.
            if *branch == json!({"nullable": true}) {
                *branch = json!({"type": "null"});
            }
            lift(branch);
        }
    }
    for keyword in NAMED {
        map.get_mut(*keyword).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut).for_each(lift);
    }
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match map.get(flag) {
            Some(Value::Bool(true)) => match map.remove(bound) {
                Some(value) => drop(map.insert(flag.to_owned(), value)),
                None => drop(map.remove(flag)),
            },
            Some(Value::Bool(false)) => drop(map.remove(flag)),
            _ => {}
        }
    }
    dirt(map);
    let nullable = ["nullable", "x-nullable"].iter().any(|key| map.get(*key) == Some(&Value::Bool(true)));
    if !nullable {
        return;
    }
    map.remove("nullable");
    map.remove("x-nullable");
    if ["$ref", "allOf", "oneOf", "anyOf"].iter().any(|keyword| map.contains_key(*keyword)) {
        let whole = Value::Object(std::mem::take(map));
        *schema = json!({"anyOf": [whole, {"type": "null"}]});
        return;
    }
    match map.get_mut("type") {
        Some(Value::String(one)) => {
            let both = json!([one, "null"]);
            map.insert("type".to_owned(), both);
        }
        Some(Value::Array(several)) if !several.contains(&json!("null")) => several.push(json!("null")),
        _ => {}
    }
    if let Some(Value::Array(values)) = map.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}

/// Takes away what no validator accepts: documents are full of it, and it says nothing about values.
fn dirt(map: &mut Map<String, Value>) {
    let wrong = |key: &str, value: &Value| match key {
        key if NUMBERS.contains(&key) => !value.is_number(),
        key if COUNTS.contains(&key) => !value.is_u64(),
        "required" | "allOf" | "anyOf" | "oneOf" => {
            !value.is_array() || value.as_array().is_some_and(Vec::is_empty) && key != "required"
        }
        "pattern" => value.as_str().is_none_or(|pattern| regex_syntax::parse(pattern).is_err()),
        "properties" | "patternProperties" => !value.is_object(),
        "type" => {
            let known = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
            !(known(value) || value.as_array().is_some_and(|several| !several.is_empty() && several.iter().all(known)))
        }
        "uniqueItems" => !value.is_boolean(),
        "multipleOf" => value.as_f64().is_none_or(|step| step <= 0.0),
        "$schema" | "$id" | "id" | "$anchor" | "$dynamicAnchor" => true,
        _ => false,
    };
    map.retain(|key, value| !wrong(key, value));
    // What was a file is bytes, which no JSON value is.
    if map.get("required").and_then(Value::as_array).is_some_and(|names| !names.iter().all(Value::is_string)) {
        map.remove("required");
    }
}
