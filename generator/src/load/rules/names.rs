//! Does everything have a name that it can have, and of its own?

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::model;
use super::super::split::Splitter;
use super::syntax;
use crate::diagnostics::{Diagnostic, Pointer, codes};

impl Splitter<'_> {
    /// Components have plain names (OpenAPI 3.1, 4.8.7.1). Swagger 2.0 knew no such rule.
    pub(super) fn component_names(&mut self, map: &Map<String, Value>) {
        if self.swagger.is_some() {
            return;
        }
        let here = self.here();
        for (section, components) in map.iter().filter(|(section, _)| model::COMPONENTS.key(section).is_some()) {
            let names = components.as_object().into_iter().flatten().map(|(name, _)| name);
            for name in names.filter(|name| !syntax::is_component_name(name)) {
                self.diagnostics.push(
                    Diagnostic::warning(codes::INVALID_NAME, format!("no component can be named `{name}`")).at_key(
                        &here.join(section).join(name),
                        "only letters, digits, `.`, `-` and `_`; read all the same",
                    ),
                );
            }
        }
    }

    /// The headers of an answer or of a part: tokens, the same in either case.
    pub(super) fn header_names(&mut self, map: &Map<String, Value>) {
        let Some(Value::Object(headers)) = map.get("headers") else { return };
        let place = self.here().join("headers");
        let mut known: HashMap<String, Pointer> = HashMap::new();
        for name in headers.keys().filter(|name| !name.starts_with("x-") || syntax::is_token(name)) {
            let at = place.join(name);
            if !syntax::is_token(name) {
                self.invalid_name("a header", name, &at, true);
            }
            if let Some(first) = known.insert(name.to_ascii_lowercase(), at.clone()) {
                self.diagnostics.push(
                    Diagnostic::warning(codes::REPEATED_NAME, format!("the header `{name}` is there twice"))
                        .at_key(&at, "the same in either case")
                        .at_key(&first, "the first"),
                );
            }
        }
    }

    /// Says that a name is none; whether the key is meant that is the name.
    pub(super) fn invalid_name(&mut self, what: &str, name: &str, at: &Pointer, key: bool) {
        let shown = if name.is_empty() { "an empty text".to_owned() } else { format!("`{name}`") };
        let warning = Diagnostic::warning(codes::INVALID_NAME, format!("{what} cannot be named {shown}"));
        let label = "a name is made of letters, digits and any of !#$%&'*+-.^_`|~";
        self.diagnostics.push(if key { warning.at_key(at, label) } else { warning.at(at, label) });
    }

    /// The tags that a document declares.
    pub(super) fn tag_names(&mut self, map: &Map<String, Value>) {
        let tags = map.get("tags").and_then(Value::as_array).into_iter().flatten().enumerate();
        let named: Vec<_> = tags.filter_map(|(index, tag)| Some((index, tag.get("name")?.as_str()?))).collect();
        let place = self.here().join("tags");
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (index, name) in named {
            match known.get(name) {
                Some(first) => self.diagnostics.push(
                    Diagnostic::warning(codes::REPEATED_NAME, format!("the tag `{name}` is declared twice"))
                        .at(&place.index(index).join("name"), "this one counts")
                        .at(&place.index(*first).join("name"), "the first"),
                ),
                None => drop(known.insert(name, index)),
            }
        }
    }

    /// Every operation has an `operationId` of its own, webhooks and callbacks included (OpenAPI 3.1, 4.8.10.1).
    pub(super) fn operation_id(&mut self, map: &Map<String, Value>) {
        let Some(id) = map.get("operationId").and_then(Value::as_str) else { return };
        let place = self.here().join("operationId");
        let written = self.diagnostics.sources.site(&place);
        match self.noted_for_rules.operation_ids.get(id) {
            // One operation that is read to two places is no second one.
            Some((_, known)) if *known == written => {}
            Some((first, _)) => {
                let warning = Diagnostic::warning(
                    codes::DUPLICATE_OPERATION_ID,
                    format!("the `operationId` `{id}` is there twice"),
                );
                let warning = warning.at(&place, "must be its own").at(first, "the first");
                self.diagnostics.push(warning);
            }
            None => drop(self.noted_for_rules.operation_ids.insert(id.to_owned(), (place, written))),
        }
    }

    /// Notes a list in which a parameter could be there twice.
    pub(super) fn note_parameters(&mut self, map: &Map<String, Value>) {
        if map.get("parameters").and_then(Value::as_array).is_some_and(|list| list.len() > 1) {
            let place = self.here().join("parameters");
            self.noted_for_rules.parameter_lists.push(place);
        }
    }

    /// Notes a media type whose encodings are about properties.
    pub(super) fn note_encoding(&mut self, map: &Map<String, Value>) {
        if map.get("encoding").and_then(Value::as_object).is_some_and(|encodings| !encodings.is_empty()) {
            let here = self.here();
            self.noted_for_rules.encodings.push(here);
        }
    }
}
