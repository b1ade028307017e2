//! `sinew check` and `sinew inspect`: what is wrong with a document, and what is in it?

use std::process::ExitCode;

use clap::ValueEnum;
use sinew_generator::diagnostics::{Diagnostics, Severity};
use sinew_generator::inspect;

use crate::output::{self, Telling};
use crate::selected::Selected;

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    #[command(flatten)]
    selected: Selected,
    /// Fail on warnings too.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    telling: Telling,
}

/// Exit status 1 where there is an error, or with `--strict` a warning.
pub(crate) fn check(arguments: &Check) -> ExitCode {
    let mut diagnostics = Diagnostics::new();
    let (understood, summary) = arguments.selected.config().understand(&mut diagnostics);
    arguments.telling.tell(&diagnostics, &summary);
    let warnings = diagnostics.count(Severity::Warning);
    let errors = diagnostics.count(Severity::Error);
    let bad = understood.is_none() || errors > 0 || arguments.strict && warnings > 0;
    let count = |count: usize, word: &str| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
    arguments.telling.done(&format!(
        "  checked    {}: {}, {}; {}\n",
        arguments.selected.document.display(),
        count(errors, "error"),
        count(warnings, "warning"),
        summary.line()
    ));
    if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The form in which an inspection is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Form {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    selected: Selected,
    /// The form.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// What is in the document, on standard output. A document of which nothing can be made is told as `check` tells it.
pub(crate) fn inspect(arguments: &Inspect) -> ExitCode {
    let mut diagnostics = Diagnostics::new();
    let (understood, summary) = arguments.selected.config().understand(&mut diagnostics);
    let Some((api, plan)) = understood else {
        Telling::default().tell(&diagnostics, &summary);
        return ExitCode::FAILURE;
    };
    let seen = inspect::inspect(&api, &plan, &summary);
    output::say(&match arguments.format {
        Form::Table => seen.table(),
        Form::Json => seen.json(),
    });
    ExitCode::SUCCESS
}
