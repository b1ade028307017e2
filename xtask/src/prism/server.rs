//! How is Prism served over a document, and stopped?

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::drive::node;

/// Prism over one document; it ends with this value.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub(super) address: String,
}

/// Installs the version of Prism that is pinned, unless it is there already.
pub(super) fn install(scratch: &Path) -> Result<(), String> {
    node::install(include_bytes!("package.json"), scratch).map(drop)
}

/// Serves a document on this machine alone, and waits until it listens.
pub(super) fn serve(scratch: &Path, document: &Path, log: &Path) -> Result<Server, String> {
    let port = node::free_port()?;
    let output = fs::File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let child = Command::new("node")
        .arg(scratch.join("node_modules/@stoplight/prism-cli/dist/index.js"))
        .arg("mock")
        .arg(document)
        // Not more than one process, so that ending it ends all.
        .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--errors", "--multiprocess", "false"])
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("node cannot be run: {error}"))?;
    let mut server = Server { child, address: format!("http://127.0.0.1:{port}") };
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = server.child.try_wait().map_err(|error| error.to_string())?;
        if ended.is_some() || begun.elapsed() > Duration::from_secs(180) {
            let said = fs::read_to_string(log).unwrap_or_default();
            let said: Vec<&str> = said.lines().rev().take(4).collect();
            return Err(format!("Prism does not serve it: {}", said.into_iter().rev().collect::<Vec<_>>().join(" ")));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(server)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
