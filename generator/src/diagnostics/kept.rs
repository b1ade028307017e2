//! How is what a run said kept, so that a run with nothing to do says it again?
//!
//! Places are kept as bytes, since to find them anew would take reading the whole document.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Code, Diagnostic, Diagnostics, Label, Mark, Place, Pointer, Severity, Source};

/// What a run said.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    said: Vec<Said>,
    /// The texts that places are in, by what they are to the document.
    texts: Vec<(Role, String)>,
}

/// What a text is to the document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Role {
    /// It is the document.
    Document,
    /// The document refers to it, by this name.
    Part(String),
    /// It is `client.toml`.
    Settings,
}

#[derive(Debug, Serialize, Deserialize)]
struct Said {
    severity: Severity,
    code: Code,
    message: String,
    labels: Vec<(Spot, String)>,
    helps: Vec<String>,
    subject: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Spot {
    Document { pointer: String, mark: Mark, origin: String, range: Option<Range<usize>> },
    Input(Range<usize>),
    Part(String, Range<usize>),
    Settings(Range<usize>),
    File(String),
}

impl Kept {
    /// What was said so far.
    pub(crate) fn of(diagnostics: &Diagnostics) -> Self {
        let sources = &diagnostics.sources;
        let mut texts: Vec<(Role, String)> = Vec::new();
        let mut said = Vec::new();
        for (diagnostic, subject) in diagnostics.with_subjects() {
            let mut labels = Vec::new();
            for Label { place, text } in &diagnostic.labels {
                let found = sources.find(place);
                let (spot, role) = match place {
                    Place::Document(pointer, mark) => {
                        let origin = sources.origin(pointer);
                        let role = origin.file().map_or(Role::Document, |file| Role::Part(file.into_owned()));
                        let spot = Spot::Document {
                            pointer: pointer.as_str().to_owned(),
                            mark: *mark,
                            origin: origin.as_str().to_owned(),
                            range: found.as_ref().map(|(_, range)| range.clone()),
                        };
                        (spot, Some(role))
                    }
                    Place::Input(range) => (Spot::Input(range.clone()), Some(Role::Document)),
                    Place::Part(file, range) => {
                        (Spot::Part(file.clone(), range.clone()), Some(Role::Part(file.clone())))
                    }
                    Place::Settings(range) => (Spot::Settings(range.clone()), Some(Role::Settings)),
                    Place::File(name) => (Spot::File(name.clone()), None),
                };
                if let (Some(role), Some((source, _))) = (role, found)
                    && texts.iter().all(|(known, _)| *known != role)
                {
                    texts.push((role, source.name().to_owned()));
                }
                labels.push((spot, text.clone()));
            }
            said.push(Said {
                severity: diagnostic.severity,
                code: diagnostic.code,
                message: diagnostic.message.clone(),
                labels,
                helps: diagnostic.helps.clone(),
                subject: subject.map(|subject| subject.as_str().to_owned()),
            });
        }
        Self { said, texts }
    }

    /// What was said, with the texts that `open` gives by their roles and names; `None` where one is missing.
    pub(crate) fn restore(self, open: &dyn Fn(&Role, &str) -> Option<Source>) -> Option<Diagnostics> {
        let mut diagnostics = Diagnostics::new();
        let mut texts: HashMap<Role, Source> = HashMap::new();
        for (role, name) in self.texts {
            let source = open(&role, &name)?;
            texts.insert(role, source);
        }
        for said in self.said {
            let mut labels = Vec::new();
            for (spot, text) in said.labels {
                let place = match spot {
                    Spot::Document { pointer, mark, origin, range } => {
                        let (pointer, origin) = (Pointer::from_canonical(&pointer), Pointer::from_canonical(&origin));
                        let role = origin.file().map_or(Role::Document, |file| Role::Part(file.into_owned()));
                        if let (Some(range), Some(source)) = (range, texts.get_mut(&role)) {
                            source.place(Pointer::from_canonical(origin.inside_file()), mark, range);
                        }
                        diagnostics.sources.overlaid.record(pointer.clone(), origin);
                        Place::Document(pointer, mark)
                    }
                    Spot::Input(range) => Place::Input(range),
                    Spot::Part(file, range) => Place::Part(file, range),
                    Spot::Settings(range) => Place::Settings(range),
                    Spot::File(name) => Place::File(name),
                };
                labels.push(Label { place, text });
            }
            diagnostics.concerning(said.subject.as_deref().map(Pointer::from_canonical).as_ref());
            diagnostics.push(Diagnostic {
                severity: said.severity,
                code: said.code,
                message: said.message,
                labels,
                helps: said.helps,
            });
        }
        diagnostics.concerning(None);
        for (role, source) in texts {
            match role {
                Role::Document => diagnostics.sources.document = Some(source),
                Role::Settings => diagnostics.sources.settings = Some(source),
                Role::Part(name) => drop(diagnostics.sources.files.insert(name, source)),
            }
        }
        Some(diagnostics)
    }
}
