//! Which values does an operation take outside its body?

use std::collections::BTreeMap;

use openapiv3::{Parameter as Said, ParameterSchemaOrContent, PathStyle, QueryStyle, ReferenceOr};

use super::body::Media;
use super::describe;
use super::schema::Lowering;
use crate::diagnostics::{Diagnostic, Pointer, codes};
use crate::ir::{Docs, Origin, Parameter, ParameterLocation, ParameterStyle, Parent, Role, Shape, TextKind, Use};
use crate::load::{PathOperation, SchemaId};

/// The parameters of an operation, those set apart that the runtime sends by itself.
pub(super) struct Parameters {
    pub sent: Vec<Parameter>,
    pub accept: Option<String>,
    pub idempotency_header: Option<String>,
}

/// The parameters of an operation with those of its path.
pub(super) fn of_operation(lowering: &mut Lowering<'_>, stated: &PathOperation, position: usize) -> Parameters {
    let own = stated.operation.parameters.iter().enumerate();
    let own = own.map(|(index, parameter)| (stated.pointer.join("parameters").index(index), parameter.clone()));
    // In the document's order: a list has one, and a reader of the document expects the arguments to follow it.
    let mut stated_once: Vec<Option<(ParameterLocation, String, Pointer, Said)>> = Vec::new();
    let mut known: BTreeMap<(ParameterLocation, String), usize> = BTreeMap::new();
    for (pointer, parameter) in stated.shared_parameters.iter().cloned().chain(own) {
        let Some((pointer, said)) = lowering.document.follow(&pointer, &parameter, lowering.diagnostics) else {
            continue;
        };
        let (location, name) = (location(&said), said.parameter_data_ref().name.clone());
        // An operation's parameter replaces one of its path with the same name and location (OpenAPI 3.1, 4.8.10).
        let at = *known.entry((location, name.clone())).or_insert(stated_once.len());
        let stated = Some((location, name, pointer, said));
        match stated_once.get_mut(at) {
            Some(known) => *known = stated,
            None => stated_once.push(stated),
        }
    }

    let mut parameters = Parameters { sent: Vec::new(), accept: None, idempotency_header: None };
    let mut undeclared = Vec::new();
    let holes = holes(&stated.path);
    for hole in &holes {
        let at = known.get(&(ParameterLocation::Path, hole.clone()));
        let Some((.., pointer, said)) = at.and_then(|&at| stated_once.get_mut(at)?.take()) else {
            undeclared.push(format!("`{{{hole}}}`"));
            let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Parameter(hole.clone()) };
            let used = lowering.plain(Shape::Text(TextKind::Plain), origin, &stated.pointer);
            parameters.sent.push(Parameter {
                name: hole.clone(),
                location: ParameterLocation::Path,
                style: ParameterStyle::Default,
                reserved: false,
                required: true,
                used,
                fixed: None,
                docs: Docs::default(),
            });
            continue;
        };
        parameters.sent.push(parameter(lowering, &pointer, &said, position));
    }
    tell_undeclared(lowering, stated, &undeclared);
    for (location, name, pointer, said) in stated_once.into_iter().flatten() {
        if location == ParameterLocation::Path {
            lowering.diagnostics.push(
                Diagnostic::warning(codes::UNUSED_PARAMETER, format!("`{name}` does not occur in `{}`", stated.path))
                    .at(&pointer, "left out"),
            );
            continue;
        }
        if location == ParameterLocation::Header && header(lowering, &mut parameters, &name, &pointer, &said, stated) {
            continue;
        }
        parameters.sent.push(parameter(lowering, &pointer, &said, position));
    }
    parameters
}

/// Tells of the `{…}` of a path that are no parameter, in one sentence: a path may have any number.
fn tell_undeclared(lowering: &mut Lowering<'_>, stated: &PathOperation, undeclared: &[String]) {
    const SHOWN: usize = 3;
    let said = match undeclared {
        [] => return,
        [only] => format!("{only} is declared nowhere"),
        several => {
            let shown = several.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = several.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{shown}{more} are declared nowhere")
        }
    };
    lowering.diagnostics.push(
        Diagnostic::warning(codes::PATH_PARAMETER, said)
            .at_key(&stated.pointer, if undeclared.len() == 1 { "taken as a text" } else { "taken as texts" }),
    );
}

/// Whether the runtime sends this header by itself, so that it is no parameter of the method.
fn header(
    lowering: &mut Lowering<'_>,
    parameters: &mut Parameters,
    name: &str,
    pointer: &Pointer,
    said: &Said,
    stated: &PathOperation,
) -> bool {
    let ignored = match name.to_ascii_lowercase().as_str() {
        "idempotency-key" => {
            parameters.idempotency_header = Some(name.to_owned());
            return true;
        }
        "accept" => {
            // OpenAPI says to ignore it, yet there are services that refuse any other value than the one they document.
            let words = schema_of(lowering, pointer, said).map(|schema| words(lowering, schema)).unwrap_or_default();
            match words.as_slice() {
                [] => {}
                [only] => {
                    parameters.accept = Some(only.clone());
                    return true;
                }
                // The caller chooses which of the documented media types is answered.
                _ => return false,
            }
            "derived from the answers"
        }
        "content-type" => "derived from the body",
        // Where no security scheme says how to prove who calls, the parameter is the only way to do it.
        "authorization" if stated.operation.security.is_some() || lowering.document.security.is_some() => {
            "sent by the credentials"
        }
        _ => return false,
    };
    lowering.diagnostics.push(
        Diagnostic::note(codes::IGNORED_PART, format!("the header `{name}` is {ignored}"))
            .at(pointer, "so it is no parameter of the method"),
    );
    true
}

