//! What does a schema come down to once `allOf` and references are laid together?

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::room::Room;
use super::untyped::{self, Untyped};
use super::{describe, limits};
use crate::diagnostics::{Diagnostic, Diagnostics, codes};
use crate::ir::{Docs, Limits};
use crate::load::{Discriminator, Document, JsonType, Schema, SchemaId, SchemaObject};

/// The keys under which documents name listed values.
const NAMES_OF_VALUES: [&str; 3] = ["x-enum-varnames", "x-enumNames", "x-enum-names"];

/// How deep `allOf` and `$ref` may nest before a schema is given up.
const DEEPEST: usize = 128;

/// A schema with its `allOf` laid together: later branches and the schema's own keywords win over earlier ones.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// The types said, `null` left out.
    pub types: Vec<JsonType>,
    pub format: Option<String>,
    pub pattern: Option<String>,
    pub content_encoding: Option<String>,
    pub constant: Option<Value>,
    pub enumeration: Option<Vec<Value>>,
    /// What the document calls the values listed, in a custom of several generators.
    pub value_names: Vec<String>,
    /// By name, each once.
    pub properties: Vec<(String, SchemaId)>,
    /// In the order said.
    pub required: Vec<String>,
    pub additional_properties: Option<SchemaId>,
    /// The schemas of `patternProperties`, whatever their patterns.
    pub pattern_properties: Vec<SchemaId>,
    pub items: Option<SchemaId>,
    pub prefix_items: Vec<SchemaId>,
    pub unions: Vec<Alternatives>,
    /// Whether a bound that only numbers have is said.
    pub numeric: bool,
    /// Whether a bound that only texts have is said.
    pub textual: bool,
    /// Whether a bound of whole numbers lies beyond 2^63.
    pub beyond_signed: bool,
    pub limits: Limits,
    /// Fields of which something is said under a condition alone, so that they may be anything.
    pub conditional: Vec<String>,
    /// What is said that a type cannot say, and where.
    pub untyped: Vec<(SchemaId, Untyped)>,
    pub docs: Docs,
}

/// A `oneOf` or `anyOf`.
#[derive(Debug, Clone)]
pub(super) struct Alternatives {
    pub branches: Vec<SchemaId>,
    pub discriminator: Option<Discriminator>,
}

impl Merged {
    /// Whether anything about the fields of an object is said.
    pub(super) fn has_fields(&self) -> bool {
        !self.properties.is_empty() || self.additional_properties.is_some() || !self.pattern_properties.is_empty()
    }

    /// Whether anything is said beside `required`, documentation and bounds.
    pub(super) fn has_structure(&self) -> bool {
        self.has_fields()
            || !self.types.is_empty()
            || self.constant.is_some()
            || self.enumeration.is_some()
            || self.items.is_some()
            || !self.prefix_items.is_empty()
            || !self.unions.is_empty()
            || self.format.is_some()
    }
}

/// Lays schemas together, in order. With `unions` false, their `oneOf` and `anyOf` are left out.
pub(super) fn merge(
    document: &Document,
    schemas: &[SchemaId],
    unions: bool,
    room: &mut Room,
    diagnostics: &mut Diagnostics,
) -> Merged {
    lay(document, schemas, unions, true, room, diagnostics)
}

fn lay(
    document: &Document,
    schemas: &[SchemaId],
    unions: bool,
    conditions: bool,
    room: &mut Room,
    diagnostics: &mut Diagnostics,
) -> Merged {
    let mut merger = Merger {
        document,
        unions,
        conditions,
        seen: HashSet::new(),
        properties: HashMap::new(),
        required: HashSet::new(),
        merged: Merged::default(),
        room,
        diagnostics,
    };
    for (position, &schema) in schemas.iter().enumerate() {
        // Only the last schema speaks for the whole; what the others say of themselves is theirs.
        merger.add(schema, 0, position + 1 == schemas.len());
    }
    let mut merged = merger.merged;
    merged.properties.sort_by(|a, b| a.0.cmp(&b.0));
    merged
}

struct Merger<'d, 'g> {
    document: &'d Document,
    unions: bool,
    /// Whether what holds under conditions is looked at; within a condition, no further one is.
    conditions: bool,
    seen: HashSet<SchemaId>,
    /// Where each property stands in what is laid together, and what is required in it.
    properties: HashMap<&'d str, usize>,
    required: HashSet<&'d str>,
    merged: Merged,
    room: &'g mut Room,
    diagnostics: &'g mut Diagnostics,
}

