//! Which requests does the service make, and where are they described?

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::document::Incoming;
use super::follow;
use super::parse::{METHODS, without_callbacks};
use super::skeleton::Skeleton;
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};

/// Every webhook and every callback; what cannot be read is told and left out. One callback that several operations refer to is
/// one, the first one's.
pub(super) fn read(skeleton: &Skeleton, diagnostics: &mut Diagnostics) -> Vec<Incoming> {
    let mut reader = Reader { skeleton, diagnostics, found: Vec::new(), seen: BTreeSet::new() };
    let at = Pointer::root().join("webhooks");
    for (name, item) in members(skeleton.document.get("webhooks")) {
        reader.path_item(name, &at.join(name), item, None);
    }
    let mut callbacks = Vec::new();
    for (path, item) in skeleton.paths().into_iter().flatten() {
        let at = Pointer::root().join("paths").join(path);
        for method in METHODS {
            let Some(stated) = item.get(method).and_then(|operation| operation.get("callbacks")) else { continue };
            let operation = at.join(method);
            let here = operation.join("callbacks");
            callbacks
                .extend(members(Some(stated)).map(|(name, value)| (name, here.join(name), value, operation.clone())));
        }
    }
    callbacks.sort_by(|a, b| a.1.cmp(&b.1));
    for (name, at, value, operation) in callbacks {
        let Some((at, value)) = reader.followed(&at, value) else { continue };
        for (expression, item) in members(Some(value)) {
            reader.path_item(name, &at.join(expression), item, Some(&(operation.clone(), expression.to_owned())));
        }
    }
    let mut found = reader.found;
    found.sort_by(|a, b| (a.callback.is_some(), &a.name, &a.pointer).cmp(&(b.callback.is_some(), &b.name, &b.pointer)));
    found
}

struct Reader<'a> {
    skeleton: &'a Skeleton,
    diagnostics: &'a mut Diagnostics,
    found: Vec<Incoming>,
    seen: BTreeSet<Pointer>,
}

/// The members of a mapping that are no extensions. That something else stands there was told by the walk.
fn members(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let map: Option<&Map<String, Value>> = value.and_then(Value::as_object);
    map.into_iter().flatten().filter(|(key, _)| !key.starts_with("x-")).map(|(key, value)| (key.as_str(), value))
}

impl<'a> Reader<'a> {
    /// What stands at a place, or where its reference leads.
    fn followed(&mut self, at: &Pointer, value: &'a Value) -> Option<(Pointer, &'a Value)> {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => follow::target(self.skeleton, at, reference, self.diagnostics),
            None => Some((at.clone(), value)),
        }
    }

    fn path_item(&mut self, name: &str, at: &Pointer, item: &'a Value, callback: Option<&(Pointer, String)>) {
        let Some((at, item)) = self.followed(at, item) else { return };
        for method in METHODS {
            let Some(value) = item.get(method) else { continue };
            let pointer = at.join(method);
            if !self.seen.insert(pointer.clone()) {
                continue;
            }
            match without_callbacks(value) {
                Ok(operation) => self.found.push(Incoming {
                    name: name.to_owned(),
                    callback: callback.cloned(),
                    pointer,
                    method: method.to_owned(),
                    operation,
                }),
                Err(error) => {
                    let what = if callback.is_some() { "callback" } else { "webhook" };
                    self.diagnostics.push(
                        Diagnostic::warning(codes::INVALID_OPERATION, format!("the {what} `{name}` cannot be read"))
                            .at(&pointer, error)
                            .help("it is left out"),
                    );
                }
            }
        }
    }
}
