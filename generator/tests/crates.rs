//! Does each document of `cases/crates` become the crate that stands beside it, whatever the order of its keys?
//!
//! A case is a folder: `openapi.yaml`, `client.toml`, and `crate/`, which is a member of the workspace and so is compiled,
//! linted and documented with everything else. `SINEW_BLESS=1 cargo test -p sinew-generator --test crates` writes the crates anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::case_sensitive_file_extension_comparisons)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sinew_generator::Config;
use sinew_generator::diagnostics::{Diagnostics, Renderer};
use sinew_generator::emit::SourceFile;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/crates");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 9, "the cases are gone");
    cases
}

fn specs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn files(config: &Config) -> Vec<SourceFile> {
    let mut diagnostics = Diagnostics::new();
    match config.files(&mut diagnostics) {
        Some((files, _)) => files,
        None => panic!("refused:\n{}", Renderer::plain().render(&diagnostics)),
    }
}

#[test]
fn every_document_becomes_the_crate_beside_it() {
    for case in cases() {
        let config = Config::new(case.join("openapi.yaml")).out(case.join("crate"));
        if std::env::var_os("SINEW_BLESS").is_some() {
            assert!(config.generate().difference.is_some(), "{} is refused", case.display());
        }
        let outcome = config.check();
        let difference = outcome.difference.unwrap_or_else(|| panic!("{} is refused", case.display()));
        assert!(difference.is_none(), "{}: {:?}", case.display(), difference.lines());
    }
}

/// JSON with the keys of every object in another order: the last first, or turned around by half.
fn shuffled(value: &Value, round: usize, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            match round {
                0 => keys.reverse(),
                round => keys.rotate_left((fields.len() / 2 + round) % fields.len().max(1)),
            }
            out.push('{');
            for (at, key) in keys.into_iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                shuffled(&fields[key], round, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                shuffled(item, round, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// Copies what stands beside a document: the files that it refers to.
fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != "crate") {
        if entry.file_type().unwrap().is_dir() {
            copy_files(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn the_order_of_keys_changes_nothing() {
    let scratch = std::env::temp_dir().join(format!("sinew-shuffle-{}", std::process::id()));
    fs::create_dir_all(&scratch).unwrap();
    for case in cases().into_iter().chain(specs()) {
        let document: Value = serde_yaml::from_slice(&fs::read(case.join("openapi.yaml")).unwrap()).unwrap();
        let settings = case.join("client.toml");
        // The same name, since a header says which document a file is made from.
        let folder = scratch.join(case.file_name().unwrap());
        copy_files(&case, &folder);
        let copy = folder.join("openapi.yaml");
        let mut outcomes = Vec::new();
        for round in 0..3 {
            let mut text = String::new();
            shuffled(&document, round, &mut text);
            fs::write(&copy, text).unwrap();
            outcomes.push(files(&Config::new(&copy).settings(&settings)));
        }
        let original = files(&Config::new(case.join("openapi.yaml")).settings(&settings));
        for outcome in outcomes {
            for (ours, theirs) in original.iter().zip(&outcome) {
                assert_eq!(ours.path, theirs.path, "{}", case.display());
                assert_eq!(ours.text, theirs.text, "{}: {}", case.display(), ours.path);
            }
            assert_eq!(original.len(), outcome.len(), "{}", case.display());
        }
    }
    fs::remove_dir_all(scratch).unwrap();
}

#[test]
fn nothing_generated_says_crate() {
    for case in cases().into_iter().chain(specs()) {
        let config = Config::new(case.join("openapi.yaml")).settings(case.join("client.toml"));
        for file in files(&config).iter().filter(|file| file.path.starts_with("src/client/")) {
            let code = file.text.lines().filter(|line| !line.trim_start().starts_with("//"));
            assert!(!code.collect::<String>().contains("crate::"), "{} of {}", file.path, case.display());
        }
    }
}
