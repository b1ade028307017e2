//! What does a reference in the skeleton name?

use openapiv3::ReferenceOr;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::references;
use super::schema::SchemaTable;
use super::skeleton::Skeleton;
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};

/// How many references may lead to one another: more than people write.
const MOST_LINKS: usize = 64;

/// Follows a reference, and references it leads to. Of what cannot be followed, only what was not told before is told.
pub(super) fn follow<T: DeserializeOwned + Clone>(
    skeleton: &Skeleton,
    at: &Pointer,
    item: &ReferenceOr<T>,
    diagnostics: &mut Diagnostics,
) -> Option<(Pointer, T)> {
    let reference = match item {
        ReferenceOr::Item(item) => return Some((at.clone(), item.clone())),
        ReferenceOr::Reference { reference } => reference,
    };
    let (pointer, value) = target(skeleton, at, reference, diagnostics)?;
    match T::deserialize(value) {
        Ok(item) => Some((pointer, item)),
        Err(error) => {
            diagnostics.push(
                Diagnostic::error(codes::INVALID_COMPONENT, format!("what stands at `{pointer}` cannot be read"))
                    .at(&pointer, error.to_string())
                    .at(&at.join("$ref"), "referred to here"),
            );
            None
        }
    }
}

/// The value that a reference leads to in the end, and its place.
pub(super) fn target<'a>(
    skeleton: &'a Skeleton,
    at: &Pointer,
    reference: &str,
    diagnostics: &mut Diagnostics,
) -> Option<(Pointer, &'a Value)> {
    let place = at.join("$ref");
    // References out of the document, and malformed ones, were told where they stand.
    let mut pointer = Pointer::from_reference(reference)?;
    let mut seen = vec![at.clone()];
    let mut hops = 0;
    loop {
        let round = seen.contains(&pointer);
        if round || seen.len() > MOST_LINKS {
            let said = if round { "this reference leads back to itself" } else { "this reference leads on and on" };
            let way = if round {
                format!("by way of `{pointer}`")
            } else {
                format!("given up after {MOST_LINKS} others, at `{pointer}`")
            };
            diagnostics.push(Diagnostic::error(codes::CYCLIC_REFERENCE, said).at(&place, way));
            return None;
        }
        seen.push(pointer.clone());
        let Some(value) = skeleton.resolve(&pointer) else {
            // The way may lead through another reference.
            if hops < references::HOPS
                && let Some(further) = references::one_hop(skeleton, &SchemaTable::default(), &pointer)
            {
                hops += 1;
                pointer = further;
                continue;
            }
            diagnostics.push(dangling(skeleton, &pointer, &place));
            return None;
        };
        match value.get("$ref").and_then(Value::as_str) {
            Some(further) => pointer = Pointer::from_reference(further)?,
            None => return Some((pointer, value)),
        }
    }
}

/// What a thing is, or what its reference leads to in the end, without a word.
pub(super) fn quietly<'a>(skeleton: &'a Skeleton, value: &'a Value) -> Option<&'a Value> {
    let mut value = value;
    for _ in 0..64 {
        match value.get("$ref").and_then(Value::as_str) {
            Some(text) => value = skeleton.resolve(&Pointer::from_reference(text)?)?,
            None => return Some(value),
        }
    }
    None
}

fn dangling(skeleton: &Skeleton, pointer: &Pointer, place: &Pointer) -> Diagnostic {
    let error = Diagnostic::error(codes::DANGLING_REFERENCE, format!("there is nothing at `{pointer}`"));
    let parent = pointer.parent().unwrap_or_else(Pointer::root);
    let beside = skeleton.resolve(&parent).and_then(Value::as_object);
    let wanted = pointer.last().unwrap_or_default();
    let meant = beside.and_then(|map| super::nearest(&wanted, map.keys().map(String::as_str)));
    match meant {
        Some(meant) => error.at(place, format!("did you mean `{}`?", parent.join(meant))),
        None => error.at(place, "leads nowhere"),
    }
}
