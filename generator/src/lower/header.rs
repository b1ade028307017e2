//! Which headers come with an answer?

use std::collections::HashSet;

use openapiv3::{ParameterSchemaOrContent, ReferenceOr, Response};

use super::describe;
use super::schema::Lowering;
use crate::diagnostics::Pointer;
use crate::ir::{Header, Origin, Parent, Role};

/// Adds the described headers of an answer; of two answers' headers of one name, the first counts.
pub(super) fn of_answer(
    lowering: &mut Lowering<'_>,
    pointer: &Pointer,
    response: &Response,
    position: usize,
    headers: &mut Vec<Header>,
) {
    let mut known: HashSet<String> = headers.iter().map(|header| header.name.to_ascii_lowercase()).collect();
    let mut names: Vec<_> = response.headers.keys().collect();
    names.sort();
    for name in names {
        // Described beside them, the content type is ignored (OpenAPI 3.1, 4.8.17).
        if name.eq_ignore_ascii_case("content-type") || known.contains(&name.to_ascii_lowercase()) {
            continue;
        }
        let at = pointer.join("headers").join(name);
        let found = lowering.document.follow(&at, &response.headers[name], lowering.diagnostics);
        let Some((_, header)) = found else { continue };
        let ParameterSchemaOrContent::Schema(ReferenceOr::Reference { reference }) = &header.format else { continue };
        let schema = Pointer::from_reference(reference).and_then(|pointer| lowering.document.schemas.at(&pointer));
        let Some(schema) = schema else { continue };
        let origin = Origin::Inline { parent: Parent::Operation(position), role: Role::Field(name.clone()) };
        let mut docs = lowering.object(schema).map(describe::docs).unwrap_or_default();
        docs.description = header.description.or(docs.description);
        docs.deprecated |= header.deprecated.unwrap_or_default();
        known.insert(name.to_ascii_lowercase());
        headers.push(Header { name: name.clone(), used: lowering.mention(schema, origin), docs });
    }
}
