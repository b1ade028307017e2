//! Does a document that is bent here and there make the generator panic, hang or overflow?
//!
//! The mutations and checks of the fuzz targets, bounded and the same in each run. To run them for longer, over other documents:
//!
//! ```text
//! SINEW_MUTATE_FOLDER=… SINEW_MUTATE_SECONDS=600 cargo test --release -p sinew-generator --test mutations -- --nocapture
//! ```
//!
//! The document at work lies in the folder for temporary files as `sinew-mutation-<process>.json`, so that one that overflows the
//! stack is not lost; one that panics or takes too long is kept there under its seed.

// A test may unwrap, and so may what only tests call.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::format_push_string,
    missing_docs,
    unreachable_pub
)]

#[path = "../fuzz/src/exercise.rs"]
mod exercise;
#[path = "../fuzz/src/mutate.rs"]
mod mutate;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mutate::{Dice, mutate, prune};
use serde_json::Value;

/// How many paths of a document are kept, how often each is bent, and how long one may take.
const PATHS: usize = 12;
const ROUNDS: u64 = 8;
const LONGEST: Duration = Duration::from_secs(20);

#[test]
fn a_bent_document_is_told_and_never_a_panic() {
    let seconds = std::env::var("SINEW_MUTATE_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let folder = std::env::var_os("SINEW_MUTATE_FOLDER").map(PathBuf::from);
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = folder.map_or_else(|| vec![own.join("tests/cases"), own.join("../specs")], |folder| vec![folder]);
    let mut documents: Vec<(PathBuf, Value)> = Vec::new();
    for folder in folders {
        collect(&folder, &mut documents);
    }
    documents.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!documents.is_empty(), "there is nothing to bend");

    let scratch = std::env::temp_dir().join(format!("sinew-mutation-{}.json", std::process::id()));
    let (mut failures, mut runs, mut slowest) = (Vec::new(), 0u64, (Duration::ZERO, String::new()));
    'all: for round in 0.. {
        if until.is_none() && round == ROUNDS {
            break;
        }
        for (index, (path, document)) in documents.iter().enumerate() {
            if until.is_some_and(|until| Instant::now() > until) {
                break 'all;
            }
            let seed = round << 32 | index as u64;
            let text = bent(document, seed).to_string();
            fs::write(&scratch, &text).unwrap();
            let begun = Instant::now();
            let result = catch_unwind(AssertUnwindSafe(|| exercise::exercise(text.as_bytes())));
            runs += 1;
            slowest = slowest.max((begun.elapsed(), format!("{} seed {seed:x}", path.display())));
            if result.is_err() || begun.elapsed() > LONGEST {
                let kept = scratch.with_file_name(format!("sinew-mutation-{seed:x}.json"));
                fs::copy(&scratch, &kept).unwrap();
                failures.push(format!("{} seed {seed:x}: {}", path.display(), kept.display()));
            }
        }
    }
    fs::remove_file(scratch).unwrap();
    println!("{runs} documents bent from {}, slowest {slowest:?}, {} failures", documents.len(), failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The same for the same seed.
fn bent(document: &Value, seed: u64) -> Value {
    let mut dice = Dice::new(seed);
    let mut document = document.clone();
    prune(&mut document, &mut dice, PATHS);
    mutate(&mut document, &mut dice);
    document
}

fn collect(folder: &Path, documents: &mut Vec<(PathBuf, Value)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, documents);
        } else if path.extension().is_some_and(|ending| ending == "json" || ending == "yaml" || ending == "yml") {
            // What is no tree to begin with cannot be bent as one.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let tree = serde_yaml::from_str::<serde_yaml::Value>(&text).ok().map(json);
            // One that aliases make grow without measure is refused before it is a tree.
            let grown = |tree: &Value| tree.to_string().len() > 20 * text.len() + 100_000;
            if let Some(tree) =
                tree.filter(|tree| tree.get("openapi").or(tree.get("swagger")).is_some() && !grown(tree))
            {
                documents.push((path, tree));
            }
        }
    }
}

/// YAML as JSON, with keys as texts.
fn json(value: serde_yaml::Value) -> Value {
    match value {
        serde_yaml::Value::Mapping(members) => members
            .into_iter()
            .map(|(key, value)| {
                let key = match key {
                    serde_yaml::Value::String(key) => key,
                    other => serde_yaml::to_string(&other).unwrap_or_default().trim().to_owned(),
                };
                (key, json(value))
            })
            .collect(),
        serde_yaml::Value::Sequence(items) => items.into_iter().map(json).collect(),
        serde_yaml::Value::Tagged(tagged) => json(tagged.value),
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}
