//! What do generated types make of values? They are compiled into a program that reads values and writes them again.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use sinew_generator::Config;
use sinew_generator::diagnostics::{Diagnostics, Renderer};
use sinew_generator::ir::{Operation, Shape, Use};

/// A compiled program, and the types it knows.
pub(super) struct Driver {
    program: PathBuf,
    /// By position: the component's name.
    pub(super) types: Vec<String>,
    /// By position: where the type's schema stands, as `bundle::read` has the document.
    pub(super) places: Vec<String>,
    /// By position: which way the type's values travel.
    pub(super) ways: Vec<Way>,
    /// The components of which no type knows more than that they are JSON.
    pub(super) anything: BTreeSet<String>,
}

/// Which way the values of a type travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// From the service, or both ways without a difference.
    Answered,
    /// To the service.
    Sent,
    /// Nobody knows: there are no operations.
    Either,
}

/// What a type made of a value: the value as it was written again, or why it could not be read.
pub(super) type Reply = Result<Value, String>;

/// Generates the crate of a document in `<scratch>/crate` and compiles a driver beside it.
pub(super) fn build(document: &Path, scratch: &Path, target: &Path) -> Result<Driver, String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let runtime = workspace.join("runtime");
    let config = Config::new(document).out(scratch.join("crate")).runtime_path(runtime.display().to_string());
    let mut diagnostics = Diagnostics::new();
    let Some((api, plan)) = config.understand(&mut diagnostics).0 else {
        return Err(format!("refused: {}", Renderer::plain().render(&diagnostics)));
    };
    let outcome = config.generate();
    if outcome.difference.is_none() {
        return Err(format!("not written: {}", Renderer::plain().render(&outcome.diagnostics)));
    }
    let krate = plan.package.name.replace('-', "_");
    let sent = api.types.closure(api.operations.iter().flat_map(Operation::sent));
    let (mut types, mut places, mut ways) = (Vec::new(), Vec::new(), Vec::new());
    let mut anything = BTreeSet::new();
    let mut paths = String::new();
    for id in &plan.definitions {
        let planned = &plan.types[id.index()];
        if let (Some(name), Some(ident)) = (api.types.component(*id), &planned.name) {
            types.push(name.to_owned());
            places.push(super::bundle::place(api.types.get(*id).pointer.as_str()));
            ways.push(match api.is_types_only() {
                true => Way::Either,
                false if sent.contains(id) => Way::Sent,
                false => Way::Answered,
            });
            let end = api.types.resolve(Use { ty: *id, nullable: false }).ty;
            if api.types.get(end).shape == Shape::Anything {
                anything.insert(name.to_owned());
            }
            // That a value may be `null` belongs to what mentions a type, not to the type.
            let _ = writeln!(paths, "    (pass::<Option<{krate}::types::{ident}>>, made::<{krate}::types::{ident}>),");
        }
    }
    let built = super::build::module(&api, &plan, &krate);
    write(scratch, &plan.package.name, &paths, &built)
        .map_err(|error| format!("the driver cannot be written: {error}"))?;
    fs::copy(workspace.join("Cargo.lock"), scratch.join("Cargo.lock")).map_err(|error| error.to_string())?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--color", "never", "-p", "driver", "--manifest-path"]);
    cargo.arg(scratch.join("Cargo.toml")).arg("--target-dir").arg(target).env("CARGO_INCREMENTAL", "0");
    let built = cargo.output().map_err(|error| format!("cargo: {error}"))?;
    if !built.status.success() {
        let said = String::from_utf8_lossy(&built.stderr);
        let lines: Vec<&str> = said.lines().skip_while(|line| !line.starts_with("error")).take(12).collect();
        return Err(format!("not compiled: {}", lines.join("\n")));
    }
    // The next document's driver bears the same name.
    let program = scratch.join("driver-program");
    fs::copy(target.join("debug/driver"), &program).map_err(|error| format!("the driver: {error}"))?;
    Ok(Driver { program, types, places, ways, anything })
}

