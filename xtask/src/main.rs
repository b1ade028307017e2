//! Which chores does the workspace know?

mod codegen;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The workspace's own chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Makes each folder of `specs/` its crate in `generated/`.
    Codegen(codegen::Arguments),
}

fn main() -> ExitCode {
    match Command::parse().verb {
        Verb::Codegen(arguments) => codegen::run(&arguments),
    }
}
