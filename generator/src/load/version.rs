//! Is this a document that we can read?

use serde_json::{Map, Value};

use super::nearest;
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};

/// Lets documents through that say that they are OpenAPI 3 or Swagger 2.0. Everything else is told.
pub(super) fn check(tree: Value, diagnostics: &mut Diagnostics) -> Option<Map<String, Value>> {
    let root = Pointer::root();
    let found = match tree {
        Value::Object(map) => return check_keys(map, diagnostics),
        Value::Null => "an empty file",
        Value::Array(_) => "a list",
        Value::String(_) => "a text",
        Value::Bool(_) | Value::Number(_) => "a single value",
    };
    diagnostics.push(
        Diagnostic::error(codes::NOT_OPENAPI, format!("an OpenAPI document is a mapping, but this is {found}"))
            .at(&root, "")
            .help("it starts with a key `openapi`, such as `openapi: 3.1.0`"),
    );
    None
}

fn check_keys(map: Map<String, Value>, diagnostics: &mut Diagnostics) -> Option<Map<String, Value>> {
    let root = Pointer::root();
    if let Some(version) = map.get("openapi") {
        let at = root.join("openapi");
        let version = match version {
            Value::String(text) => text.trim().to_owned(),
            // `openapi: 3.1` without quotes is a number.
            Value::Number(number) => number.to_string(),
            _ => {
                diagnostics.push(
                    Diagnostic::error(codes::NOT_OPENAPI, "the version of the specification is not a text")
                        .at(&at, "must be a text such as \"3.1.0\""),
                );
                return None;
            }
        };
        if version == "3" || version.starts_with("3.") {
            return Some(map);
        }
        diagnostics.push(
            Diagnostic::error(codes::UNSUPPORTED_VERSION, format!("OpenAPI `{version}` cannot be read"))
                .at(&at, "this version")
                .help("Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 can"),
        );
        return None;
    }
    if let Some(key) = ["swagger", "swaggerVersion"].into_iter().find(|key| map.contains_key(*key)) {
        let version = match map.get(key) {
            Some(Value::String(text)) => text.trim().to_owned(),
            // `swagger: 2.0` without quotes is a number.
            Some(other) => other.to_string(),
            None => String::new(),
        };
        if key == "swagger" && (version == "2" || version.starts_with("2.")) {
            return Some(map);
        }
        diagnostics.push(
            Diagnostic::error(codes::UNSUPPORTED_VERSION, format!("Swagger `{version}` cannot be read"))
                .at(&root.join(key), "this version")
                .help("Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 can"),
        );
        return None;
    }
    let mut error = Diagnostic::error(codes::NOT_OPENAPI, "this is no OpenAPI document: it has no key `openapi`");
    error = match map.keys().find(|key| nearest(key, ["openapi"]).is_some()) {
        Some(key) => error.at_key(&root.join(key), "did you mean `openapi`?"),
        None => error.at(&root, ""),
    };
    diagnostics.push(error.help("it starts with the version of the specification, such as `openapi: 3.1.0`"));
    None
}
