//! How is an expected request taken apart into the arguments of its operation?
//!
//! By the document as it stands, not by what the generator makes of it: what is to be judged cannot judge.

use serde_json::{Map, Value, json};
use sinew_generator::ir::Operation;
use sinew_generator::plan::argument_names;

use super::exchange::{Exchange, Target};
use crate::judge::values::{Maker, Wish};

/// The arguments, and the credentials by scheme.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) arguments: Map<String, Value>,
    pub(super) credentials: Map<String, Value>,
}

/// Takes a request apart. `xml` finds the value of an XML text that was answered before.
pub(super) fn of(
    exchange: &Exchange,
    target: &Target<'_>,
    operation: &Operation,
    xml: impl Fn(&str) -> Option<Value>,
) -> Result<Asked, String> {
    let root = &target.specification.root;
    let item = &root["paths"][&target.template];
    let said = &item[&exchange.method];
    let mut asked = Asked::default();
    let names = argument_names(operation);
    let header = |name: &str| exchange.headers.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    for parameter in parameters(root, item, said) {
        let (name, place) =
            (parameter["name"].as_str().unwrap_or_default(), parameter["in"].as_str().unwrap_or_default());
        let known = operation.parameters.iter().position(|known| {
            known.name.eq_ignore_ascii_case(name) && format!("{:?}", known.location).eq_ignore_ascii_case(place)
        });
        let Some(key) = known.and_then(|known| names[known].clone()) else { continue };
        let schema = follow(root, &parameter["schema"]);
        let given = match place {
            "path" => {
                let text = target.path.iter().find(|(hole, _)| hole == name).map(|(_, text)| unescaped(text));
                text.and_then(|text| from_path(root, parameter, schema, &text))
            }
            "query" => from_query(root, parameter, schema, exchange),
            _ => header(name).map(|(_, value)| from_text(root, schema, &text_of(value), ",")),
        };
        let required = parameter["required"] == true || place == "path";
        match given.or_else(|| required.then(|| only(root, schema)).flatten()) {
            Some(value) => drop(asked.arguments.insert(key, value)),
            None if required => return Err(format!("the scenario does not say the required `{name}`")),
            None => {}
        }
    }
    if let (Some(sent), Some(media_type)) = (&operation.body, exchange.body["content_type"].as_str()) {
        // Where there is more than one way to send it, this scenario wants this one.
        if sent.others.iter().any(|other| other.media_type == media_type) {
            asked.arguments.insert("body.media_type".to_owned(), json!(media_type));
        }
    }
    match body(root, &said["requestBody"], &exchange.body, xml)? {
        Some(body) => drop(asked.arguments.insert("body".to_owned(), body)),
        // The scenario does not look at it, and the document wants one.
        None if follow(root, &said["requestBody"])["required"] == true => {
            let schema = &follow(root, &said["requestBody"])["content"]["application/json"]["schema"];
            let made = Maker::new(root).make(schema, Wish::Least, 0);
            asked.arguments.extend(made.map(|made| ("body".to_owned(), made.value)));
        }
        None => {}
    }
    for (scheme, credential) in root["components"]["securitySchemes"].as_object().into_iter().flatten() {
        let value = match credential["type"].as_str() {
            Some("apiKey") => {
                header(credential["name"].as_str().unwrap_or_default()).map(|(_, key)| json!({ "key": key }))
            }
            _ => header("authorization").and_then(|(_, value)| {
                let (kind, token) = value.as_str()?.split_once(' ')?;
                let wanted = credential["scheme"].as_str().unwrap_or("bearer");
                kind.eq_ignore_ascii_case(wanted).then(|| json!({ "bearer": token }))
            }),
        };
        // Who is to be refused without a word about what they send brings anything.
        let refused = matches!(exchange.status, 401 | 403) && header("authorization").is_none();
        let value = value.or_else(|| refused.then(|| json!({ "bearer": "nobody" })));
        asked.credentials.extend(value.map(|value| (scheme.clone(), value)));
    }
    Ok(asked)
}

fn parameters<'r>(root: &'r Value, item: &'r Value, said: &'r Value) -> impl Iterator<Item = &'r Value> {
    let lists = [&item["parameters"], &said["parameters"]];
    lists.into_iter().filter_map(Value::as_array).flatten().map(|parameter| follow(root, parameter))
}

/// What a reference leads to.
fn follow<'r>(root: &'r Value, mut value: &'r Value) -> &'r Value {
    for _ in 0..16 {
        let Some(pointer) = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) else { break };
        value = root.pointer(pointer).unwrap_or(&Value::Null);
    }
    value
}

/// A schema without wrappers of one, and the first alternative that is no `null`.
fn solid<'r>(root: &'r Value, schema: &'r Value) -> &'r Value {
    let mut schema = follow(root, schema);
    for _ in 0..16 {
        let several = ["allOf", "anyOf", "oneOf"].iter().find_map(|key| schema[key].as_array());
        let Some(inner) = several.and_then(|list| list.iter().find(|schema| schema["type"] != "null")) else { break };
        schema = follow(root, inner);
    }
    schema
}

/// The value of a schema that has one only, or names a default.
fn only(root: &Value, schema: &Value) -> Option<Value> {
    let schema = solid(root, schema);
    let listed = schema["enum"].as_array().and_then(|list| list.first());
    [&schema["const"], &schema["default"], listed.unwrap_or(&Value::Null)]
        .into_iter()
        .find(|value| !value.is_null())
        .cloned()
}

