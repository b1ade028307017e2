//! What does it cost to make a crate of a document, and to find that there is nothing to make?

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::page::{Picture, Table, bars, show};
use super::process::{Cost, measure, middle};
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
    let folder = super::scratch("generate")?;
    for document in &arguments.documents {
        let name = super::name(document);
        let ours = |out: &Path| {
            let mut sinew = Command::new(&sinew);
            sinew.arg("generate").arg(document).arg("--out").arg(out).args(["--runtime-path", "."]);
            sinew
        };
        let mut costs: Vec<io::Result<Vec<Cost>>> = series.iter().map(|_| Ok(Vec::new())).collect();
        // One after the other, time and again, so that what else the machine does falls on all alike; and each time into a folder that
        // is not there: a file system may be slow to make files where it has removed as many a moment ago.
        for round in 0..arguments.runs.max(1) {
            let fresh = |tool: &str| folder.join(format!("{name}-{tool}-{round}"));
            let out = fresh("sinew");
            for (cost, command) in costs.iter_mut().zip([ours(&out), ours(&out)]) {
                run_once(cost, command);
            }
            for (at, (cost, (_, command))) in costs[2..].iter_mut().zip(&arguments.peers).enumerate() {
                run_once(cost, spelled(command, document, &fresh(&at.to_string())));
            }
        }
        let mut whole = None;
        for (tool, cost) in series.iter().zip(costs) {
            let cost = match cost {
                Ok(costs) => middle(costs),
                // A peer that fails is no reason to stop.
                Err(error) if whole.is_some() => {
                    eprintln!("{name}: {tool}: {error}");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let ours: Cost = *whole.get_or_insert(cost);
            let row = [number(cost.cpu), number(cost.wall), number(cost.peak), number(cost.cpu / ours.cpu)];
            table.rows.push([name.clone(), tool.clone()].into_iter().chain(row).collect());
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

/// Runs a command once more, unless it has failed before.
fn run_once(costs: &mut io::Result<Vec<Cost>>, mut command: Command) {
    if let Ok(so_far) = costs {
        match measure(&mut command) {
            Ok(cost) => so_far.push(cost),
            Err(error) => *costs = Err(error),
        }
    }
}

fn spelled(command: &str, document: &Path, out: &Path) -> Command {
    let mut words = command.split_whitespace().map(|word| {
        word.replace("{document}", &document.display().to_string()).replace("{out}", &out.display().to_string())
    });
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}