impl<'d> Merger<'d, '_> {
    fn add(&mut self, id: SchemaId, depth: usize, outermost: bool) {
        let entry = self.document.schemas.get(id);
        let Schema::Object(schema) = &entry.schema else { return };
        if !self.seen.insert(id) || !self.room.take_keywords(schema) {
            return;
        }
        if depth > DEEPEST {
            self.diagnostics.push(
                Diagnostic::warning(codes::DEGRADED_SCHEMA, format!("`allOf` nests deeper than {DEEPEST} schemas"))
                    .at(&entry.pointer, "not followed any further"),
            );
            return;
        }
        if let Some(target) = schema.reference.as_ref().and_then(|pointer| self.document.schemas.at(pointer)) {
            self.add(target, depth + 1, false);
        }
        for &branch in &schema.all_of {
            self.add(branch, depth + 1, false);
        }
        self.own(id, schema);
        if outermost {
            self.merged.docs = describe::docs(schema);
        }
    }

    /// Adds the keywords of a schema itself.
    fn own(&mut self, id: SchemaId, schema: &'d SchemaObject) {
        let merged = &mut self.merged;
        merged.limits.narrow(&limits::of(self.document, id, schema));
        let types: Vec<JsonType> = schema.types.iter().copied().filter(|&ty| ty != JsonType::Null).collect();
        if !types.is_empty() {
            let both: Vec<JsonType> = types.iter().copied().filter(|ty| merged.types.contains(ty)).collect();
            merged.types = if both.is_empty() { types } else { both };
        }
        replace(&mut merged.format, schema.format.as_ref());
        replace(&mut merged.pattern, schema.constraints.pattern.as_ref());
        replace(&mut merged.content_encoding, schema.content_encoding.as_ref());
        merged.untyped.extend(untyped::of(self.document, schema).into_iter().map(|what| (id, what)));
        if let Some(said) = &schema.enumeration {
            let known = merged.enumeration.take().map(|known| {
                let said: HashSet<&Value> = said.iter().collect();
                known.into_iter().filter(|value| said.contains(value)).collect::<Vec<_>>()
            });
            merged.untyped.extend(known.as_ref().filter(|both| both.is_empty()).map(|_| (id, Untyped::Listed)));
            merged.enumeration = known.filter(|both| !both.is_empty()).or_else(|| Some(said.clone()));
        }
        if let Some(Value::Array(names)) = NAMES_OF_VALUES.iter().find_map(|key| schema.extensions.get(*key)) {
            merged.value_names = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        }
        if let Some(said) = &schema.constant {
            let other = merged.constant.as_ref().is_some_and(|known| known != said);
            merged.untyped.extend(other.then_some((id, Untyped::Listed)));
            merged.constant = Some(said.clone());
        }
        for (name, &property) in &schema.properties {
            match self.properties.get(name.as_str()).and_then(|&at| merged.properties.get_mut(at)) {
                Some((_, known)) => {
                    // A branch that only repeats a name without saying anything must not erase what is known.
                    if !says_nothing(self.document, property) {
                        *known = property;
                    }
                }
                None => {
                    self.properties.insert(name, merged.properties.len());
                    merged.properties.push((name.clone(), property));
                }
            }
        }
        for name in &schema.required {
            if self.required.insert(name) {
                merged.required.push(name.clone());
            }
        }
        // What nothing else evaluates is what nothing else lists, once all is laid together.
        let others = schema.additional_properties.as_ref().or(schema.unevaluated_properties.as_ref());
        replace(&mut merged.additional_properties, others);
        merged.pattern_properties.extend(schema.pattern_properties.values());
        replace(&mut merged.items, schema.items.as_ref());
        if !schema.prefix_items.is_empty() {
            merged.prefix_items.clone_from(&schema.prefix_items);
        }
        if self.unions {
            for branches in [&schema.one_of, &schema.any_of] {
                if !branches.is_empty() {
                    let discriminator = schema.discriminator.clone();
                    merged.unions.push(Alternatives { branches: branches.clone(), discriminator });
                }
            }
        }
        let parts = schema.conditions.into_iter().flatten().chain(schema.dependent_schemas.values().copied());
        for part in parts.filter(|_| self.conditions) {
            let said = lay(self.document, &[part], false, false, self.room, self.diagnostics);
            self.merged.conditional.extend(said.properties.into_iter().map(|(name, _)| name));
        }
        let merged = &mut self.merged;
        let bounds = &schema.constraints;
        merged.numeric |= bounds.minimum.is_some()
            || bounds.maximum.is_some()
            || bounds.exclusive_minimum.is_some()
            || bounds.exclusive_maximum.is_some()
            || bounds.multiple_of.is_some();
        merged.textual |= bounds.min_length.is_some() || bounds.max_length.is_some() || bounds.pattern.is_some();
        merged.beyond_signed |= bounds.maximum.as_ref().is_some_and(|most| most.is_u64() && !most.is_i64());
    }
}

fn replace<T: Clone>(known: &mut Option<T>, said: Option<&T>) {
    if let Some(said) = said {
        *known = Some(said.clone());
    }
}

fn says_nothing(document: &Document, id: SchemaId) -> bool {
    match &document.schemas.get(id).schema {
        Schema::Boolean(admits) => *admits,
        Schema::Object(schema) => {
            schema.reference.is_none()
                && schema.types.is_empty()
                && schema.all_of.is_empty()
                && schema.any_of.is_empty()
                && schema.one_of.is_empty()
                && schema.properties.is_empty()
                && schema.enumeration.is_none()
                && schema.constant.is_none()
                && schema.items.is_none()
        }
    }
}

impl Merged {
    /// Lays another schema over this one, whose keywords win.
    pub(super) fn lay_over(&mut self, other: Self) {
        if !other.types.is_empty() {
            self.types = other.types;
        }
        // Of one name, the later one counts: it comes first, and the sort keeps that order.
        self.properties.splice(0..0, other.properties);
        self.properties.sort_by(|a, b| a.0.cmp(&b.0));
        self.properties.dedup_by(|later, first| later.0 == first.0);
        let known: HashSet<String> = self.required.iter().cloned().collect();
        self.required.extend(other.required.into_iter().filter(|name| !known.contains(name)));
        self.additional_properties = other.additional_properties.or(self.additional_properties);
        self.pattern_properties.extend(other.pattern_properties);
        self.items = other.items.or(self.items);
        self.unions = other.unions;
        // Those of this one are the union's.
        self.limits = other.limits;
        self.conditional.extend(other.conditional);
        self.untyped.extend(other.untyped);
        self.docs = other.docs;
    }
}
