//! What comes of documents that are made so that reading them takes for ever?
//!
//! At a small part of their size, as a matter of outcome; what each costs in full, `cargo xtask bounds` says.

// A test may unwrap, and so may what only tests call.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, dead_code)]

#[path = "../fuzz/src/exercise.rs"]
mod exercise;
#[path = "../fuzz/src/large.rs"]
mod large;

use sinew_generator::Config;
use sinew_generator::diagnostics::Diagnostics;

#[test]
fn each_is_told_or_generated_and_none_hangs() {
    for large in large::ALL {
        exercise::exercise((large.make)((large.full / 300).max(40)).as_bytes());
    }
}

/// The codes that a document of a size is refused with, and whether it is.
fn refused(name: &str, size: usize) -> (bool, Vec<String>) {
    let large = large::ALL.iter().find(|large| large.name == name).unwrap();
    let file = std::env::temp_dir().join(format!("sinew-large-{}-{name}-{size}.json", std::process::id()));
    std::fs::write(&file, (large.make)(size)).unwrap();
    let mut diagnostics = Diagnostics::new();
    let (understood, _) = Config::new(&file).understand(&mut diagnostics);
    std::fs::remove_file(file).unwrap();
    let mut codes: Vec<String> = diagnostics.iter().map(|said| said.code.as_str().to_owned()).collect();
    codes.sort();
    codes.dedup();
    (understood.is_none(), codes)
}

#[test]
fn what_is_repeated_without_measure_is_refused_as_a_whole() {
    for (name, size) in [
        ("all-of-shared", 500),
        ("one-of-shared", 500),
        ("operations-with-shared-credentials", 500),
        ("operations-with-shared-headers", 500),
        ("operations-with-shared-links", 500),
        ("key-around-all", 30_000),
    ] {
        let (refused, codes) = refused(name, size);
        assert!(refused && codes.iter().any(|code| code == "SN0230"), "{name}: {codes:?}");
    }
}

#[test]
fn what_only_is_large_is_generated() {
    for (name, size) in [
        ("all-of-shared", 60),
        ("operations-with-shared-credentials", 60),
        ("operations-with-shared-links", 60),
        ("fields", 4_000),
        ("nested", 100),
    ] {
        let (refused, codes) = refused(name, size);
        assert!(!refused && !codes.iter().any(|code| code == "SN0230"), "{name}: {codes:?}");
    }
}

#[test]
fn a_long_chain_of_references_is_no_circle() {
    let (_, codes) = refused("references-in-a-chain", 2_000);
    assert_eq!(codes, [""; 0], "every link leads on to a type");
    let (_, codes) = refused("all-of-in-a-chain", 2_000);
    assert_eq!(codes, [""; 0], "every link leads on to a type");
}
