//! What does the user know better than the document?
//!
//! Asked once the document's meaning is worked out, since required-ness is meaning; names and types of the user's own are the plan's.

use std::collections::BTreeSet;

use crate::diagnostics::{Diagnostic, Diagnostics, codes};
use crate::ir::{Api, Origin, Parent, Payload, Role, Shape, TypeId, Use};
use crate::load::nearest;
use crate::settings::{SchemaSettings, Settings};

/// Follows what `client.toml` says of properties, and tells the properties and formats that do not exist.
pub(crate) fn apply(api: &mut Api, settings: &Settings, diagnostics: &mut Diagnostics) {
    for (name, setting) in settings.schemas.iter().filter(|(_, setting)| !setting.properties.is_empty()) {
        let mut known: Option<Vec<String>> = None;
        let ids: Vec<_> = api.types.iter().filter(|(_, ty)| is(&ty.origin, name)).map(|(id, _)| id).collect();
        for id in ids {
            if let Shape::Record(record) = &mut api.types.get_mut(id).shape {
                for field in &mut record.fields {
                    require(setting, &field.name, &mut field.required);
                }
                // Required fields come first; those of each kind keep their order.
                record.fields.sort_by_key(|field| !field.required);
                known.get_or_insert_default().extend(record.fields.iter().map(|field| field.name.clone()));
            }
        }
        for operation in &mut api.operations {
            for payload in operation.body.iter_mut().flat_map(crate::ir::Body::payloads_mut) {
                let Payload::Multipart(form) = payload else { continue };
                if form.component.as_ref() != Some(name) {
                    continue;
                }
                for field in &mut form.fields {
                    require(setting, &field.name, &mut field.required);
                }
                known.get_or_insert_default().extend(form.fields.iter().map(|field| field.name.clone()));
            }
        }
        tell_unknown(name, setting, known.as_deref(), diagnostics);
    }
    keep_unknown_fields(api, settings);
    exhaust(api, settings, diagnostics);
    tell_unknown_formats(api, settings, diagnostics);
}

/// Gives records a place for the fields that the document does not list.
fn keep_unknown_fields(api: &mut Api, settings: &Settings) {
    let keeps = |origin: &Origin| {
        let setting = match origin {
            Origin::Component(name) => settings.schemas.get(name).and_then(|setting| setting.keep_unknown_fields),
            Origin::Inline { .. } => None,
        };
        setting.unwrap_or(settings.types.keep_unknown_fields)
    };
    let ids: Vec<TypeId> = api
        .types
        .iter()
        .filter(|(_, ty)| matches!(&ty.shape, Shape::Record(record) if record.rest.is_none()) && keeps(&ty.origin))
        .map(|(id, _)| id)
        .collect();
    for id in ids {
        let origin = Origin::Inline { parent: Parent::Type(id), role: Role::Value };
        let pointer = api.types.get(id).pointer.clone();
        let anything = api.types.reserve(origin, pointer);
        if let Shape::Record(record) = &mut api.types.get_mut(id).shape {
            record.rest = Some(Use { ty: anything, nullable: false });
        }
    }
}

/// Closes the lists of words and the unions of which the user knows that nothing will ever be added.
fn exhaust(api: &mut Api, settings: &Settings, diagnostics: &mut Diagnostics) {
    for (name, setting) in settings.schemas.iter().filter(|(_, setting)| setting.exhaustive) {
        let ids: Vec<TypeId> = api.types.iter().filter(|(_, ty)| is(&ty.origin, name)).map(|(id, _)| id).collect();
        let mut closed = false;
        for id in ids {
            match &mut api.types.get_mut(id).shape {
                Shape::Enumeration(listed) => {
                    listed.open = false;
                    closed = true;
                }
                Shape::Union(union) => {
                    union.open = false;
                    closed = true;
                }
                _ => {}
            }
        }
        if !closed {
            diagnostics.push(
                Diagnostic::error(codes::SETTINGS_CONFLICT, format!("`{name}` is no list of words and no union"))
                    .at_settings(&setting.span, "so nothing about it can be exhaustive"),
            );
        }
    }
}

fn is(origin: &Origin, name: &str) -> bool {
    matches!(origin, Origin::Component(component) if component == name)
}

fn require(setting: &SchemaSettings, field: &str, required: &mut bool) {
    if let Some(said) = setting.properties.get(field).and_then(|property| property.required) {
        *required = said;
    }
}

fn tell_unknown(name: &str, setting: &SchemaSettings, known: Option<&[String]>, diagnostics: &mut Diagnostics) {
    for (property, said) in &setting.properties {
        let Some(known) = known else {
            diagnostics.push(
                Diagnostic::error(
                    codes::SETTINGS_UNMATCHED,
                    format!("no operation reaches a schema `{name}` with fields"),
                )
                .at_settings(&said.span, format!("so it has no property `{property}`")),
            );
            continue;
        };
        if known.iter().any(|known| known == property) {
            continue;
        }
        let error =
            Diagnostic::error(codes::SETTINGS_UNMATCHED, format!("the schema `{name}` has no property `{property}`"));
        diagnostics.push(match nearest(property, known.iter().map(String::as_str)) {
            Some(meant) => error.at_settings(&said.span, format!("did you mean `{meant}`?")),
            None => error.at_settings(&said.span, "named here"),
        });
    }
}

fn tell_unknown_formats(api: &Api, settings: &Settings, diagnostics: &mut Diagnostics) {
    let known: BTreeSet<&str> = api.types.iter().filter_map(|(_, ty)| ty.format.as_deref()).collect();
    for (format, setting) in settings.formats.iter().filter(|(format, _)| !known.contains(format.as_str())) {
        let error = Diagnostic::error(
            codes::SETTINGS_UNMATCHED,
            format!("no operation reaches a value of the format `{format}`"),
        );
        diagnostics.push(match nearest(format, known.iter().copied()) {
            Some(meant) => error.at_settings(&setting.span, format!("did you mean `{meant}`?")),
            None => error.at_settings(&setting.span, "named here"),
        });
    }
}