fn write(scratch: &Path, package: &str, paths: &str, built: &str) -> io::Result<()> {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).join("runtime");
    let runtime = runtime.display();
    fs::create_dir_all(scratch.join("driver/src"))?;
    fs::write(
        scratch.join("Cargo.toml"),
        "[workspace]\nresolver = \"3\"\nmembers = [\"crate\", \"driver\"]\n\n[profile.dev]\ndebug = false\n",
    )?;
    fs::write(
        scratch.join("driver/Cargo.toml"),
        format!(
            "[package]\nname = \"driver\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\njiff = {{ version = \"0.2\", features = [\"serde\"] }}\nrust_decimal = \"1\"\nserde = \"1\"\nserde_json = \"1\"\nsinew-runtime = {{ path = \"{runtime}\", features = [\"decimal\", \"jiff\", \"uuid\"] }}\nuuid = {{ version = \"1\", features = [\"serde\"] }}\n{package} = {{ path = \"../crate\" }}\n"
        ),
    )?;
    fs::write(scratch.join("driver/src/build.rs"), built)?;
    fs::write(
        scratch.join("driver/src/main.rs"),
        format!(
            r#"//! Reads values and writes them again: a line is the position of a type and a value, or `!` and a number to throw dice with.

mod build;

use std::io::{{BufRead, Write}};

fn pass<T: serde::Serialize + serde::de::DeserializeOwned>(text: &str) -> Result<String, String> {{
    let value: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let written = serde_json::to_string(&value).map_err(|error| format!("writing: {{error}}"))?;
    // What is read by way of a JSON value, as the alternatives of a union are, must be the same.
    let tree: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let again: T = serde_json::from_value(tree).map_err(|error| format!("by way of a JSON value: {{error}}"))?;
    let rewritten = serde_json::to_string(&again).map_err(|error| format!("writing: {{error}}"))?;
    if written != rewritten {{
        return Err(format!("by way of a JSON value it is {{rewritten}}, not {{written}}"));
    }}
    Ok(written)
}}

/// A value that no document was asked for, which must come back as it was.
fn made<T: build::Build + serde::Serialize + serde::de::DeserializeOwned + PartialEq>(seed: u64) -> Result<String, String> {{
    let Some(value) = T::build(&mut build::Dice::new(seed), 0) else {{ return Err("no value ends".to_owned()) }};
    let written = serde_json::to_string(&value).map_err(|error| format!("writing: {{error}}"))?;
    let again: T = serde_json::from_str(&written).map_err(|error| format!("reading {{written}}: {{error}}"))?;
    if again != value {{
        return Err(format!("{{written}} is read as another value"));
    }}
    Ok(written)
}}

type Pass = fn(&str) -> Result<String, String>;
type Made = fn(u64) -> Result<String, String>;

static TYPES: &[(Pass, Made)] = &[
{paths}];

fn main() {{
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {{
        let line = line.expect("a line");
        let (position, text) = line.split_once(' ').expect("a position");
        let (pass, made) = TYPES[position.parse::<usize>().expect("a number")];
        let done = match text.strip_prefix('!') {{
            Some(seed) => made(seed.parse().expect("a number")),
            None => pass(text),
        }};
        match done {{
            Ok(written) => writeln!(out, "+{{written}}"),
            Err(why) => writeln!(out, "-{{}}", why.replace('\n', " ")),
        }}
        .expect("a reader");
    }}
}}
"#
        ),
    )
}

impl Driver {
    /// What the types make of values, in the order given.
    pub(super) fn run(&self, values: &[(usize, String)]) -> io::Result<Vec<Reply>> {
        let mut child = Command::new(&self.program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(mut input), Some(output)) = (input, output) else { return Err(io::Error::other("no pipes")) };
        let replies = std::thread::scope(|scope| {
            scope.spawn(move || {
                for (position, value) in values {
                    if writeln!(input, "{position} {value}").is_err() {
                        break;
                    }
                }
            });
            BufReader::new(output).lines().map(|line| line.map(|line| reply(&line))).collect::<io::Result<Vec<_>>>()
        })?;
        child.wait()?;
        if replies.len() == values.len() {
            Ok(replies)
        } else {
            let last = values.get(replies.len()).map(|(position, value)| format!("{}: {value}", self.types[*position]));
            Err(io::Error::other(format!("the driver ended at {}", last.unwrap_or_default())))
        }
    }
}

fn reply(line: &str) -> Reply {
    match line.split_at_checked(1) {
        Some(("+", text)) => serde_json::from_str(text).map_err(|error| format!("no JSON was written: {error}")),
        Some((_, why)) => Err(why.to_owned()),
        None => Err("nothing was written".to_owned()),
    }
}
