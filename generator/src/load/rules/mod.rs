//! Which rules of the specification does a document break, though it can be read?
//!
//! Most rules are about one object and are held against it while the walk of `load::split` passes; those that need to know where
//! references lead are held against the whole, once it is known (`references`, `values`).

mod endless;
mod names;
mod objects;
mod paths;
mod references;
mod syntax;
mod types;
mod values;
mod versions;

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::model::{EXAMPLE, Kind, LINK, Shape};
use super::skeleton::Skeleton;
use super::split::Splitter;
use crate::diagnostics::{Diagnostic, Pointer, codes};

/// What the walk notes for the rules that come after it.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// The version that the document states, such as `(3, 1)`; `None` where it states none that is known.
    version: Option<(u32, u32)>,
    /// Each `operationId`, where it was first met and where that is written.
    operation_ids: HashMap<String, (Pointer, Pointer)>,
    /// Lists of more than one parameter.
    parameter_lists: Vec<Pointer>,
    /// Parameters that state a style which not every value can be written in.
    styles: Vec<(Pointer, String)>,
    /// Media types that say how single properties are encoded.
    encodings: Vec<Pointer>,
    /// References that no later stage follows: where the object stands that is one, and where it leads.
    references: Vec<(Pointer, Pointer)>,
    /// Examples and links, which the skeleton does not keep.
    passed: HashSet<Pointer>,
}

impl Noted {
    /// Nothing noted yet of a document.
    pub(super) fn new(document: &Value) -> Self {
        Self { version: versions::stated(document), ..Self::default() }
    }
}

impl Splitter<'_> {
    /// Holds the rules about one object against it. What has no effect anyway is taken out, so that no later stage meets it.
    pub(super) fn check_rules(&mut self, shape: &'static Shape, map: &mut Map<String, Value>) {
        self.later_keys(shape, map);
        match shape.name {
            "the document" => {
                self.paths_needed(map);
                self.tag_names(map);
            }
            "`components`" => self.component_names(map),
            "`paths`" => self.path_templates(map),
            "a path" => self.note_parameters(map),
            "an operation" => {
                self.note_parameters(map);
                self.operation_id(map);
                self.answers_needed(map);
            }
            "a parameter" => self.parameter(map),
            "a header" => self.schema_or_content(map, "header"),
            "`responses`" => self.statuses(map),
            "a response" => {
                self.header_names(map);
                self.links(map);
                self.media_types(map);
            }
            "a request body" => self.media_types(map),
            "a media type" => self.note_encoding(map),
            "an encoding" => self.header_names(map),
            "a server" => self.server(map),
            "a server variable" => self.server_variable(map),
            "a security scheme" => self.security_scheme(map),
            "a flow" => self.flow(map),
            "an example" | "a link" => {
                let here = self.here();
                self.noted_for_rules.passed.insert(here);
            }
            _ => {}
        }
    }

    /// Tells keys with nothing behind them where the specification wants more than a text.
    pub(super) fn nothing_written(&mut self, place: &Pointer, what: &str) {
        let key = place.last().unwrap_or_default();
        self.diagnostics.push(
            Diagnostic::warning(codes::NOTHING_WRITTEN, format!("nothing is written under `{key}`"))
                .at_key(place, what.to_owned()),
        );
    }

    /// Notes a reference to something without which nothing is lost, so that no later stage complains of where it leads.
    ///
    /// Whether it is one: then it is done with. A link in another file is read like anything else.
    pub(super) fn unused_reference(&mut self, shape: &'static Shape, text: &str) -> bool {
        let link = std::ptr::eq(shape, &raw const LINK);
        if !std::ptr::eq(shape, &raw const EXAMPLE) && !link {
            return false;
        }
        let here = self.here();
        // What stands in other files is not read for the sake of an example.
        if self.diagnostics.sources.site(&here).file().is_some() || !text.starts_with('#') {
            if link {
                return false;
            }
            if !syntax::is_address(text) {
                self.diagnostics.push(
                    Diagnostic::warning(
                        codes::MALFORMED_REFERENCE,
                        format!("the reference `{text}` cannot be understood"),
                    )
                    .at(&here.join("$ref"), format!("{} is not used anyway", shape.name)),
                );
            }
            return true;
        }
        if let Some(target) = Pointer::parse(text) {
            self.noted_for_rules.references.push((here, target));
        }
        true
    }

    /// Notes a reference that a later stage may never follow.
    ///
    /// The walk stands on the reference.
    pub(super) fn note_reference(&mut self, shape: &'static Shape, target: &Pointer) {
        let told_elsewhere = matches!(shape.name, "a path" | "a media type" | "a security scheme");
        let component = self.path.starts_with("/components/") && !told_elsewhere;
        if component || shape.name == "a header" {
            let site = self.here().parent();
            self.noted_for_rules.references.extend(site.map(|site| (site, target.clone())));
        }
    }
}

/// Whether nothing at all is too little for what stands under a key. A text that is nothing is an empty one.
pub(super) fn wants_more_than_a_text(kind: &Kind) -> bool {
    match kind {
        Kind::Object(_) | Kind::Reference(_) | Kind::Map(_) | Kind::List(_) => true,
        Kind::Unused(kind) => wants_more_than_a_text(kind),
        Kind::Schema | Kind::Text | Kind::Flag | Kind::Any => false,
    }
}

/// Holds the rules against a document that need to know all of it.
pub(super) fn across(skeleton: &Skeleton, splitter: &mut Splitter<'_>) {
    let noted = std::mem::take(&mut splitter.noted_for_rules);
    references::check(skeleton, splitter, &noted);
    let mut kinds = types::Kinds::new(&splitter.table);
    let mut told = values::check(&splitter.table, &mut kinds);
    told.extend(references::encodings(skeleton, &splitter.table, &noted.encodings));
    told.extend(references::styles(skeleton, &mut kinds, &noted));
    told.extend(endless::check(&splitter.table));
    splitter.diagnostics.extend(told);
}
