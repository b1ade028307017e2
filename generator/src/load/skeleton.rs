//! What is left of a document and its other files once the schemas are taken out?

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::diagnostics::Pointer;

/// The document's skeleton, and those parts of other files that it refers to.
#[derive(Debug, Default)]
pub(crate) struct Skeleton {
    /// The document.
    pub(super) document: Value,
    /// Parts of other files, by their places there.
    pub(super) parts: BTreeMap<Pointer, Value>,
}

impl Skeleton {
    /// The document's own `paths`.
    pub(crate) fn paths(&self) -> Option<&Map<String, Value>> {
        self.document.get("paths")?.as_object()
    }

    /// What stands at a place.
    pub(super) fn resolve(&self, pointer: &Pointer) -> Option<&Value> {
        if pointer.file().is_none() {
            return pointer.resolve(&self.document);
        }
        let text = pointer.as_str();
        let mut end = text.len();
        loop {
            let (prefix, rest) = text.split_at_checked(end)?;
            let part = self.parts.get(&Pointer::from_canonical(prefix));
            if let Some(found) = part.and_then(|part| part.pointer(rest)) {
                return Some(found);
            }
            end = prefix.rfind('/')?;
        }
    }
}
