//! How are schemas taken out of a document, and what in it does nobody know?
//!
//! One walk along the table of `load::model`. Behind it, the skeleton holds `{"$ref": "#<pointer>"}` where a schema was,
//! and every schema stands in the table. The walk recurses as deep as the document, which the parsers bound at 128.

use serde_json::{Map, Value};

use super::model::{self, Kind, Shape};
use super::schema::{Schema, SchemaEntry, SchemaId, SchemaTable};
use super::{nearest, normalise, references};
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes, push_escaped};

/// Splits a document into its skeleton and its schemas.
pub(super) fn split(document: Map<String, Value>, diagnostics: &mut Diagnostics) -> (Value, SchemaTable) {
    let mut splitter = Splitter { table: SchemaTable::default(), path: String::new(), diagnostics };
    let mut skeleton = Value::Object(document);
    splitter.object(&mut skeleton, &model::DOCUMENT);
    references::settle(&skeleton, &mut splitter);
    (skeleton, splitter.table)
}

/// A walk through a document.
pub(super) struct Splitter<'a> {
    pub(super) table: SchemaTable,
    /// The pointer to where the walk is.
    pub(super) path: String,
    pub(super) diagnostics: &'a mut Diagnostics,
}

impl Splitter<'_> {
    /// Where the walk is.
    pub(super) fn here(&self) -> Pointer {
        Pointer::from_canonical(&self.path)
    }

    /// Takes a step into a member, and back out behind it.
    pub(super) fn inside<T>(&mut self, token: &str, visit: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path.push('/');
        push_escaped(&mut self.path, token);
        let result = visit(self);
        self.path.truncate(length);
        result
    }

    /// Moves a schema into the table, with all schemas inside it. Ids ascend in the order of pointers' keys.
    pub(super) fn schema(&mut self, value: Value) -> SchemaId {
        let pointer = self.here();
        if let Some(known) = self.table.at(&pointer) {
            return known;
        }
        let id = SchemaId(u32::try_from(self.table.entries.len()).unwrap_or(u32::MAX));
        self.table.by_pointer.insert(pointer.clone(), id);
        // Reserved before its parts are read, so that a schema always has a smaller id than its parts.
        self.table.entries.push(SchemaEntry { pointer, schema: Schema::Boolean(true) });
        let schema = match value {
            Value::Bool(admits) => Schema::Boolean(admits),
            Value::Object(map) => Schema::Object(Box::new(self.keywords(map))),
            // YAML's `name:` with nothing behind it: nothing is said, so everything is admitted.
            Value::Null => Schema::Object(Box::default()),
            other => {
                let found = describe(&other);
                self.diagnostics.push(
                    Diagnostic::error(codes::WRONG_TYPE, format!("a schema is a mapping, but this is {found}"))
                        .at(&self.here(), "read as a schema that admits everything"),
                );
                Schema::Object(Box::default())
            }
        };
        if let Some(entry) = self.table.entries.get_mut(id.0 as usize) {
            entry.schema = schema;
        }
        id
    }

    /// Walks a value of a kind; whether it stays.
    fn visit(&mut self, value: &mut Value, kind: &'static Kind) {
        match kind {
            Kind::Object(shape) => self.object(value, shape),
            Kind::Reference(shape) => {
                if !self.reference(value, shape) {
                    self.object(value, shape);
                }
            }
            Kind::Map(kind) => {
                if let Value::Object(map) = value {
                    map.sort_keys();
                    for (key, value) in map.iter_mut() {
                        if !key.starts_with("x-") || !matches!(kind, Kind::Text | Kind::Any) {
                            self.inside(key, |this| this.visit(value, kind));
                        }
                    }
                }
            }
            Kind::List(kind) => {
                if let Value::Array(list) = value {
                    for (index, value) in list.iter_mut().enumerate() {
                        self.inside(&index.to_string(), |this| this.visit(value, kind));
                    }
                }
            }
            Kind::Schema => {
                self.schema(value.take());
                let mut place = Map::new();
                place.insert("$ref".to_owned(), Value::String(format!("#{}", self.path)));
                *value = Value::Object(place);
            }
            Kind::Text => {
                if let Value::Number(_) | Value::Bool(_) = value {
                    *value = Value::String(value.to_string());
                }
            }
            Kind::Flag => {
                if let Value::String(text) = value {
                    let meant = match text.as_str() {
                        "true" => true,
                        "false" => false,
                        _ => return,
                    };
                    *value = Value::Bool(meant);
                }
            }
            Kind::Any => {}
            Kind::Unused(kind) => self.visit(value, kind),
        }
    }

    fn object(&mut self, value: &mut Value, shape: &'static Shape) {
        let Value::Object(map) = value else { return };
        map.sort_keys();
        // `key:` with nothing behind it says nothing, unless nothing is a schema or a value.
        map.retain(|key, value| {
            !value.is_null() || matches!(shape.key(key).or(shape.others), Some(Kind::Schema | Kind::Any) | None)
        });
        for (token, what) in normalise::skeleton(shape, map) {
            let place = if token.is_empty() { self.here() } else { self.here().join(&token) };
            self.diagnostics.push(Diagnostic::note(codes::REPAIRED, what).at(&place, ""));
        }
        map.retain(|key, value| self.inside(key, |this| this.member(shape, key, value)));
    }

    /// Walks a member of an object; whether it stays.
    fn member(&mut self, shape: &'static Shape, key: &str, value: &mut Value) -> bool {
        let known = shape.key(key);
        if known.is_none() && key.starts_with("x-") {
            return true;
        }
        let Some(kind) = known.or(shape.others) else {
            self.unknown_key(shape, key, value);
            return true;
        };
        if known.is_none() || shape.essential.contains(&key) || fits(value, kind) {
            self.visit(value, kind);
        } else {
            let found = describe(value);
            let wanted = wanted(kind);
            self.diagnostics.push(
                Diagnostic::warning(
                    codes::WRONG_TYPE,
                    format!("`{key}` of {} must be {wanted}, but is {found}", shape.name),
                )
                .at(&self.here(), "ignored"),
            );
            return false;
        }
        if let Kind::Unused(_) = kind {
            if key == "callbacks" && !value.as_object().is_none_or(Map::is_empty) {
                self.diagnostics.push(
                    Diagnostic::note(
                        codes::WEBHOOKS_IGNORED,
                        "callbacks are requests that the service makes: not generated",
                    )
                    .at_key(&self.here(), ""),
                );
            }
            return false;
        }
        true
    }

    fn unknown_key(&mut self, shape: &'static Shape, key: &str, value: &Value) {
        // An operation under an unknown method is told where operations are read.
        if shape.name == model::PATH_ITEM.name && looks_like_operation(value) {
            return;
        }
        let here = self.here();
        let warning = Diagnostic::warning(codes::UNKNOWN_KEY, format!("{} has no key `{key}`", shape.name));
        self.diagnostics.push(match nearest(key, shape.keys.iter().map(|(known, _)| *known)) {
            Some(meant) => warning.at_key(&here, format!("did you mean `{meant}`?")),
            None => warning.at_key(&here, "ignored"),
        });
    }

    /// Whether the value is a reference, which is checked as far as it can be without following it.
    fn reference(&mut self, value: &Value, shape: &'static Shape) -> bool {
        let Some(reference) = value.get("$ref") else { return false };
        self.inside("$ref", |this| match reference {
            Value::String(text) => {
                this.check_reference(text);
            }
            other => {
                let found = describe(other);
                let error =
                    Diagnostic::error(codes::MALFORMED_REFERENCE, format!("`$ref` must be a text, but is {found}"));
                this.diagnostics.push(error.at(&this.here(), ""));
            }
        });
        // A path item may say more beside its reference.
        shape.name != model::PATH_ITEM.name
    }

    /// The pointer that a reference names; what cannot be followed is told.
    pub(super) fn check_reference(&mut self, text: &str) -> Option<Pointer> {
        if let Some(pointer) = text.starts_with('#').then(|| Pointer::parse(text)).flatten() {
            return Some(pointer);
        }
        let here = self.here();
        self.diagnostics.push(if text.starts_with('#') || text.is_empty() {
            Diagnostic::error(codes::MALFORMED_REFERENCE, format!("the reference `{text}` cannot be understood"))
                .at(&here, "not followed")
                .help("a reference looks like `#/components/schemas/Name`")
        } else {
            Diagnostic::error(codes::EXTERNAL_REFERENCE, format!("the reference `{text}` leads out of the document"))
                .at(&here, "not followed: what uses it is skipped")
                .help("bundle the document into one file first")
        });
        None
    }
}

