//! Which places of a file have names of their own (`$id`, `$anchor`, `$dynamicAnchor`, `$self`)?

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::library::relative;
use crate::diagnostics::Pointer;

/// The names given in all files of a run.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    /// From identifiers, made absolute against what is around them, to the places that bear them.
    by_id: HashMap<String, Pointer>,
    /// From a base and an anchor's name.
    by_name: HashMap<(String, String), Pointer>,
    /// From places that have an identifier to it.
    bases: HashMap<Pointer, String>,
}

impl Anchors {
    /// Notes the names in a file. Its text, where it is all that the tree was made of, tells in most cases that there are none.
    pub(super) fn note(&mut self, file: &Pointer, name: &str, text: Option<&str>, tree: &Value) {
        if text.is_none_or(|text| ["$id", "$self", "$anchor", "$dynamicAnchor"].iter().any(|key| text.contains(key))) {
            let own = tree.get("$self").and_then(Value::as_str);
            let base = own.map_or_else(|| name.to_owned(), |own| relative(name, without_fragment(own)));
            if own.is_some() {
                self.by_id.insert(base.clone(), file.clone());
                self.bases.insert(file.clone(), base.clone());
            }
            self.walk(file, tree, &base);
        }
    }

    /// Recurses as deep as the document, which the parsers bound.
    fn walk(&mut self, at: &Pointer, value: &Value, base: &str) {
        match value {
            Value::Object(map) => self.object(at, map, base),
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate().filter(|(_, value)| !is_leaf(value)) {
                    self.walk(&at.index(index), value, base);
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, at: &Pointer, map: &Map<String, Value>, base: &str) {
        let text = |key: &str| map.get(key).and_then(Value::as_str);
        let own = text("$id").filter(|id| !id.starts_with('#')).map(|id| relative(base, without_fragment(id)));
        let base = match &own {
            Some(own) => {
                self.by_id.entry(own.clone()).or_insert_with(|| at.clone());
                self.bases.insert(at.clone(), own.clone());
                own.as_str()
            }
            None => base,
        };
        for name in ["$anchor", "$dynamicAnchor"].into_iter().filter_map(text) {
            self.by_name.entry((base.to_owned(), name.to_owned())).or_insert_with(|| at.clone());
        }
        for (key, value) in map.iter().filter(|(_, value)| !is_leaf(value)) {
            // Examples are no schemas, whatever they look like.
            if !matches!(key.as_str(), "example" | "examples" | "default" | "const" | "enum") {
                self.walk(&at.join(key), value, base);
            }
        }
    }

    /// The identifier that applies at a place, and the place that bears it; `None` where only the file's name does.
    pub(super) fn base(&self, pointer: &Pointer) -> Option<(Pointer, &str)> {
        if self.bases.is_empty() {
            return None;
        }
        let mut at = Some(pointer.clone());
        while let Some(place) = at {
            if let Some(base) = self.bases.get(&place) {
                return Some((place, base));
            }
            at = place.parent();
        }
        None
    }

    /// The place that bears an identifier.
    pub(super) fn place(&self, id: &str) -> Option<&Pointer> {
        self.by_id.get(id)
    }

    /// The place that an anchor names.
    pub(super) fn anchor(&self, base: &str, name: &str) -> Option<&Pointer> {
        self.by_name.get(&(base.to_owned(), name.to_owned()))
    }
}

fn is_leaf(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_))
}

fn without_fragment(id: &str) -> &str {
    id.split('#').next().unwrap_or(id)
}
