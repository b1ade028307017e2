//! What does it cost to make a crate of a document, and to find that there is nothing to make?

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::page::{Picture, Table, bars, show};
use super::process::{Cost, measure, median};
use crate::svg::number;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The documents.
    #[arg(required = true)]
    documents: Vec<PathBuf>,
    /// Another generator, run beside ours: `name=command with {document} and {out}`.
    #[arg(long = "peer", value_parser = super::named)]
    peers: Vec<(String, String)>,
    /// How often each is run; the middle one counts.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Put the results into `generator/BENCHMARKS.md`.
    #[arg(long)]
    record: bool,
}

pub(super) fn run(arguments: &Arguments) -> io::Result<()> {
    let sinew = built()?;
    let mut table =
        Table { columns: vec!["document", "generator", "CPU s", "wall s", "MiB", "times ours"], keys: 2, rows: vec![] };
    let mut series = vec!["sinew".to_owned(), "sinew, nothing to do".to_owned()];
    series.extend(arguments.peers.iter().map(|(name, _)| name.clone()));
    for document in &arguments.documents {
        let name = super::name(document);
        let out = super::scratch("generate")?.join("crate");
        let ours = |fresh: bool| {
            if fresh {
                let _ = std::fs::remove_dir_all(&out);
            }
            measure(
                Command::new(&sinew).arg("generate").arg(document).arg("--out").arg(&out).args(["--runtime-path", "."]),
            )
        };
        let whole = median(arguments.runs, || ours(true))?;
        let again = median(arguments.runs, || ours(false))?;
        let mut costs = vec![Some(whole), Some(again)];
        for (peer, command) in &arguments.peers {
            let out = super::scratch("generate-peer")?.join("out");
            let cost = median(arguments.runs, || measure(&mut spelled(command, document, &out)));
            if let Err(error) = &cost {
                eprintln!("{name}: {peer}: {error}");
            }
            costs.push(cost.ok());
        }
        for (at, cost) in costs.iter().enumerate() {
            let Some(cost) = cost else { continue };
            let row = [number(cost.cpu), number(cost.wall), number(cost.peak), number(cost.cpu / whole.cpu)];
            table.rows.push([name.clone(), series[at].clone()].into_iter().chain(row).collect());
        }
    }
    let picture = |rows: &[Vec<String>]| {
        let (series, groups) = bars(rows, |row| Some((row[0].clone(), row[1].clone())));
        Picture { title: "Making a crate: seconds of CPU", unit: "s", series, groups }
    };
    show("generate", table, picture, arguments.record)
}

/// The generator as users have it.
pub(super) fn built() -> io::Result<PathBuf> {
    let cost: Cost = measure(Command::new(super::cargo()).current_dir(super::root()).args([
        "build",
        "--release",
        "-p",
        "sinew-generator",
    ]))?;
    eprintln!("built the generator in {} s", number(cost.wall));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| super::root().join("target"), PathBuf::from);
    Ok(target.join("release").join("sinew"))
}

fn spelled(command: &str, document: &Path, out: &Path) -> Command {
    let mut words = command.split_whitespace().map(|word| {
        word.replace("{document}", &document.display().to_string()).replace("{out}", &out.display().to_string())
    });
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}
