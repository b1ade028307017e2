//! How are schemas taken out of a document, and what in it does nobody know?
//!
//! One walk along the table of `load::model`. Behind it, the skeleton holds `{"$ref": "#<pointer>"}` where a schema was,
//! and every schema stands in the table. The walk recurses as deep as the document, which the parsers bound at 128.

use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::anchors::Anchors;
use super::dialect::swagger2;
use super::library::Library;
use super::model::{self, Kind, Shape};
use super::schema::{Schema, SchemaEntry, SchemaId, SchemaTable};
use super::skeleton::Skeleton;
use super::{bundle, names, nearest, normalise, references, rules};
use crate::diagnostics::{Diagnostic, Diagnostics, Mark, Moves, Place, Pointer, Source, codes, push_escaped};

/// Splits a document and the parts of other files that it refers to into their skeleton and their schemas.
pub(super) fn split(
    document: Map<String, Value>,
    overlaid: bool,
    library: Library<'_>,
    diagnostics: &mut Diagnostics,
) -> (Skeleton, SchemaTable) {
    let source = diagnostics.sources.document.as_ref();
    let name = source.map_or("", Source::name);
    let name = name.rsplit('/').next().unwrap_or(name).to_owned();
    let mut document = Value::Object(document);
    let mut anchors = Anchors::default();
    // What overlays brought, the text does not tell.
    anchors.note(&Pointer::root(), &name, source.map(Source::text).filter(|_| !overlaid), &document);
    let mut splitter = Splitter {
        table: SchemaTable::default(),
        path: String::new(),
        diagnostics,
        files: library,
        name,
        anchors,
        document: overlaid.then(|| Rc::new(document.clone())),
        homes: Moves::default(),
        moved: Moves::default(),
        noted: HashSet::new(),
        asked: HashSet::new(),
        queue: VecDeque::new(),
        swagger: None,
        hops_left: MOST_HOPS,
        noted_for_rules: rules::Noted::new(&document),
    };
    if let Value::Object(map) = &mut document {
        swagger2::document(&mut splitter, map);
    }
    splitter.object(&mut document, &model::DOCUMENT);
    splitter.outside_operations();
    let mut skeleton = Skeleton { document, ..Skeleton::default() };
    splitter.read_parts(&mut skeleton);
    references::settle(&skeleton, &mut splitter);
    names::give(&mut splitter.table);
    rules::across(&skeleton, &mut splitter);
    (skeleton, splitter.table)
}

/// Pointers that lead through other references are few in documents that people write, and dear.
const MOST_HOPS: usize = 20_000;

