//! Which operation can be asked next, with what an answer says?

use std::collections::{BTreeMap, HashSet};

use openapiv3::{LinkOperation, Response};
use serde_json::Value;

use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};
use crate::ir::{Link, LinkSource, LinkValue, Operation, ParameterLocation};
use crate::load::Document;

/// A link as the document states it: nobody knows yet whether its operation is there.
pub(super) struct Stated {
    pointer: Pointer,
    name: String,
    operation: LinkOperation,
    description: Option<String>,
    values: Vec<(String, LinkSource)>,
    body: bool,
}

/// Adds the links of an answer; of two answers' links of one name, the first counts.
pub(super) fn of_answer(document: &Document, pointer: &Pointer, response: &Response, links: &mut Vec<Stated>) {
    let known: HashSet<String> = links.iter().map(|link| link.name.clone()).collect();
    let mut names: Vec<&String> = response.links.keys().filter(|name| !known.contains(*name)).collect();
    names.sort();
    for name in names {
        let Some(said) = document.link(&response.links[name]) else { continue };
        let mut values: Vec<_> = said.parameters.into_iter().map(|(name, value)| (name, source(value))).collect();
        values.sort_by(|(a, _), (b, _)| a.cmp(b));
        links.push(Stated {
            pointer: pointer.join("links").join(name),
            name: name.clone(),
            operation: said.operation,
            description: said.description,
            values,
            body: said.request_body.is_some(),
        });
    }
}

/// How many parts links come to, and how many bytes of text.
pub(super) fn size(links: &[Stated]) -> (usize, usize) {
    let text = |link: &Stated| {
        let values = link.values.iter().map(|(name, source)| {
            name.len()
                + match source {
                    LinkSource::Field(steps) => steps.iter().map(String::len).sum(),
                    LinkSource::Exchange(said) => said.len(),
                    LinkSource::Constant(value) => value.to_string().len(),
                }
        });
        values.sum::<usize>() + link.description.as_ref().map_or(0, String::len)
    };
    (links.iter().map(|link| 1 + link.values.len()).sum(), links.iter().map(text).sum())
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
            let (target, named) = match &link.operation {
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
    let values = stated.values.into_iter();
    let values = values.map(|(name, source)| LinkValue { parameter: parameter(operation, &name), source, name });
    Link {
        name: stated.name,
        target,
        description: stated.description,
        values: values.collect(),
        body: stated.body,
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
