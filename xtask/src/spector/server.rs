//! How is the mock server installed, asked what it expects, served, and stopped?

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::drive::node;

/// The running server; it ends with this value.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    scratch: PathBuf,
    port: u16,
}

impl Server {
    /// Gives it two seconds to end, if it is about to, and sees that it listens.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(2) && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(50));
        }
        self.revive()
    }

    /// Sees that it listens, and starts it again where it has ended: some requests that are wrong are too much for it, and it ends
    /// a moment after it answered them, or instead.
    pub(super) fn revive(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            if self.child.try_wait().map_err(|error| error.to_string())?.is_some() {
                *self = serve(&self.scratch, self.port)?;
                return Ok(());
            }
            if TcpStream::connect(("localhost", self.port)).is_ok() {
                return Ok(());
            }
            if begun.elapsed() > Duration::from_secs(30) {
                return Err("the mock server neither listens nor ends".to_owned());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Installs what `package.json` pins into a scratch folder, unless it is there already.
pub(super) fn install(pinned: &Path, scratch: &Path) -> Result<(), String> {
    let wanted = fs::read(pinned).map_err(|error| format!("{}: {error}", pinned.display()))?;
    if !node::install(&wanted, scratch)? {
        return Ok(());
    }
    // The server asks git where it is, and ends if there is no answer.
    for arguments in [
        &["init", "--quiet"][..],
        &[
            "-c",
            "user.name=sinew",
            "-c",
            "user.email=sinew@localhost",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "scratch",
        ],
        &["remote", "add", "origin", "https://localhost/scratch.git"],
    ] {
        node::run(Command::new("git").args(arguments).current_dir(scratch))
            .map_err(|error| format!("git failed: {error}"))?;
    }
    Ok(())
}

/// What the server expects and answers, a JSON object a line.
pub(super) fn dump(scratch: &Path, address: &str) -> Result<String, String> {
    let script = scratch.join("dump.mjs");
    fs::write(&script, include_str!("dump.mjs")).map_err(|error| format!("{}: {error}", script.display()))?;
    node::run(
        Command::new("node")
            .args(["dump.mjs", "node_modules/@typespec/http-specs/dist/specs", address])
            .current_dir(scratch),
    )
    .map_err(|error| format!("node cannot tell what the mock server expects: {error}"))
}

/// Starts the server, and waits until it listens.
pub(super) fn serve(scratch: &Path, port: u16) -> Result<Server, String> {
    let log = scratch.join("server.log");
    let output = fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let program: PathBuf = ["node_modules", "@typespec", "spector", "cmd", "cli.mjs"].iter().collect();
    let child = Command::new("node")
        .arg(program)
        .args(["serve", "node_modules/@typespec/http-specs/specs", "--port", &port.to_string()])
        .current_dir(scratch)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("node cannot be run: {error}"))?;
    let mut server = Server { child, scratch: scratch.to_owned(), port };
    let begun = Instant::now();
    while TcpStream::connect(("localhost", port)).is_err() {
        let ended = server.child.try_wait().map_err(|error| error.to_string())?;
        if ended.is_some() || begun.elapsed() > Duration::from_secs(240) {
            return Err(format!("the mock server does not listen; {} says why", log.display()));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(server)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