/// A walk through a document.
pub(super) struct Splitter<'a> {
    pub(super) table: SchemaTable,
    /// The pointer to where the walk is.
    pub(super) path: String,
    pub(super) diagnostics: &'a mut Diagnostics,
    pub(super) files: Library<'a>,
    /// The name of the document's file.
    pub(super) name: String,
    pub(super) anchors: Anchors,
    /// The document as it is written, overlays applied, once somebody asked for it.
    pub(super) document: Option<Rc<Value>>,
    /// From where an older version has components to where they are.
    pub(super) homes: Moves,
    /// From where single things of an older version were written to where they are, the other way round than
    /// [`crate::diagnostics::Sources::converted`].
    pub(super) moved: Moves,
    /// The files whose names are known.
    pub(super) noted: HashSet<String>,
    /// What references lead to, and what of it is still to be read.
    pub(super) asked: HashSet<Pointer>,
    pub(super) queue: VecDeque<(Pointer, &'static Shape)>,
    /// What a Swagger 2.0 document says for all of its operations.
    pub(super) swagger: Option<swagger2::Defaults>,
    /// How many more references inside pointers are followed.
    pub(super) hops_left: usize,
    pub(super) noted_for_rules: rules::Noted,
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
            Value::Null => {
                let here = self.here();
                self.nothing_written(&here, "read as a schema that admits everything");
                Schema::Object(Box::default())
            }
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
        if may_be_borrowed(value, kind) {
            self.borrow(value, kind);
        }
        match kind {
            Kind::Object(shape) => self.object(value, shape),
            Kind::Reference(shape) => self.referable(value, shape),
            Kind::Map(kind) => {
                if let Value::Object(map) = value {
                    map.sort_keys();
                    for (key, value) in map.iter_mut() {
                        if value.is_null() && rules::wants_more_than_a_text(kind) {
                            self.inside(key, |this| this.nothing_written(&this.here(), "what refers to it is skipped"));
                        } else if !key.starts_with("x-") || !matches!(kind, Kind::Text | Kind::Any) {
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
                place.insert("$ref".to_owned(), Value::String(self.here().to_reference()));
                *value = Value::Object(place);
            }
            Kind::Text => {
                if let Value::Number(_) | Value::Bool(_) = value {
                    *value = Value::String(self.as_written(&self.here(), value));
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

    /// Walks an object, or a reference to one.
    pub(super) fn referable(&mut self, value: &mut Value, shape: &'static Shape) {
        if !self.reference(value, shape) {
            self.object(value, shape);
        }
    }

    fn object(&mut self, value: &mut Value, shape: &'static Shape) {
        let Value::Object(map) = value else { return };
        map.sort_keys();
        // `key:` with nothing behind it says nothing, unless nothing is a schema or a value.
        map.retain(|key, value| {
            let kind = shape.key(key).or(shape.others);
            if !value.is_null() || matches!(kind, Some(Kind::Schema | Kind::Any) | None) {
                return true;
            }
            if kind.is_some_and(rules::wants_more_than_a_text) {
                let at = self.here().join(key);
                self.nothing_written(&at, "read as if it were not there");
            }
            false
        });
        self.lift(shape, map);
        self.check_rules(shape, map);
        self.lower_newer(shape, map);
        normalise::skeleton(shape, map);
        map.retain(|key, value| self.inside(key, |this| this.member(shape, key, value)));
    }

    /// Walks a member of an object; whether it stays.
    fn member(&mut self, shape: &'static Shape, key: &str, value: &mut Value) -> bool {
        let known = shape.key(key);
        if let Some(kind) = known.filter(|kind| may_be_borrowed(value, kind)) {
            // Read before it is judged: what stands elsewhere is of the right type.
            self.borrow(value, kind);
            if value.is_null() {
                return false;
            }
        }
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
        !matches!(kind, Kind::Unused(_))
    }

    /// A number or a boolean that is meant as a text: `1.10` is not `1.1`.
    pub(super) fn as_written(&self, place: &Pointer, value: &Value) -> String {
        let plain = value.to_string();
        if !value.is_f64() {
            return plain;
        }
        let found = self.diagnostics.sources.find(&Place::Document(place.clone(), Mark::Value));
        let text = found.and_then(|(source, range)| source.text().get(range)).map(str::trim);
        // What stands there is not that number where an alias repeats it, or a merge brought it.
        text.filter(|text| text.parse::<f64>().ok() == value.as_f64()).map_or(plain, str::to_owned)
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
    fn reference(&mut self, value: &mut Value, shape: &'static Shape) -> bool {
        let Some(reference) = value.get("$ref") else { return false };
        if let Some(text) = reference.as_str() {
            if self.unused_reference(shape, text) {
                return true;
            }
            self.inside("$ref", |this| this.settle_reference(value, shape));
            // A path item may say more beside its reference.
            return shape.name != model::PATH_ITEM.name;
        }
        let found = describe(reference);
        let error = Diagnostic::error(codes::MALFORMED_REFERENCE, format!("`$ref` must be a text, but is {found}"));
        self.diagnostics.push(error.at(&self.here().join("$ref"), ""));
        // A path item may say more beside its reference.
        shape.name != model::PATH_ITEM.name
    }
}

/// Whether a reference stands where the specification wants the thing itself.
fn may_be_borrowed(value: &Value, kind: &Kind) -> bool {
    match kind {
        Kind::Object(_) | Kind::Map(_) | Kind::List(_) | Kind::Text | Kind::Flag => {
            bundle::lone_reference(value).is_some()
        }
        Kind::Reference(shape) => model::is_media_type(shape) && bundle::lone_reference(value).is_some(),
        Kind::Schema | Kind::Any | Kind::Unused(_) => false,
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
