//! How do diagnostics look to a program?
//!
//! The shape is stable: keys may be added, and [`FORMAT`] changes where one changes its meaning or goes.

use serde::Serialize;

use super::{Code, Diagnostic, Diagnostics, Label, Place, Pointer, Severity, Sources};
use crate::summary::Summary;

/// The version of the shape.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    format: u32,
    errors: usize,
    warnings: usize,
    notes: usize,
    diagnostics: Vec<Said<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Told<'a>>,
}

#[derive(Serialize)]
struct Said<'a> {
    severity: &'static str,
    code: &'static str,
    title: &'static str,
    message: &'a str,
    /// The first is the primary one.
    places: Vec<Spot<'a>>,
    helps: &'a [String],
}

/// A place as lines and columns, from 1, columns in characters; the end is the first column behind it.
#[derive(Serialize)]
struct Spot<'a> {
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    /// Where it stands in the document's tree, as the fragment of a reference.
    pointer: Option<String>,
    label: &'a str,
}

#[derive(Serialize)]
struct Told<'a> {
    full: usize,
    degraded: usize,
    skipped: usize,
    unselected: usize,
    types: usize,
    types_only: bool,
    reasons: Vec<Why<'a>>,
}

#[derive(Serialize)]
struct Why<'a> {
    effect: &'static str,
    code: &'static str,
    message: &'a str,
    operations: &'a [String],
}

/// All diagnostics in the order of the files, and the summary of the run, as one JSON object.
pub fn json(diagnostics: &Diagnostics, summary: Option<&Summary>) -> String {
    let report = Report {
        format: FORMAT,
        errors: diagnostics.count(Severity::Error),
        warnings: diagnostics.count(Severity::Warning),
        notes: diagnostics.count(Severity::Note),
        diagnostics: diagnostics.sorted().into_iter().map(|said| self::said(said, &diagnostics.sources)).collect(),
        summary: summary.map(told),
    };
    // Only a map with odd keys or a writer that fails could make this an error, and there is neither.
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}

fn said<'a>(said: &'a Diagnostic, sources: &Sources) -> Said<'a> {
    Said {
        severity: said.severity.word(),
        code: said.code.as_str(),
        title: Code::info(said.code).title,
        message: &said.message,
        places: said.labels.iter().map(|label| spot(label, sources)).collect(),
        helps: &said.helps,
    }
}

fn spot<'a>(label: &'a Label, sources: &Sources) -> Spot<'a> {
    let at = At::new(&label.place, sources);
    let pointer = match &label.place {
        Place::Document(pointer, _) => Some(fragment(pointer, sources)),
        Place::Input(_) | Place::Part(..) | Place::Settings(_) | Place::File(_) => None,
    };
    Spot {
        file: at.file,
        line: at.start.map(|start| start.0),
        column: at.start.map(|start| start.1),
        end_line: at.end.map(|end| end.0),
        end_column: at.end.map(|end| end.1),
        pointer,
        label: &label.text,
    }
}

fn told(summary: &Summary) -> Told<'_> {
    let reasons = summary.reasons.iter().map(|reason| Why {
        effect: reason.effect.word(),
        code: reason.code.as_str(),
        message: &reason.message,
        operations: &reason.operations,
    });
    Told {
        full: summary.full,
        degraded: summary.degraded,
        skipped: summary.skipped,
        unselected: summary.unselected,
        types: summary.types,
        types_only: summary.types_only,
        reasons: reasons.collect(),
    }
}

/// The fragment of a reference to a place, within the file that its text stands in.
pub(super) fn fragment(pointer: &Pointer, sources: &Sources) -> String {
    format!("#{}", sources.origin(pointer).inside_file())
}

/// A place as a file with lines and columns, as far as it can be known.
pub(super) struct At {
    pub(super) file: Option<String>,
    pub(super) start: Option<(usize, usize)>,
    pub(super) end: Option<(usize, usize)>,
}

impl At {
    pub(super) fn new(place: &Place, sources: &Sources) -> Self {
        match (sources.find(place), place) {
            (Some((source, range)), _) => Self {
                file: Some(source.name().to_owned()),
                start: Some(source.line_column(range.start)),
                end: Some(source.line_column(range.end.max(range.start))),
            },
            (None, Place::File(name)) => Self { file: Some(name.clone()), start: None, end: None },
            (None, Place::Document(..) | Place::Input(_) | Place::Part(..) | Place::Settings(_)) => {
                Self { file: None, start: None, end: None }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Source, SourceKind, codes};
    use super::*;

    #[test]
    fn places_are_lines_and_columns_of_characters() {
        let mut all = Diagnostics::new();
        all.sources.document = Some(Source::flat("openapi.yaml", "ä: 1\nö: \"zwölf\"\n".to_owned(), SourceKind::Yaml));
        all.push(
            Diagnostic::error(codes::SYNTAX, "bad").at_input(10..17, "here").in_file("other.yaml").help("mend it"),
        );
        let value: serde_json::Value = serde_json::from_str(&json(&all, None)).unwrap();
        assert_eq!(value["errors"], 1);
        let said = &value["diagnostics"][0];
        assert_eq!((&said["code"], &said["helps"][0]), (&"SN0103".into(), &"mend it".into()));
        let first = &said["places"][0];
        assert_eq!([&first["line"], &first["column"], &first["end_column"]].map(|n| n.as_u64().unwrap()), [2, 4, 10]);
        assert_eq!((&said["places"][1]["file"], said["places"][1]["line"].is_null()), (&"other.yaml".into(), true));
        assert!(value.get("summary").is_none());
    }
}
