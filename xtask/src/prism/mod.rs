//! What does Prism, a mock server that validates, say of what generated clients send, and can they read what it answers?
//!
//! Every operation of a document is called twice through the by-name door: with the least arguments, made of the types, and with
//! all, from the document's examples where there are some. Where an example is refused, values of the types take its place: then it
//! is the document that does not keep its own rules, and that is counted apart.

mod arguments;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use sinew_generator::ir::{Operation, ServerOverride};

use crate::drive::{Client, Driver, Workspace, node};
use arguments::Extent;

/// Which documents, and what to tell.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Documents of OpenAPI 2.0, 3.0 or 3.1, each in one file.
    #[arg(required = true)]
    documents: Vec<PathBuf>,
    /// Writes what came of every request to a file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// Accepted and read.
    Passed,
    /// Prism refused the request.
    Refused(String),
    /// Prism took the request and could not answer it: what it made breaks the document, or it could make nothing.
    Unanswered(String),
    /// The answer could not be read.
    Undecodable(String),
    /// The client sent nothing.
    NotSent(String),
}

/// What came of a document.
#[derive(Debug, Default)]
struct Report {
    name: String,
    operations: usize,
    requests: usize,
    /// Operations that are served elsewhere, where Prism is not.
    elsewhere: usize,
    /// Requests whose examples were refused, and which passed with values of the types.
    wrong_examples: usize,
    failing: Vec<(String, Outcome)>,
    error: Option<String>,
}

/// Calls the operations of all documents.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf();
    let reports = match all(arguments, &project) {
        Ok(reports) => reports,
        Err(complaint) => {
            eprintln!("error: {complaint}");
            return ExitCode::from(2);
        }
    };
    println!(
        "| document | operations | requests | refused | undecodable | not sent | unanswered | wrong examples | elsewhere |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for report in &reports {
        let count = |test: fn(&Outcome) -> bool| report.failing.iter().filter(|(_, outcome)| test(outcome)).count();
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            report.name,
            report.operations,
            report.requests,
            count(|outcome| matches!(outcome, Outcome::Refused(_))),
            count(|outcome| matches!(outcome, Outcome::Undecodable(_))),
            count(|outcome| matches!(outcome, Outcome::NotSent(_))),
            count(|outcome| matches!(outcome, Outcome::Unanswered(_))),
            report.wrong_examples,
            report.elsewhere
        );
    }
    for report in &reports {
        if let Some(complaint) = &report.error {
            println!("\n{}: {complaint}", report.name);
        }
        for (request, outcome) in &report.failing {
            let (word, said) = told(outcome);
            println!("{}: {request}: {word}: {said}", report.name);
        }
    }
    if let Some(path) = &arguments.json {
        let failing = |report: &Report| -> Vec<Value> {
            let each = report.failing.iter().map(|(request, outcome)| {
                let (word, said) = told(outcome);
                json!({ "request": request, "outcome": word, "said": said })
            });
            each.collect()
        };
        let whole: Vec<Value> = reports
            .iter()
            .map(|report| {
                json!({
                    "document": report.name, "operations": report.operations, "requests": report.requests,
                    "wrong_examples": report.wrong_examples, "elsewhere": report.elsewhere, "failing": failing(report),
                    "error": report.error,
                })
            })
            .collect();
        if let Err(error) = fs::write(path, format!("{:#}\n", Value::Array(whole))) {
            eprintln!("error: {}: {error}", path.display());
            return ExitCode::from(2);
        }
    }
    if reports.iter().all(|report| report.error.is_none()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn told(outcome: &Outcome) -> (&'static str, &str) {
    match outcome {
        Outcome::Passed => ("passed", ""),
        Outcome::Refused(said) => ("refused", said),
        Outcome::Unanswered(said) => ("unanswered", said),
        Outcome::Undecodable(said) => ("undecodable", said),
        Outcome::NotSent(said) => ("not sent", said),
    }
}

fn all(arguments: &Arguments, project: &Path) -> Result<Vec<Report>, String> {
    node::present()?;
    let scratch = project.join("target/prism");
    server::install(&scratch.join("server"))?;
    let mut workspace = Workspace::new(scratch.join("clients"), project).map_err(|error| error.to_string())?;
    let mut reports = Vec::new();
    for path in &arguments.documents {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut report = Report { name: name.clone(), ..Report::default() };
        report.error = workspace.add(path, &package(&name)).err();
        reports.push(report);
    }
    let mut driver = workspace.start()?;
    for (path, report) in arguments.documents.iter().zip(&mut reports) {
        let client = workspace.clients().iter().find(|client| client.package == package(&report.name));
        let Some(client) = client.filter(|_| report.error.is_none()) else { continue };
        report.error = document(path, client, &mut driver, &scratch, report).err();
    }
    Ok(reports)
}

fn package(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    format!("prism-{}", name.chars().map(plain).collect::<String>())
}

fn document(
    path: &Path,
    client: &Client,
    driver: &mut Driver,
    scratch: &Path,
    report: &mut Report,
) -> Result<(), String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let root: Value = match serde_json::from_slice(&bytes) {
        Ok(root) => root,
        Err(_) => serde_yaml::from_slice(&bytes).map_err(|error| error.to_string())?,
    };
    let log = scratch.join(format!("{}.log", client.package));
    let server = server::serve(&scratch.join("server"), path, &log)?;
    let credentials = arguments::credentials(&client.api);
    for (operation, call) in client.api.operations.iter().zip(&client.plan.calls) {
        report.operations += 1;
        // Nothing is sent to where the document says that its operations really are.
        if matches!(operation.server, Some(ServerOverride::Url(_))) {
            report.elsewhere += 1;
            continue;
        }
        let mut ask = |extent: Extent| -> Result<Outcome, String> {
            let arguments = match arguments::of(&root, operation, extent) {
                Ok(arguments) => arguments,
                Err(complaint) => return Ok(Outcome::NotSent(complaint)),
            };
            let outcome = driver.call(&json!({
                "package": client.package,
                "base_url": server.address,
                "operation": call.method.plain(),
                "arguments": arguments,
                "credentials": credentials,
            }))?;
            Ok(outcome_of(&outcome))
        };
        let least = ask(Extent::Least)?;
        let mut rich = ask(Extent::Examples)?;
        let wrong = matches!(rich, Outcome::Refused(_) | Outcome::NotSent(_));
        if wrong && ask(Extent::All)? == Outcome::Passed {
            report.wrong_examples += 1;
            rich = Outcome::Passed;
        }
        for (which, outcome) in [("least", least), ("all", rich)] {
            report.requests += 1;
            if outcome != Outcome::Passed {
                report.failing.push((told_request(operation, which), outcome));
            }
        }
    }
    Ok(())
}

