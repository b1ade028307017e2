//! Which headers does a part of a multipart body have?

use openapiv3::{Encoding, ParameterSchemaOrContent, ReferenceOr};

use super::describe;
use super::parameter::only_value;
use super::schema::Lowering;
use crate::diagnostics::Pointer;
use crate::ir::{FormField, FormPart, Origin, Parent, Role, Use};

/// What the form itself says of a part, or the encoding says elsewhere (OpenAPI 3.1, 4.8.15.1).
const NOT_HERE: [&str; 4] = ["content-type", "content-disposition", "content-id", "content-transfer-encoding"];

/// Adds a part to a form, and before it a field for each header that the encoding describes. One that has only one value is sent
/// without being asked for. Each file of several may have its own: those are told, and set where the file is made.
pub(super) fn add_with_headers(
    lowering: &mut Lowering<'_>,
    mut part: FormField,
    encoding: Option<(&Pointer, &Encoding)>,
    position: usize,
    fields: &mut Vec<FormField>,
) {
    let Some((pointer, encoding)) = encoding else { return fields.push(part) };
    let mut names: Vec<&String> = encoding.headers.keys().collect();
    names.sort();
    for name in names.into_iter().filter(|name| !NOT_HERE.contains(&name.to_ascii_lowercase().as_str())) {
        let at = pointer.join("headers").join(name);
        let found = lowering.document.follow(&at, &encoding.headers[name], lowering.diagnostics);
        let Some((_, header)) = found else { continue };
        let ParameterSchemaOrContent::Schema(ReferenceOr::Reference { reference }) = &header.format else { continue };
        let schema = Pointer::from_reference(reference).and_then(|pointer| lowering.document.schemas.at(&pointer));
        let Some(schema) = schema else { continue };
        if let Some(fixed) = only_value(lowering, schema).filter(|_| header.required) {
            part.fixed_headers.push((name.clone(), fixed));
            continue;
        }
        if part.part == FormPart::Files {
            part.each_has.push(name.clone());
            continue;
        }
        lowering.room.take_parts(1);
        let word = format!("{}.{name}", part.name);
        let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Parameter(word.clone()) };
        let mut docs = lowering.object(schema).map(describe::docs).unwrap_or_default();
        let what = format!("The header `{name}` of the part `{}`.", part.name);
        let said = header.description.or(docs.description);
        docs.description = Some(said.map_or(what.clone(), |said| format!("{said}\n\n{what}")));
        docs.deprecated |= header.deprecated.unwrap_or_default();
        fields.push(FormField {
            name: word,
            required: part.required && header.required,
            part: FormPart::Text(Use { nullable: false, ..lowering.mention(schema, origin) }),
            media_type: None,
            header: Some(name.clone()),
            fixed_headers: Vec::new(),
            each_has: Vec::new(),
            docs,
        });
    }
    fields.push(part);
}
