//! How much may a document come to?
//!
//! References let a small document say a large one: the fields of one schema in each of thousands of others, the credentials of
//! all on each operation. What people write comes to a few times its size; what comes to hundreds of times is refused as a whole,
//! before it costs anybody's memory.

use super::link;
use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};
use crate::ir::Operation;
use crate::load::{Document, SchemaObject};

/// What any document may come to, and what each of its schemas adds. No public document that was tried uses a tenth of it.
const LEAST: usize = 4_000_000;
const PER_SCHEMA: usize = 40;
const PER_OPERATION: usize = 400;
/// What a part costs that is named, planned and spelled, where laying a keyword over another one costs 1.
const PART: usize = 32;
/// A method each; the largest public description, Microsoft Graph's, has two thirds of it.
const MOST_OPERATIONS: usize = 30_000;
/// How many bytes of documentation are as much as a part.
const TEXT: usize = 256;

/// What is left of that.
#[derive(Debug)]
pub(super) struct Room {
    left: usize,
    operations: usize,
    told: bool,
}

impl Room {
    /// The room of a document.
    pub(super) fn of(document: &Document) -> Self {
        let own = document.schemas.len() * PER_SCHEMA + document.operations.len() * PER_OPERATION;
        Self { left: LEAST + own, operations: 0, told: false }
    }

    /// Takes what it costs to lay the keywords of a schema over others; `false` if that is not left.
    pub(super) fn take_keywords(&mut self, schema: &SchemaObject) -> bool {
        self.take(
            1 + schema.properties.len()
                + schema.required.len()
                + schema.enumeration.as_ref().map_or(0, Vec::len)
                + schema.pattern_properties.len()
                + schema.one_of.len()
                + schema.any_of.len(),
        )
    }

    /// Takes what fields, alternatives and the like cost from here on.
    pub(super) fn take_parts(&mut self, count: usize) {
        self.take(count.saturating_mul(PART));
    }

    /// Takes what an operation costs from here on.
    pub(super) fn take_operation(&mut self, operation: &Operation) {
        self.operations += 1;
        let texts = operation.parameters.iter().map(|parameter| &parameter.docs.description);
        let texts = texts.chain(operation.headers.iter().map(|header| &header.docs.description));
        let texts: usize = texts.flatten().map(String::len).sum();
        let answers: usize = operation.answers.iter().map(|answer| answer.description.len()).sum();
        let credentials: usize = operation.security.iter().map(|names| 1 + names.len()).sum();
        self.take_parts(
            1 + operation.parameters.len()
                + operation.headers.len()
                + operation.answers.len()
                + operation.alternatives.len()
                + credentials
                + (texts + answers) / TEXT,
        );
    }

    /// Takes what links cost from here on.
    pub(super) fn take_links(&mut self, links: &[link::Stated]) {
        let (parts, text) = link::size(links);
        self.take_parts(parts + text / TEXT);
    }

    /// Whether nothing is left, which is told once.
    pub(super) fn is_used_up(&mut self, at: &Pointer, diagnostics: &mut Diagnostics) -> bool {
        let many = self.operations >= MOST_OPERATIONS;
        if self.left > 0 && !many {
            return false;
        }
        if self.told {
            return true;
        }
        self.told = true;
        let said = if many {
            Diagnostic::error(codes::GROWS, format!("more than {MOST_OPERATIONS} operations"))
        } else {
            Diagnostic::error(codes::GROWS, "this document says something so often that it grows without measure")
                .help("what many refer to is repeated in each: fields by `allOf`, and what holds for every operation")
        };
        diagnostics.push(
            said.at(at, "nothing is read from here on")
                .help("select what you need, in client.toml: [select] operations = [\"…\"]"),
        );
        true
    }

    fn take(&mut self, cost: usize) -> bool {
        self.left = self.left.saturating_sub(cost);
        self.left > 0
    }
}