/// Whether something under an unknown key of a path must be an operation.
pub(super) fn looks_like_operation(value: &Value) -> bool {
    value.get("responses").is_some() || value.get("operationId").is_some()
}

fn fits(value: &Value, kind: &Kind) -> bool {
    match kind {
        Kind::Object(_) | Kind::Reference(_) | Kind::Map(_) => value.is_object(),
        Kind::List(inner) => value.as_array().is_some_and(|list| list.iter().all(|value| fits(value, inner))),
        Kind::Text => value.is_string() || value.is_number() || value.is_boolean(),
        Kind::Flag => value.is_boolean() || matches!(value.as_str(), Some("true" | "false")),
        Kind::Unused(kind) => fits(value, kind),
        Kind::Schema | Kind::Any => true,
    }
}

fn wanted(kind: &Kind) -> &'static str {
    match kind {
        Kind::Object(_) | Kind::Reference(_) | Kind::Map(_) | Kind::Schema => "a mapping",
        Kind::List(Kind::Text) => "a list of texts",
        Kind::List(_) => "a list of mappings",
        Kind::Text => "a text",
        Kind::Flag => "`true` or `false`",
        Kind::Any => "anything",
        Kind::Unused(kind) => wanted(kind),
    }
}

/// What a value is, in words.
pub(super) fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
