//! Does a generated crate compile, with every warning an error?

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::child::{self, Bounds, End};

/// What cargo said.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Checked {
    /// The first thing that is wrong; `None` where nothing is.
    pub(super) first_error: Option<String>,
    pub(super) seconds: f64,
    /// It was stopped, which may have been for what else the machine was doing.
    pub(super) out_of_time: bool,
}

/// What all checks share.
#[derive(Debug)]
pub(super) struct Compiler {
    /// The workspace whose lock file is taken over.
    pub(super) workspace: PathBuf,
    /// Where cargo builds, for all crates together: what they depend on is built once.
    pub(super) target: PathBuf,
    pub(super) clippy: bool,
    pub(super) bounds: Bounds,
}

impl Compiler {
    /// Checks the crate in `<scratch>/crate`.
    pub(super) fn check(&self, scratch: &Path) -> io::Result<Checked> {
        // Otherwise cargo would take the crate for a part of the workspace that its scratch folder lies in.
        fs::write(
            scratch.join("Cargo.toml"),
            "[workspace]\nresolver = \"3\"\nmembers = [\"crate\"]\n\n[profile.dev]\ndebug = false\n",
        )?;
        fs::copy(self.workspace.join("Cargo.lock"), scratch.join("Cargo.lock"))?;
        let verb = if self.clippy { "clippy" } else { "check" };
        let output = scratch.join(format!("{verb}.txt"));
        // Without the network where that is possible: a run must not depend on it, nor wait for it.
        let mut ran = self.cargo(verb, scratch, &output, true)?;
        if !succeeded(&ran.end) && lacks_packages(&fs::read_to_string(&output)?) {
            ran = self.cargo(verb, scratch, &output, false)?;
        }
        let mut checked = Checked { first_error: None, seconds: ran.seconds, out_of_time: false };
        if !succeeded(&ran.end) {
            let said = fs::read_to_string(&output)?;
            checked.first_error = first_error(&said).or_else(|| Some(child::why(&ran.end, self.bounds)));
            checked.out_of_time = !matches!(ran.end, End::Exited(_));
        }
        Ok(checked)
    }

    fn cargo(&self, verb: &str, scratch: &Path, output: &Path, offline: bool) -> io::Result<child::Ran> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args([verb, "--quiet", "--color", "never"]).arg("--manifest-path").arg(scratch.join("Cargo.toml"));
        cargo.arg("--target-dir").arg(&self.target);
        if offline {
            cargo.arg("--offline");
        }
        if verb == "clippy" {
            cargo.args(["--", "-D", "warnings"]);
        }
        // Another value would mean another build of everything; incremental state would only fill the disk.
        cargo.env("RUSTFLAGS", "-D warnings").env("CARGO_INCREMENTAL", "0").env_remove("CARGO_ENCODED_RUSTFLAGS");
        child::run(&mut cargo, output, self.bounds, true)
    }
}

fn succeeded(end: &End) -> bool {
    matches!(end, End::Exited(status) if status.success())
}

fn lacks_packages(said: &str) -> bool {
    said.contains("--offline") || said.contains("offline was specified")
}

/// The first error with the lines that show its place.
fn first_error(said: &str) -> Option<String> {
    let from = said.lines().position(|line| line.starts_with("error") || line.starts_with("warning: unused"))?;
    let lines = said.lines().skip(from).take_while(|line| !line.trim().is_empty()).take(12);
    Some(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_is_shown_with_its_place() {
        let said = "warning: x\n\nerror[E0308]: mismatched\n --> src/lib.rs:1:1\n  |\n\nerror: aborting";
        assert_eq!(first_error(said).as_deref(), Some("error[E0308]: mismatched\n --> src/lib.rs:1:1\n  |"));
        assert_eq!(first_error("fine"), None);
    }
}
