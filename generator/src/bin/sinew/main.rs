//! How is Sinew run from a terminal?

mod call;
mod generate;
mod look;
mod output;
mod selected;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sinew_generator::diagnostics::explain;

/// Tokens are many small values that live shortly: glibc's allocator takes nearly half of a run for them.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    Generate(Box<generate::Arguments>),
    /// Says what is wrong with a document, and what a client would lack; writes nothing.
    Check(Box<look::Check>),
    /// Shows what is in a document, and what would be generated from it.
    Inspect(Box<look::Inspect>),
    /// Calls an operation of a document, through the client that is made of it.
    Call(Box<call::Arguments>),
    /// Explains a code such as SN0104.
    Explain {
        /// The code, as a diagnostic shows it.
        code: String,
    },
}

fn main() -> ExitCode {
    match Command::parse().verb {
        Verb::Generate(arguments) => generate::run(&arguments),
        Verb::Check(arguments) => look::check(&arguments),
        Verb::Inspect(arguments) => look::inspect(&arguments),
        Verb::Call(arguments) => call::run(&arguments),
        Verb::Explain { code } => match explain(&code) {
            Some(text) => {
                output::say(&text);
                ExitCode::SUCCESS
            }
            None => {
                output::complain(&format!("error: there is no code `{code}`; a code looks like SN0104\n"));
                ExitCode::from(2)
            }
        },
    }
}
