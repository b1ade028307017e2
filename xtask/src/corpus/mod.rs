//! What does the generator make of every document of a folder?
//!
//! This is how the project measures itself: each document is generated in a process of its own, so that one that crashes,
//! or never ends, is counted and the others are not lost.

mod child;
mod compile;
mod find;
pub(crate) mod one;
mod report;

use std::collections::VecDeque;
use std::fs;
use std::hash::Hasher;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use child::{Bounds, End};
use compile::{Checked, Compiler};
use find::Root;
use one::Generated;
use report::{Entry, Outcome};

/// Which documents, and what to do with them.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder, or one document.
    pub(crate) folder: PathBuf,
    /// Check each crate with `cargo check`, warnings as errors.
    #[arg(long)]
    pub(crate) compile: bool,
    /// Check each crate with `cargo clippy`, warnings as errors. With `--compile` too there is one pass, not two:
    /// clippy is the compiler's own check with more lints.
    #[arg(long)]
    pub(crate) clippy: bool,
    /// Where to write the results for programs.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
    /// Only documents whose path holds this text.
    #[arg(long)]
    pub(crate) filter: Option<String>,
    /// How many documents at a time.
    #[arg(long, default_value_t = 1)]
    pub(crate) jobs: usize,
    /// How many seconds a document may take.
    #[arg(long, default_value_t = 120)]
    pub(crate) timeout: u64,
    /// How many megabytes a document may take (Linux only).
    #[arg(long, default_value_t = 4000)]
    pub(crate) memory: u64,
    /// How many seconds cargo may take over a crate.
    #[arg(long, default_value_t = 1800)]
    pub(crate) compile_timeout: u64,
    /// Forget the results of earlier runs.
    #[arg(long)]
    pub(crate) fresh: bool,
}

impl Arguments {
    /// What nobody says otherwise about a folder.
    pub(crate) fn of(folder: PathBuf) -> Self {
        Self {
            folder,
            compile: false,
            clippy: false,
            json: None,
            filter: None,
            jobs: 1,
            timeout: 120,
            memory: 4000,
            compile_timeout: 1800,
            fresh: false,
        }
    }
}

/// Runs the generator over every document of a folder, and tells what came of it.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match corpus(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn corpus(arguments: &Arguments) -> io::Result<ExitCode> {
    let folder = &arguments.folder;
    if !folder.exists() {
        return Err(io::Error::other(format!("there is no folder `{}`", folder.display())));
    }
    let mut found = find::roots(folder)?;
    if let Some(filter) = &arguments.filter {
        found.roots.retain(|root| root.name.contains(filter.as_str()));
    }
    if found.roots.is_empty() {
        return Err(io::Error::other(format!("`{}` holds no OpenAPI document that is asked for", folder.display())));
    }
    let bench = Bench::new(arguments)?;
    let entries = bench.all(&found.roots, arguments.jobs.max(1));
    let optimised = !cfg!(debug_assertions);
    if let Some(path) = &arguments.json {
        let report = report::Report {
            version: 1,
            folder: folder.display().to_string(),
            optimised,
            compiled: arguments.compile,
            clippy: arguments.clippy,
            totals: report::totals(&entries),
            unpositioned: report::unpositioned(&entries),
            documents: &entries,
        };
        let text = serde_json::to_string_pretty(&report).map_err(io::Error::other)?;
        fs::write(path, text + "\n")
            .map_err(|error| io::Error::other(format!("`{}` cannot be written: {error}", path.display())))?;
    }
    // A reader that has gone away is no failure of ours.
    let _ = io::stdout().write_all(report::render(&entries, found.parts, optimised).as_bytes());
    let bad = entries.iter().any(|entry| matches!(entry.outcome, Outcome::Failed | Outcome::Panicked));
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What all documents share.
struct Bench {
    binary: PathBuf,
    scratch: PathBuf,
    /// The folder of the corpus, within which documents may refer to each other's files.
    folder: PathBuf,
    runtime: PathBuf,
    /// Of everything that the results depend on besides the document.
    hash: u64,
    /// Of everything that a check depends on besides the crate.
    compile_hash: u64,
    bounds: Bounds,
    compiler: Option<Compiler>,
    /// Cargo builds one at a time in one folder; waiting for its turn is not a crate's own time.
    turn: Mutex<()>,
}

