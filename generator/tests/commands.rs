//! What does the `sinew` command print, and how does it end?
//!
//! Each folder of `cases/commands` holds an `openapi.yaml`, the arguments in `command.txt`, and in `expected.txt` word for word what
//! is printed where, with the exit status. With `SINEW_BLESS=1` the goldens are written anew.

// A test may unwrap, and so may what only tests call.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_command_prints_what_it_should() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/commands");
    let bless = std::env::var_os("SINEW_BLESS").is_some_and(|value| value == "1");
    let mut cases: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
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
    let command = fs::read_to_string(case.join("command.txt")).unwrap();
    // In the folder of the case, so that paths are short and the same everywhere.
    let output =
        Command::new(env!("CARGO_BIN_EXE_sinew")).args(command.split_whitespace()).current_dir(case).output().unwrap();
    let [told, done] = [output.stderr, output.stdout].map(|bytes| String::from_utf8(bytes).unwrap());
    let version = format!("\"semanticVersion\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let done = done.replace(&version, "\"semanticVersion\": \"…\"");
    if command.contains("json") || command.contains("sarif") {
        let _: serde_json::Value = serde_json::from_str(&done).unwrap();
    }
    let status = output.status.code().unwrap();
    format!("$ sinew {command}--- standard error\n{told}--- standard output\n{done}--- exit status {status}\n")
}
