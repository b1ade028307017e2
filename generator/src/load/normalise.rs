//! How is a document that means the same but says it otherwise brought to the one form that later stages know?
//!
//! One small function per key, each keyed on the key and not on the declared version: documents mix versions freely.
//! The skeleton goes down to what `openapiv3` models; schemas go up to JSON Schema 2020-12 (in `load::keywords`).

use serde_json::{Map, Value, json};

use super::model::{FLOW, HEADER, OPERATION, PARAMETER, RESPONSE, SECURITY_SCHEME, Shape};
use super::schema::{JsonType, SchemaObject};

/// Brings one object of the skeleton to the form that `openapiv3` reads. What is against the rules was told (`load::rules`).
pub(super) fn skeleton(shape: &'static Shape, map: &mut Map<String, Value>) {
    if std::ptr::eq(shape, &raw const OPERATION) {
        map.entry("responses").or_insert_with(|| json!({}));
        requirements_may_lack_scopes(map);
    } else if std::ptr::eq(shape, &raw const RESPONSE) {
        description_may_be_missing(map);
    } else if std::ptr::eq(shape, &raw const PARAMETER) {
        path_parameters_are_required(map);
        schema_may_be_missing(map);
    } else if std::ptr::eq(shape, &raw const HEADER) {
        schema_may_be_missing(map);
    } else if std::ptr::eq(shape, &raw const SECURITY_SCHEME) {
        scheme_details_may_be_missing(map);
    } else if std::ptr::eq(shape, &raw const FLOW) {
        flow_details_may_be_missing(map);
    } else if shape.name == "an encoding" {
        encoding_explodes_by_default(map);
    } else if shape.name == "a server variable" {
        default_is_first_of_enum(map);
    } else if shape.name == "the document" {
        requirements_may_lack_scopes(map);
    }
}

fn description_may_be_missing(map: &mut Map<String, Value>) {
    map.entry("description").or_insert_with(|| json!(""));
}

fn path_parameters_are_required(map: &mut Map<String, Value>) {
    if map.get("in") == Some(&json!("path")) {
        map.insert("required".to_owned(), Value::Bool(true));
    }
}

/// A parameter or header without `schema` and `content`, or with a `content` of nothing, may be anything.
fn schema_may_be_missing(map: &mut Map<String, Value>) {
    let nothing = |content: &Value| content.as_object().is_some_and(Map::is_empty);
    if !map.contains_key("schema") && map.get("content").is_none_or(nothing) {
        map.insert("schema".to_owned(), Value::Bool(true));
    }
    // `openapiv3` reads one of the two; the schema says more.
    if map.contains_key("schema") {
        map.remove("content");
    }
}

fn requirements_may_lack_scopes(map: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = map.get_mut("security") else { return };
    for scopes in alternatives.iter_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        if scopes.is_null() {
            *scopes = json!([]);
        }
    }
}

/// A client needs to know that a token is sent, not where it comes from.
fn scheme_details_may_be_missing(map: &mut Map<String, Value>) {
    match map.get("type").and_then(Value::as_str) {
        Some("oauth2") => {
            map.entry("flows").or_insert_with(|| json!({}));
        }
        Some("openIdConnect") => {
            map.entry("openIdConnectUrl").or_insert_with(|| json!(""));
        }
        _ => {}
    }
}

fn flow_details_may_be_missing(map: &mut Map<String, Value>) {
    for key in ["authorizationUrl", "tokenUrl"] {
        map.entry(key).or_insert_with(|| json!(""));
    }
    map.entry("scopes").or_insert_with(|| json!({}));
}

/// `openapiv3` reads an absent `explode` as `false`; for the default style `form` the specification says `true`.
fn encoding_explodes_by_default(map: &mut Map<String, Value>) {
    if matches!(map.get("style").and_then(Value::as_str), None | Some("form")) {
        map.entry("explode").or_insert(Value::Bool(true));
    }
}

fn default_is_first_of_enum(map: &mut Map<String, Value>) {
    if !map.contains_key("default") {
        let first = map.get("enum").and_then(|list| list.get(0)).cloned();
        map.insert("default".to_owned(), first.unwrap_or_else(|| json!("")));
    }
}

/// What older dialects say by keywords that 2020-12 has no more, as far as it takes the whole schema to lift it.
#[derive(Debug, Default)]
pub(super) struct Older {
    /// 3.0: `exclusiveMinimum: true`, which makes `minimum` exclusive.
    pub(super) minimum_is_exclusive: bool,
    /// 3.0: `exclusiveMaximum: true`.
    pub(super) maximum_is_exclusive: bool,
    /// 2.0: `type: file`.
    pub(super) file: bool,
}

/// Lifts a schema to 2020-12, once its keywords are read.
pub(super) fn schema(schema: &mut SchemaObject, older: &Older) {
    nullable(schema);
    exclusive_bounds(schema, older);
    if older.file && schema.format.is_none() {
        schema.format = Some("binary".to_owned());
    }
}

fn nullable(schema: &mut SchemaObject) {
    if !schema.nullable {
        return;
    }
    if !schema.types.is_empty() && !schema.types.contains(&JsonType::Null) {
        schema.types.push(JsonType::Null);
    }
    if let Some(values) = &mut schema.enumeration
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}

fn exclusive_bounds(schema: &mut SchemaObject, older: &Older) {
    let bounds = &mut schema.constraints;
    if older.minimum_is_exclusive && bounds.exclusive_minimum.is_none() {
        bounds.exclusive_minimum = bounds.minimum.take();
    }
    if older.maximum_is_exclusive && bounds.exclusive_maximum.is_none() {
        bounds.exclusive_maximum = bounds.maximum.take();
    }
}
