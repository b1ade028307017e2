//! What is a schema called?
//!
//! A component by its key. A schema of another file that is referred to by the component that is nothing but a reference to
//! it; else as a component would be: by the last step of its pointer, or by the name of its file.

use std::collections::{BTreeMap, HashMap};

use super::schema::{Schema, SchemaId, SchemaTable};
use crate::diagnostics::Pointer;

/// Gives every schema that has a name its name.
pub(super) fn give(table: &mut SchemaTable) {
    let mut names = HashMap::new();
    let mut lent: BTreeMap<SchemaId, Vec<(String, SchemaId)>> = BTreeMap::new();
    for (id, entry) in table.iter() {
        if let Some(name) = component(&entry.pointer) {
            if let Some(target) = end(table, id) {
                lent.entry(target).or_default().push((name.clone(), id));
            }
            names.insert(id, name);
        }
    }
    let referred = table.entries.iter().filter_map(|entry| match &entry.schema {
        Schema::Object(schema) => table.at(schema.reference.as_ref()?),
        Schema::Boolean(_) => None,
    });
    for id in referred {
        let pointer = &table.get(id).pointer;
        if pointer.file().is_some() && bare(table, id).is_none() {
            names.extend(own(pointer).map(|name| (id, name)));
        }
    }
    for (target, mut lenders) in lent {
        lenders.sort();
        let same = lenders.iter().position(|(name, _)| names.get(&target) == Some(name));
        if let Some((name, lender)) = lenders.get(same.unwrap_or_default()) {
            names.remove(lender);
            names.insert(target, name.clone());
        }
    }
    table.names = names;
}

/// The schema of another file that a component is nothing but a reference to.
fn end(table: &SchemaTable, component_id: SchemaId) -> Option<SchemaId> {
    let mut at = bare(table, component_id)?;
    // Circles of references were broken before; the bound is for safety.
    for _ in 0..64 {
        if component(&table.get(at).pointer).is_some() {
            return None;
        }
        match bare(table, at) {
            Some(next) => at = next,
            None => break,
        }
    }
    table.get(at).pointer.file().is_some().then_some(at)
}

/// Where a schema leads that says nothing but a reference.
fn bare(table: &SchemaTable, id: SchemaId) -> Option<SchemaId> {
    let Schema::Object(schema) = &table.get(id).schema else { return None };
    let alone = schema.types.is_empty()
        && !schema.nullable
        && schema.format.is_none()
        && schema.constant.is_none()
        && schema.enumeration.is_none()
        && schema.properties.is_empty()
        && schema.required.is_empty()
        && schema.additional_properties.is_none()
        && schema.items.is_none()
        && schema.prefix_items.is_empty()
        && schema.all_of.is_empty()
        && schema.any_of.is_empty()
        && schema.one_of.is_empty();
    alone.then(|| table.at(schema.reference.as_ref()?)).flatten()
}

/// The name of a schema that stands under the document's `components/schemas`.
fn component(pointer: &Pointer) -> Option<String> {
    if pointer.file().is_some() {
        return None;
    }
    let mut tokens = pointer.tokens();
    let is_component = tokens.next().as_deref() == Some("components") && tokens.next().as_deref() == Some("schemas");
    let name = tokens.next()?.into_owned();
    (is_component && tokens.next().is_none()).then_some(name)
}

/// What a schema of another file is called there, if anything.
fn own(pointer: &Pointer) -> Option<String> {
    let Some(last) = pointer.last() else {
        let file = pointer.file()?;
        let name = file.rsplit('/').next()?;
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        return Some(stem.to_owned());
    };
    // A part of another schema has a place there, and no name.
    let structural =
        ["items", "additionalProperties", "schema", "not", "if", "then", "else", "contains", "propertyNames"];
    let holders =
        ["properties", "patternProperties", "allOf", "anyOf", "oneOf", "prefixItems", "dependentSchemas", "content"];
    let holder = pointer.parent().and_then(|parent| parent.last().map(std::borrow::Cow::into_owned));
    let part = structural.contains(&&*last) || holder.is_some_and(|holder| holders.contains(&holder.as_str()));
    (!part).then(|| last.into_owned())
}
