//! What does an operation send?

use std::collections::BTreeMap;

use openapiv3::{Encoding, MediaType, ReferenceOr, RequestBody};

use super::schema::Lowering;
use super::{describe, merge::Merged, part_header};
use crate::diagnostics::{Diagnostic, Pointer, codes};
use crate::ir::{
    Body, Direction, Form, FormField, FormPart, Method, Operation, Origin, Parent, Payload, Role, Sending, Shape,
    Types, Use,
};
use crate::load::{JsonType, SchemaId};

/// What a media type means for the code that writes or reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Media {
    Json,
    Multipart,
    UrlEncoded,
    Xml,
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
            "multipart/form-data" | "multipart/mixed" | "multipart/related" => Self::Multipart,
            "application/xml" | "text/xml" => Self::Xml,
            xml if xml.starts_with("application/") && xml.ends_with("+xml") => Self::Xml,
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

/// A form that has no field and need not be sent says nothing: sent or not, the body is empty.
pub(super) fn leave_out_empty_forms(operations: &mut [Operation], types: &Types) {
    let empty = |used: &Use| {
        let shape = &types.get(types.resolve(*used).ty).shape;
        matches!(shape, Shape::Record(record) if record.fields.is_empty() && record.rest.is_none())
    };
    let says_nothing = |body: &Body| {
        !body.required && body.ways().all(|(_, payload)| matches!(payload, Payload::UrlEncoded(used) if empty(used)))
    };
    for operation in operations {
        operation.body.take_if(|body| says_nothing(body));
    }
}

/// What an operation sends; `None` where it cannot be told at all, which skips the operation.
pub(super) fn of_operation(
    lowering: &mut Lowering<'_>,
    pointer: &Pointer,
    said: &ReferenceOr<RequestBody>,
    (method, position): (&Method, usize),
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
            // Without a form of its own, XML is the text that it is.
            let formless = kind == Media::Xml && !schema.is_some_and(|schema| is_structured(lowering, schema));
            (if formless { Media::Text } else { kind }, written.as_str(), schema)
        })
        .collect();
    // `application/json` before the others, then what a PATCH is most often meant as; the rest by name, since the keys of an object
    // have no order.
    let patches = method == &Method::Patch;
    let rank = |written: &str| match written.split(';').next().unwrap_or(written).trim() {
        "application/json" => 0,
        "application/merge-patch+json" if patches => 1,
        _ => 2,
    };
    offered.sort_by_key(|&(kind, written, _)| (kind, rank(written), written));
    let Some(&(kind, written, schema)) = offered.first() else {
        lowering.diagnostics.push(
            Diagnostic::warning(codes::UNSUPPORTED_BODY, "a body without any media type")
                .at(&pointer, "sent as bytes of any kind"),
        );
        return Some(bytes(body.required, "application/octet-stream", body.description));
    };
    // Several media types of one kind are one way, unless they are different schemas with names of their own.
    let mut ways = vec![(kind, written.to_owned(), schema)];
    let mut left_out = Vec::new();
    // The same JSON is another change under each kind of patch.
    let patch = |written: &str| written.split(';').next().unwrap_or(written).trim().ends_with("patch+json");
    for &(kind, written, schema) in &offered[1..] {
        let name = |schema: Option<SchemaId>| schema.and_then(|schema| lowering.unwrapped(schema).1);
        let another = |known: &(Media, String, Option<SchemaId>)| {
            let named_otherwise = name(schema).is_some() && name(known.2) != name(schema);
            known.0 != kind || (kind == Media::Json && (named_otherwise || patch(written) || patch(&known.1)))
        };
        if ways.iter().all(another) {
            ways.push((kind, written.to_owned(), schema));
        } else {
            left_out.push(written.to_owned());
        }
    }
    if !left_out.is_empty() {
        lowering.diagnostics.push(
            Diagnostic::note(codes::UNSUPPORTED_BODY, "a body may be sent as several media types of one kind")
                .at(&pointer.join("content"), format!("sent as `{written}`, not as {}", left_out.join(", "))),
        );
    }
    let mut sendings = Vec::with_capacity(ways.len());
    for (kind, written, schema) in ways {
        let place = pointer.join("content").join(&written).join("encoding");
        let encoding = body.content.get(&written).map(|media| &media.encoding);
        let said = encoding.into_iter().flatten();
        let said = said.map(|(name, said)| (name.as_str(), (place.join(name), said)));
        let payload = payload(lowering, &pointer, kind, schema, position, &said.collect());
        // A range names no type that could be sent.
        let media_type = match kind {
            Media::Json if written.contains('*') => "application/json".to_owned(),
            Media::Bytes if written.contains('*') => "application/octet-stream".to_owned(),
            _ => written,
        };
        sendings.push(Sending { media_type, payload });
    }
    let Sending { media_type, payload } = sendings.remove(0);
    Some(Body { required: body.required, media_type, payload, others: sendings, description: body.description })
}