impl Bench {
    fn new(arguments: &Arguments) -> io::Result<Self> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
        let scratch = std::path::absolute(target.join("corpus"))?;
        let runtime = workspace.join("runtime");
        let binary = std::env::current_exe()?;
        let folder =
            if arguments.folder.is_dir() { arguments.folder.clone() } else { arguments.folder.with_file_name("") };
        // The parent of `openapi.yaml` is a path of no letters, which no argument can be.
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        let mut hasher = hasher();
        hasher.write_u64(hash(&fs::read(&binary)?));
        let compiles = arguments.compile || arguments.clippy;
        let mut compile_hash = 0;
        if compiles {
            let mut hasher = self::hasher();
            hasher.write(&[u8::from(arguments.clippy)]);
            hasher.write_u64(hash(&fs::read(workspace.join("Cargo.lock"))?));
            hasher.write_u64(hash(&fs::read(runtime.join("Cargo.toml"))?));
            hash_folder(&runtime.join("src"), &mut hasher)?;
            compile_hash = hasher.finish();
        }
        hasher.write_u64(compile_hash);
        for kept in ["results", "checked"] {
            if arguments.fresh {
                let _ = fs::remove_dir_all(scratch.join(kept));
            }
            fs::create_dir_all(scratch.join(kept))?;
        }
        fs::create_dir_all(scratch.join("crates"))?;
        let compiler = compiles.then(|| Compiler {
            workspace,
            target: scratch.join("target"),
            clippy: arguments.clippy,
            bounds: Bounds { time: Duration::from_secs(arguments.compile_timeout), memory: None },
        });
        let bounds =
            Bounds { time: Duration::from_secs(arguments.timeout), memory: Some(arguments.memory * 1_000_000) };
        let hash = hasher.finish();
        Ok(Self { binary, scratch, folder, runtime, hash, compile_hash, bounds, compiler, turn: Mutex::new(()) })
    }

    /// Every document, in the order given, however many are at work.
    fn all(&self, roots: &[Root], jobs: usize) -> Vec<Entry> {
        let queue: Mutex<VecDeque<(usize, &Root)>> = Mutex::new(roots.iter().enumerate().collect());
        let done: Mutex<Vec<(usize, Entry)>> = Mutex::new(Vec::with_capacity(roots.len()));
        let progress = Progress { shown: io::stderr().is_terminal(), all: roots.len() };
        std::thread::scope(|scope| {
            for _ in 0..jobs.min(roots.len()) {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                        let Some((index, root)) = next else { break };
                        progress.at(index, &root.name);
                        let entry = self
                            .one(root)
                            .unwrap_or_else(|error| broken(root, format!("the document could not be tried: {error}")));
                        done.lock().unwrap_or_else(PoisonError::into_inner).push((index, entry));
                    }
                });
            }
        });
        progress.clear();
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, entry)| entry).collect()
    }

    fn one(&self, root: &Root) -> io::Result<Entry> {
        let mut hasher = hasher();
        hasher.write_u64(self.hash);
        hasher.write_u64(root.hash);
        hasher.write(root.name.as_bytes());
        let kept = self.scratch.join("results").join(format!("{:016x}.json", hasher.finish()));
        let earlier = fs::read(&kept).ok().and_then(|bytes| serde_json::from_slice::<Entry>(&bytes).ok());
        if let Some(earlier) = earlier {
            return Ok(Entry { resumed: true, document: root.name.clone(), ..earlier });
        }
        let scratch = self.scratch.join("crates").join(slug(&root.name));
        fs::create_dir_all(&scratch)?;
        let (mut entry, mut lasting) = self.generate(root, &scratch)?;
        if let Some(compiler) = self.compiler.as_ref().filter(|_| entry.generated.written) {
            let checked = self.check(compiler, &scratch)?;
            entry.check_seconds = Some(checked.seconds);
            lasting &= !checked.out_of_time;
            if checked.first_error.is_some() {
                entry.outcome = Outcome::Failed;
                entry.why = checked.first_error;
            }
        }
        // What was out of time may have been so for what else the machine was doing.
        if lasting {
            fs::write(kept, serde_json::to_vec(&entry).map_err(io::Error::other)?)?;
        }
        Ok(entry)
    }

    /// What cargo says of the crate, or said of the same crate before: a generator that changed makes most crates as
    /// they were, and those need no second look.
    fn check(&self, compiler: &Compiler, scratch: &Path) -> io::Result<Checked> {
        let mut hasher = hasher();
        hasher.write_u64(self.compile_hash);
        hash_folder(&scratch.join("crate"), &mut hasher)?;
        let kept = self.scratch.join("checked").join(format!("{:016x}.json", hasher.finish()));
        if let Some(earlier) = fs::read(&kept).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            return Ok(earlier);
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let checked = compiler.check(scratch)?;
        if !checked.out_of_time {
            fs::write(kept, serde_json::to_vec(&checked).map_err(io::Error::other)?)?;
        }
        Ok(checked)
    }

    /// The result of the child, and whether it would be the same again.
    fn generate(&self, root: &Root, scratch: &Path) -> io::Result<(Entry, bool)> {
        let (report, output) = (scratch.join("generated.json"), scratch.join("generated.txt"));
        let _ = fs::remove_file(&report);
        let mut command = Command::new(&self.binary);
        command.arg("corpus-one").arg(&root.path).arg("--out").arg(scratch.join("crate"));
        command.arg("--report").arg(&report).arg("--runtime").arg(&self.runtime);
        command.arg("--allow").arg(&self.folder);
        let ran = child::run(&mut command, &output, self.bounds, false)?;
        let told = fs::read(&report).ok().and_then(|bytes| serde_json::from_slice::<Generated>(&bytes).ok());
        let (true, Some(mut generated)) = (matches!(&ran.end, End::Exited(status) if status.success()), told) else {
            let said = fs::read_to_string(&output).unwrap_or_default();
            let last: Vec<&str> = said.lines().rev().filter(|line| !line.trim().is_empty()).take(4).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            let why = format!("{}\n{}", child::why(&ran.end, self.bounds), last.join("\n"));
            let mut entry = broken(root, why.trim_end().to_owned());
            entry.generated.seconds = ran.seconds;
            entry.generated.peak = ran.peak;
            return Ok((entry, matches!(ran.end, End::Exited(_))));
        };
        generated.peak = generated.peak.max(ran.peak);
        let outcome = match &generated {
            Generated { written: false, .. } => Outcome::Refused,
            Generated { degraded: 0, skipped: 0, .. } => Outcome::Ok,
            _ => Outcome::Degraded,
        };
        let why = if outcome == Outcome::Ok { None } else { generated.first_error.clone() };
        let document = root.name.clone();
        Ok((Entry { document, files: root.files, outcome, why, generated, check_seconds: None, resumed: false }, true))
    }
}

