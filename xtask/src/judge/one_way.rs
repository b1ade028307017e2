//! What does a document say of values that travel one way: without the fields that are only for the other?
//!
//! Written apart from the generator's own reading, so that one can find the other wrong.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The document as it is for values that are sent, or for those that are answered.
pub(super) fn document(root: &Value, sent: bool) -> Value {
    let (dropped, other) = if sent { ("readOnly", "writeOnly") } else { ("writeOnly", "readOnly") };
    let mut names = BTreeSet::new();
    let mut root_of_one = root.clone();
    for place in super::lift::PLACES {
        let schemas = root_of_one.pointer_mut(place).and_then(Value::as_object_mut);
        for schema in schemas.into_iter().flat_map(Map::values_mut) {
            strip(schema, &mut names, &|property| says(root, property, dropped, 0) && !says(root, property, other, 0));
        }
    }
    if names.is_empty() {
        return root_of_one;
    }
    for place in super::lift::PLACES {
        let schemas = root_of_one.pointer_mut(place).and_then(Value::as_object_mut);
        schemas.into_iter().flat_map(Map::values_mut).for_each(|schema| relieve(schema, &names));
    }
    root_of_one
}

/// Whether a schema, or one that it is made of, says this.
fn says(root: &Value, schema: &Value, flag: &str, depth: usize) -> bool {
    if depth > 16 {
        return false;
    }
    let target = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    let target = target.and_then(|pointer| root.pointer(&super::pointer::decoded(pointer)));
    let parts = schema["allOf"].as_array().into_iter().flatten();
    schema[flag] == true || target.into_iter().chain(parts).any(|part| says(root, part, flag, depth + 1))
}

/// Takes such properties away, at any depth.
fn strip(schema: &mut Value, names: &mut BTreeSet<String>, dropped: &dyn Fn(&Value) -> bool) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get_mut("properties") {
                properties.retain(|name, property| {
                    let keep = !dropped(property);
                    if !keep {
                        names.insert(name.clone());
                    }
                    keep
                });
            }
            map.values_mut().for_each(|inner| strip(inner, names, dropped));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| strip(inner, names, dropped)),
        _ => {}
    }
}

/// Nobody has to give what was taken away, unless the same schema still lists it.
fn relieve(schema: &mut Value, names: &BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            let listed: BTreeSet<String> =
                map.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned().collect();
            if let Some(Value::Array(required)) = map.get_mut("required") {
                required.retain(|name| name.as_str().is_none_or(|name| listed.contains(name) || !names.contains(name)));
            }
            map.values_mut().for_each(|inner| relieve(inner, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| relieve(inner, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn each_way_has_its_own_fields() {
        let root = json!({"components": {"schemas": {
            "A": {
                "required": ["id", "secret", "name"],
                "properties": {"id": {"$ref": "#/components/schemas/Id"}, "secret": {"writeOnly": true}, "name": {}}
            },
            "Id": {"readOnly": true},
            "B": {"allOf": [{"$ref": "#/components/schemas/A"}, {"required": ["id"]}]}
        }}});
        let sent = super::document(&root, true);
        assert_eq!(sent["components"]["schemas"]["A"]["required"], json!(["secret", "name"]));
        assert_eq!(sent["components"]["schemas"]["B"]["allOf"][1]["required"], json!([]));
        let answered = super::document(&root, false);
        assert_eq!(answered["components"]["schemas"]["A"]["required"], json!(["id", "name"]));
        assert!(answered["components"]["schemas"]["A"]["properties"].get("secret").is_none());
    }
}
