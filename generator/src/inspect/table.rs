//! How does a person read what is in a document?

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::{Inspection, OperationView};
use crate::diagnostics::printable;

/// No column is wider, however long a path or a signature is; what is longer pushes the rest of its line.
const WIDEST: usize = 80;

/// The whole inspection as tables.
pub(super) fn render(seen: &Inspection) -> String {
    let mut text = format!("{} {}\n", printable(&seen.title), printable(&seen.version));
    let package = printable(&seen.package);
    let _ = match &seen.client {
        Some(client) => {
            let base = seen.base_url.as_deref().map_or("no address in the document".to_owned(), printable);
            writeln!(text, "  crate {package} with {}; {base}", printable(client))
        }
        None => writeln!(text, "  crate {package} of types only"),
    };
    let _ = writeln!(text, "  depends on {}", seen.dependencies.join(", "));

    if !seen.credentials.is_empty() {
        text.push_str("\ncredentials\n");
        let rows = seen.credentials.iter().map(|credential| {
            let taken = count(credential.operations, "operation");
            vec![printable(&credential.name), printable(&credential.sent_as), taken]
        });
        columns(&mut text, &rows.collect::<Vec<_>>());
    }

    let mut group = None;
    for (index, operation) in seen.operations.iter().enumerate() {
        if group != Some(&operation.group) {
            group = Some(&operation.group);
            let _ = writeln!(text, "\n{}", printable(&operation.group));
            let members = seen.operations.iter().skip(index).take_while(|other| other.group == operation.group);
            columns(&mut text, &members.map(row).collect::<Vec<_>>());
        }
    }

    if !seen.types.is_empty() {
        text.push_str("\ntypes\n");
        let rows = seen.types.iter().map(|ty| {
            let parts = match (ty.kind, ty.parts) {
                ("alias", _) => String::new(),
                ("struct", parts) => count(parts, "field"),
                ("enum", parts) => count(parts, "value"),
                (_, parts) => count(parts, "alternative"),
            };
            let from = match &ty.component {
                Some(component) if *component == ty.name => String::new(),
                Some(component) => format!("from {}", printable(component)),
                None => format!("at #{}", printable(&ty.pointer)),
            };
            vec![printable(&ty.name), ty.kind.to_owned(), parts, count(ty.operations, "operation"), from]
        });
        columns(&mut text, &rows.collect::<Vec<_>>());
    }

    let media = |media: &std::collections::BTreeMap<String, usize>| {
        let all = media.iter().map(|(name, count)| format!("{} ×{count}", printable(name)));
        let all = all.collect::<Vec<_>>().join(", ");
        if all.is_empty() { "nothing".to_owned() } else { all }
    };
    let _ = writeln!(text, "\nsent      {}\nanswered  {}", media(&seen.media.sent), media(&seen.media.answered));
    let (full, degraded, skipped) = (seen.operations_full, seen.operations_degraded, seen.operations_skipped);
    let _ =
        writeln!(text, "\n{full} operations full, {degraded} degraded, {skipped} skipped; {} types", seen.types.len());
    text
}

fn count(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

fn row(operation: &OperationView) -> Vec<String> {
    let auth: Vec<String> =
        operation.auth.iter().map(|set| if set.is_empty() { "anyone".to_owned() } else { set.join(" + ") }).collect();
    let mut remarks = vec![printable(&auth.join(" or "))];
    remarks.retain(|remark| !remark.is_empty());
    if let Some(body) = operation.body.as_ref().filter(|body| body.media_type != "application/json") {
        remarks.push(format!("sends {}", printable(&body.media_type)));
    }
    if let Some(server) = &operation.server {
        remarks.push(format!("at {}", printable(server)));
    }
    if let Some(pages) = &operation.pages {
        remarks.push(format!("pages {}", printable(pages)));
    }
    if operation.deprecated {
        remarks.push("deprecated".to_owned());
    }
    if operation.outcome != "full" {
        remarks.push(operation.outcome.to_owned());
    }
    vec![operation.method.clone(), printable(&operation.path), printable(&operation.signature), remarks.join("; ")]
}

fn columns(text: &mut String, rows: &[Vec<String>]) {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0).min(WIDEST))
        .collect();
    for row in rows {
        let mut line = String::new();
        for (cell, wide) in row.iter().zip(&widths) {
            let blanks = wide.saturating_sub(cell.width());
            let _ = write!(line, "  {cell}{:blanks$}", "");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
}
