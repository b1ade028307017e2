//! What is there to say about a document, and where?
//!
//! Diagnostics are collected, never thrown: each stage pushes what it found into one [`Diagnostics`] and goes on with what
//! remains. Lines and columns are looked up only when something is rendered.

pub mod codes;
mod json;
mod kept;
mod moves;
mod pointer;
mod render;
mod sarif;
mod source;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use codes::{Code, CodeInfo, explain};
pub use json::json;
pub(crate) use kept::{Kept, Role};
pub use moves::Moves;
pub use pointer::Pointer;
pub(crate) use pointer::push_escaped;
pub use render::Renderer;
pub(crate) use render::printable;
pub use sarif::sarif;
pub use source::{Source, SourceKind, Sources, SpanId, SpanKey, SpanTree};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Something was refused or skipped.
    Error,
    /// Something was degraded, or is suspicious.
    Warning,
    /// Something is said in the document and not used.
    Note,
}

impl Severity {
    /// The word that output uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Which half of a `key: value` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mark {
    /// The key.
    Key,
    /// The value; of a value that holds others, its first line.
    Value,
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the document or a file that it refers to, as a tree.
    Document(Pointer, Mark),
    /// In the document, as a text: a range of bytes, for what is said before there is a tree.
    Input(Range<usize>),
    /// In another file, by its name relative to the document: a range of bytes.
    Part(String, Range<usize>),
    /// In `client.toml`: a range of bytes.
    Settings(Range<usize>),
    /// A file as a whole, by the path that the user gave.
    File(String),
}

/// A place, and what is to be said about it in particular.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What; may be empty.
    pub text: String,
}

/// One thing that is to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a diagnostic does nothing until it is pushed"]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Which kind of thing it is.
    pub code: Code,
    /// The one sentence.
    pub message: String,
    /// Where; the first is the primary place.
    pub labels: Vec<Label>,
    /// What was done about it, and what the user can do.
    pub helps: Vec<String>,
}

impl Diagnostic {
    /// Something was refused or skipped.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// Something was degraded, or is suspicious.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// Something is said in the document and not used.
    pub fn note(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    /// A diagnostic of any severity, without a place.
    pub fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        Self { severity, code, message: message.into(), labels: Vec::new(), helps: Vec::new() }
    }

    /// Marks a value in the document. The first place is the primary one.
    pub fn at(self, pointer: &Pointer, label: impl Into<String>) -> Self {
        self.place(Place::Document(pointer.clone(), Mark::Value), label)
    }

    /// Marks the key of a value in the document.
    pub fn at_key(self, pointer: &Pointer, label: impl Into<String>) -> Self {
        self.place(Place::Document(pointer.clone(), Mark::Key), label)
    }

    /// Marks bytes of the document's text.
    pub fn at_input(self, range: Range<usize>, label: impl Into<String>) -> Self {
        self.place(Place::Input(range), label)
    }

    /// Marks bytes of `client.toml`.
    pub fn at_settings(self, range: &Range<usize>, label: impl Into<String>) -> Self {
        self.place(Place::Settings(range.clone()), label)
    }

    /// Says that the places of a text are those of another file, by its name relative to the document.
    pub(crate) fn of_file(mut self, file: &str) -> Self {
        for label in &mut self.labels {
            match &mut label.place {
                Place::Input(range) => label.place = Place::Part(file.to_owned(), range.clone()),
                Place::Document(pointer, _) => *pointer = Pointer::of_file(file).beside(pointer.as_str()),
                _ => {}
            }
        }
        self
    }

    /// Names a file as a whole.
    pub fn in_file(self, path: impl Into<String>) -> Self {
        self.place(Place::File(path.into()), "")
    }

    /// Adds a place of any kind.
    pub fn place(mut self, place: Place, label: impl Into<String>) -> Self {
        self.labels.push(Label { place, text: label.into() });
        self
    }

    /// Says what was done about it, or what the user can do. May be called repeatedly.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(text.into());
        self
    }

    /// What two diagnostics have in common that say the same about different things: the message without what is quoted in it.
    pub fn shape(&self) -> String {
        self.message.split('`').step_by(2).collect::<Vec<_>>().join("`")
    }

    /// The primary place.
    pub fn primary(&self) -> Option<&Place> {
        self.labels.first().map(|label| &label.place)
    }
}

/// Everything that was said in one run, and the texts that it is about.
#[derive(Debug, Default)]
pub struct Diagnostics {
    /// Each with the operation that it was said about.
    collected: Vec<(Diagnostic, Option<Pointer>)>,
    subject: Option<Pointer>,
    /// The texts, kept so that places can be shown.
    pub sources: Sources,
}

impl Diagnostics {
    /// Nothing said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.collected.push((diagnostic, self.subject.clone()));
    }

    /// What follows is said about this operation, wherever in the document the fault itself stands.
    pub fn concerning(&mut self, operation: Option<&Pointer>) {
        self.subject = operation.cloned();
    }

    /// All of them, each with the operation that it was said about.
    pub fn with_subjects(&self) -> impl Iterator<Item = (&Diagnostic, Option<&Pointer>)> {
        self.collected.iter().map(|(diagnostic, subject)| (diagnostic, subject.as_ref()))
    }

    /// Takes back what was said about something that turned out not to matter.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Diagnostic) -> bool) {
        self.collected.retain(|(diagnostic, _)| keep(diagnostic));
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    /// How many there are in all.
    pub fn len(&self) -> usize {
        self.collected.len()
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.collected.is_empty()
    }

    /// All of them, in the order in which they were said.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.collected.iter().map(|(diagnostic, _)| diagnostic)
    }

    /// All of them with the line and column of their primary place, in the order of the files.
    ///
    /// The order depends on the texts and on what was said alone, not on the order in which it was said.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<_> =
            self.iter().map(|diagnostic| (self.sources.order(diagnostic.primary()), diagnostic)).collect();
        all.sort_by(|(at, a), (bt, b)| (at, a.severity, a.code, &a.message).cmp(&(bt, b.severity, b.code, &b.message)));
        let mut all: Vec<_> = all.into_iter().map(|(_, diagnostic)| diagnostic).collect();
        // What is read for two who refer to it is told once.
        all.dedup();
        all
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        for diagnostic in diagnostics {
            self.push(diagnostic);
        }
    }
}
