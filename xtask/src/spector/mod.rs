//! Is what clients send and read right by someone else's judgement? Every exchange of Microsoft's Spector, through generated clients.
//!
//! The mock server refuses a request that differs from what it expects, and what the client decoded, encoded again, is compared
//! with what the server sent. An exchange passes if both are right.

mod arguments;
mod exchange;
mod judge;
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use sinew_generator::ir::Operation;

use crate::drive::{Client, Driver, Workspace, node};
use exchange::{Exchange, Specification, Target};

/// Which exchanges to drive, and what to tell.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only folders of the suite that begin so, such as `encode` or `payload/xml`.
    folders: Vec<String>,
    /// The suite: `openapi/`, `scenarios.json` and `package.json`.
    #[arg(long, default_value = "../shared/spector")]
    suite: PathBuf,
    /// Writes what came of every exchange to a file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Fails if fewer exchanges pass.
    #[arg(long, default_value_t = 0)]
    at_least: usize,
}

/// What came of an exchange.
struct Verdict {
    folder: String,
    name: String,
    /// What is wrong; `None` where it passed.
    complaint: Option<String>,
}

/// Drives the suite.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf();
    match all(arguments, &project) {
        Ok(verdicts) => tell(arguments, &verdicts),
        Err(complaint) => {
            eprintln!("error: {complaint}");
            ExitCode::from(2)
        }
    }
}

fn all(arguments: &Arguments, project: &Path) -> Result<Vec<Verdict>, String> {
    let suite = project.join(&arguments.suite);
    if !suite.exists() {
        return Err(format!("there is no suite at {}; `--suite` says where it is", suite.display()));
    }
    node::present()?;
    let scratch = project.join("target/spector");
    let wanted = |folder: &str| {
        arguments.folders.is_empty() || arguments.folders.iter().any(|asked| folder.starts_with(asked.as_str()))
    };
    let specifications: Vec<Specification> = exchange::specifications(&suite.join("openapi"))?;
    let counted = counted(&suite)?;
    server::install(&suite.join("package.json"), &scratch.join("server"))?;
    let port = node::free_port()?;
    let address = format!("http://localhost:{port}");
    let dump = server::dump(&scratch.join("server"), &address)?;
    let known: Vec<Exchange> = dump
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("the scenarios: {error}"))?;

    let mut workspace = Workspace::new(scratch.join("clients"), project).map_err(|error| error.to_string())?;
    let mut refused = BTreeMap::new();
    for specification in specifications.iter().filter(|specification| wanted(&specification.folder)) {
        if let Err(complaint) = workspace.add(&specification.path, &specification.package) {
            refused.insert(specification.package.clone(), complaint);
        }
    }
    let mut server = server::serve(&scratch.join("server"), port)?;
    let mut driver = workspace.start()?;
    let mut run = Run { workspace: &workspace, address: &address, xml: BTreeMap::new() };
    let mut verdicts = Vec::new();
    // What answers XML first: requests that send the same text take the value that it became.
    let mut targeted: Vec<(&Exchange, Target<'_>)> = Vec::new();
    for exchange in known.iter().filter(|exchange| wanted(&exchange.folder)) {
        targeted.extend(exchange::target(&specifications, exchange).map(|target| (exchange, target)));
    }
    if arguments.folders.is_empty() && targeted.len() != counted {
        return Err(format!("{} exchanges match an operation, and {counted} should", targeted.len()));
    }
    targeted.sort_by_key(|(exchange, _)| exchange.answer["content_type"] != "application/xml");
    for (exchange, target) in &targeted {
        server.revive()?;
        let mut outcome = match refused.get(&target.specification.package) {
            Some(complaint) => Err(format!("no client: {complaint}")),
            None => run.one(&mut driver, exchange, target),
        };
        // The server may still have been on its way out because of the exchange before. Asked once more, this one stands for itself.
        let broken = |complaint: &String| complaint.contains(": connect: ") || complaint.contains(": transport: ");
        if outcome.as_ref().is_err_and(broken) {
            server.settle()?;
            outcome = run.one(&mut driver, exchange, target);
        }
        verdicts.push(Verdict { folder: exchange.folder.clone(), name: exchange.name(), complaint: outcome.err() });
    }
    Ok(verdicts)
}

