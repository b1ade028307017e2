//! What does it cost to compile the crate that a document becomes?

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use sinew_generator::Config;

use super::page::{Picture, Table, show};
use super::process::{measure, median};
use crate::svg::{Group, number};

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
    /// Build with optimisations, too.
    #[arg(long)]
    release: bool,
    /// How often each is compiled; the middle one counts.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Put the results into `generator/BENCHMARKS.md`.
    #[arg(long)]
    record: bool,
}

pub(super) fn run(arguments: &Arguments) -> io::Result<()> {
    let columns =
        vec!["crate", "step", "CPU s", "wall s", "MiB", "operations", "CPU ms an operation", "lines", "metadata MiB"];
    let mut table = Table { columns, rows: vec![] };
    let mut groups = Vec::new();
    let steps: &[(&str, &[&str])] = &[("check", &["check"]), ("build --release", &["build", "--release"])];
    let steps = if arguments.release { steps } else { &steps[..1] };
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
            for (step, args) in steps {
                let cost = compiled(&folder, &out, args, arguments.runs)?;
                let each = cost.cpu * 1000.0 / f64::from(u32::try_from(operations.max(1)).unwrap_or(u32::MAX));
                table.rows.push(vec![
                    label.clone(),
                    (*step).to_owned(),
                    number(cost.cpu),
                    number(cost.wall),
                    number(cost.peak),
                    operations.to_string(),
                    number(each),
                    crate::corpus::one::lines(&out.join("src")).to_string(),
                    number(metadata(&folder, &out)),
                ]);
                groups.push(Group { label: format!("{label}, {step}"), values: vec![Some(cost.cpu)] });
            }
        }
    }
    let picture =
        Picture { title: "Compiling the crate: seconds of CPU", unit: "s", series: vec!["sinew".to_owned()], groups };
    show("compile", &table, &picture, arguments.record)
}

/// Compiles a crate alone: what it depends on is compiled before, and not counted.
fn compiled(folder: &Path, out: &Path, args: &[&str], runs: usize) -> io::Result<super::process::Cost> {
    let member = out.display().to_string();
    fs::write(
        folder.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = [{member:?}]\n\n[profile.dev]\ndebug = false\n"),
    )?;
    let own = Some(out.join("Cargo.lock")).filter(|lock| lock.exists());
    fs::copy(own.unwrap_or_else(|| super::root().join("Cargo.lock")), folder.join("Cargo.lock"))?;
    let cargo = || {
        let mut cargo = Command::new(super::cargo());
        cargo.current_dir(folder).args(args).args(["--offline", "--target-dir"]).arg(shared(folder));
        cargo.env("CARGO_INCREMENTAL", "0").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
        cargo
    };
    measure(&mut cargo())?;
    median(runs, || {
        let root = out.join("src").join("lib.rs");
        let text = fs::read(&root)?;
        fs::write(&root, text)?;
        measure(&mut cargo())
    })
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
