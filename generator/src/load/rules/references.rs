//! Do references lead somewhere that no later stage follows, and do things that refer to each other fit?

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::references::one_hop;
use super::super::schema::{Schema, SchemaId, SchemaTable};
use super::super::skeleton::Skeleton;
use super::super::split::Splitter;
use super::super::{follow, nearest};
use super::Noted;
use super::types::{Kinds, LIST, OBJECT};
use crate::diagnostics::{Diagnostic, Pointer, codes};

/// Longer chains of references are not written by people.
const LONGEST: usize = 32;

pub(super) fn check(skeleton: &Skeleton, splitter: &mut Splitter<'_>, noted: &Noted) {
    for list in &noted.parameter_lists {
        duplicates(skeleton, splitter, list);
    }
    let targets: HashMap<&Pointer, &Pointer> = noted.references.iter().map(|(site, target)| (site, target)).collect();
    for (site, target) in &noted.references {
        let place = site.join("$ref");
        let mut at = target.clone();
        let mut seen = HashSet::from([site.clone()]);
        let trouble = loop {
            if !seen.insert(at.clone()) || seen.len() > LONGEST {
                let warning = Diagnostic::warning(codes::CYCLIC_REFERENCE, "this reference leads back to itself");
                break Some(warning.at(&place, format!("by way of `{target}`")));
            }
            if let Some(further) = targets.get(&at) {
                at = (*further).clone();
            } else if noted.passed.contains(&at) || splitter.table.at(&at).is_some() {
                break None;
            } else if let Some(value) = skeleton.resolve(&at) {
                match value.get("$ref").and_then(Value::as_str) {
                    Some(text) => match Pointer::from_reference(text) {
                        Some(further) => at = further,
                        None => break None,
                    },
                    None => break None,
                }
            } else if let Some(further) = one_hop(skeleton, &splitter.table, &at) {
                at = further;
            } else if splitter.is_written(&at) {
                break None;
            } else {
                break Some(dangling(noted, target, &place));
            }
        };
        splitter.diagnostics.extend(trouble);
    }
}

fn dangling(noted: &Noted, target: &Pointer, place: &Pointer) -> Diagnostic {
    let warning = Diagnostic::warning(codes::DANGLING_REFERENCE, format!("there is nothing at `{target}`"));
    let parent = target.parent().unwrap_or_else(Pointer::root);
    let beside: Vec<String> = noted
        .passed
        .iter()
        .filter(|known| known.parent().as_ref() == Some(&parent))
        .filter_map(|known| known.last().map(std::borrow::Cow::into_owned))
        .collect();
    let mut beside: Vec<&str> = beside.iter().map(String::as_str).collect();
    beside.sort_unstable();
    match nearest(&target.last().unwrap_or_default(), beside) {
        Some(meant) => warning.at(place, format!("did you mean `{}`?", parent.join(meant))),
        None => warning.at(place, "leads nowhere"),
    }
}

/// Parameters of one list that are the same.
fn duplicates(skeleton: &Skeleton, splitter: &mut Splitter<'_>, list: &Pointer) {
    let Some(parameters) = skeleton.resolve(list).and_then(Value::as_array) else { return };
    let mut known: HashMap<(String, String), (Pointer, String)> = HashMap::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let at = list.index(index);
        let place = if parameter.get("$ref").is_some() { at.join("$ref") } else { at.clone() };
        let Some(said) = follow::quietly(skeleton, parameter) else { continue };
        let (Some(Value::String(location)), Some(Value::String(name))) = (said.get("in"), said.get("name")) else {
            continue;
        };
        let same = if location == "header" { name.to_ascii_lowercase() } else { name.clone() };
        let Some((first, before)) = known.insert((location.clone(), same), (place.clone(), name.clone())) else {
            continue;
        };
        let warning = Diagnostic::warning(
            codes::DUPLICATE_PARAMETER,
            format!("the {location} parameter `{name}` is declared twice"),
        );
        let label = if before == *name { "this one counts" } else { "the same header: names differ only in case" };
        splitter.diagnostics.push(warning.at(&place, label).at(&first, "the first"));
    }
}

/// Encodings of properties that the schema does not have.
pub(super) fn encodings(skeleton: &Skeleton, table: &SchemaTable, places: &[Pointer]) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    for place in places {
        let Some(media) = skeleton.resolve(place) else { continue };
        let Some(schema) = media.get("schema").and_then(|schema| schema.get("$ref")?.as_str()) else { continue };
        let Some(id) = Pointer::from_reference(schema).and_then(|pointer| table.at(&pointer)) else { continue };
        let mut names = HashSet::new();
        if !properties(table, id, &mut names, &mut HashSet::new()) || names.is_empty() {
            continue;
        }
        let encodings = media.get("encoding").and_then(Value::as_object).into_iter().flatten();
        for (name, _) in encodings.filter(|(name, _)| !names.contains(name.as_str()) && !name.starts_with("x-")) {
            let at = place.join("encoding").join(name);
            let warning = Diagnostic::warning(codes::UNKNOWN_ENCODING, format!("the schema has no property `{name}`"));
            let mut sorted: Vec<&str> = names.iter().copied().collect();
            sorted.sort_unstable();
            told.push(match nearest(name, sorted) {
                Some(meant) => warning.at_key(&at, format!("did you mean `{meant}`?")),
                None => warning.at_key(&at, "without effect"),
            });
        }
    }
    told
}

/// Gathers the properties of a schema; whether they are all that it can have.
fn properties<'t>(
    table: &'t SchemaTable,
    id: SchemaId,
    names: &mut HashSet<&'t str>,
    seen: &mut HashSet<SchemaId>,
) -> bool {
    if !seen.insert(id) {
        return true;
    }
    if seen.len() > LONGEST {
        return false;
    }
    let Schema::Object(schema) = &table.get(id).schema else { return false };
    names.extend(schema.properties.keys().map(String::as_str));
    let target = schema.reference.as_ref().map(|pointer| table.at(pointer));
    let parts = schema.all_of.iter().chain(&schema.any_of).chain(&schema.one_of).copied().map(Some).chain(target);
    let open = schema.additional_properties.is_some_and(|id| !matches!(table.get(id).schema, Schema::Boolean(false)));
    !open
        && schema.pattern_properties.is_empty()
        && parts
            .collect::<Vec<_>>()
            .into_iter()
            .all(|part| part.is_some_and(|part| properties(table, part, names, seen)))
}

/// Parameters of a style in which their values cannot be written.
pub(super) fn styles(skeleton: &Skeleton, kinds: &mut Kinds<'_>, noted: &Noted) -> Vec<Diagnostic> {
    let lists_only = noted.version.is_none_or(|version| version < (3, 1));
    let mut told = Vec::new();
    for (place, style) in &noted.styles {
        let schema = skeleton.resolve(place).and_then(|said| said.get("schema")?.get("$ref")?.as_str());
        let Some(id) = schema.and_then(Pointer::from_reference).and_then(|pointer| kinds.table.at(&pointer)) else {
            continue;
        };
        let (fitting, wanted) = match style.as_str() {
            "deepObject" => (OBJECT, "an object"),
            _ if lists_only => (LIST, "a list"),
            _ => (LIST | OBJECT, "a list or an object"),
        };
        let admitted = kinds.of(id);
        if admitted != 0 && admitted & fitting == 0 {
            told.push(
                Diagnostic::warning(codes::UNFIT_STYLE, format!("the style `{style}` is not for such a value"))
                    .at(&place.join("style"), format!("writes {wanted}; used all the same"))
                    .at(&place.join("schema"), "is never one"),
            );
        }
    }
    told
}
