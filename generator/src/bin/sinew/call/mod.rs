//! `sinew call`: how is one operation of a document called from a terminal?
//!
//! Through its typed method: the crate of that one operation is generated into a cache and built with a small program around it; the
//! same call again only runs it. Secrets come from the environment and go to that program through a pipe.

mod arguments;
mod program;

use std::process::ExitCode;

use serde_json::{Map, Value, json};
use sinew_generator::diagnostics::{Diagnostics, Renderer, Severity};
use sinew_generator::ir::{Api, CredentialKind, Operation};
use sinew_generator::plan::Plan;

use crate::output::{complain, say};
use crate::selected::Selected;

/// How a call ended, for scripts. Zero is a success of the service.
mod ended {
    /// The operation, an argument or a setting is wrong; nothing was sent.
    pub(super) const WRONG_USE: u8 = 2;
    /// The client could not be built.
    pub(super) const NOT_BUILT: u8 = 3;
    /// The service refused: a status of class 4.
    pub(super) const REFUSED: u8 = 4;
    /// The service failed: any other status that is no success.
    pub(super) const FAILED: u8 = 5;
    /// There was no answer: not reached, cut off, or too slow.
    pub(super) const UNREACHED: u8 = 6;
    /// There was an answer that is not what the document promises.
    pub(super) const UNREADABLE: u8 = 7;
    /// A credential is missing, or could not be had.
    pub(super) const NO_CREDENTIAL: u8 = 8;
}

/// Calls one operation of a document.
///
/// Exit status: 0 answered, 2 wrong use, 3 not built, 4 refused by the service (4xx), 5 failed by the service, 6 not reached or no answer
/// in time, 7 an answer that cannot be read, 8 a credential is missing.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selected: Selected,
    /// The operation: its `operationId`, the name of its method, or its route (`GET /users/{user_id}`).
    operation: String,
    /// An argument by its name in the document; what is sent is `body`, its fields `body.name`. `@file` takes what a file holds, `@-`
    /// standard input. Several values of one name are a list.
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    given: Vec<String>,
    /// Where the service is; default: as the document says.
    #[arg(long, value_name = "ADDRESS")]
    base_url: Option<String>,
    /// A credential from an environment variable, by its security scheme; the scheme may be left out where there is one. For `basic`,
    /// the variable holds `user:password`.
    #[arg(long, value_name = "[SCHEME=]VARIABLE")]
    auth: Vec<String>,
    /// A header whose value an environment variable holds.
    #[arg(long = "header", value_name = "NAME=VARIABLE")]
    headers: Vec<String>,
    /// How long an attempt may take, in seconds.
    #[arg(long, default_value_t = 20)]
    timeout: u64,
    /// How often it is attempted, where it may be repeated.
    #[arg(long, default_value_t = 1)]
    attempts: u32,
    /// Tell status, headers and value, or what went wrong, as one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    building: program::Building,
}

/// Makes the call.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let mut diagnostics = Diagnostics::new();
    let config = arguments.building.over(arguments.selected.config().operations([arguments.operation.as_str()]));
    let (understood, _) = config.understand(&mut diagnostics);
    let Some((api, plan)) = understood else {
        complain(&Renderer::plain().at_least(Severity::Error).render(&diagnostics));
        return ExitCode::from(ended::WRONG_USE);
    };
    let asked = match asked(arguments, &api, &plan) {
        Ok(asked) => asked,
        Err(complaint) => {
            complain(&format!("error: {complaint}\n"));
            return ExitCode::from(ended::WRONG_USE);
        }
    };
    let told = arguments.building.build(&config, &plan).and_then(|program| program::ask(&program, &asked));
    match told {
        Ok(told) => tell(arguments, &told),
        Err(complaint) => {
            complain(&format!("error: {complaint}\n"));
            ExitCode::from(ended::NOT_BUILT)
        }
    }
}

