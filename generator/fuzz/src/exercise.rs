//! What is done with a document, however broken, and what must hold of it?
//!
//! Shared by the fuzz targets and by `tests/mutations.rs`.

use std::collections::BTreeSet;

use sinew_generator::diagnostics::{self, Diagnostics, Renderer};
use sinew_generator::load::{self, Input};
use sinew_generator::settings::Settings;
use sinew_generator::{Summary, emit, inspect, lower, plan};

/// Takes a document through every stage, and what was said about it through every form of output.
///
/// # Panics
/// Where a document is refused without a word, or two files of a crate have the same name. The stages themselves never panic:
/// that is what is to be found out.
pub fn exercise(document: &[u8]) {
    let mut diagnostics = Diagnostics::new();
    let loaded = load::load(&Input::text("document", document), &mut diagnostics);
    assert!(loaded.is_some() || diagnostics.has_errors(), "a refusal says why");
    let mut summary = Summary::default();
    if let Some(document) = loaded {
        let api = lower::lower(&document, &mut diagnostics);
        let plan = plan::plan(&api, &Settings::default(), &mut diagnostics);
        summary = Summary::new(&api, plan.definitions.len(), 0, &diagnostics);
        // Of a vocabulary, types are counted.
        assert!(api.is_types_only() || summary.full + summary.degraded == api.operations.len());
        let files = emit::emit(&api, &plan, "document");
        let names: BTreeSet<String> = files.iter().map(|file| file.path.to_lowercase()).collect();
        assert_eq!(names.len(), files.len(), "two files of one name");
        assert!(!inspect::inspect(&api, &plan, &summary).table().is_empty());
    }
    let shown = Renderer::plain().width(80).render(&diagnostics);
    assert!(shown.is_empty() == diagnostics.is_empty(), "everything is shown");
    assert!(diagnostics::json(&diagnostics, Some(&summary)).ends_with("}\n"));
    assert!(diagnostics::sarif(&diagnostics).ends_with("}\n"));
}
