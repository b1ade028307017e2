//! What does it cost to compile the crate that a document becomes?

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use sinew_generator::Config;

use super::page::{Picture, Table, bars, show};
use super::process::{Cost, measure, median};
use super::program::{self, Methods};
use crate::svg::number;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The documents.
    documents: Vec<PathBuf>,
    /// A crate that another generator made, compiled beside ours: `document=folder`, for the document of that name. It is
    /// compiled with the lock file that lies in its folder.
    #[arg(long = "peer", value_parser = super::named)]
    peers: Vec<(String, String)>,
    /// Only operations that fit one of these patterns.
    #[arg(long)]
    operations: Vec<String>,
    /// Build the crate with optimisations, too.
    #[arg(long)]
    release: bool,
    /// Build programs, too (with `--release` also with optimisations), with the crate warm: of twenty calls, of all; and build one of
    /// five calls again after an edit, beside one that calls reqwest itself.
    #[arg(long)]
    programs: bool,
    /// How often each is compiled; the middle one counts.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Put the results into `generator/BENCHMARKS.md`, beside those of other crates and steps.
    #[arg(long)]
    record: bool,
}

pub(super) fn run(arguments: &Arguments) -> io::Result<()> {
    let columns =
        vec!["crate", "step", "CPU s", "wall s", "MiB", "operations", "CPU ms an operation", "lines", "metadata MiB"];
    let mut table = Table { columns, keys: 2, rows: vec![] };
    for document in &arguments.documents {
        let name = super::name(document);
        let folder = super::scratch("compile")?;
        let out = folder.join("crate");
        let runtime = super::root().join("runtime");
        let outcome = Config::new(document)
            .out(&out)
            .operations(arguments.operations.clone())
            .runtime_path(runtime.display().to_string())
            .generate();
        if outcome.difference.is_none() {
            return Err(io::Error::other(format!("{name}: nothing is generated")));
        }
        let operations = outcome.summary.full + outcome.summary.degraded;
        let mut crates = vec![(name.clone(), out)];
        let peers = arguments.peers.iter().filter(|(of, _)| *of == name);
        for (_, peer) in peers {
            // A member of a workspace lies below it.
            let copy = folder.join("peers").join(super::name(Path::new(peer)));
            copied(Path::new(peer), &copy)?;
            crates.push((format!("{name}, {}", super::name(&copy)), copy));
        }
        for (label, out) in crates {
            let made = match measured(&folder, &out, arguments) {
                Ok(made) => made,
                // A peer that fails is no reason to stop.
                Err(error) if label != name => {
                    eprintln!("{label}: {error}");
                    let mut row = vec![String::new(); table.columns.len()];
                    (row[0], row[1]) = (label, "does not compile".to_owned());
                    table.rows.push(row);
                    continue;
                }
                Err(error) => return Err(error),
            };
            for step in made {
                let calls = step.calls.unwrap_or(operations);
                table.rows.push(row(&label, &step.what, step.cost, calls, &step.size));
            }
        }
    }
    if arguments.programs {
        let folder = super::scratch("compile")?;
        let program = folder.join("program");
        program::bare(&program)?;
        let cost = edited(&Workspace::new(&folder, &[&program])?, &program, arguments.runs)?;
        table.rows.push(row("reqwest itself", "edit of 5 calls", cost, 5, &Default::default()));
    }
    let picture = |rows: &[Vec<String>]| {
        // The crate alone; of programs there is too much for a picture.
        let alone = |row: &[String]| ["check", "build --release"].contains(&row[1].as_str());
        let (series, groups) = bars(rows, |row| {
            let (document, tool) = row[0].split_once(", ").unwrap_or((&row[0], "sinew"));
            alone(row).then(|| (format!("{document}, {}", row[1]), tool.to_owned()))
        });
        Picture { title: "Compiling the crate: seconds of CPU", unit: "s", series, groups }
    };
    show("compile", table, picture, arguments.record)
}

/// Something that is compiled.
struct Step {
    what: String,
    cost: Cost,
    /// How many operations it calls; none for a crate alone, which has them all.
    calls: Option<usize>,
    /// Lines, and MiB of metadata.
    size: [String; 2],
}

fn row(label: &str, step: &str, cost: Cost, operations: usize, rest: &[String; 2]) -> Vec<String> {
    let each = cost.cpu * 1000.0 / f64::from(u32::try_from(operations.max(1)).unwrap_or(u32::MAX));
    let numbers = [number(cost.cpu), number(cost.wall), number(cost.peak), operations.to_string(), number(each)];
    [label.to_owned(), step.to_owned()].into_iter().chain(numbers).chain(rest.iter().cloned()).collect()
}

