//! How are `runtime/FLEET.md` and its curves made?

use std::path::Path;
use std::process::ExitCode;

use sinew_fleet::{Fleet, days, markdown, svg};

/// Whether only to compare.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Write nothing; fail if the files are not what the simulation gives.
    #[arg(long)]
    check: bool,
}

/// Simulates, and writes or compares.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let fleet = Fleet::large();
    let days = days(fleet);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime");
    let mut code = ExitCode::SUCCESS;
    for (name, text) in [("FLEET.md", markdown(fleet, &days)), ("fleet.svg", svg(fleet, &days))] {
        let path = folder.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|written| written == text) {
            println!("unchanged runtime/{name}");
        } else if arguments.check {
            eprintln!("error: runtime/{name} is not what the simulation gives: cargo xtask fleet");
            code = ExitCode::FAILURE;
        } else if let Err(error) = std::fs::write(&path, text) {
            eprintln!("error: runtime/{name} cannot be written: {error}");
            code = ExitCode::FAILURE;
        } else {
            println!("written   runtime/{name}");
        }
    }
    code
}