/// How many exchanges the suite's own list has for the documents.
fn counted(suite: &Path) -> Result<usize, String> {
    let path = suite.join("scenarios.json");
    let text = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let scenarios: Vec<Value> =
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let specifications = exchange::specifications(&suite.join("openapi"))?;
    let apis = scenarios.iter().flat_map(|scenario| {
        let apis = scenario["apis"].as_array().cloned().unwrap_or_default();
        apis.into_iter().map(move |api| Exchange {
            folder: scenario["spec"].as_str().unwrap_or_default().to_owned(),
            scenario: String::new(),
            index: 0,
            method: api["method"].as_str().unwrap_or_default().to_owned(),
            uri: api["uri"].as_str().unwrap_or_default().to_owned(),
            query: Value::Null,
            headers: Value::Null,
            body: Value::Null,
            status: 0,
            answer: Value::Null,
        })
    });
    Ok(apis.filter(|exchange| exchange::target(&specifications, exchange).is_some()).count())
}

struct Run<'r> {
    workspace: &'r Workspace,
    address: &'r str,
    /// Values that were decoded from XML, by their text.
    xml: BTreeMap<String, Value>,
}

impl Run<'_> {
    fn one(&mut self, driver: &mut Driver, exchange: &Exchange, target: &Target<'_>) -> Result<(), String> {
        let package = &target.specification.package;
        let client = self.workspace.clients().iter().find(|client| client.package == *package);
        let client = client.ok_or("its document has no client")?;
        let (position, operation) = operation(client, exchange, target).ok_or("the client lacks the operation")?;
        let find = |text: &str| self.xml.get(text.trim()).cloned();
        let asked = arguments::of(exchange, target, operation, find)?;
        let outcome = driver.call(&json!({
            "package": package,
            "base_url": format!("{}{}", self.address, target.base),
            "operation": client.plan.calls[position].method.plain(),
            "arguments": asked.arguments,
            "credentials": asked.credentials,
        }))?;
        let value = judge::judge(exchange, &outcome)?;
        if let (Some("application/xml"), Some(text)) =
            (exchange.answer["content_type"].as_str(), exchange.answer["text"].as_str())
        {
            self.xml.insert(text.trim().to_owned(), value);
        }
        Ok(())
    }
}

fn operation<'c>(client: &'c Client, exchange: &Exchange, target: &Target<'_>) -> Option<(usize, &'c Operation)> {
    let mut operations = client.api.operations.iter().enumerate();
    operations.find(|(_, operation)| {
        operation.path == target.template && operation.method.name().eq_ignore_ascii_case(&exchange.method)
    })
}

fn tell(arguments: &Arguments, verdicts: &[Verdict]) -> ExitCode {
    let mut folders: BTreeMap<&str, Vec<&Verdict>> = BTreeMap::new();
    for verdict in verdicts {
        folders.entry(&verdict.folder).or_default().push(verdict);
    }
    for (folder, verdicts) in &folders {
        let failing: Vec<&&Verdict> = verdicts.iter().filter(|verdict| verdict.complaint.is_some()).collect();
        println!("{folder}: {} of {}", verdicts.len() - failing.len(), verdicts.len());
        for verdict in failing {
            println!("  failed  {}: {}", verdict.name, verdict.complaint.as_deref().unwrap_or_default());
        }
    }
    if let Some(path) = &arguments.json {
        let report: Vec<Value> = verdicts
            .iter()
            .map(|verdict| json!({ "folder": verdict.folder, "exchange": verdict.name, "failed": verdict.complaint }))
            .collect();
        if let Err(error) = fs::write(path, format!("{:#}\n", Value::Array(report))) {
            eprintln!("error: {}: {error}", path.display());
            return ExitCode::from(2);
        }
    }
    let passed = verdicts.iter().filter(|verdict| verdict.complaint.is_none()).count();
    println!("{passed} of {} exchanges passed", verdicts.len());
    if passed < arguments.at_least { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
