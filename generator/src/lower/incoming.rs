//! What do webhooks and callbacks deliver?

use std::collections::BTreeSet;

use super::body::{Media, schema_of};
use super::schema::Lowering;
use crate::diagnostics::{Diagnostic, Pointer, codes};
use crate::ir::{Arm, Docs, Event, Incoming, Origin, Parent, Role, Shape, Tag, TypeId, Types, Union, Use};

/// Every request of the service that delivers JSON. Others have nothing to be typed, and are told.
pub(super) fn requests(lowering: &mut Lowering<'_>) -> Vec<Incoming> {
    let document = lowering.document;
    let mut requests = Vec::with_capacity(document.incoming.len());
    for stated in &document.incoming {
        let what = if stated.callback.is_some() { "callback" } else { "webhook" };
        let said = &stated.operation;
        let Some(body) = &said.request_body else {
            lowering.diagnostics.push(
                Diagnostic::note(codes::IGNORED_PART, format!("the {what} `{}` delivers no body", stated.name))
                    .at_key(&stated.pointer, "left out: there is nothing to read"),
            );
            continue;
        };
        let Some((pointer, body)) = document.follow(&stated.pointer.join("requestBody"), body, lowering.diagnostics)
        else {
            continue;
        };
        let mut offered: Vec<(&String, _)> = body
            .content
            .iter()
            .filter(|(media, _)| Media::of(media).is_none_or(|media| media == Media::Json))
            .collect();
        offered.sort_by_key(|(media, _)| (media.len(), *media));
        let content = pointer.join("content");
        let schema = offered.first().and_then(|(written, media)| schema_of(lowering, &content.join(written), media));
        let Some(schema) = schema else {
            lowering.diagnostics.push(
                Diagnostic::note(
                    codes::IGNORED_PART,
                    format!("the {what} `{}` delivers no described JSON", stated.name),
                )
                .at(&pointer, "left out: its body has no type"),
            );
            continue;
        };
        let origin =
            Origin::Inline { parent: Parent::Named(stated.name.clone()), role: Role::Field("payload".to_owned()) };
        requests.push(Incoming {
            name: stated.name.clone(),
            callback: stated.callback.as_ref().map(|(operation, expression)| {
                let mut tokens = operation.tokens().skip(1);
                let path = tokens.next().unwrap_or_default();
                let method = tokens.next().unwrap_or_default().to_uppercase();
                (format!("{method} {path}"), expression.clone())
            }),
            method: stated.method.to_uppercase(),
            summary: said.summary.clone(),
            docs: Docs { description: said.description.clone(), deprecated: said.deprecated, ..Docs::default() },
            payload: lowering.mention(schema, origin),
            pointer: stated.pointer.as_str().to_owned(),
        });
    }
    requests
}

/// The union of what all webhooks deliver. Only where one field tells them apart for certain: each payload has it, always, with one
/// value that no other has.
pub(super) fn event(types: &mut Types, incoming: &[Incoming]) -> Option<Event> {
    let webhooks: Vec<&Incoming> = incoming.iter().filter(|request| request.callback.is_none()).collect();
    let fields = tags(types, webhooks.first()?.payload);
    let (field, values) = fields.into_iter().map(|(field, _)| field).find_map(|field| {
        let values: Option<Vec<String>> = webhooks
            .iter()
            .map(|webhook| {
                tags(types, webhook.payload).into_iter().find(|(name, _)| *name == field).map(|(_, value)| value)
            })
            .collect();
        let values = values?;
        (values.iter().collect::<BTreeSet<_>>().len() == webhooks.len()).then_some((field, values))
    })?;
    let ends: BTreeSet<TypeId> = webhooks.iter().map(|webhook| types.resolve(webhook.payload).ty).collect();
    if webhooks.len() < 2 || ends.len() < webhooks.len() {
        return None;
    }
    let arms = webhooks
        .iter()
        .map(|webhook| Arm { used: Use { nullable: false, ..webhook.payload }, hint: Some(webhook.name.clone()) })
        .collect();
    let mut values: Vec<(String, usize)> = values.into_iter().enumerate().map(|(arm, value)| (value, arm)).collect();
    values.sort();
    let tag = Tag { field, values };
    let origin = Origin::Inline { parent: Parent::Named("webhook".to_owned()), role: Role::Field("event".to_owned()) };
    let ty = types.reserve(origin, Pointer::from_canonical("/webhooks"));
    let event = types.get_mut(ty);
    event.docs.description = Some("What any of the webhooks delivers.".to_owned());
    event.shape = Shape::Union(Union { arms, tag: Some(tag), open: true });
    Some(Event { used: Use { ty, nullable: false } })
}

/// The fields of a payload that always have one and the same text, with that text.
fn tags(types: &Types, payload: Use) -> Vec<(String, String)> {
    let Shape::Record(record) = &types.get(types.resolve(payload).ty).shape else { return Vec::new() };
    let only = |used: Use| match &types.get(types.resolve(used).ty).shape {
        Shape::Enumeration(listed) => match listed.values.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        },
        _ => None,
    };
    let required = record.fields.iter().filter(|field| field.required);
    required.filter_map(|field| Some((field.name.clone(), only(field.used)?))).collect()
}
