//! How is what the document says about something told?

use super::text;
use crate::ir::Docs;

/// What the document says of something, a paragraph each.
pub(super) fn said(docs: &Docs) -> Vec<String> {
    let mut lines = Vec::new();
    match (&docs.description, &docs.title) {
        (Some(description), _) if !description.trim().is_empty() => lines.push(text::markdown(description)),
        (_, Some(title)) if !title.trim().is_empty() => {
            lines.push(format!("{}.", text::first_paragraph(title).trim_end_matches('.')));
        }
        _ => {}
    }
    if docs.deprecated {
        lines.push("Deprecated.".to_owned());
    }
    if let Some(default) = &docs.default {
        lines.push(format!("Default: {}.", text::code(&default.to_string())));
    }
    if !docs.bounds.is_empty() {
        let bounds: Vec<String> = docs.bounds.iter().map(|bound| bound_text(bound)).collect();
        lines.push(format!("Bounds: {}.", bounds.join(", ")));
    }
    lines
}

fn bound_text(bound: &str) -> String {
    match bound.strip_prefix("matches ") {
        Some(pattern) => format!("matches {}", text::code(pattern.trim_matches('`'))),
        None => text::markdown(bound),
    }
}
