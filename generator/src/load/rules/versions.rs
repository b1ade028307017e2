//! Does a document use words of another version of the specification than it states?

use serde_json::{Map, Value};

use super::super::model::Shape;
use super::super::split::Splitter;
use crate::diagnostics::{Diagnostic, codes};

/// Keys that came with a version: the object, the key, and the minor version of OpenAPI 3.
const SINCE: &[(&str, &str, u32)] = &[
    ("the document", "webhooks", 1),
    ("the document", "jsonSchemaDialect", 1),
    ("the document", "$self", 2),
    ("`info`", "summary", 1),
    ("`components`", "pathItems", 1),
    ("`components`", "mediaTypes", 2),
    ("a path", "query", 2),
    ("a path", "additionalOperations", 2),
    ("a server", "name", 2),
    ("a tag", "summary", 2),
    ("a tag", "parent", 2),
    ("a tag", "kind", 2),
    ("a response", "summary", 2),
    ("a media type", "itemSchema", 2),
    ("a media type", "prefixEncoding", 2),
    ("a media type", "itemEncoding", 2),
    ("an example", "dataValue", 2),
    ("an example", "serializedValue", 2),
    ("`flows`", "deviceAuthorization", 2),
    ("a security scheme", "oauth2MetadataUrl", 2),
    ("a security scheme", "deprecated", 2),
];

/// Keywords of JSON Schema that OpenAPI 3.0 does not take over.
const SCHEMA_SINCE_1: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "examples",
    "if",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// The version that a document states.
pub(super) fn stated(document: &Value) -> Option<(u32, u32)> {
    let text = document.get("openapi").or_else(|| document.get("swagger"))?;
    let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
    let (major, rest) = text.trim().split_once('.')?;
    Some((major.parse().ok()?, rest.split('.').next()?.parse().ok()?))
}

impl Splitter<'_> {
    /// Tells keys of an object that only a later version has.
    pub(super) fn later_keys(&mut self, shape: &'static Shape, map: &Map<String, Value>) {
        let Some((3, minor)) = self.noted_for_rules.version.filter(|_| self.swagger.is_none()) else { return };
        for (_, key, since) in
            SINCE.iter().filter(|(name, key, since)| *since > minor && *name == shape.name && map.contains_key(*key))
        {
            let at = self.here().join(key);
            self.diagnostics.push(
                Diagnostic::warning(
                    codes::LATER_VERSION,
                    format!("{} has no `{key}` before OpenAPI 3.{since}", shape.name),
                )
                .at_key(&at, format!("this document is OpenAPI 3.{minor}; read as 3.{since} means it")),
            );
        }
    }

    /// Tells a keyword of a schema that the stated version does not have. It counts all the same, wherever it stands, so this is
    /// only a note.
    pub(in super::super) fn keyword_of_version(&mut self, key: &str, value: &Value) {
        let Some((3, minor)) = self.noted_for_rules.version.filter(|_| self.swagger.is_none()) else { return };
        let since = match (key, minor, value) {
            ("nullable", 1.., Value::Bool(true)) => "is no keyword since OpenAPI 3.1, where `type` lists \"null\"",
            ("exclusiveMinimum" | "exclusiveMaximum", 1.., Value::Bool(_)) => "is a number since OpenAPI 3.1",
            ("exclusiveMinimum" | "exclusiveMaximum", 0, Value::Number(_)) => "is `true` or `false` before OpenAPI 3.1",
            ("type", 0, Value::Array(_)) => "is one text before OpenAPI 3.1",
            (key, 0, _) if SCHEMA_SINCE_1.binary_search(&key).is_ok() => "is no keyword before OpenAPI 3.1",
            _ => return,
        };
        let note = Diagnostic::note(codes::LATER_VERSION, format!("`{key}` {since}"));
        self.diagnostics
            .push(note.at_key(&self.here(), format!("this document is OpenAPI 3.{minor}; read as it is meant")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keywords_are_sorted_and_a_version_has_two_numbers() {
        assert!(SCHEMA_SINCE_1.is_sorted());
        let stated = |text: Value| stated(&serde_json::json!({"openapi": text}));
        assert_eq!(stated("3.1.0".into()), Some((3, 1)));
        assert_eq!(stated(3.1.into()), Some((3, 1)));
        assert_eq!(stated("3".into()), None);
    }
}
