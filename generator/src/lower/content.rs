//! As which media type is an answer read, and what else can be asked for?

use openapiv3::Response;

use super::body::{Media, is_structured, schema_of};
use super::schema::Lowering;
use crate::diagnostics::{Diagnostic, Pointer, codes};
use crate::ir::{Alternative, Content, Origin, Parent, Role, Shape, Status, media_word};
use crate::load::{SchemaId, SchemaObject};

/// Who says which media type is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asking<'s> {
    /// We do, and the caller where he wants another one.
    Choice,
    /// The document, by a parameter with one value.
    Fixed(&'s str),
    /// The caller, by a parameter with several.
    Parameter,
}

/// What an answer is read as.
pub(super) struct Read {
    pub content: Content,
    /// The media types to ask for, best first.
    pub accept: Vec<String>,
    /// What else can be asked for.
    pub others: Vec<Alternative>,
}

/// How a body is read, what says most of it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Json,
    Xml,
    Text,
    Bytes,
}

struct Offer<'r> {
    kind: Kind,
    written: &'r str,
    schema: Option<SchemaId>,
}

impl Offer<'_> {
    /// Whether both are read as the same.
    fn is_like(&self, other: &Self) -> bool {
        self.kind == other.kind && (self.kind >= Kind::Text || self.schema == other.schema)
    }
}

/// Chooses among the media types of an answer: JSON where it is among them, then XML, text and bytes; of several, the plain one.
pub(super) fn of_answer(
    lowering: &mut Lowering<'_>,
    pointer: &Pointer,
    response: &Response,
    (status, position): (Status, usize),
    asking: Asking<'_>,
) -> Read {
    let mut offers: Vec<Offer<'_>> = response
        .content
        .iter()
        .map(|(written, media)| {
            let schema = schema_of(lowering, &pointer.join("content").join(written), media);
            let schema = schema.map(|schema| referred(lowering, schema));
            Offer { kind: kind(lowering, written, schema), written, schema }
        })
        .collect();
    offers.sort_by_key(|offer| (offer.kind, rank(offer.written), offer.written));
    if let Asking::Fixed(fixed) = asking
        && offers.iter().any(|offer| offer.written == fixed)
    {
        offers.retain(|offer| offer.written == fixed);
    }
    let Some(first) = offers.first() else {
        return Read { content: Content::Empty, accept: Vec::new(), others: Vec::new() };
    };
    let all = || offers.iter().map(|offer| offer.written.to_owned()).collect();
    let default = Origin::Inline { parent: Parent::Operation(position), role: Role::Answer(status) };
    let uniform = offers.iter().all(|offer| offer.is_like(first));
    if !matches!(asking, Asking::Choice) {
        // Bytes are what every answer is: where one of several is bytes, the caller tells them apart by media type.
        if offers.iter().any(|offer| offer.kind == Kind::Bytes) {
            return Read { content: Content::Bytes, accept: all(), others: Vec::new() };
        }
        if !uniform {
            let others: Vec<&str> = offers[1..].iter().map(|offer| offer.written).collect();
            lowering.diagnostics.push(
                Diagnostic::note(codes::UNUSED_RESPONSE, "an answer may come as several media types")
                    .at(&pointer.join("content"), format!("read as `{}`, not as {}", first.written, others.join(", "))),
            );
        }
        return Read { content: content(lowering, pointer, first, default), accept: all(), others: Vec::new() };
    }
    let mut accept: Vec<String> = Vec::new();
    for offer in offers.iter().filter(|offer| offer.is_like(first)) {
        // With parameters, the same is asked for once more.
        if !accept.iter().any(|known| essence(known) == essence(offer.written)) {
            accept.push(offer.written.to_owned());
        }
    }
    let chosen = content(lowering, pointer, first, default);
    // What JSON and XML are called makes no difference to what is read, and which of many files is there is seldom the caller's
    // choice; a text is another under each name.
    let each = first.kind == Kind::Text && accept.len() > 1;
    let others = offers.iter().filter(|offer| each || !offer.is_like(first)).map(|offer| {
        let role = Role::Field(media_word(offer.written));
        let origin = Origin::Inline { parent: Parent::Operation(position), role };
        Alternative { media_type: offer.written.to_owned(), content: content(lowering, pointer, offer, origin) }
    });
    let others = others.filter(|other| !other.media_type.contains('*')).collect();
    Read { content: chosen, accept, others }
}

fn content(lowering: &mut Lowering<'_>, pointer: &Pointer, offer: &Offer<'_>, origin: Origin) -> Content {
    match (offer.kind, offer.schema) {
        (Kind::Text, _) => Content::Text,
        (Kind::Bytes, _) => Content::Bytes,
        (Kind::Xml, Some(schema)) => Content::Xml(lowering.mention(schema, origin)),
        (_, Some(schema)) => Content::Json(lowering.mention(schema, origin)),
        (_, None) => Content::Json(lowering.plain(Shape::Anything, origin, pointer)),
    }
}

/// What a mere reference leads to, so that what is one is seen to be.
fn referred(lowering: &Lowering<'_>, mut schema: SchemaId) -> SchemaId {
    for _ in 0..64 {
        let is_reference = lowering.object(schema).is_some_and(|said| said.reference.is_some());
        let Some(target) = lowering.wrapped(schema).filter(|_| is_reference) else { break };
        schema = target;
    }
    schema
}

fn essence(written: &str) -> &str {
    written.split(';').next().unwrap_or(written).trim()
}

/// The plain one of a kind before those with names of their own.
fn rank(written: &str) -> u8 {
    match written {
        "application/json" | "application/xml" | "text/plain" => 0,
        _ => 1,
    }
}

fn kind(lowering: &mut Lowering<'_>, written: &str, schema: Option<SchemaId>) -> Kind {
    let media = Media::of(written);
    match media {
        _ if is_bytes(lowering, media, schema) => Kind::Bytes,
        Some(Media::Text) => Kind::Text,
        // Without a form of its own, XML is the text that it is.
        Some(Media::Xml) if schema.is_some_and(|schema| is_structured(lowering, schema)) => Kind::Xml,
        Some(Media::Xml) => Kind::Text,
        _ => Kind::Json,
    }
}

/// Whether a schema says no more of bytes than which media type they may be (OpenAPI 3.1, 4.8.14.1).
fn is_undescribed(schema: &SchemaObject) -> bool {
    schema.content_media_type.is_some() && schema.content_encoding.is_none() && schema.types.is_empty()
}

fn is_bytes(lowering: &Lowering<'_>, kind: Option<Media>, schema: Option<SchemaId>) -> bool {
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