fn scalar(root: &Value, schema: &Value, text: &str) -> Value {
    let schema = solid(root, schema);
    match schema["type"].as_str() {
        Some("integer" | "number") => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        Some("boolean") => json!(text == "true"),
        _ => json!(text),
    }
}

/// A value of a schema from its text, lists and objects split at `separator`.
fn from_text(root: &Value, schema: &Value, text: &str, separator: &str) -> Value {
    let schema = solid(root, schema);
    let pieces = || text.split(separator);
    match schema["type"].as_str() {
        Some("array") => pieces().map(|piece| scalar(root, &schema["items"], piece)).collect(),
        Some("object") => {
            let pieces: Vec<&str> = pieces().collect();
            let pairs: Vec<(&str, &str)> = if pieces.iter().all(|piece| piece.contains('=')) {
                pieces.iter().filter_map(|piece| piece.split_once('=')).collect()
            } else {
                pieces.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
            };
            Value::Object(
                pairs
                    .into_iter()
                    .map(|(key, text)| (key.to_owned(), scalar(root, property(schema, key), text)))
                    .collect(),
            )
        }
        _ => scalar(root, schema, text),
    }
}

fn property<'r>(schema: &'r Value, name: &str) -> &'r Value {
    match &schema["properties"][name] {
        Value::Null if schema.get("additionalProperties").is_none() => &schema["unevaluatedProperties"],
        Value::Null => &schema["additionalProperties"],
        known => known,
    }
}

fn from_path(root: &Value, parameter: &Value, schema: &Value, text: &str) -> Option<Value> {
    let name = parameter["name"].as_str().unwrap_or_default();
    let explode = parameter["explode"] == true;
    let (text, separator) = match parameter["style"].as_str() {
        Some("label") => (text.strip_prefix('.')?.to_owned(), if explode { "." } else { "," }),
        Some("matrix") => {
            let (text, named) = (text.strip_prefix(';')?, format!("{name}="));
            match solid(root, schema)["type"].as_str() {
                Some("array") if explode => (text.replace(&named, ""), ";"),
                Some("object") if explode => (text.to_owned(), ";"),
                _ => (text.strip_prefix(&named)?.to_owned(), ","),
            }
        }
        _ => (text.to_owned(), ","),
    };
    Some(from_text(root, schema, &text, separator))
}

fn from_query(root: &Value, parameter: &Value, schema: &Value, exchange: &Exchange) -> Option<Value> {
    let name = parameter["name"].as_str().unwrap_or_default();
    let schema = solid(root, schema);
    let in_address = || {
        let query = exchange.uri.split_once('?')?.1;
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|pair| pair.0 == name)
            .map(|pair| json!(unescaped(pair.1)))
    };
    let value = exchange.query.get(name).cloned().or_else(in_address);
    let style = parameter["style"].as_str().unwrap_or("form");
    let explode = parameter["explode"].as_bool().unwrap_or(style == "form");
    match (value, schema["type"].as_str()) {
        (Some(Value::Array(values)), _) => {
            Some(values.iter().map(|value| scalar(root, &schema["items"], &text_of(value))).collect())
        }
        (Some(value), _) => {
            let separator = match style {
                "spaceDelimited" => " ",
                "pipeDelimited" => "|",
                _ => ",",
            };
            Some(from_text(root, schema, &text_of(&value), separator))
        }
        (None, Some("object")) if explode => {
            let fields: Map<String, Value> = exchange
                .query
                .as_object()?
                .iter()
                .filter(|(key, _)| !property(schema, key).is_null())
                .map(|(key, value)| (key.clone(), scalar(root, property(schema, key), &text_of(value))))
                .collect();
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        (None, _) => None,
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(escaped) => {
                bytes.push(escaped);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The argument `body`, where something is sent.
fn body(
    root: &Value,
    said: &Value,
    sent: &Value,
    xml: impl Fn(&str) -> Option<Value>,
) -> Result<Option<Value>, String> {
    let Some(media_type) = sent["content_type"].as_str() else { return Ok(None) };
    let said = follow(root, said);
    if let Some(parts) = sent["parts"].as_object() {
        let schema = solid(root, &said["content"][media_type]["schema"]);
        let mut form = parts.clone();
        for (name, value) in &mut form {
            if value.is_number() && solid(root, property(schema, name))["type"] == "string" {
                *value = json!(value.to_string());
            }
        }
        for file in sent["files"].as_array().into_iter().flatten() {
            let name = file["name"].as_str().unwrap_or_default();
            if solid(root, property(schema, name))["type"] == "array" {
                let list = form.entry(name).or_insert_with(|| json!([]));
                list.as_array_mut().into_iter().for_each(|list| list.push(file.clone()));
            } else {
                form.insert(name.to_owned(), file.clone());
            }
        }
        return Ok(Some(Value::Object(form)));
    }
    let text = sent["text"].as_str();
    Ok(Some(match (media_type, text) {
        ("application/xml", Some(text)) => {
            xml(text).ok_or("the value of the XML that is to be sent was not answered by any operation that works")?
        }
        (json, Some(text)) if json.ends_with("json") => {
            serde_json::from_str(text).map_err(|error| error.to_string())?
        }
        (plain, Some(text)) if plain.starts_with("text/") => json!(text),
        _ => sent.clone(),
    }))
}
