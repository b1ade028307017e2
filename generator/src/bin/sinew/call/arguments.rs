//! Which value does each `--arg` mean, and how is a value shown?
//!
//! A text is taken as it stands where the document wants a text; everything else is JSON.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sinew_generator::ir::{FormPart, Operation, Payload, Shape, Types, Use};
use sinew_generator::plan::argument_names;

use crate::output::say;

/// What an argument is to be.
#[derive(Clone, Copy)]
enum Wanted {
    /// A value of a type.
    Typed(Use),
    /// Text.
    Text,
    /// Bytes, such as a file.
    Bytes,
    /// A list of files.
    Files,
    /// Anything.
    Any,
}

/// The arguments as the by-name door takes them.
pub(super) fn values(types: &Types, operation: &Operation, given: &[String]) -> Result<Value, String> {
    let names: Vec<(usize, String)> =
        argument_names(operation).into_iter().enumerate().filter_map(|(at, name)| Some((at, name?))).collect();
    let mut values = Map::new();
    let mut body = Map::new();
    for text in given {
        let (name, text) =
            text.split_once('=').ok_or_else(|| format!("--arg `{text}` is not written as name=value"))?;
        if let Some((at, _)) = names.iter().find(|(_, known)| known == name) {
            add(&mut values, types, name, Wanted::Typed(operation.parameters[*at].used), text)?;
            continue;
        }
        if name == "answer.media_type" && !operation.alternatives.is_empty() {
            values.insert(name.to_owned(), Value::String(text.to_owned()));
            continue;
        }
        let Some(sent) = &operation.body else { return Err(unknown(&names, operation, name)) };
        match (name, name.strip_prefix("body.")) {
            ("body.media_type", _) if !sent.others.is_empty() => {
                values.insert(name.to_owned(), Value::String(text.to_owned()));
            }
            ("body", _) => add(&mut values, types, name, whole(&sent.payload), text)?,
            (_, Some(field)) => {
                let wanted = field_of(types, &sent.payload, field)
                    .ok_or_else(|| format!("argument `{name}`: what is sent has no field `{field}`"))?;
                let mut one =
                    body.remove(field).map(|value| Map::from_iter([(name.to_owned(), value)])).unwrap_or_default();
                add(&mut one, types, name, wanted, text)?;
                body.extend(one.remove(name).map(|value| (field.to_owned(), value)));
            }
            _ => return Err(unknown(&names, operation, name)),
        }
    }
    if !body.is_empty() {
        match values.entry("body").or_insert_with(|| json!({})) {
            Value::Object(known) => known.extend(body),
            _ => return Err("argument `body` is no object, so it has no fields".to_owned()),
        }
    }
    let missing = names.iter().find(|(at, name)| {
        let parameter = &operation.parameters[*at];
        parameter.required && !parameter.used.nullable && !values.contains_key(name)
    });
    if let Some((_, name)) = missing {
        return Err(format!("argument `{name}` is missing: --arg {name}=…"));
    }
    if operation.body.as_ref().is_some_and(|body| body.required) && !values.contains_key("body") {
        return Err("argument `body` is missing: --arg body=@file, or its fields as --arg body.name=…".to_owned());
    }
    Ok(Value::Object(values))
}

fn unknown(names: &[(usize, String)], operation: &Operation, name: &str) -> String {
    let mut known: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
    known.extend(operation.body.as_ref().map(|_| "body"));
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!("{} has no argument `{name}`; its arguments: {known}", operation.route())
}

fn whole(payload: &Payload) -> Wanted {
    match payload {
        Payload::Json(used) | Payload::Xml(used) | Payload::UrlEncoded(used) => Wanted::Typed(*used),
        Payload::Multipart(_) => Wanted::Any,
        Payload::Bytes => Wanted::Bytes,
        Payload::Text => Wanted::Text,
    }
}

/// What a field of the body is to be; `None` where it has none of this name.
fn field_of(types: &Types, payload: &Payload, name: &str) -> Option<Wanted> {
    match payload {
        Payload::Json(used) | Payload::Xml(used) | Payload::UrlEncoded(used) => {
            match &types.get(types.resolve(*used).ty).shape {
                Shape::Record(record) => {
                    let field = record.fields.iter().find(|field| field.name == name);
                    field.map(|field| Wanted::Typed(field.used)).or(record.rest.map(Wanted::Typed))
                }
                Shape::Map(value) => Some(Wanted::Typed(*value)),
                Shape::Union(_) | Shape::Anything => Some(Wanted::Any),
                _ => None,
            }
        }
        Payload::Multipart(form) => form.fields.iter().find(|field| field.name == name).map(|field| match field.part {
            FormPart::File => Wanted::Bytes,
            FormPart::Files => Wanted::Files,
            FormPart::Text(used) | FormPart::Json(used) => Wanted::Typed(used),
        }),
        Payload::Bytes | Payload::Text => None,
    }
}