/// What the program is asked; complaints name the argument that is wrong.
fn asked(arguments: &Arguments, api: &Api, plan: &Plan) -> Result<Value, String> {
    let (operation, call) = match (api.operations.as_slice(), plan.calls.as_slice()) {
        ([operation], [call]) => (operation, call),
        (operations, _) => {
            let routes: Vec<String> = operations.iter().map(Operation::route).collect();
            return Err(format!("`{}` is several operations: {}", arguments.operation, routes.join(", ")));
        }
    };
    let values = arguments::values(&api.types, operation, &arguments.given)?;
    let mut headers = Map::new();
    for header in &arguments.headers {
        let (name, variable) = header.split_once('=').ok_or("--header is written as NAME=VARIABLE")?;
        headers.insert(name.to_owned(), Value::String(variable_of(variable)?));
    }
    Ok(json!({
        "package": plan.package.name,
        "operation": call.method.plain(),
        "arguments": values,
        "base_url": arguments.base_url,
        "credentials": credentials(arguments, api)?,
        "headers": headers,
        "attempts": arguments.attempts,
        "timeout_ms": arguments.timeout.saturating_mul(1000),
    }))
}

fn variable_of(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("the environment variable `{name}` is not set, or is no text"))
}

fn credentials(arguments: &Arguments, api: &Api) -> Result<Map<String, Value>, String> {
    let mut credentials = Map::new();
    let names = || api.credentials.iter().map(|known| known.name.as_str()).collect::<Vec<_>>().join(", ");
    for given in &arguments.auth {
        let (scheme, variable) = match (given.split_once('='), api.credentials.as_slice()) {
            (Some((scheme, variable)), _) => (scheme, variable),
            (None, [only]) => (only.name.as_str(), given.as_str()),
            (None, []) => {
                return Err("--auth: the document has no security scheme; --header sends any header".to_owned());
            }
            (None, _) => return Err(format!("--auth is written as SCHEME=VARIABLE; the schemes: {}", names())),
        };
        let known = api.credentials.iter().find(|known| known.name == scheme);
        let known = known.ok_or_else(|| format!("--auth: there is no scheme `{scheme}`; the schemes: {}", names()))?;
        let secret = variable_of(variable)?;
        let value = match known.kind {
            CredentialKind::Bearer | CredentialKind::Scheme(_) => json!({ "bearer": secret }),
            CredentialKind::MutualTls => {
                return Err(format!(
                    "--auth: `{scheme}` takes a certificate of the client, which `sinew call` cannot show"
                ));
            }
            CredentialKind::Basic => {
                let (user, password) =
                    secret.split_once(':').ok_or_else(|| format!("`{variable}` is not written as user:password"))?;
                json!({ "user": user, "password": password })
            }
            CredentialKind::ApiKeyHeader(_) | CredentialKind::ApiKeyQuery(_) | CredentialKind::ApiKeyCookie(_) => {
                json!({ "key": secret })
            }
        };
        credentials.insert(scheme.to_owned(), value);
    }
    Ok(credentials)
}

/// Tells what came of the call, and how it ended.
fn tell(arguments: &Arguments, told: &Value) -> ExitCode {
    if let Some(complaint) = told["driver"].as_str() {
        complain(&format!("error: {complaint}\n"));
        return ExitCode::from(ended::NOT_BUILT);
    }
    if arguments.json {
        let whole = told.get("answered").or_else(|| told.get("failed")).unwrap_or(told);
        say(&format!("{whole:#}\n"));
    }
    let failed = &told["failed"];
    if failed.is_null() {
        if !arguments.json {
            arguments::show(&told["answered"]["value"]);
        }
        return ExitCode::SUCCESS;
    }
    if !arguments.json {
        complain(&format!("error: {}\n", failed["message"].as_str().unwrap_or("the call failed")));
        if failed["kind"] == "credentials" {
            complain("--auth SCHEME=VARIABLE gives it the credential that an environment variable holds\n");
        }
        // What the service said about it is an answer, too.
        arguments::show(if failed["failure"].is_null() { &failed["body"] } else { &failed["failure"] });
    }
    ExitCode::from(match failed["kind"].as_str().unwrap_or_default() {
        "status" => match failed["status"].as_u64() {
            Some(400..=499) => ended::REFUSED,
            _ => ended::FAILED,
        },
        "request" | "configuration" => ended::WRONG_USE,
        "credentials" => ended::NO_CREDENTIAL,
        "decode" | "too large" => ended::UNREADABLE,
        _ => ended::UNREACHED,
    })
}
