//! What can a schema say? The typed model of JSON Schema 2020-12 as OpenAPI uses it.
//!
//! Every schema of a document stands in one [`SchemaTable`], keyed by its JSON pointer; a schema names its parts by
//! [`SchemaId`]. So any `$ref` to any pointer is a look-up, cycles are ordinary, and nothing is copied.
//! Older dialects are lifted to this model by `load::normalise` before it is read.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::diagnostics::Pointer;

/// The place of a schema in its [`SchemaTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaId(pub(crate) u32);

/// All schemas of a document.
#[derive(Debug, Default)]
pub struct SchemaTable {
    pub(crate) entries: Vec<SchemaEntry>,
    pub(crate) by_pointer: HashMap<Pointer, SchemaId>,
    pub(crate) names: HashMap<SchemaId, String>,
}

/// A schema and where it stands.
#[derive(Debug)]
pub struct SchemaEntry {
    /// Where the schema stands in the document.
    pub pointer: Pointer,
    /// What it says.
    pub schema: Schema,
}

impl SchemaTable {
    /// The schema with this id.
    pub fn get(&self, id: SchemaId) -> &SchemaEntry {
        &self.entries[id.0 as usize]
    }

    /// The schema that stands at a pointer, if there is one.
    pub fn at(&self, pointer: &Pointer) -> Option<SchemaId> {
        self.by_pointer.get(pointer).copied()
    }

    /// What a schema is called, if it has a name of its own: as a component, or in another file.
    pub fn name(&self, id: SchemaId) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// Whether any schema is called so.
    pub(crate) fn is_name(&self, name: &str) -> bool {
        self.names.values().any(|known| known == name)
    }

    /// All schemas, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (SchemaId, &SchemaEntry)> {
        (0..).map(SchemaId).zip(&self.entries)
    }

    /// How many schemas there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no schema at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// A boolean schema, or one with keywords.
#[derive(Debug, Clone)]
pub enum Schema {
    /// `true` admits every value, `false` none.
    Boolean(bool),
    /// A schema with keywords.
    Object(Box<SchemaObject>),
}

/// The keywords of a schema. `None` and empty mean "not said".
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)] // each field is the keyword of its name
pub struct SchemaObject {
    /// `$ref`, as an absolute pointer into this document.
    pub reference: Option<Pointer>,
    pub types: Vec<JsonType>,
    /// OpenAPI 3.0's `nullable: true`: `null` is admitted too, whatever else the schema says. Where the schema has a
    /// `type` or an `enum`, these were made to admit it as well.
    pub nullable: bool,
    pub format: Option<String>,
    pub constant: Option<Value>,
    pub enumeration: Option<Vec<Value>>,
    pub default: Option<Value>,

    pub properties: BTreeMap<String, SchemaId>,
    pub required: Vec<String>,
    pub additional_properties: Option<SchemaId>,
    pub unevaluated_properties: Option<SchemaId>,
    pub pattern_properties: BTreeMap<String, SchemaId>,
    pub property_names: Option<SchemaId>,
    pub items: Option<SchemaId>,
    pub prefix_items: Vec<SchemaId>,
    pub contains: Option<SchemaId>,

    pub all_of: Vec<SchemaId>,
    pub any_of: Vec<SchemaId>,
    pub one_of: Vec<SchemaId>,
    pub not: Option<SchemaId>,
    /// `if`, `then` and `else`, as far as each is said.
    pub conditions: [Option<SchemaId>; 3],
    pub dependent_schemas: BTreeMap<String, SchemaId>,
    pub dependent_required: BTreeMap<String, Vec<String>>,
    pub discriminator: Option<Discriminator>,

    pub constraints: Constraints,
    pub content_media_type: Option<String>,
    pub content_encoding: Option<String>,

    pub title: Option<String>,
    pub description: Option<String>,
    pub deprecated: bool,
    pub read_only: bool,
    pub write_only: bool,
    pub examples: Vec<Value>,

    /// `x-…` keywords.
    pub extensions: BTreeMap<String, Value>,
    /// Keywords of JSON Schema or OpenAPI that carry no type information for us (`$comment`, `xml`, `externalDocs`, …).
    pub passive: BTreeMap<String, Value>,
}

/// A name of JSON Schema's `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum JsonType {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// OpenAPI's `discriminator`.
#[derive(Debug, Clone)]
pub struct Discriminator {
    /// The property whose value tells the branch.
    pub property_name: String,
    /// From values to schema names or references, as written.
    pub mapping: BTreeMap<String, String>,
}

/// What bounds a value without changing its type.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)] // each field is the keyword of its name
pub struct Constraints {
    pub minimum: Option<serde_json::Number>,
    pub maximum: Option<serde_json::Number>,
    pub exclusive_minimum: Option<serde_json::Number>,
    pub exclusive_maximum: Option<serde_json::Number>,
    pub multiple_of: Option<serde_json::Number>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub pattern: Option<String>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    pub unique_items: bool,
    pub min_properties: Option<u64>,
    pub max_properties: Option<u64>,
}
