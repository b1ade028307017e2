//! What does a schema say that a type cannot?

use super::schema::Lowering;
use crate::diagnostics::{Diagnostic, Diagnostics, codes};
use crate::load::{Document, JsonType, Schema, SchemaId, SchemaObject};

/// Something that a schema says and its type does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Untyped {
    Not,
    If,
    DependentSchemas,
    Contains,
    PropertyNames,
    /// A list whose first items have types of their own, and of which nobody knows how many there are.
    Tuple,
    /// Of the values that parts of an `allOf` list, none is in all.
    Listed,
}

/// What a schema itself says beyond its type.
pub(super) fn of(document: &Document, schema: &SchemaObject) -> Vec<Untyped> {
    let mut found = Vec::new();
    let mut add = |said: bool, what: Untyped| found.extend(said.then_some(what));
    add(schema.not.is_some(), Untyped::Not);
    // Without `then` and `else`, an `if` says nothing (JSON Schema 2020-12, 10.2.2.1).
    let [condition, then, otherwise] = schema.conditions;
    add(condition.is_some() && (then.is_some() || otherwise.is_some()), Untyped::If);
    add(!schema.dependent_schemas.is_empty(), Untyped::DependentSchemas);
    add(schema.contains.is_some(), Untyped::Contains);
    add(schema.property_names.is_some_and(|names| !bounds_texts(document, names)), Untyped::PropertyNames);
    found
}

/// Whether a schema of names says no more of them than what bounds texts.
fn bounds_texts(document: &Document, names: SchemaId) -> bool {
    match &document.schemas.get(names).schema {
        Schema::Boolean(admits) => *admits,
        Schema::Object(schema) => {
            schema.types.iter().all(|ty| *ty == JsonType::String)
                && schema.enumeration.is_none()
                && schema.constant.is_none()
                && schema.any_of.is_empty()
                && schema.one_of.is_empty()
                && schema.all_of.is_empty()
                && schema.not.is_none()
        }
    }
}

impl Lowering<'_> {
    /// Tells what types leave out, once for each schema.
    pub(super) fn tell_untyped(&mut self, said: &[(SchemaId, Untyped)]) {
        for &(id, what) in said {
            if self.told.insert((id, what)) {
                tell(self.document, id, what, self.diagnostics);
            }
        }
    }
}

fn tell(document: &Document, id: SchemaId, what: Untyped, diagnostics: &mut Diagnostics) {
    let pointer = &document.schemas.get(id).pointer;
    let note = |keyword: &str, label: &str| {
        let said = format!("`{keyword}` does not change a type");
        Diagnostic::note(codes::IGNORED_KEYWORD, said).at_key(&pointer.join(keyword), label)
    };
    diagnostics.push(match what {
        Untyped::Not => note("not", "values are not checked against it"),
        Untyped::If => note("if", "what depends on it is a field of any JSON value"),
        Untyped::DependentSchemas => note("dependentSchemas", "what depends on it is a field of any JSON value"),
        Untyped::Contains => note("contains", "values are not checked against it"),
        Untyped::PropertyNames => {
            note("propertyNames", "`validate()` checks lengths and patterns of names, and no more")
        }
        Untyped::Tuple => {
            let said = "a tuple of any length is a list of any JSON values";
            Diagnostic::note(codes::IGNORED_KEYWORD, said).at(
                pointer,
                "with as many `minItems`, and `items: false` or as many `maxItems`, it is a tuple of up to 12",
            )
        }
        Untyped::Listed => {
            let said = "no value is in all the lists of this `allOf`";
            Diagnostic::warning(codes::CONTRADICTORY_SCHEMA, said)
                .at(pointer, "the last one is what the type is made of")
        }
    });
}
