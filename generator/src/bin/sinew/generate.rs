//! `sinew generate`: how does a document become a crate on disk?

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use crate::output::{Telling, complain};
use crate::selected::Selected;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selected: Selected,
    /// The folder of the crate.
    #[arg(long)]
    out: PathBuf,
    /// Where `sinew-runtime` lies, relative to the crate; default: the registry.
    #[arg(long)]
    runtime_path: Option<String>,
    /// Compare only: fail if the crate on disk is not what the document gives.
    #[arg(long)]
    check: bool,
    /// Fail if anything of the document must be skipped or degraded.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    telling: Telling,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let begun = Instant::now();
    let mut config = arguments.selected.config().out(&arguments.out).strict(arguments.strict).pin_names(true);
    if let Some(path) = &arguments.runtime_path {
        config = config.runtime_path(path);
    }
    let outcome = if arguments.check { config.check() } else { config.generate() };
    arguments.telling.tell(&outcome.diagnostics, &outcome.summary);
    let Some(difference) = &outcome.difference else { return ExitCode::FAILURE };
    let out = arguments.out.display();
    if arguments.check {
        if difference.is_none() {
            arguments.telling.done(&format!("  unchanged  {out}\n"));
            return ExitCode::SUCCESS;
        }
        complain(&format!("error: {out} is not what the document gives:\n"));
        for line in difference.lines() {
            complain(&format!("  {line}\n"));
        }
        complain("run the same command without --check\n");
        return ExitCode::FAILURE;
    }
    let word = if difference.is_none() { "unchanged" } else { "written  " };
    let seconds = begun.elapsed().as_secs_f64();
    arguments.telling.done(&format!("  {word}  {out}: {} ({seconds:.2} s)\n", outcome.summary.line()));
    ExitCode::SUCCESS
}
