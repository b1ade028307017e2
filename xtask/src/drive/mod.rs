//! How are generated clients driven by name, many of them from one program?
//!
//! A workspace of its own under `target/`: the generated crates, and a program that calls them as it is told on its input.

pub(crate) mod node;

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use sinew_generator::Config;
use sinew_generator::diagnostics::{Diagnostics, Renderer, Severity};
use sinew_generator::driver::{self, Known};
use sinew_generator::ir::Api;
use sinew_generator::plan::Plan;

/// A document with the crate that is made of it.
#[derive(Debug)]
pub(crate) struct Client {
    /// The name of its crate, unique in the workspace.
    pub(crate) package: String,
    pub(crate) api: Api,
    pub(crate) plan: Plan,
}

/// The workspace that crates are generated into.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    project: PathBuf,
    clients: Vec<Client>,
}

impl Workspace {
    /// A workspace in this folder, for the runtime of the project.
    pub(crate) fn new(root: PathBuf, project: &Path) -> io::Result<Self> {
        fs::create_dir_all(root.join("crates"))?;
        Ok(Self { root, project: project.to_path_buf(), clients: Vec::new() })
    }

    /// Generates the crate of a document; the text says why it was refused.
    pub(crate) fn add(&mut self, document: &Path, package: &str) -> Result<(), String> {
        let folder = self.root.join("settings").join(package);
        let settings = folder.join("client.toml");
        let runtime = self.project.join("runtime").display().to_string();
        let text = format!("[client]\npackage = \"{package}\"\n\n[runtime]\npath = '{runtime}'\n");
        fs::create_dir_all(&folder).and_then(|()| fs::write(&settings, text)).map_err(|error| error.to_string())?;
        let config =
            Config::new(document).settings(settings).runtime_path(runtime).out(self.root.join("crates").join(package));
        let outcome = config.generate();
        if outcome.difference.is_none() {
            return Err(Renderer::plain().at_least(Severity::Error).render(&outcome.diagnostics));
        }
        let (Some((api, plan)), _) = config.understand(&mut Diagnostics::new()) else {
            return Err("it was understood once only".to_owned());
        };
        if api.operations.is_empty() {
            return Err("it has no operations".to_owned());
        }
        self.clients.push(Client { package: package.to_owned(), api, plan });
        Ok(())
    }

    pub(crate) fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// Builds the program and starts it.
    pub(crate) fn start(&self) -> Result<Driver, String> {
        self.write().map_err(|error| format!("{}: {error}", self.root.display()))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.project.join("target"), PathBuf::from);
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--offline", "-p", "sinew-driver", "--manifest-path"]);
        cargo.arg(self.root.join("Cargo.toml")).arg("--target-dir").arg(&target);
        let built = cargo.status().map_err(|error| format!("cargo cannot be run: {error}"))?;
        if !built.success() {
            return Err("the generated crates do not compile".to_owned());
        }
        let program = target.join("debug").join(format!("sinew-driver{}", std::env::consts::EXE_SUFFIX));
        let mut child = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Driver { child, input, output: BufReader::new(output) }),
            _ => Err("the driver has no pipes".to_owned()),
        }
    }

    fn write(&self) -> io::Result<()> {
        let folder = self.root.join("driver");
        fs::create_dir_all(folder.join("src"))?;
        let paths: Vec<String> = self.clients.iter().map(|client| format!("../crates/{}", client.package)).collect();
        let known = self.clients.iter().zip(&paths).map(|(client, path)| Known {
            package: &client.package,
            path,
            client: client.plan.client.as_str(),
        });
        let known: Vec<Known<'_>> = known.collect();
        let runtime = format!("path = '{}'", self.project.join("runtime").display());
        write_if_other(&folder.join("Cargo.toml"), &driver::manifest("sinew-driver", &runtime, &known))?;
        write_if_other(&folder.join("src/main.rs"), &driver::program(&known))?;
        let members: Vec<String> = self.clients.iter().map(|client| format!("\"crates/{}\"", client.package)).collect();
        write_if_other(
            &self.root.join("Cargo.toml"),
            &format!(
                "[workspace]\nresolver = \"3\"\nmembers = [\"driver\", {}]\n\n[profile.dev]\ndebug = false\nincremental = false\n",
                members.join(", ")
            ),
        )?;
        // Without the network, so with the versions that the project has.
        fs::copy(self.project.join("Cargo.lock"), self.root.join("Cargo.lock")).map(drop)
    }
}

/// Leaves a file alone that is as it should be, so that cargo does, too.
fn write_if_other(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    fs::write(path, text)
}

/// The running program.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Driver {
    /// Makes one call, in the words of [`driver`]. The answer has `answered` or `failed`.
    pub(crate) fn call(&mut self, asked: &Value) -> Result<Value, String> {
        let told = |error: io::Error| format!("the driver is gone: {error}");
        writeln!(self.input, "{asked}").map_err(told)?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(told)?;
        let outcome: Value =
            serde_json::from_str(&line).map_err(|error| format!("the driver said {line:?}: {error}"))?;
        match outcome["driver"].as_str() {
            Some(complaint) => Err(complaint.to_owned()),
            None => Ok(outcome),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It ends by itself when its input does; should it hang, nothing is lost.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
