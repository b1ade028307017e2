//! Do the stages keep to their own? The cheap ones of the invariants in `ARCHITECTURE.md`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut open: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                // Comments may name what the code may not, and tests may do as they please.
                let text = fs::read_to_string(path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
                let code: Vec<&str> = code.filter(|line| !line.trim_start().starts_with("//")).collect();
                sources.push((name, code.join("\n")));
            }
        }
    }
    assert!(sources.len() > 40, "the sources are gone");
    sources
}

/// No file outside these folders says any of these words.
fn only_in(folders: &[&str], words: &[&str]) {
    for (name, text) in sources() {
        if folders.iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        for word in words {
            assert!(!text.contains(word), "{name} says `{word}`, which only {folders:?} may");
        }
    }
}

#[test]
fn only_load_and_lower_know_the_typed_document() {
    only_in(&["load/", "lower/"], &["openapiv3"]);
}

#[test]
fn only_emit_makes_tokens() {
    only_in(&["emit/"], &["proc_macro2", "quote!", "prettyplease"]);
}

#[test]
fn only_load_settings_and_write_touch_files() {
    only_in(&["load/", "settings/", "write/", "bin/"], &["std::fs", "fs::read", "fs::write", "File::open"]);
}

#[test]
fn the_meaning_knows_neither_its_source_nor_its_target() {
    for (name, text) in sources() {
        let banned: &[&str] = match name.split('/').next().unwrap_or_default() {
            "ir" => &["crate::load", "crate::lower", "crate::plan", "crate::emit", "crate::settings"],
            "plan" => &["crate::load", "crate::lower", "crate::emit"],
            "emit" => &["crate::load", "crate::lower", "crate::settings"],
            "lower" => &["crate::plan", "crate::emit"],
            "load" => &["crate::lower", "crate::ir", "crate::plan", "crate::emit"],
            _ => &[],
        };
        for word in banned {
            assert!(!text.contains(word), "{name} reaches past its neighbour: `{word}`");
        }
    }
}

#[test]
fn every_file_says_which_question_it_answers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (name, _) in sources() {
        let text = fs::read_to_string(root.join(&name)).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 8, "{name} begins with {first:?}");
    }
}