/// What it costs to compile a crate, and programs that use it.
fn measured(folder: &Path, out: &Path, arguments: &Arguments) -> io::Result<Vec<Step>> {
    let workspace = Workspace::new(folder, &[out])?;
    let root = out.join("src").join("lib.rs");
    let mut steps = Vec::new();
    let checked: &[&[&str]] = if arguments.release { &[&["check"], &["build", "--release"]] } else { &[&["check"]] };
    for args in checked {
        let cost = workspace.built(args, false, arguments.runs, |_| touched(&root))?;
        let size = [crate::corpus::one::lines(&out.join("src")).to_string(), number(metadata(folder, out))];
        steps.push(Step { what: args.join(" "), cost, calls: None, size });
    }
    if arguments.programs
        && let Err(error) = programs(folder, out, arguments, &mut steps)
    {
        eprintln!("{}: no programs: {error}", out.display());
    }
    Ok(steps)
}

/// Builds programs that use a crate.
fn programs(folder: &Path, out: &Path, arguments: &Arguments, steps: &mut Vec<Step>) -> io::Result<()> {
    let methods = Methods::of(out)?;
    let program = folder.join("program");
    let workspace = Workspace::new(folder, &[out, &program])?;
    let main = program.join("src").join("main.rs");
    let mut push = |what: String, cost: Cost, calls: usize| {
        steps.push(Step { what, cost, calls: Some(calls), size: Default::default() });
    };
    let mut counts = vec![20.min(methods.len()), methods.len()];
    counts.dedup();
    for calls in counts {
        methods.program(out, &program, calls)?;
        let how: &[(&str, &[&str])] =
            &[("build", &["build", "-p", "calls"]), ("build --release", &["build", "-p", "calls", "--release"])];
        for (build, args) in &how[..=usize::from(arguments.release)] {
            let cost = workspace.built(args, false, arguments.runs, |_| touched(&main))?;
            push(format!("{build} of a program of {calls} calls"), cost, calls);
        }
    }
    methods.program(out, &program, 5)?;
    push("edit of 5 calls".to_owned(), edited(&workspace, &program, arguments.runs)?, 5);
    Ok(())
}

/// Builds a program again, time after time, after a small change.
fn edited(workspace: &Workspace, program: &Path, runs: usize) -> io::Result<Cost> {
    workspace.built(&["build", "-p", "calls"], true, runs, |at| program::edit(program, at))
}

/// A workspace of what is compiled; what all of them depend on is built once.
struct Workspace {
    folder: PathBuf,
}

impl Workspace {
    /// Of these members, with the lock file that lies in the folder of the first, or with ours.
    fn new(folder: &Path, members: &[&Path]) -> io::Result<Self> {
        let listed: Vec<String> = members.iter().map(|member| format!("{:?}", member.display().to_string())).collect();
        let listed = listed.join(", ");
        fs::write(
            folder.join("Cargo.toml"),
            format!("[workspace]\nresolver = \"3\"\nmembers = [{listed}]\n\n[profile.dev]\ndebug = false\n"),
        )?;
        let own = members.first().map(|member| member.join("Cargo.lock")).filter(|lock| lock.exists());
        fs::copy(own.unwrap_or_else(|| super::root().join("Cargo.lock")), folder.join("Cargo.lock"))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// What a step of cargo costs after a change, all else being compiled already.
    fn built(
        &self,
        args: &[&str],
        incremental: bool,
        runs: usize,
        change: impl Fn(usize) -> io::Result<()>,
    ) -> io::Result<Cost> {
        let cargo = || {
            let mut cargo = Command::new(super::cargo());
            cargo.current_dir(&self.folder).args(args).args(["--offline", "--target-dir"]).arg(shared(&self.folder));
            cargo.env("CARGO_INCREMENTAL", if incremental { "1" } else { "0" });
            cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
            cargo
        };
        // What is incremental is only so from the second change on.
        change(0)?;
        measure(&mut cargo())?;
        let mut at = 0;
        median(runs, || {
            at += 1;
            change(at)?;
            measure(&mut cargo())
        })
    }
}

/// Writes a file again as it is, which makes it new.
fn touched(file: &Path) -> io::Result<()> {
    let text = fs::read(file)?;
    fs::write(file, text)
}

/// Copies a crate's folder, without what was built in it.
fn copied(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            fs::copy(entry.path(), target)?;
        } else if entry.file_name() != "target" {
            copied(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Where all crates of a benchmark are built, so that what they depend on is built once.
fn shared(folder: &Path) -> PathBuf {
    folder.parent().unwrap_or(folder).join("built")
}

/// The size of what the compiler keeps of a crate for those that use it, in MiB; the newest where there are several.
fn metadata(folder: &Path, out: &Path) -> f64 {
    let manifest = fs::read_to_string(out.join("Cargo.toml")).unwrap_or_default();
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let prefix = format!("lib{}-", name.unwrap_or_default().replace('-', "_"));
    let deps = shared(folder).join("debug").join("deps");
    fs::read_dir(deps)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.strip_suffix(".rmeta").is_some_and(|name| name.starts_with(&prefix))
        })
        .filter_map(|entry| entry.metadata().ok())
        .max_by_key(|file| file.modified().ok())
        .and_then(|file| u32::try_from(file.len() / 1024).ok())
        .map_or(0.0, |kib| f64::from(kib) / 1024.0)
}
