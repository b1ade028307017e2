//! What does Sinew cost: to generate, to compile, and as documents grow?

mod compile;
mod generate;
mod grow;
mod page;
mod process;
mod program;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Time, CPU and memory of making a crate of each document, and of doing it again with nothing to do.
    Generate(generate::Arguments),
    /// CPU and memory of compiling the crate that each document becomes, its dependencies warm.
    Compile(compile::Arguments),
    /// Reading a list of 5 MB, against serde on structs written by hand.
    Run,
    /// Time and memory per operation, as a document grows from 100 operations to 3,000.
    Grow(grow::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let done = match &arguments.what {
        What::Generate(arguments) => generate::run(arguments),
        What::Compile(arguments) => compile::run(arguments),
        What::Grow(arguments) => grow::run(arguments),
        What::Run => decode(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn decode() -> std::io::Result<()> {
    let args = ["bench", "-q", "-p", "sinew-runtime", "--bench", "decode"];
    let status = std::process::Command::new(cargo()).current_dir(root()).args(args).status()?;
    if status.success() { Ok(()) } else { Err(std::io::Error::other("the benchmark failed")) }
}

fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The workspace.
fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Where benchmarks may write.
fn scratch(name: &str) -> std::io::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let folder = target.join("bench").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The name that a document goes by.
fn name(document: &Path) -> String {
    document.file_stem().map_or_else(|| "document".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A `name=value` of the command line.
fn named(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "wanted: name=…".to_owned())
}
