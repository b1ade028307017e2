//! What is said about choices in `client.toml` and in flags that do not fit the document?
//!
//! Each folder of `cases/choices` holds an `openapi.yaml`, a `client.toml`, perhaps an `arguments.txt` (a flag and its patterns to a
//! line), and in `expected.txt` word for word what is said, and what comes of it. With `SINEW_BLESS=1` the goldens are written anew.

// A test may unwrap, and so may what only tests call.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sinew_generator::Config;
use sinew_generator::diagnostics::{Diagnostics, Renderer};

#[test]
fn every_wrong_choice_is_told_with_its_place() {
    // Relative, as tests run in the package's folder: the goldens show paths.
    let folder = Path::new("tests/cases/choices");
    let bless = std::env::var_os("SINEW_BLESS").is_some_and(|value| value == "1");
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let mut wrong = Vec::new();
    for case in cases {
        let actual = run(&case);
        let golden = case.join("expected.txt");
        if bless {
            fs::write(&golden, &actual).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != actual {
            wrong.push(format!("--- {}\n{actual}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "not as expected (SINEW_BLESS=1 accepts it):\n{}", wrong.join("\n"));
}

fn run(case: &Path) -> String {
    let mut diagnostics = Diagnostics::new();
    let mut config = Config::new(case.join("openapi.yaml")).out("nowhere");
    for line in fs::read_to_string(case.join("arguments.txt")).unwrap_or_default().lines() {
        let (flag, patterns) = line.split_once(' ').unwrap();
        let patterns = patterns.split(',');
        config = match flag {
            "--operations" => config.operations(patterns),
            "--tags" => config.tags(patterns),
            "--paths" => config.paths(patterns),
            "--overlay" => config.overlay(case.join(patterns.collect::<String>())),
            "--methods" => config.methods(patterns),
            other => panic!("no flag {other}"),
        };
    }
    let files = config.files(&mut diagnostics);
    let mut shown = Renderer::plain().render(&diagnostics).replace('\\', "/");
    let _ = match files {
        Some((_, summary)) => writeln!(shown, "\n{}\n{}", summary.line(), summary.render()),
        None => writeln!(shown, "\nrefused"),
    };
    shown
}