/// Adds a value; a second one of a name makes a list of both.
fn add(values: &mut Map<String, Value>, types: &Types, name: &str, wanted: Wanted, text: &str) -> Result<(), String> {
    let complain = |said: String| format!("argument `{name}`: {said}");
    let wanted_item = match wanted {
        Wanted::Typed(used) => match &types.get(types.resolve(used).ty).shape {
            Shape::List(item) if !text.starts_with('[') && !text.starts_with('@') => Some(Wanted::Typed(*item)),
            _ => None,
        },
        Wanted::Files => Some(Wanted::Bytes),
        _ => None,
    };
    let value = read(types, wanted_item.unwrap_or(wanted), text).map_err(complain)?;
    match (values.get_mut(name), wanted_item) {
        (None, Some(_)) => drop(values.insert(name.to_owned(), json!([value]))),
        (None, None) => drop(values.insert(name.to_owned(), value)),
        (Some(Value::Array(list)), Some(_)) => list.push(value),
        (Some(_), _) => return Err(complain("given twice, and it is no list".to_owned())),
    }
    Ok(())
}

fn read(types: &Types, wanted: Wanted, text: &str) -> Result<Value, String> {
    let file = text.strip_prefix('@');
    if let (Wanted::Bytes, Some(path)) = (wanted, file) {
        let mut part = json!({ "base64": STANDARD.encode(bytes(path)?) });
        if let Some(name) = Path::new(path).file_name().filter(|_| path != "-") {
            part["file_name"] = json!(name.to_string_lossy());
        }
        return Ok(part);
    }
    let held = match file {
        Some(path) => String::from_utf8(bytes(path)?).map_err(|_| format!("`{path}` is no text"))?,
        None => text.to_owned(),
    };
    let is_text = match wanted {
        Wanted::Text | Wanted::Bytes => true,
        Wanted::Typed(used) => {
            matches!(types.get(types.resolve(used).ty).shape, Shape::Text(_) | Shape::Enumeration(_))
        }
        Wanted::Files | Wanted::Any => false,
    };
    if is_text {
        return Ok(Value::String(held));
    }
    match serde_json::from_str(&held) {
        Ok(value) => Ok(value),
        // People write documents of their own in YAML as well.
        Err(_) if file.is_some() => {
            serde_yaml::from_str(&held).map_err(|_| "the file is neither JSON nor YAML".to_owned())
        }
        // Where several types are possible, what is no JSON is a text.
        Err(_) if matches!(wanted, Wanted::Any) || admits_text(types, wanted) => Ok(Value::String(held)),
        Err(error) => Err(format!("`{held}` is not JSON: {error}")),
    }
}

fn admits_text(types: &Types, wanted: Wanted) -> bool {
    let Wanted::Typed(used) = wanted else { return false };
    matches!(types.get(types.resolve(used).ty).shape, Shape::Anything | Shape::Union(_))
}

fn bytes(path: &str) -> Result<Vec<u8>, String> {
    if path == "-" {
        let mut whole = Vec::new();
        std::io::stdin().read_to_end(&mut whole).map_err(|error| format!("standard input: {error}"))?;
        return Ok(whole);
    }
    fs::read(path).map_err(|error| format!("`{path}`: {error}"))
}

/// Writes a value to standard output: texts and bytes as they are, everything else as JSON.
pub(super) fn show(value: &Value) {
    let bytes = value["base64"].as_str().filter(|_| value.get("media_type").is_some());
    match (value, bytes.and_then(|text| STANDARD.decode(text).ok())) {
        (_, Some(bytes)) => {
            // A reader that has gone away is no failure of ours.
            let _ = std::io::stdout().write_all(&bytes);
        }
        (Value::Null, _) => {}
        (Value::String(text), _) => say(&format!("{text}\n")),
        (value, _) => match value["text"].as_str().filter(|_| value.get("media_type").is_some()) {
            Some(text) => say(&format!("{text}\n")),
            None => say(&format!("{value:#}\n")),
        },
    }
}
