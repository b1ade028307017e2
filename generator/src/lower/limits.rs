//! What does a schema say that bounds values without changing their type?

use super::schema::{LONGEST_CHAIN, Lowering};
use crate::ir::{Bounds, Limits, Pattern};
use crate::load::{Document, JsonType, Schema, SchemaId, SchemaObject};

/// The bounds that a schema states itself.
pub(super) fn of(document: &Document, id: SchemaId, schema: &SchemaObject) -> Limits {
    let said = &schema.constraints;
    let place = || document.schemas.get(id).pointer.join("pattern").as_str().to_owned();
    Limits {
        minimum: said.minimum.clone(),
        maximum: said.maximum.clone(),
        exclusive_minimum: said.exclusive_minimum.clone(),
        exclusive_maximum: said.exclusive_maximum.clone(),
        multiples: said.multiple_of.iter().cloned().collect(),
        min_length: said.min_length.filter(|&least| least > 0),
        max_length: said.max_length,
        patterns: said.pattern.iter().map(|text| Pattern { text: text.clone(), place: place() }).collect(),
        min_items: said.min_items.filter(|&least| least > 0),
        max_items: said.max_items,
        unique_items: said.unique_items,
        min_properties: said.min_properties.filter(|&least| least > 0),
        max_properties: said.max_properties,
        needs: schema.dependent_required.iter().map(|(key, needed)| (key.clone(), needed.clone())).collect(),
        keys: schema.property_names.and_then(|names| keys(document, names)),
    }
}

/// What a schema says of texts, as far as these are bounds.
fn keys(document: &Document, names: SchemaId) -> Option<Box<Limits>> {
    let Schema::Object(schema) = &document.schemas.get(names).schema else { return None };
    let target = schema.reference.as_ref().and_then(|pointer| document.schemas.at(pointer));
    // Names that refer to names that refer: nobody does.
    let schema = match target.map(|target| &document.schemas.get(target).schema) {
        Some(Schema::Object(target)) => target,
        Some(Schema::Boolean(_)) => return None,
        None => schema,
    };
    let texts = schema.types.is_empty() || schema.types.contains(&JsonType::String);
    let limits = of(document, target.unwrap_or(names), schema);
    (texts && !limits.is_empty()).then(|| Box::new(limits))
}

impl Lowering<'_> {
    /// What a mention says of a schema that it wraps. What has a name says it itself.
    pub(super) fn limits_of_mention(&self, id: SchemaId) -> Bounds {
        if self.document.schemas.name(id).is_some() { Bounds::default() } else { self.limits_of_wrappers(id).into() }
    }

    /// What is said by the wrappers around a schema, up to what has a type of its own.
    pub(super) fn limits_of_wrappers(&self, id: SchemaId) -> Limits {
        let mut limits = Limits::default();
        let mut at = id;
        for _ in 0..LONGEST_CHAIN {
            let Some(inner) = self.wrapped(at) else { break };
            if let Some(schema) = self.object(at) {
                limits.narrow(&of(self.document, at, schema));
            }
            if self.document.schemas.name(inner).is_some() {
                break;
            }
            at = inner;
        }
        limits
    }
}
