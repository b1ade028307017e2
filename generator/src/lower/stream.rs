//! Which answers are streams of items, and what is each item?

use openapiv3::MediaType;

use super::body::schema_of;
use super::schema::Lowering;
use crate::diagnostics::Pointer;
use crate::ir::{Framing, Origin, Parent, Role, Shape, Streamed};
use crate::load::{JsonType, SchemaId};

/// The members of an event as an object (OpenAPI 3.2, "Sequential Media Types").
const EVENT_FIELDS: [&str; 4] = ["data", "event", "id", "retry"];

/// How the items of a media type are told apart; `None` if it is no stream.
pub(super) fn framing(written: &str) -> Option<Framing> {
    let essence = written.split(';').next().unwrap_or(written).trim().to_ascii_lowercase();
    Some(match essence.as_str() {
        "text/event-stream" => Framing::EventData,
        "application/jsonl"
        | "application/x-jsonl"
        | "application/jsonlines"
        | "application/x-jsonlines"
        | "application/ndjson"
        | "application/x-ndjson"
        | "application/stream+json" => Framing::Lines,
        "application/json-seq" => Framing::Sequence,
        sequence if sequence.ends_with("+json-seq") => Framing::Sequence,
        _ => return None,
    })
}

/// The stream that an answer is under a media type.
pub(super) fn of_answer(
    lowering: &mut Lowering<'_>,
    written: &str,
    pointer: &Pointer,
    media: &MediaType,
    position: usize,
) -> Option<Streamed> {
    let mut framing = framing(written)?;
    let events = framing == Framing::EventData;
    let of_item = lowering.document.item_schema(pointer);
    let mut schema = of_item.or_else(|| schema_of(lowering, pointer, media));
    if events {
        if of_item.is_some_and(|schema| is_event(lowering, schema)) {
            framing = Framing::EventObjects;
        }
    } else if let (None, Some(whole)) = (of_item, schema) {
        // A list that is written line by line is described as a list (OpenAPI 3.2); others describe the item. As a text, nothing but
        // the whole can be described: each line of it is JSON all the same.
        schema = lowering.merge(&[whole], true).items.or(schema).filter(|&schema| !is_text(lowering, schema));
    }
    let word = if events { "event" } else { "item" };
    let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Field(word.to_owned()) };
    let item = match schema {
        Some(schema) if events && is_text(lowering, schema) => None,
        Some(schema) => Some(lowering.mention(schema, origin)),
        None if events => None,
        None => Some(lowering.plain(Shape::Anything, origin, pointer)),
    };
    Some(Streamed { media_type: written.to_owned(), framing, item, alone: false })
}

/// Whether a schema describes events as objects: each of its branches has data, and nothing that no event has.
fn is_event(lowering: &mut Lowering<'_>, schema: SchemaId) -> bool {
    let merged = lowering.merge(&[schema], true);
    let names: Vec<&str> = merged.properties.iter().map(|(name, _)| name.as_str()).collect();
    let branches: Vec<SchemaId> = merged.unions.iter().flat_map(|union| union.branches.iter().copied()).collect();
    let known = names.iter().all(|name| EVENT_FIELDS.contains(name));
    known
        && (names.contains(&"data")
            || (!branches.is_empty()
                && branches.into_iter().all(|branch| {
                    let merged = lowering.merge(&[branch], true);
                    merged.properties.iter().any(|(name, _)| name == "data")
                        && merged.properties.iter().all(|(name, _)| EVENT_FIELDS.contains(&name.as_str()))
                })))
}

/// Whether data is a text, which an event has as it is, without the quotes of JSON.
fn is_text(lowering: &mut Lowering<'_>, schema: SchemaId) -> bool {
    let merged = lowering.merge(&[schema], true);
    merged.types == [JsonType::String] && merged.unions.is_empty()
}
