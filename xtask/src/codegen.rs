//! How do the folders of `specs/` become the crates of `generated/`?

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use sinew_generator::diagnostics::{Renderer, Severity};
use sinew_generator::{Config, write};

/// Which crates to make, and whether only to compare.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folders of `specs/`; all of them if none is named.
    apis: Vec<String>,
    /// Write nothing; fail if a crate is not what its document gives.
    #[arg(long)]
    check: bool,
}

/// The names under which a document may stand in its folder.
const DOCUMENTS: &[&str] = &["openapi.yaml", "openapi.yml", "openapi.json"];

/// Runs the generator over every folder that is asked for.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let root = workspace();
    let known = match folders(&root.join("specs")) {
        Ok(known) => known,
        Err(error) => {
            eprintln!("error: specs/ cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(unknown) = arguments.apis.iter().find(|api| !known.contains(api)) {
        eprintln!("error: there is no specs/{unknown}; there are {}", known.join(", "));
        return ExitCode::from(2);
    }
    let asked: Vec<&String> =
        if arguments.apis.is_empty() { known.iter().collect() } else { arguments.apis.iter().collect() };
    let mut stale = Vec::new();
    let mut failed = false;
    for api in asked {
        match one(&root, api, arguments.check) {
            Some(differences) => stale.extend(differences),
            None => failed = true,
        }
    }
    if arguments.apis.is_empty() {
        match remove_strays(&root.join("generated"), &known, arguments.check) {
            Ok(strays) => stale.extend(strays),
            Err(error) => {
                eprintln!("error: generated/ cannot be tidied: {error}");
                failed = true;
            }
        }
    }
    if arguments.check && !stale.is_empty() {
        eprintln!("error: generated/ is not what specs/ gives:");
        for line in stale {
            eprintln!("  {line}");
        }
        eprintln!("run `cargo xtask codegen` and commit the result");
        return ExitCode::FAILURE;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Makes or compares one crate; the lines are what differs from `specs/`, and `None` means that it was refused.
fn one(root: &Path, api: &str, check: bool) -> Option<Vec<String>> {
    let begun = Instant::now();
    let folder = root.join("specs").join(api);
    let Some(document) = DOCUMENTS.iter().map(|name| folder.join(name)).find(|path| path.exists()) else {
        eprintln!("error: specs/{api} holds none of {}", DOCUMENTS.join(", "));
        return None;
    };
    // Shown relative to the workspace, where the reader stands.
    let document = document.strip_prefix(root).map(Path::to_path_buf).unwrap_or(document);
    let out = Path::new("generated").join(api);
    let config = Config::new(document).out(&out).pin_names(true);
    let outcome = if check { config.check() } else { config.generate() };
    let shown = Renderer::plain().at_least(Severity::Warning).render(&outcome.diagnostics);
    if !shown.is_empty() {
        eprint!("{shown}");
    }
    let difference = outcome.difference?;
    let word = match (difference.is_none(), check) {
        (true, _) => "unchanged",
        (false, true) => "stale    ",
        (false, false) => "written  ",
    };
    eprint!("{}", outcome.summary.render());
    println!("  {word}  {}: {} ({:.2} s)", out.display(), outcome.summary.line(), begun.elapsed().as_secs_f64());
    let lines = difference.lines().into_iter().map(|line| {
        let (word, path) = line.split_once("  ").unwrap_or(("differs", &line));
        // The file of names lies with the document.
        if path.starts_with("specs/") { line } else { format!("{word}  generated/{api}/{path}") }
    });
    Some(lines.collect())
}

/// Removes the crates whose document is gone.
fn remove_strays(generated: &Path, known: &[String], check: bool) -> std::io::Result<Vec<String>> {
    let mut strays = Vec::new();
    if !generated.exists() {
        return Ok(strays);
    }
    for folder in folders(generated)? {
        let path = generated.join(&folder);
        if !known.contains(&folder) && write::is_generated_crate(&path) {
            if !check {
                fs::remove_dir_all(&path)?;
                println!("  removed    generated/{folder}");
            }
            strays.push(format!("stray  generated/{folder}"));
        }
    }
    Ok(strays)
}

fn folders(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The workspace's root, made the current folder so that shown paths are short and the same everywhere.
fn workspace() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    match std::env::set_current_dir(&root) {
        Ok(()) => PathBuf::from("."),
        Err(_) => root,
    }
}
