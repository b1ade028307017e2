//! What do documents cost that are made so that reading them takes for ever?

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::corpus;

#[path = "../../generator/fuzz/src/large.rs"]
#[allow(unreachable_pub, reason = "the fuzz crate and a test share it")]
mod large;

/// Which of them, and how large.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only those whose name holds this text.
    #[arg(long)]
    filter: Option<String>,
    /// How much smaller than full size they are made.
    #[arg(long, default_value_t = 1)]
    divide: usize,
    /// How many seconds each may take.
    #[arg(long, default_value_t = 5)]
    timeout: u64,
    /// How many megabytes each may take (Linux only).
    #[arg(long, default_value_t = 1024)]
    memory: u64,
    /// Where to write the results for programs.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Writes them, and runs the generator over each: `panicked` is one that exceeds its bounds.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let folder = match written(arguments) {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("error: the documents cannot be written: {error}");
            return ExitCode::from(2);
        }
    };
    corpus::run(&corpus::Arguments {
        json: arguments.json.clone(),
        filter: arguments.filter.clone(),
        timeout: arguments.timeout,
        memory: arguments.memory,
        ..corpus::Arguments::of(folder)
    })
}

fn written(arguments: &Arguments) -> io::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let folder = target.join("bounds");
    fs::create_dir_all(&folder)?;
    for large in large::ALL {
        if arguments.filter.as_ref().is_none_or(|filter| large.name.contains(filter.as_str())) {
            let text = (large.make)((large.full / arguments.divide.max(1)).max(2));
            fs::write(folder.join(large.name).with_extension("yaml"), text)?;
        }
    }
    Ok(folder)
}