fn told_request(operation: &Operation, which: &str) -> String {
    format!("{} ({which})", operation.route())
}

fn outcome_of(outcome: &Value) -> Outcome {
    let failed = &outcome["failed"];
    if failed.is_null() {
        return Outcome::Passed;
    }
    let message = failed["message"].as_str().unwrap_or("it failed").to_owned();
    let said = failed["body"]["text"].as_str().unwrap_or_default();
    let problem: Value = serde_json::from_str(said).unwrap_or_default();
    let of_prism = problem["type"].as_str().and_then(|kind| kind.strip_prefix("https://stoplight.io/prism/errors#"));
    match (failed["kind"].as_str(), of_prism) {
        (_, Some(kind)) => {
            let details = problem["validation"].as_array().into_iter().flatten();
            let details: Vec<String> = details
                .map(|detail| {
                    let place = detail["location"].as_array().into_iter().flatten();
                    let place: Vec<String> = place.map(|step| step.to_string().replace('"', "")).collect();
                    format!("{}: {}", place.join("."), detail["message"].as_str().unwrap_or_default())
                })
                .collect();
            let detail = problem["detail"].as_str().unwrap_or_default().to_owned();
            let own = !details.is_empty() && details.iter().all(|detail| detail.starts_with("response"));
            let said = format!("{kind}: {}", if details.is_empty() { detail } else { details.join("; ") });
            if own || matches!(kind, "SCHEMA_TOO_COMPLEX" | "UNKNOWN") {
                Outcome::Unanswered(said)
            } else {
                Outcome::Refused(said)
            }
        }
        // What the document documents, and what any server may answer, is an answer.
        (Some("status"), None) => Outcome::Passed,
        (Some("decode"), None) => Outcome::Undecodable(format!("{message}: {}", brief(said))),
        (_, None) => Outcome::NotSent(message),
    }
}

fn brief(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 200 { line } else { format!("{}…", line.chars().take(200).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_prism_is_told_from_an_answer_of_the_service() {
        let failed = |kind: &str, body: &str| json!({"failed": {"kind": kind, "message": "m", "body": {"text": body}}});
        let refusal = r#"{"type": "https://stoplight.io/prism/errors#UNPROCESSABLE_ENTITY", "detail": "d",
            "validation": [{"location": ["body", "name"], "message": "must be text"}]}"#;
        assert_eq!(
            outcome_of(&failed("status", refusal)),
            Outcome::Refused("UNPROCESSABLE_ENTITY: body.name: must be text".to_owned())
        );
        assert_eq!(outcome_of(&failed("status", r#"{"type": "about:blank"}"#)), Outcome::Passed);
        let own = refusal.replace("[\"body\"", "[\"response\", \"body\"").replace("UNPROCESSABLE_ENTITY", "VIOLATIONS");
        assert_eq!(
            outcome_of(&failed("status", &own)),
            Outcome::Unanswered("VIOLATIONS: response.body.name: must be text".to_owned())
        );
        assert_eq!(outcome_of(&failed("decode", "[ 1 ]")), Outcome::Undecodable("m: [ 1 ]".to_owned()));
        assert_eq!(outcome_of(&failed("build", "")), Outcome::NotSent("m".to_owned()));
        assert_eq!(outcome_of(&json!({"answered": {}})), Outcome::Passed);
    }
}
