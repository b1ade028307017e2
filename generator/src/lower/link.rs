//! Which operation can be asked next, with what an answer says?

use std::collections::BTreeMap;

use openapiv3::{LinkOperation, Response};
use serde_json::Value;

use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};
use crate::ir::{Link, LinkSource, LinkValue, Operation, ParameterLocation};
use crate::load::Document;

/// A link as the document states it: nobody knows yet whether its operation is there.
pub(super) struct Stated {
    pointer: Pointer,
    name: String,
    said: openapiv3::Link,
}

/// Adds the links of an answer; of two answers' links of one name, the first counts.
pub(super) fn of_answer(document: &Document, pointer: &Pointer, response: &Response, links: &mut Vec<Stated>) {
    let mut names: Vec<&String> = response.links.keys().collect();
    names.sort();
    for name in names {
        if links.iter().all(|known| known.name != *name)
            && let Some(said) = document.link(&response.links[name])
        {
            links.push(Stated { pointer: pointer.join("links").join(name), name: name.clone(), said });
        }
    }
}

/// Gives each operation those links of its answers that lead to an operation.
pub(super) fn settle(operations: &mut [Operation], stated: Vec<Vec<Stated>>, diagnostics: &mut Diagnostics) {
    if stated.iter().all(Vec::is_empty) {
        return;
    }
    let by_id: BTreeMap<&str, usize> = operations
        .iter()
        .enumerate()
        .filter_map(|(position, operation)| Some((operation.id.as_deref()?, position)))
        .collect();
    let by_place: BTreeMap<&str, usize> =
        operations.iter().enumerate().map(|(position, operation)| (operation.pointer.as_str(), position)).collect();
    let mut settled = Vec::with_capacity(stated.len());
    for links in stated {
        let mut found = Vec::new();
        for link in links {
            let (target, named) = match &link.said.operation {
                LinkOperation::OperationId(id) => (by_id.get(id.as_str()).copied(), id),
                LinkOperation::OperationRef(reference) => {
                    let place = Pointer::from_reference(reference);
                    (place.and_then(|place| by_place.get(place.as_str()).copied()), reference)
                }
            };
            match target {
                Some(target) => found.push(of(link, target, &operations[target])),
                None => diagnostics.push(
                    Diagnostic::note(codes::IGNORED_PART, format!("the link `{}` leads to no operation", link.name))
                        .at_key(&link.pointer, format!("`{named}` is none of this client: left out")),
                ),
            }
        }
        settled.push(found);
    }
    for (operation, links) in operations.iter_mut().zip(settled) {
        operation.links = links;
    }
}

fn of(stated: Stated, target: usize, operation: &Operation) -> Link {
    let mut values: Vec<LinkValue> = stated
        .said
        .parameters
        .into_iter()
        .map(|(name, value)| LinkValue { parameter: parameter(operation, &name), source: source(value), name })
        .collect();
    values.sort_by(|a, b| a.name.cmp(&b.name));
    Link {
        name: stated.name,
        target,
        description: stated.said.description,
        values,
        body: stated.said.request_body.is_some(),
        pointer: stated.pointer.as_str().to_owned(),
    }
}

/// The parameter that a link means, which may say where it stands: `path.id` (OpenAPI 3.1, 4.8.20.1).
fn parameter(operation: &Operation, name: &str) -> Option<usize> {
    let whole = operation.parameters.iter().position(|parameter| parameter.name == name);
    whole.or_else(|| {
        let (location, name) = name.split_once('.')?;
        let location = match location {
            "path" => ParameterLocation::Path,
            "query" => ParameterLocation::Query,
            "header" => ParameterLocation::Header,
            "cookie" => ParameterLocation::Cookie,
            _ => return None,
        };
        operation.parameters.iter().position(|parameter| parameter.location == location && parameter.name == name)
    })
}

/// What a runtime expression means (OpenAPI 3.1, 4.8.20.3); what is none is a value.
fn source(value: Value) -> LinkSource {
    let Value::String(text) = &value else { return LinkSource::Constant(value) };
    let bare = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let field = bare.strip_prefix("$response.body#").and_then(|pointer| Pointer::parse(&format!("#{pointer}")));
    match field {
        Some(pointer) => LinkSource::Field(pointer.tokens().map(std::borrow::Cow::into_owned).collect()),
        None if text.starts_with('$') || text.contains("{$") => LinkSource::Exchange(text.clone()),
        None => LinkSource::Constant(value),
    }
}