/// What is said of single properties, by name, each with its place.
type Encodings<'e> = BTreeMap<&'e str, (Pointer, &'e Encoding)>;

fn payload(
    lowering: &mut Lowering<'_>,
    pointer: &Pointer,
    kind: Media,
    schema: Option<SchemaId>,
    position: usize,
    said: &Encodings<'_>,
) -> Payload {
    let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Request };
    match (kind, schema) {
        (Media::Json, Some(schema)) => Payload::Json(lowering.mention(schema, origin)),
        (Media::Xml, Some(schema)) => Payload::Xml(lowering.mention(schema, origin)),
        (Media::UrlEncoded, Some(schema)) => Payload::UrlEncoded(lowering.mention(schema, origin)),
        (Media::Json | Media::UrlEncoded, None) => {
            let used = lowering.plain(Shape::Anything, origin, pointer);
            if kind == Media::Json { Payload::Json(used) } else { Payload::UrlEncoded(used) }
        }
        (Media::Multipart, Some(schema)) => Payload::Multipart(form(lowering, schema, position, said)),
        (Media::Multipart | Media::Bytes, _) => Payload::Bytes,
        (Media::Text | Media::Xml, _) => Payload::Text,
    }
}

fn bytes(required: bool, media_type: &str, description: Option<String>) -> Body {
    Body { required, media_type: media_type.to_owned(), payload: Payload::Bytes, others: Vec::new(), description }
}

pub(super) fn is_structured(lowering: &mut Lowering<'_>, schema: SchemaId) -> bool {
    let merged = lowering.merge(&[schema], true);
    merged.has_fields()
        || !merged.unions.is_empty()
        || matches!(merged.types.as_slice(), [JsonType::Object | JsonType::Array])
}

/// The parts of a multipart body: files where the schema says binary, JSON where it says object, else text (OpenAPI 3.1, 4.8.15).
fn form(lowering: &mut Lowering<'_>, schema: SchemaId, position: usize, said: &Encodings<'_>) -> Form {
    let (at, component) = lowering.unwrapped(schema);
    let component = component.map(str::to_owned);
    let pointer = lowering.document.schemas.get(at).pointer.clone();
    let merged = lowering.merge(&[at], true);
    let place = |name: &str| merged.required.iter().position(|required| required == name);
    let mut properties = merged.properties.clone();
    properties.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
    let mut fields = Vec::with_capacity(properties.len());
    for (name, property) in properties {
        if lowering.only(property) == Some(Direction::Answered) {
            continue;
        }
        let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Parameter(name.clone()) };
        let encoding = said.get(name.as_str());
        let said = encoding.and_then(|(_, said)| said.content_type.as_deref());
        let part = part(lowering, property, origin, said);
        // Of several media types, or of a range, the caller chooses.
        let media_type = said.filter(|said| !said.contains(['*', ','])).map(str::to_owned);
        let docs = lowering.object(property).map(describe::docs).unwrap_or_default();
        let required = place(&name).is_some();
        let part = FormField {
            name,
            required,
            part,
            media_type,
            header: None,
            fixed_headers: Vec::new(),
            each_has: Vec::new(),
            docs,
        };
        let encoding = encoding.map(|(pointer, said)| (pointer, *said));
        part_header::add_with_headers(lowering, part, encoding, position, &mut fields);
    }
    Form { component, pointer: pointer.as_str().to_owned(), docs: merged.docs, fields }
}

fn part(lowering: &mut Lowering<'_>, property: SchemaId, origin: Origin, said: Option<&str>) -> FormPart {
    let mut solid = property;
    for _ in 0..64 {
        let Some(inner) = lowering.wrapped(solid) else { break };
        solid = inner;
    }
    let merged = lowering.merge(&[solid], true);
    if is_file(&merged, lowering, solid, said) {
        return FormPart::File;
    }
    if let Some(items) = merged.items {
        let item = lowering.merge(&[items], true);
        if is_file(&item, lowering, items, said) {
            return FormPart::Files;
        }
    }
    let used = Use { nullable: false, ..lowering.mention(property, origin) };
    let object = merged.has_fields()
        || merged.types == [JsonType::Object]
        || !merged.unions.is_empty()
        || said.is_some_and(|said| Media::of(said) == Some(Media::Json));
    if object { FormPart::Json(used) } else { FormPart::Text(used) }
}

/// 3.0 says a file by `format: binary`, 3.1 by a media type without an encoding, or by no type at all: what has none is
/// `application/octet-stream` unless the `encoding` says otherwise (OpenAPI 3.1, 4.8.15.1).
fn is_file(merged: &Merged, lowering: &Lowering<'_>, schema: SchemaId, said: Option<&str>) -> bool {
    let by_media = lowering.object(schema).is_some_and(|schema| schema.content_media_type.is_some());
    let untyped = merged.types.is_empty()
        && !merged.has_fields()
        && merged.unions.is_empty()
        && merged.items.is_none()
        && super::scalar::listed(merged).is_none();
    let bytes = said.is_none_or(|said| !matches!(Media::of(said), Some(Media::Json | Media::Text)));
    merged.format.as_deref() == Some("binary")
        || (by_media && merged.content_encoding.is_none() && (merged.types == [JsonType::String] || untyped))
        || (untyped && bytes)
}
