//! What do the keywords of one schema say?

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::normalise::{self, Older};
use super::schema::{Discriminator, JsonType, SchemaId, SchemaObject};
use super::split::{Splitter, describe};
use super::{bundle, model, nearest};
use crate::diagnostics::{Diagnostic, Pointer, codes};

/// The keywords that are read, for suggestions.
const KNOWN: &[&str] = &[
    "$ref",
    "type",
    "format",
    "const",
    "enum",
    "default",
    "properties",
    "required",
    "additionalProperties",
    "unevaluatedProperties",
    "patternProperties",
    "propertyNames",
    "items",
    "prefixItems",
    "contains",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "discriminator",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "contentMediaType",
    "contentEncoding",
    "title",
    "description",
    "deprecated",
    "readOnly",
    "writeOnly",
    "example",
    "examples",
    "nullable",
    "definitions",
];

impl Splitter<'_> {
    /// Reads a schema with keywords, which stands where the walk is.
    pub(super) fn keywords(&mut self, mut map: Map<String, Value>) -> SchemaObject {
        map.sort_keys();
        let mut schema = SchemaObject::default();
        let mut older = Older::default();
        let tuple = map.get("items").is_some_and(Value::is_array);
        for (key, value) in map {
            self.inside(&key, |this| {
                let mut value = value;
                if let Some(kind) = model::keyword(&key).filter(|_| bundle::lone_reference(&value).is_some()) {
                    this.borrow(&mut value, kind);
                }
                this.keyword_of_version(&key, &value);
                this.keyword(&mut schema, &mut older, &key, value, tuple);
            });
        }
        self.texts_as_written(&mut schema);
        normalise::schema(&mut schema, &older);
        schema
    }

    /// Numbers among the values of a schema that admits texts and no numbers: what YAML makes of a `1.10` without quotes.
    fn texts_as_written(&mut self, schema: &mut SchemaObject) {
        let number = |ty: &JsonType| matches!(ty, JsonType::Integer | JsonType::Number);
        if !schema.types.contains(&JsonType::String) || schema.types.iter().any(number) {
            return;
        }
        let here = self.here();
        let listed = schema.enumeration.iter_mut().flatten().enumerate();
        let listed = listed.map(|(index, value)| (here.join("enum").index(index), value));
        let single = [("const", &mut schema.constant), ("default", &mut schema.default)];
        let single = single.into_iter().filter_map(|(key, value)| Some((here.join(key), value.as_mut()?)));
        let meant: Vec<_> = listed.chain(single).filter(|(_, value)| value.is_number()).collect();
        for (place, value) in meant {
            let text = self.as_written(&place, value);
            let what = format!("`{text}` is a number, and the schema admits texts");
            let warning = Diagnostic::warning(codes::UNFIT_VALUE, what);
            self.diagnostics
                .push(warning.at(&place, "read as a text; quotes make it one").at(&here.join("type"), "the type"));
            *value = Value::String(text);
        }
    }

    /// Reads one keyword. The walk stands on it.
    fn keyword(&mut self, schema: &mut SchemaObject, older: &mut Older, key: &str, value: Value, tuple: bool) {
        let constraints = &mut schema.constraints;
        match key {
            "$ref" => schema.reference = Some(self.schema_reference(&value)),
            "type" => self.types(value, schema, older),
            "format" => schema.format = self.text(value),
            "const" => schema.constant = Some(value),
            "enum" => schema.enumeration = self.list(value),
            "default" => schema.default = Some(value),

            "properties" => schema.properties = self.schema_map(value),
            "required" => schema.required = self.texts(value),
            "additionalProperties" => schema.additional_properties = Some(self.schema(value)),
            "unevaluatedProperties" => schema.unevaluated_properties = Some(self.schema(value)),
            "patternProperties" => schema.pattern_properties = self.schema_map(value),
            "propertyNames" => schema.property_names = Some(self.schema(value)),
            // Before 2020-12 a list here was what `prefixItems` is now.
            "items" if tuple => schema.prefix_items = self.schema_list(value),
            "additionalItems" if tuple => schema.items = Some(self.schema(value)),
            "items" => schema.items = Some(self.schema(value)),
            "prefixItems" => schema.prefix_items = self.schema_list(value),
            "contains" => schema.contains = Some(self.schema(value)),

            "allOf" => schema.all_of = self.schema_list(value),
            "anyOf" => schema.any_of = self.schema_list(value),
            "oneOf" => schema.one_of = self.schema_list(value),
            "not" => schema.not = Some(self.schema(value)),
            "if" => schema.conditions[0] = Some(self.schema(value)),
            "then" => schema.conditions[1] = Some(self.schema(value)),
            "else" => schema.conditions[2] = Some(self.schema(value)),
            "dependentSchemas" => schema.dependent_schemas = self.schema_map(value),
            "dependentRequired" => schema.dependent_required = self.text_lists(value),
            "dependencies" => self.dependencies(value, schema),
            "discriminator" => schema.discriminator = self.discriminator(value),

            "minimum" => constraints.minimum = self.number(value),
            "maximum" => constraints.maximum = self.number(value),
            "exclusiveMinimum" => match value {
                Value::Bool(exclusive) => older.minimum_is_exclusive = exclusive,
                value => constraints.exclusive_minimum = self.number(value),
            },
            "exclusiveMaximum" => match value {
                Value::Bool(exclusive) => older.maximum_is_exclusive = exclusive,
                value => constraints.exclusive_maximum = self.number(value),
            },
            "multipleOf" => constraints.multiple_of = self.number(value),
            "minLength" => constraints.min_length = self.count(&value),
            "maxLength" => constraints.max_length = self.count(&value),
            "pattern" => constraints.pattern = self.text(value),
            "minItems" => constraints.min_items = self.count(&value),
            "maxItems" => constraints.max_items = self.count(&value),
            "uniqueItems" => constraints.unique_items = self.flag(value),
            "minProperties" => constraints.min_properties = self.count(&value),
            "maxProperties" => constraints.max_properties = self.count(&value),

            "contentMediaType" => schema.content_media_type = self.text(value),
            "contentEncoding" => schema.content_encoding = self.text(value),

            "title" => schema.title = self.text(value),
            "description" => schema.description = self.text(value),
            "deprecated" => schema.deprecated = self.flag(value),
            "readOnly" => schema.read_only = self.flag(value),
            "writeOnly" => schema.write_only = self.flag(value),
            "nullable" => schema.nullable = self.flag(value),
            "example" => schema.examples.insert(0, value),
            "examples" => match value {
                Value::Array(list) => schema.examples.extend(list),
                // Written as a media type has them.
                Value::Object(map) => schema.examples.extend(map.into_iter().map(|(_, example)| example)),
                other => schema.examples.push(other),
            },

            // Nothing but homes for schemas that are referred to.
            "$defs" | "definitions" => {
                self.schema_map(value);
            }
            "contentSchema" | "unevaluatedItems" | "additionalItems" => {
                let shown = Value::Bool(!matches!(value, Value::Bool(false)));
                self.schema(value);
                schema.passive.insert(key.to_owned(), shown);
            }
            "$comment" | "$schema" | "$id" | "id" | "$anchor" | "$vocabulary" | "$dynamicRef" | "$dynamicAnchor"
            | "$recursiveRef" | "$recursiveAnchor" | "minContains" | "maxContains" | "xml" | "externalDocs"
            | "collectionFormat" | "allowEmptyValue" => {
                if key == "$dynamicRef" || key == "$recursiveRef" {
                    let target = value.as_str().and_then(|text| self.quiet_reference(text));
                    let how = if target.is_some() { "read as `$ref`" } else { "not followed" };
                    schema.reference = schema.reference.take().or(target);
                    let what = format!("`{key}` is {how}");
                    self.diagnostics.push(Diagnostic::warning(codes::UNKNOWN_KEYWORD, what).at(&self.here(), ""));
                }
                schema.passive.insert(key.to_owned(), value);
            }
            key if key.starts_with("x-") => {
                // What Swagger 2.0 documents say for want of `nullable`.
                schema.nullable |= key == "x-nullable" && value == Value::Bool(true);
                schema.extensions.insert(key.to_owned(), value);
            }
            key => self.unknown_keyword(key),
        }
    }

    fn unknown_keyword(&mut self, key: &str) {
        let here = self.here();
        let what = format!("there is no schema keyword `{key}`");
        self.diagnostics.push(match nearest(key, KNOWN.iter().copied()) {
            Some(meant) => {
                Diagnostic::warning(codes::UNKNOWN_KEYWORD, what).at_key(&here, format!("did you mean `{meant}`?"))
            }
            None => Diagnostic::note(codes::UNKNOWN_KEYWORD, what).at_key(&here, "ignored"),
        });
    }

    fn wrong(&mut self, wanted: &str, value: &Value) {
        let here = self.here();
        let key = here.last().unwrap_or_default().into_owned();
        let found = describe(value);
        self.diagnostics.push(
            Diagnostic::warning(codes::WRONG_TYPE, format!("`{key}` of a schema must be {wanted}, but is {found}"))
                .at(&here, "ignored"),
        );
    }

    fn schema_reference(&mut self, value: &Value) -> Pointer {
        let Value::String(text) = value else {
            self.wrong("a text", value);
            return unresolved("$ref");
        };
        // Told as what it is; what uses it finds nothing there.
        self.check_reference(text).unwrap_or_else(|| unresolved(text))
    }

    fn types(&mut self, value: Value, schema: &mut SchemaObject, older: &mut Older) {
        let names = match value {
            Value::String(name) => vec![Value::String(name)],
            Value::Array(names) => names,
            // `type: null` without quotes is what somebody wrote who meant the text.
            Value::Null => vec![Value::from("null")],
            other => return self.wrong("a text or a list of texts", &other),
        };
        for name in names {
            let found = match name.as_str() {
                Some("null") => JsonType::Null,
                Some("boolean") => JsonType::Boolean,
                Some("integer") => JsonType::Integer,
                Some("number") => JsonType::Number,
                Some("string") => JsonType::String,
                Some("array") => JsonType::Array,
                Some("object") => JsonType::Object,
                Some("file") => {
                    older.file = true;
                    JsonType::String
                }
                None if name.is_null() => JsonType::Null,
                _ => {
                    self.unknown_type(&name);
                    continue;
                }
            };
            if !schema.types.contains(&found) {
                schema.types.push(found);
            }
        }
    }

    fn unknown_type(&mut self, name: &Value) {
        let here = self.here();
        let shown = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
        let names = ["string", "integer", "number", "boolean", "array", "object", "null"];
        let label = match nearest(&shown, names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "ignored".to_owned(),
        };
        self.diagnostics
            .push(Diagnostic::warning(codes::WRONG_TYPE, format!("there is no type `{shown}`")).at(&here, label));
    }

    fn discriminator(&mut self, value: Value) -> Option<Discriminator> {
        match value {
            // As Swagger 2.0 writes it.
            Value::String(property_name) => Some(Discriminator { property_name, mapping: BTreeMap::new() }),
            Value::Object(mut map) => {
                let Some(Value::String(property_name)) = map.remove("propertyName") else {
                    self.diagnostics.push(
                        Diagnostic::warning(codes::WRONG_TYPE, "a discriminator needs a text `propertyName`")
                            .at(&self.here(), "ignored"),
                    );
                    return None;
                };
                if map.contains_key("defaultMapping") {
                    let what = "a value that no mapping names is kept as it is, and not taken for the default";
                    let here = self.here().join("defaultMapping");
                    self.diagnostics.push(Diagnostic::note(codes::IGNORED_PART, what).at_key(&here, "not used"));
                }
                let mapping = match map.remove("mapping") {
                    Some(Value::Object(mapping)) => mapping
                        .into_iter()
                        .filter_map(|(value, target)| {
                            let target = target.as_str()?;
                            Some((value, self.mapped(target)))
                        })
                        .collect(),
                    _ => BTreeMap::new(),
                };
                Some(Discriminator { property_name, mapping })
            }
            other => {
                self.wrong("a mapping", &other);
                None
            }
        }
    }

    /// What a discriminator maps to: a schema by its name, or a reference, which is settled.
    fn mapped(&mut self, target: &str) -> String {
        let file = [".yaml", ".yml", ".json"].iter().any(|extension| target.ends_with(extension));
        let reference = (file || target.contains(['/', '#'])).then(|| self.quiet_reference(target)).flatten();
        reference.map_or_else(|| target.to_owned(), |pointer| pointer.to_reference())
    }

    /// `dependencies` of draft 7: a list of names, or a schema.
    fn dependencies(&mut self, value: Value, schema: &mut SchemaObject) {
        let Value::Object(map) = value else { return self.wrong("a mapping", &value) };
        for (name, dependency) in map {
            self.inside(&name, |this| {
                if dependency.is_array() {
                    let names = this.texts(dependency);
                    schema.dependent_required.insert(name.clone(), names);
                } else {
                    let id = this.schema(dependency);
                    schema.dependent_schemas.insert(name.clone(), id);
                }
            });
        }
    }

    fn schema_map(&mut self, value: Value) -> BTreeMap<String, SchemaId> {
        let Value::Object(mut map) = value else {
            if !value.is_null() {
                self.wrong("a mapping", &value);
            }
            return BTreeMap::new();
        };
        map.sort_keys();
        map.into_iter()
            .map(|(name, value)| {
                let id = self.inside(&name, |this| this.schema(value));
                (name, id)
            })
            .collect()
    }

    fn schema_list(&mut self, value: Value) -> Vec<SchemaId> {
        let Some(list) = self.list(value) else { return Vec::new() };
        list.into_iter()
            .enumerate()
            .map(|(index, value)| self.inside(&index.to_string(), |this| this.schema(value)))
            .collect()
    }

    fn list(&mut self, value: Value) -> Option<Vec<Value>> {
        match value {
            Value::Array(list) => Some(list),
            Value::Null => None,
            other => {
                self.wrong("a list", &other);
                None
            }
        }
    }

    fn texts(&mut self, value: Value) -> Vec<String> {
        let Some(list) = self.list(value) else { return Vec::new() };
        list.into_iter()
            .filter_map(|value| match value {
                Value::String(text) => Some(text),
                Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
                other => {
                    self.wrong("a list of texts", &other);
                    None
                }
            })
            .collect()
    }

    fn text_lists(&mut self, value: Value) -> BTreeMap<String, Vec<String>> {
        let Value::Object(map) = value else {
            self.wrong("a mapping", &value);
            return BTreeMap::new();
        };
        map.into_iter()
            .map(|(name, value)| {
                let texts = self.inside(&name, |this| this.texts(value));
                (name, texts)
            })
            .collect()
    }

    fn text(&mut self, value: Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text),
            Value::Number(_) | Value::Bool(_) => Some(self.as_written(&self.here(), &value)),
            Value::Null => None,
            other => {
                self.wrong("a text", &other);
                None
            }
        }
    }

    fn flag(&mut self, value: Value) -> bool {
        match value {
            Value::Bool(flag) => flag,
            Value::String(text) if text == "true" => true,
            Value::String(text) if text == "false" => false,
            Value::Null => false,
            other => {
                self.wrong("`true` or `false`", &other);
                false
            }
        }
    }

    fn number(&mut self, value: Value) -> Option<Number> {
        match value {
            Value::Number(number) => Some(number),
            Value::Null => None,
            other => {
                self.wrong("a number", &other);
                None
            }
        }
    }

    fn count(&mut self, value: &Value) -> Option<u64> {
        let counted = match value {
            Value::Null => return None,
            Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole)),
            _ => None,
        };
        if counted.is_none() {
            self.wrong("a whole number of at least 0", value);
        }
        counted
    }
}

/// A pointer at which nothing can stand: a document has no such key.
fn unresolved(text: &str) -> Pointer {
    Pointer::root().join("unresolved reference").join(text)
}

/// `3.0` is a whole number, too. Beyond 2^53 floats skip whole numbers, so what is written is not what is read.
fn whole(number: f64) -> Option<u64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked in the same line
    ((0.0..=9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}