fn broken(root: &Root, why: String) -> Entry {
    Entry {
        document: root.name.clone(),
        files: root.files,
        outcome: Outcome::Panicked,
        why: Some(why),
        generated: Generated::default(),
        check_seconds: None,
        resumed: false,
    }
}

/// Where the run is, for those who watch; nothing where nobody does.
struct Progress {
    shown: bool,
    all: usize,
}

impl Progress {
    fn at(&self, index: usize, name: &str) {
        if self.shown {
            const WIDE: usize = 24;
            let filled = (index * WIDE).checked_div(self.all).unwrap_or_default();
            let bar: String = (0..WIDE).map(|at| if at < filled { '█' } else { '░' }).collect();
            let name: String = name.chars().take(50).collect();
            let _ = write!(io::stderr(), "\r\x1b[K{bar} {}/{} {name}", index + 1, self.all);
        }
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// A folder's name for a document: readable, and its own.
fn slug(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let tail = plain.len().saturating_sub(60);
    format!("{}-{:08x}", plain[tail..].trim_start_matches('-'), hash(name.as_bytes()) & 0xffff_ffff)
}

/// Equal for equal bytes, as long as the toolchain is the same; with another one, results are made anew.
fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = hasher();
    hasher.write(bytes);
    hasher.finish()
}

fn hasher() -> impl Hasher {
    std::hash::DefaultHasher::new()
}

/// Of names and contents; what begins with a dot is no source of a crate.
fn hash_folder(folder: &Path, hasher: &mut impl Hasher) -> io::Result<()> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if name.starts_with(b".") {
            continue;
        }
        hasher.write(name);
        if path.is_dir() {
            hash_folder(&path, hasher)?;
        } else {
            hasher.write_u64(hash(&fs::read(&path)?));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_plain_name_of_its_own() {
        assert_ne!(slug("a/b.yaml"), slug("a-b.yaml"));
        assert!(slug(&"ä/".repeat(500)).len() < 80);
        assert!(slug("../../x").chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    }
}
