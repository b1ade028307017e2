//! How is Sinew run from a terminal?

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use sinew_generator::diagnostics::{Renderer, Severity, explain};
use sinew_generator::{Config, Outcome};

/// Turns an OpenAPI document into a typed Rust client, and keeps its calls alive.
#[derive(Debug, Parser)]
#[command(name = "sinew", version, about)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Writes the client crate of a document.
    Generate(Box<Generate>),
    /// Explains a code such as SN0104.
    Explain {
        /// The code, as a diagnostic shows it.
        code: String,
    },
}

#[derive(Debug, clap::Args)]
struct Generate {
    /// The OpenAPI document, JSON or YAML.
    document: PathBuf,
    /// The folder of the crate.
    #[arg(long)]
    out: PathBuf,
    /// The settings; default: `client.toml` beside the document, if there is one.
    #[arg(long)]
    settings: Option<PathBuf>,
    /// Where `sinew-runtime` lies, relative to the crate; default: the registry.
    #[arg(long)]
    runtime_path: Option<String>,
    /// Only these operations, by `operationId`, method name or route (`GET /users/*`); `*` stands for anything.
    #[arg(long, value_delimiter = ',', value_name = "PATTERN,…")]
    operations: Vec<String>,
    /// Only operations with one of these tags.
    #[arg(long, value_delimiter = ',', value_name = "PATTERN,…")]
    tags: Vec<String>,
    /// Only operations at these paths; `*` is one segment, `**` any number.
    #[arg(long, value_delimiter = ',', value_name = "PATTERN,…")]
    paths: Vec<String>,
    /// Only operations with these methods.
    #[arg(long, value_delimiter = ',', value_name = "METHOD,…")]
    methods: Vec<String>,
    /// Let references lead to files under this folder too; may be repeated.
    #[arg(long, value_name = "FOLDER")]
    allow_files: Vec<PathBuf>,
    /// Read a local file in place of an address, as `https://example.org/common.yaml=common.yaml`; may be repeated.
    #[arg(long, value_name = "ADDRESS=FILE", value_parser = replacement)]
    replace: Vec<(String, PathBuf)>,
    /// Compare only: fail if the crate on disk is not what the document gives.
    #[arg(long)]
    check: bool,
    /// Fail if anything of the document must be skipped or degraded.
    #[arg(long)]
    strict: bool,
    /// Show also what the document says and Sinew does not use.
    #[arg(long)]
    notes: bool,
}

fn main() -> ExitCode {
    match Command::parse().verb {
        Verb::Generate(arguments) => generate(&arguments),
        Verb::Explain { code } => match explain(&code) {
            Some(text) => {
                say(&text);
                ExitCode::SUCCESS
            }
            None => {
                complain(&format!("error: there is no code `{code}`; a code looks like SN0104\n"));
                ExitCode::from(2)
            }
        },
    }
}

fn generate(arguments: &Generate) -> ExitCode {
    let begun = Instant::now();
    let mut config = Config::new(&arguments.document).out(&arguments.out).strict(arguments.strict);
    config = config
        .operations(&arguments.operations)
        .tags(&arguments.tags)
        .paths(&arguments.paths)
        .methods(&arguments.methods);
    if let Some(settings) = &arguments.settings {
        config = config.settings(settings);
    }
    if let Some(path) = &arguments.runtime_path {
        config = config.runtime_path(path);
    }
    for folder in &arguments.allow_files {
        config = config.allow_files_under(folder);
    }
    for (address, file) in &arguments.replace {
        config = config.replace(address, file);
    }
    let outcome = if arguments.check { config.check() } else { config.generate() };
    show(&outcome, arguments.notes);
    let Some(difference) = &outcome.difference else { return ExitCode::FAILURE };
    let out = arguments.out.display();
    if arguments.check {
        if difference.is_none() {
            say(&format!("  unchanged  {out}\n"));
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
    complain(&outcome.summary.render());
    say(&format!("  {word}  {out}: {} ({:.2} s)\n", outcome.summary.line(), begun.elapsed().as_secs_f64()));
    ExitCode::SUCCESS
}

fn replacement(text: &str) -> Result<(String, PathBuf), String> {
    // An address may hold `=`, so the last one counts.
    match text.rsplit_once('=') {
        Some((address, file)) if !address.is_empty() && !file.is_empty() => {
            Ok((address.to_owned(), PathBuf::from(file)))
        }
        _ => Err("write it as `address=file`".to_owned()),
    }
}

fn show(outcome: &Outcome, notes: bool) {
    let terminal = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let renderer = if terminal { Renderer::coloured() } else { Renderer::plain() };
    let least = if notes { Severity::Note } else { Severity::Warning };
    complain(&renderer.at_least(least).render(&outcome.diagnostics));
    let hidden = outcome.diagnostics.count(Severity::Note);
    if !notes && hidden > 0 {
        complain(&format!("  {hidden} notes on what is not used; --notes shows them\n"));
    }
}

/// Writes to standard output. A reader that has gone away is no failure of ours.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Writes to standard error, as [`say`] does.
fn complain(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
