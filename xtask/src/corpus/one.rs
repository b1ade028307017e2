//! What comes of one document? The child process of `cargo xtask corpus`, so that its crash is its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sinew_generator::diagnostics::{self, Diagnostics, Renderer, Severity};
use sinew_generator::{Config, Effect};

/// One document.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The document.
    document: PathBuf,
    /// The folder of the crate; it is made anew.
    #[arg(long)]
    out: PathBuf,
    /// Where the result goes.
    #[arg(long)]
    report: PathBuf,
    /// Where `sinew-runtime` lies.
    #[arg(long)]
    runtime: PathBuf,
    /// Where the document's references may lead, besides its own folder.
    #[arg(long)]
    allow: PathBuf,
}

/// What the child found out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Generated {
    /// What the document says its version is; empty where it does not.
    pub(super) version: String,
    /// Whether a crate was written.
    pub(super) written: bool,
    pub(super) full: usize,
    pub(super) degraded: usize,
    pub(super) skipped: usize,
    pub(super) types: usize,
    /// Whether the crate has types and no client, since the document has no operation.
    #[serde(default)]
    pub(super) types_only: bool,
    /// Whether it is refused for having neither operations nor types, and for nothing else.
    #[serde(default)]
    pub(super) holds_nothing: bool,
    /// Lines of Rust.
    pub(super) lines: usize,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    /// How many lines a terminal shows of what was said.
    #[serde(default)]
    pub(super) shown: usize,
    pub(super) reasons: Vec<Reason>,
    /// Whether the first error names a line and a column of a file.
    pub(super) positioned: bool,
    /// The first error, as a terminal shows it.
    pub(super) first_error: Option<String>,
    pub(super) seconds: f64,
    /// The most memory that the process ever had, in bytes; 0 where the system does not tell.
    pub(super) peak: u64,
}

/// Why operations are not what the document says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reason {
    pub(super) effect: String,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) operations: Vec<String>,
}

/// Generates, and writes down what came of it.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let begun = Instant::now();
    // A crate of an earlier run must not be counted as this one's.
    let _ = fs::remove_dir_all(&arguments.out);
    let outcome = Config::new(&arguments.document)
        .out(&arguments.out)
        .allow_files_under(&arguments.allow)
        .runtime_path(arguments.runtime.display().to_string())
        .generate();
    // What a user waits for too.
    let shown = Renderer::plain().render(&outcome.diagnostics);
    std::hint::black_box(diagnostics::json(&outcome.diagnostics, Some(&outcome.summary)));
    let seconds = begun.elapsed().as_secs_f64();
    let summary = &outcome.summary;
    let first = first_error(&outcome.diagnostics);
    let generated = Generated {
        version: version(&arguments.document),
        written: outcome.difference.is_some(),
        full: summary.full,
        degraded: summary.degraded,
        skipped: summary.skipped,
        types: summary.types,
        types_only: summary.types_only,
        holds_nothing: holds_nothing(&outcome.diagnostics),
        lines: lines(&arguments.out),
        errors: outcome.diagnostics.count(Severity::Error),
        warnings: outcome.diagnostics.count(Severity::Warning),
        shown: shown.lines().count(),
        reasons: summary
            .reasons
            .iter()
            .map(|reason| Reason {
                effect: match reason.effect {
                    Effect::Skipped => "skipped".to_owned(),
                    Effect::Degraded => "degraded".to_owned(),
                },
                code: reason.code.as_str().to_owned(),
                message: reason.message.clone(),
                operations: reason.operations.clone(),
            })
            .collect(),
        positioned: first.as_deref().is_some_and(is_positioned),
        first_error: first,
        seconds,
        peak: peak("self").unwrap_or_default(),
    };
    let text = serde_json::to_string_pretty(&generated).unwrap_or_default();
    match fs::write(&arguments.report, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {} cannot be written: {error}", arguments.report.display());
            ExitCode::from(2)
        }
    }
}

fn holds_nothing(diagnostics: &Diagnostics) -> bool {
    let mut errors = diagnostics.iter().filter(|said| said.severity == Severity::Error);
    errors.next().is_some_and(|only| only.code.as_str() == "SN0215") && errors.next().is_none()
}

fn first_error(diagnostics: &Diagnostics) -> Option<String> {
    let first = diagnostics.sorted().into_iter().find(|said| said.severity == Severity::Error)?;
    Some(Renderer::plain().render_one(first, &diagnostics.sources))
}

/// Whether an error is shown at `file:line:column`, and not at a file as a whole.
fn is_positioned(error: &str) -> bool {
    error.lines().filter_map(|line| line.split_once("┌─ ")).any(|(_, place)| {
        let mut parts = place.trim_end().rsplitn(3, ':');
        let mut number = || parts.next().is_some_and(|part| part.parse::<usize>().is_ok());
        number() && number()
    })
}

/// The version that a document states, read without understanding it.
fn version(document: &Path) -> String {
    let Ok(bytes) = fs::read(document) else { return String::new() };
    let text = String::from_utf8_lossy(&bytes);
    for key in ["openapi", "swagger"] {
        for (at, _) in text.match_indices(key) {
            let before = text[..at].chars().next_back();
            let quoted = matches!(before, Some('"' | '\''));
            if !quoted && !matches!(before, None | Some('\n' | '{' | '\u{feff}')) {
                continue;
            }
            let after = text[at + key.len()..].trim_start_matches(['"', '\'', ' ']);
            if let Some(value) = after.strip_prefix(':') {
                let value = value.trim_start().trim_start_matches(['"', '\'']);
                let digits: String = value.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
                if !digits.is_empty() {
                    return digits;
                }
            }
        }
    }
    String::new()
}

pub(crate) fn lines(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| entry.path())
        .map(|path| match path.extension() {
            _ if path.is_dir() => lines(&path),
            Some(ending) if ending == "rs" => {
                fs::read(&path).map_or(0, |bytes| bytes.split(|byte| *byte == b'\n').count().saturating_sub(1))
            }
            _ => 0,
        })
        .sum()
}

/// The most memory that a process ever had. Only Linux tells.
pub(crate) fn peak(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_a_whole_is_no_position() {
        assert!(is_positioned("error[SN0103]: x\n   ┌─ a/b.yaml:12:3\n   │\n"));
        assert!(!is_positioned("error[SN0101]: x\n   ┌─ a/b.yaml\n"));
        assert!(!is_positioned("error[SN0101]: x at 1:2\n"));
    }
}
