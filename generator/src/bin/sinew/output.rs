//! Where does what is said go, and in which form?

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use sinew_generator::Summary;
use sinew_generator::diagnostics::{self, Diagnostics, Renderer, Severity};

/// The form in which diagnostics are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people, on standard error.
    #[default]
    Human,
    /// One JSON object on standard output, with everything there is to say and the summary.
    Json,
    /// SARIF 2.1.0 on standard output, as code-scanning services read it.
    Sarif,
}

/// How much is told, and in which form.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Telling {
    /// The form of what is said about the document.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Show also what the document says and Sinew does not use; JSON and SARIF always hold it.
    #[arg(long)]
    notes: bool,
}

impl Telling {
    /// Tells everything that was said, and for people what operations lost.
    pub(crate) fn tell(&self, diagnostics: &Diagnostics, summary: &Summary) {
        match self.format {
            Format::Human => {
                self.show(diagnostics);
                let lost = summary.render();
                if !lost.is_empty() {
                    complain(&format!("\n{lost}"));
                }
            }
            Format::Json => say(&diagnostics::json(diagnostics, Some(summary))),
            Format::Sarif => say(&diagnostics::sarif(diagnostics)),
        }
    }

    /// Tells what was done: where standard output belongs to a program, on standard error.
    pub(crate) fn done(&self, line: &str) {
        if self.format == Format::Human { say(line) } else { complain(line) }
    }

    fn show(&self, diagnostics: &Diagnostics) {
        let terminal = std::io::stderr().is_terminal();
        let coloured = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let renderer = if coloured { Renderer::coloured() } else { Renderer::plain() };
        let renderer = match terminal_size::terminal_size_of(std::io::stderr()).filter(|_| terminal) {
            Some((terminal_size::Width(columns), _)) => renderer.width(usize::from(columns)),
            None => renderer,
        };
        let least = if self.notes { Severity::Note } else { Severity::Warning };
        complain(&renderer.at_least(least).render(diagnostics));
        let hidden = diagnostics.count(Severity::Note);
        if !self.notes && hidden > 0 {
            let notes = if hidden == 1 { "note" } else { "notes" };
            complain(&format!("  {hidden} {notes} on what is not used; --notes shows them\n"));
        }
    }
}

/// Writes to standard output. A reader that has gone away is no failure of ours.
pub(crate) fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Writes to standard error, as [`say`] does.
pub(crate) fn complain(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