fn parameter(lowering: &mut Lowering<'_>, pointer: &Pointer, said: &Said, position: usize) -> Parameter {
    let data = said.parameter_data_ref();
    let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Parameter(data.name.clone()) };
    let schema = schema_of(lowering, pointer, said);
    let used = match schema {
        Some(schema) => lowering.mention(schema, origin),
        None => lowering.plain(Shape::Text(TextKind::Plain), origin, pointer),
    };
    let mut docs = schema.and_then(|schema| lowering.object(schema)).map(describe::docs).unwrap_or_default();
    if let Some(description) = &data.description {
        docs.description = Some(description.clone());
    }
    docs.deprecated |= data.deprecated.unwrap_or(false);
    let location = location(said);
    let fixed = schema.and_then(|schema| only_value(lowering, schema)).filter(|_| data.required);
    let mut style = style(said);
    if let ParameterSchemaOrContent::Content(content) = &data.format {
        match content.keys().next().map(|media| Media::of(media)) {
            Some(Some(Media::Json)) => style = ParameterStyle::Json,
            Some(Some(Media::Text)) => {}
            _ => lowering.diagnostics.push(
                Diagnostic::warning(
                    codes::UNSUPPORTED_PARAMETER,
                    format!("`{}` is a parameter with a media type", data.name),
                )
                .at(pointer, "written as a plain parameter, not as that media type"),
            ),
        }
    }
    Parameter {
        name: data.name.clone(),
        location,
        style,
        reserved: matches!(said, Said::Query { allow_reserved: true, .. }),
        required: data.required || location == ParameterLocation::Path,
        used: Use { nullable: used.nullable && location != ParameterLocation::Path, ..used },
        fixed,
        docs,
    }
}

fn location(said: &Said) -> ParameterLocation {
    match said {
        Said::Query { .. } => ParameterLocation::Query,
        Said::Header { .. } => ParameterLocation::Header,
        Said::Path { .. } => ParameterLocation::Path,
        Said::Cookie { .. } => ParameterLocation::Cookie,
    }
}

fn style(said: &Said) -> ParameterStyle {
    let explode = said.parameter_data_ref().explode;
    match said {
        Said::Query { style, .. } => match (style, explode) {
            (QueryStyle::Form, Some(false)) => ParameterStyle::Comma,
            (QueryStyle::SpaceDelimited, Some(false) | None) => ParameterStyle::Space,
            (QueryStyle::PipeDelimited, Some(false) | None) => ParameterStyle::Pipe,
            (QueryStyle::DeepObject, _) => ParameterStyle::Deep,
            (QueryStyle::Form | QueryStyle::SpaceDelimited | QueryStyle::PipeDelimited, _) => ParameterStyle::Default,
        },
        Said::Path { style, .. } => match (style, explode == Some(true)) {
            (PathStyle::Simple, false) => ParameterStyle::Default,
            (PathStyle::Simple, true) => ParameterStyle::Exploded,
            (PathStyle::Label, false) => ParameterStyle::Label,
            (PathStyle::Label, true) => ParameterStyle::LabelExploded,
            (PathStyle::Matrix, false) => ParameterStyle::Matrix,
            (PathStyle::Matrix, true) => ParameterStyle::MatrixExploded,
        },
        Said::Header { .. } if explode == Some(true) => ParameterStyle::Exploded,
        Said::Header { .. } | Said::Cookie { .. } => ParameterStyle::Default,
    }
}

/// The schema of a parameter, that of its only media type included.
fn schema_of(lowering: &Lowering<'_>, pointer: &Pointer, said: &Said) -> Option<SchemaId> {
    match &said.parameter_data_ref().format {
        ParameterSchemaOrContent::Schema(ReferenceOr::Reference { reference }) => {
            lowering.document.schemas.at(&Pointer::from_reference(reference)?)
        }
        ParameterSchemaOrContent::Schema(ReferenceOr::Item(_)) => lowering.document.schemas.at(&pointer.join("schema")),
        ParameterSchemaOrContent::Content(content) => {
            let (media, _) = content.first()?;
            lowering.document.schemas.at(&pointer.join("content").join(media).join("schema"))
        }
    }
}

/// The only text that a schema admits.
pub(super) fn only_value(lowering: &mut Lowering<'_>, schema: SchemaId) -> Option<String> {
    let mut words = words(lowering, schema);
    (words.len() == 1).then(|| words.remove(0))
}

/// The texts that a schema lists.
fn words(lowering: &mut Lowering<'_>, schema: SchemaId) -> Vec<String> {
    let merged = lowering.merge(&[schema], true);
    match super::scalar::listed(&merged) {
        Some(Shape::Enumeration(listed)) => listed.values,
        _ => Vec::new(),
    }
}

/// The names between braces in a path template, in order, each once.
pub(super) fn holes(path: &str) -> Vec<String> {
    let mut holes: Vec<String> = Vec::new();
    let mut rest = path;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        if !name.is_empty() && !holes.iter().any(|known| known == name) {
            holes.push(name.to_owned());
        }
        rest = after;
    }
    holes
}

#[cfg(test)]
mod tests {
    use super::holes;

    #[test]
    fn holes_are_found_in_order_and_once() {
        assert_eq!(holes("/a/{b}/c{d}.{b}"), ["b", "d"]);
        assert_eq!(holes("/a/{b"), [""; 0]);
        assert_eq!(holes("/{}"), [""; 0]);
    }
}
