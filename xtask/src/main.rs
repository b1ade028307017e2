//! Which chores does the workspace know?

mod bench;
mod bounds;
mod codegen;
mod corpus;
mod drive;
mod fleet;
mod judge;
mod prism;
mod spector;
mod svg;

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
    /// Measures what it costs to generate and to compile.
    Bench(bench::Arguments),
    /// Makes each folder of `specs/` its crate in `generated/`.
    Codegen(codegen::Arguments),
    /// Generates every document of a folder, and tells what came of it.
    Corpus(corpus::Arguments),
    /// Generates documents that are made so that reading them takes for ever, and tells what each costs.
    Bounds(bounds::Arguments),
    /// Passes values of the document through its types, and tells what they lose.
    Roundtrip(judge::Arguments),
    /// Passes the valid instances of the JSON-Schema-Test-Suite through generated types.
    JsonSchemaSuite(judge::suite::Arguments),
    /// Simulates a fleet of clients through a bad day of their service, and writes what came of it.
    Fleet(fleet::Arguments),
    /// Drives generated clients against Microsoft's Spector, a strict mock server, and counts what passes.
    Spector(spector::Arguments),
    /// Calls every operation of documents against Prism, a mock server that validates, and counts what it refuses.
    Prism(prism::Arguments),
    /// One document of `corpus`, in a process of its own.
    #[command(hide = true)]
    CorpusOne(corpus::one::Arguments),
}

fn main() -> ExitCode {
    match Command::parse().verb {
        Verb::Bench(arguments) => bench::run(&arguments),
        Verb::Codegen(arguments) => codegen::run(&arguments),
        Verb::Corpus(arguments) => corpus::run(&arguments),
        Verb::Bounds(arguments) => bounds::run(&arguments),
        Verb::Roundtrip(arguments) => judge::run(&arguments),
        Verb::JsonSchemaSuite(arguments) => judge::suite::run(&arguments),
        Verb::Fleet(arguments) => fleet::run(&arguments),
        Verb::Spector(arguments) => spector::run(&arguments),
        Verb::Prism(arguments) => prism::run(&arguments),
        Verb::CorpusOne(arguments) => corpus::one::run(&arguments),
    }
}
