//! What does an operation send?

use openapiv3::{MediaType, ReferenceOr, RequestBody};

use super::schema::Lowering;
use super::{describe, merge::Merged};
use crate::diagnostics::{Diagnostic, Pointer, codes};
use crate::ir::{Body, Form, FormField, FormPart, Origin, Parent, Payload, Role, Shape, Use};
use crate::load::{JsonType, SchemaId};

/// What a media type means for the code that writes or reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Media {
    Json,
    Multipart,
    UrlEncoded,
    Text,
    Bytes,
}

impl Media {
    /// What a media type as written means. A range such as `*/*` is `None`: its schema decides.
    pub(super) fn of(written: &str) -> Option<Self> {
        let essence = written.split(';').next().unwrap_or(written).trim().to_ascii_lowercase();
        Some(match essence.as_str() {
            "*/*" | "application/*" => return None,
            "application/json" | "text/json" => Self::Json,
            json if json.ends_with("+json") => Self::Json,
            "application/x-www-form-urlencoded" => Self::UrlEncoded,
            "multipart/form-data" => Self::Multipart,
            text if text.starts_with("text/") => Self::Text,
            _ => Self::Bytes,
        })
    }
}

/// The schema under a media type.
pub(super) fn schema_of(lowering: &Lowering<'_>, pointer: &Pointer, media: &MediaType) -> Option<SchemaId> {
    let pointer = match media.schema.as_ref()? {
        ReferenceOr::Reference { reference } => Pointer::from_reference(reference)?,
        ReferenceOr::Item(_) => pointer.join("schema"),
    };
    lowering.document.schemas.at(&pointer)
}

/// What an operation sends; `None` where it cannot be told at all, which skips the operation.
pub(super) fn of_operation(
    lowering: &mut Lowering<'_>,
    pointer: &Pointer,
    said: &ReferenceOr<RequestBody>,
    position: usize,
) -> Option<Body> {
    let (pointer, body) = lowering.document.follow(pointer, said, lowering.diagnostics)?;
    let mut offered: Vec<(Media, &str, Option<SchemaId>)> = body
        .content
        .iter()
        .map(|(written, media)| {
            let schema = schema_of(lowering, &pointer.join("content").join(written), media);
            let kind = Media::of(written).unwrap_or(if schema.is_some_and(|schema| is_structured(lowering, schema)) {
                Media::Json
            } else {
                Media::Bytes
            });
            (kind, written.as_str(), schema)
        })
        .collect();
    // The plain spelling of a kind before the exotic ones, so that the choice does not hang on the order of keys.
    offered.sort_by_key(|&(kind, written, _)| (kind, written.len(), written));
    let Some(&(kind, written, schema)) = offered.first() else {
        lowering.diagnostics.push(
            Diagnostic::warning(codes::UNSUPPORTED_BODY, "a body without any media type")
                .at(&pointer, "sent as bytes of any kind"),
        );
        return Some(bytes(body.required, "application/octet-stream", body.description));
    };
    if offered.len() > 1 {
        let others: Vec<&str> = offered[1..].iter().map(|&(_, written, _)| written).collect();
        lowering.diagnostics.push(
            Diagnostic::note(codes::UNSUPPORTED_BODY, "a body may be sent as several media types")
                .at(&pointer.join("content"), format!("sent as `{written}`, not as {}", others.join(", "))),
        );
    }
    // A range names no type that could be sent.
    let media_type = match kind {
        Media::Json if written.contains('*') => "application/json",
        Media::Bytes if written.contains('*') => "application/octet-stream",
        _ => written,
    };
    let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Request };
    let payload = match (kind, schema) {
        (Media::Json, Some(schema)) => Payload::Json(lowering.mention(schema, origin)),
        (Media::UrlEncoded, Some(schema)) => Payload::UrlEncoded(lowering.mention(schema, origin)),
        (Media::Json | Media::UrlEncoded, None) => {
            let used = lowering.plain(Shape::Anything, origin, &pointer);
            if kind == Media::Json { Payload::Json(used) } else { Payload::UrlEncoded(used) }
        }
        (Media::Multipart, Some(schema)) => Payload::Multipart(form(lowering, schema, position)),
        (Media::Multipart | Media::Bytes, _) => Payload::Bytes,
        (Media::Text, _) => Payload::Text,
    };
    Some(Body { required: body.required, media_type: media_type.to_owned(), payload, description: body.description })
}

fn bytes(required: bool, media_type: &str, description: Option<String>) -> Body {
    Body { required, media_type: media_type.to_owned(), payload: Payload::Bytes, description }
}

fn is_structured(lowering: &mut Lowering<'_>, schema: SchemaId) -> bool {
    let merged = lowering.merge(&[schema], true);
    merged.has_fields()
        || !merged.unions.is_empty()
        || matches!(merged.types.as_slice(), [JsonType::Object | JsonType::Array])
}

/// The parts of a multipart body: files where the schema says binary, JSON where it says object, else text (OpenAPI 3.1, 4.8.15).
fn form(lowering: &mut Lowering<'_>, schema: SchemaId, position: usize) -> Form {
    let (at, component) = lowering.unwrapped(schema);
    let component = component.map(str::to_owned);
    let pointer = lowering.document.schemas.get(at).pointer.clone();
    let merged = lowering.merge(&[at], true);
    let place = |name: &str| merged.required.iter().position(|required| required == name);
    let mut properties = merged.properties.clone();
    properties.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
    let mut fields = Vec::with_capacity(properties.len());
    for (name, property) in properties {
        let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Parameter(name.clone()) };
        let part = part(lowering, property, origin);
        let docs = lowering.object(property).map(describe::docs).unwrap_or_default();
        fields.push(FormField { required: place(&name).is_some(), name, part, docs });
    }
    Form { component, pointer: pointer.as_str().to_owned(), docs: merged.docs, fields }
}

fn part(lowering: &mut Lowering<'_>, property: SchemaId, origin: Origin) -> FormPart {
    let mut solid = property;
    for _ in 0..64 {
        let Some(inner) = lowering.wrapped(solid) else { break };
        solid = inner;
    }
    let merged = lowering.merge(&[solid], true);
    if is_file(&merged, lowering, solid) {
        return FormPart::File;
    }
    if let Some(items) = merged.items {
        let item = lowering.merge(&[items], true);
        if is_file(&item, lowering, items) {
            return FormPart::Files;
        }
    }
    let used = Use { nullable: false, ..lowering.mention(property, origin) };
    let object = merged.has_fields() || merged.types == [JsonType::Object] || !merged.unions.is_empty();
    if object { FormPart::Json(used) } else { FormPart::Text(used) }
}

/// 3.0 says a file by `format: binary`, 3.1 by a media type without an encoding.
fn is_file(merged: &Merged, lowering: &Lowering<'_>, schema: SchemaId) -> bool {
    let by_media = lowering.object(schema).is_some_and(|schema| schema.content_media_type.is_some());
    merged.format.as_deref() == Some("binary")
        || (by_media && merged.content_encoding.is_none() && merged.types == [JsonType::String])
}
