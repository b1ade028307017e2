//! What does the document mean? From OpenAPI's words to the [`Api`].
//!
//! All recursion stands in `schema`; the leaves know one thing each. Lowering keeps where a type comes from and never makes a name.

mod body;
mod circles;
mod content;
mod describe;
mod header;
mod incoming;
mod inherit;
mod limits;
mod link;
mod merge;
mod nullable;
mod parameter;
mod part_header;
mod patch;
mod response;
mod room;
mod scalar;
mod schema;
mod security;
mod server;
mod stream;
mod union;
mod untyped;
mod vocabulary;

use std::collections::{BTreeMap, HashSet};

use schema::Lowering;

use crate::diagnostics::Diagnostics;
use crate::ir::{Api, Docs, Group, Method, Operation};
use crate::load::{Document, PathOperation};

/// Says what a document means. Every operation that cannot be understood is told, and counted as skipped.
pub fn lower(document: &Document, diagnostics: &mut Diagnostics) -> Api {
    lower_within(document, None, diagnostics)
}

/// As [`lower`]; an object behind more than so many named types is any JSON value.
pub fn lower_within(document: &Document, depth: Option<usize>, diagnostics: &mut Diagnostics) -> Api {
    let credentials = security::credentials(document, diagnostics);
    let base_url = server::base_url(&document.servers);
    let mut lowering = Lowering::new(document, depth, diagnostics);
    let mut operations = Vec::with_capacity(document.operations.len());
    let mut links = Vec::new();
    let mut skipped = document.unreadable;
    let sent: HashSet<&str> = credentials.iter().map(|credential| credential.name.as_str()).collect();
    for stated in &document.operations {
        if lowering.room.is_used_up(&stated.pointer, lowering.diagnostics) {
            break;
        }
        lowering.diagnostics.concerning(Some(&stated.pointer));
        let Some((mut operation, stated_links)) = operation(&mut lowering, stated, operations.len()) else {
            skipped += 1;
            continue;
        };
        operation.security = security::alternatives(document, stated, &sent, lowering.diagnostics);
        operation.server = server::of_operation(base_url.as_deref(), stated);
        lowering.room.take_operation(&operation);
        lowering.room.take_links(&stated_links);
        operations.push(operation);
        links.push(stated_links);
    }
    lowering.diagnostics.concerning(None);
    link::settle(&mut operations, links, lowering.diagnostics);
    // Where an operation was skipped, types alone would pass a failure for a success.
    let alone = operations.is_empty() && skipped == 0;
    let vocabulary = if alone { vocabulary::mention_all(&mut lowering) } else { Vec::new() };
    let incoming = incoming::requests(&mut lowering);
    let mut types = lowering.finish();
    let elsewhere: Vec<_> =
        incoming.iter().map(|incoming| incoming.payload).chain(vocabulary.iter().copied()).collect();
    patch::settle(&mut operations, &elsewhere, &mut types);
    body::leave_out_empty_forms(&mut operations, &types);
    let event = incoming::event(&mut types, &incoming);
    Api {
        title: document.title.clone(),
        version: document.version.clone(),
        description: document.description.clone(),
        base_url,
        servers: server::offered(&document.servers),
        credentials,
        groups: groups(document),
        operations,
        incoming,
        event,
        types,
        vocabulary,
        skipped,
    }
}

/// Where the document says that its operations are served.
pub(crate) fn base_url(document: &Document) -> Option<String> {
    server::base_url(&document.servers)
}

fn operation(
    lowering: &mut Lowering<'_>,
    stated: &PathOperation,
    position: usize,
) -> Option<(Operation, Vec<link::Stated>)> {
    let method = method(&stated.method);
    let said = &stated.operation;
    let parameters = parameter::of_operation(lowering, stated, position);
    let body = match &said.request_body {
        Some(body) => {
            Some(body::of_operation(lowering, &stated.pointer.join("requestBody"), body, (&method, position))?)
        }
        None => None,
    };
    let answers = response::of_operation(lowering, stated, &parameters, position);
    let lowered = Operation {
        id: said.operation_id.clone(),
        method: method.clone(),
        path: stated.path.clone(),
        group: said.tags.first().cloned(),
        summary: said.summary.clone(),
        docs: Docs { description: said.description.clone(), deprecated: said.deprecated, ..Docs::default() },
        parameters: parameters.sent,
        body,
        accept: parameters.accept.or(answers.accept),
        answers: answers.answers,
        alternatives: answers.alternatives,
        streamed: answers.streamed,
        headers: answers.headers,
        link_header: answers.link_header,
        links: Vec::new(),
        security: Vec::new(),
        server: None,
        idempotent: said
            .extensions
            .get("x-idempotent")
            .and_then(serde_json::Value::as_bool)
            // Asking again does no harm: that is what the method is for.
            .or((method == Method::Query).then_some(true)),
        idempotency_header: parameters.idempotency_header,
        pointer: stated.pointer.as_str().to_owned(),
    };
    Some((lowered, answers.links))
}

fn method(name: &str) -> Method {
    match name {
        "get" => Method::Get,
        "put" => Method::Put,
        "post" => Method::Post,
        "delete" => Method::Delete,
        "options" => Method::Options,
        "head" => Method::Head,
        "patch" => Method::Patch,
        "trace" => Method::Trace,
        "query" => Method::Query,
        other => Method::Other(other.to_owned()),
    }
}

fn groups(document: &Document) -> Vec<Group> {
    let described: BTreeMap<&str, Option<&String>> =
        document.tags.iter().map(|tag| (tag.name.as_str(), tag.description.as_ref())).collect();
    described
        .into_iter()
        .map(|(key, description)| Group { key: key.to_owned(), description: description.cloned() })
        .collect()
}
