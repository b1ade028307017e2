//! Which types does a document define that has no operation?

use super::schema::Lowering;
use crate::diagnostics::Pointer;
use crate::ir::{Origin, Parent, Role, Status, Use};

/// Mentions every schema that a document of mere types defines: its components, and the schemas that stand in its other components.
pub(super) fn mention_all(lowering: &mut Lowering<'_>) -> Vec<Use> {
    let document = lowering.document;
    let found = document.schemas.iter().filter_map(|(id, entry)| Some((&entry.pointer, id, origin(&entry.pointer)?)));
    let mut found: Vec<_> = found.collect();
    found.sort();
    found.into_iter().map(|(_, schema, origin)| lowering.mention(schema, origin)).collect()
}

/// What a schema is to be named for, if it is no part of another schema.
fn origin(pointer: &Pointer) -> Option<Origin> {
    if pointer.file().is_some() {
        return None;
    }
    let tokens: Vec<_> = pointer.tokens().collect();
    let tokens: Vec<&str> = tokens.iter().map(AsRef::as_ref).collect();
    let (name, role) = match tokens.as_slice() {
        ["components", "schemas", name] => return Some(Origin::Component((*name).to_owned())),
        ["components", kind, name, "schema"] | ["components", kind, name, "content", _, "schema" | "itemSchema"] => {
            let role = match *kind {
                "requestBodies" => Role::Request,
                "responses" => Role::Answer(Status::Default),
                "parameters" => Role::Field("parameter".to_owned()),
                "headers" => Role::Field("header".to_owned()),
                "mediaTypes" => Role::Field("body".to_owned()),
                _ => return None,
            };
            (name, role)
        }
        ["components", "mediaTypes", name, "itemSchema"] => (name, Role::Item),
        ["components", "responses", name, "headers", header, "schema"] => (name, Role::Field((*header).to_owned())),
        _ => return None,
    };
    Some(Origin::Inline { parent: Parent::Named((*name).to_owned()), role })
}
