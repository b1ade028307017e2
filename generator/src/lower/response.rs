//! What does an operation answer?

use std::collections::HashSet;

use openapiv3::{Response, StatusCode};

use super::body::{Media, schema_of};
use super::header;
use super::schema::Lowering;
use super::stream;
use crate::diagnostics::{Diagnostic, Pointer, codes};
use crate::ir::{Answer, Content, Header, Origin, Parent, Role, Shape, Status, Streamed};
use crate::load::{PathOperation, SchemaObject};

/// The answers of an operation, and what to ask for.
pub(super) struct Documented {
    pub answers: Vec<Answer>,
    pub accept: Option<String>,
    pub streamed: Option<Streamed>,
    pub headers: Vec<Header>,
    pub links: bool,
}

/// Every documented answer of an operation, by status.
pub(super) fn of_operation(lowering: &mut Lowering<'_>, stated: &PathOperation, position: usize) -> Documented {
    let responses = &stated.operation.responses;
    let place = stated.pointer.join("responses");
    let mut stated_answers: Vec<(Status, Pointer, _)> = responses
        .responses
        .iter()
        .map(|(code, response)| {
            let status = match *code {
                StatusCode::Code(code) => Status::Code(code),
                StatusCode::Range(class) => Status::Class(class),
            };
            (status, place.join(&code.to_string()), response)
        })
        .collect();
    stated_answers
        .extend(responses.default.as_ref().map(|response| (Status::Default, place.join("default"), response)));
    stated_answers.sort_by_key(|&(status, ..)| status);

    let mut answers = Vec::with_capacity(stated_answers.len());
    let mut accept: Vec<String> = Vec::new();
    let mut asked = HashSet::new();
    let mut streamed: Option<Streamed> = None;
    let mut links = false;
    let mut headers = Vec::new();
    let only = stated_answers.len() == 1;
    for (status, pointer, response) in stated_answers {
        let Some((pointer, response)) = lowering.document.follow(&pointer, response, lowering.diagnostics) else {
            continue;
        };
        let succeeds = status.is_success() || (only && status == Status::Default);
        if succeeds {
            header::of_answer(lowering, &pointer, &response, position, &mut headers);
            links |= response.headers.keys().any(|name| name.eq_ignore_ascii_case("link"));
            let mut streams: Vec<_> =
                response.content.iter().filter(|(written, _)| stream::framing(written).is_some()).collect();
            streams.sort_by_key(|(written, _)| (written.len(), *written));
            for (written, media) in streams {
                if streamed.is_none() {
                    let place = pointer.join("content").join(written);
                    streamed = stream::of_answer(lowering, written, &place, media, position);
                }
            }
        }
        let mut response = response;
        response.content.retain(|written, _| !succeeds || stream::framing(written).is_none());
        let mut media: Vec<String> = response.content.keys().cloned().collect();
        media.sort_by_key(|written| (Media::of(written), written.len(), written.clone()));
        if succeeds {
            accept.extend(media.into_iter().filter(|written| asked.insert(written.clone())));
        }
        let content = content(lowering, &pointer, &response, status, position);
        answers.push(Answer { status, content, description: response.description });
    }
    if let Some(streamed) = &mut streamed {
        streamed.alone = accept.is_empty();
        if streamed.alone {
            accept.push(streamed.media_type.clone());
        }
    }
    Documented { answers, accept: (!accept.is_empty()).then(|| accept.join(", ")), streamed, headers, links }
}

fn content(
    lowering: &mut Lowering<'_>,
    pointer: &Pointer,
    response: &Response,
    status: Status,
    position: usize,
) -> Content {
    let mut offered: Vec<_> = response
        .content
        .iter()
        .map(|(written, media)| {
            let schema = schema_of(lowering, &pointer.join("content").join(written), media);
            (Media::of(written), written, schema)
        })
        .collect();
    offered.sort_by_key(|&(kind, written, _)| (kind.unwrap_or(Media::Json), written.len(), written.clone()));
    let Some(&(kind, written, schema)) = offered.first() else { return Content::Empty };
    // Bytes are what every answer is: where one of several is bytes, the caller tells them apart by media type.
    if offered.iter().any(|&(kind, _, schema)| is_bytes(lowering, kind, schema)) {
        return Content::Bytes;
    }
    let same = offered.iter().all(|&(other, _, with)| other == kind && with == schema);
    if !same && offered.len() > 1 {
        let others: Vec<&str> = offered[1..].iter().map(|&(_, written, _)| written.as_str()).collect();
        lowering.diagnostics.push(
            Diagnostic::note(codes::UNUSED_RESPONSE, "an answer may come as several media types")
                .at(&pointer.join("content"), format!("read as `{written}`, not as {}", others.join(", "))),
        );
    }
    match (kind, schema) {
        (Some(Media::Text), _) => Content::Text,
        (Some(Media::Xml), Some(schema)) if super::body::is_structured(lowering, schema) => {
            let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Answer(status) };
            Content::Xml(lowering.mention(schema, origin))
        }
        (Some(Media::Xml), _) => Content::Text,
        (_, Some(schema)) => {
            let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Answer(status) };
            Content::Json(lowering.mention(schema, origin))
        }
        (_, None) => {
            let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Answer(status) };
            Content::Json(lowering.plain(Shape::Anything, origin, pointer))
        }
    }
}

/// Whether a schema says no more of bytes than which media type they may be (OpenAPI 3.1, 4.8.14.1).
fn is_undescribed(schema: &SchemaObject) -> bool {
    schema.content_media_type.is_some() && schema.content_encoding.is_none() && schema.types.is_empty()
}

fn is_bytes(lowering: &Lowering<'_>, kind: Option<Media>, schema: Option<crate::load::SchemaId>) -> bool {
    let binary = schema
        .and_then(|schema| lowering.object(schema))
        .is_some_and(|schema| schema.format.as_deref() == Some("binary"));
    match kind {
        Some(Media::Bytes | Media::Multipart | Media::UrlEncoded) => true,
        Some(Media::Json) => false,
        Some(Media::Text | Media::Xml) => binary,
        None => binary || schema.and_then(|schema| lowering.object(schema)).is_none_or(is_undescribed),
    }
}
