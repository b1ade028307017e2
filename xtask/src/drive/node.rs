//! How are servers that run in Node.js installed, and where do they listen?

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether Node.js is here; the text says what to do.
pub(crate) fn present() -> Result<(), String> {
    for (program, use_) in [("node", "runs"), ("npm", "installs")] {
        if Command::new(program).arg("--version").output().is_err() {
            return Err(format!("`{program}` is missing, which {use_} the mock server: install Node.js 20 or newer"));
        }
    }
    Ok(())
}

/// Installs what a `package.json` pins into a scratch folder; `false` where it was there already.
pub(crate) fn install(wanted: &[u8], scratch: &Path) -> Result<bool, String> {
    fs::create_dir_all(scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    let manifest = scratch.join("package.json");
    let done = scratch.join("node_modules/.package-lock.json");
    if done.exists() && fs::read(&manifest).is_ok_and(|known| known == wanted) {
        return Ok(false);
    }
    fs::write(&manifest, wanted).map_err(|error| format!("{}: {error}", manifest.display()))?;
    run(Command::new("npm").args(["install", "--legacy-peer-deps", "--no-audit", "--no-fund"]).current_dir(scratch))
        .map_err(|error| format!("npm, which installs the mock server, failed: {error}"))?;
    Ok(true)
}

/// A free port of this machine, which nobody else takes in the next moment.
pub(crate) fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| format!("no port is free: {error}"))
}

/// What a program wrote, or the end of its complaint.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n"))
}
