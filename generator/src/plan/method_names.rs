//! What is each operation called?
//!
//! The first of its candidates that no other operation wants too: the user's choice, the `operationId` without what FastAPI appends to
//! it, the whole `operationId`, method and path.

use std::collections::BTreeMap;

use super::names::{self, Ident, Namespace};
use crate::diagnostics::{Diagnostic, Diagnostics, Mark, Place, Pointer, codes};
use crate::ir::{Api, Operation};
use crate::settings::{OperationSettings, Settings};

/// The methods that every client has.
const CLIENT_METHODS: &[&str] =
    &["from_env", "new", "builder", "from_registry", "health", "ready", "close", "from", "into", "clone", "fmt"];

/// The method of each operation, by position.
pub(super) fn names(api: &Api, settings: &Settings, diagnostics: &mut Diagnostics) -> Vec<Ident> {
    tell_unknown_operations(api, settings, diagnostics);
    let mut namespace = Namespace::reserving(CLIENT_METHODS);
    let mut given: Vec<Option<Ident>> = api
        .operations
        .iter()
        .map(|operation| {
            let chosen = settings_of(settings, operation)?.name.as_deref()?;
            Some(namespace.take(&names::chosen(chosen, names::snake)))
        })
        .collect();
    let chosen: Vec<bool> = given.iter().map(Option::is_some).collect();
    let candidates: Vec<Vec<Candidate>> = api.operations.iter().map(|operation| candidates(api, operation)).collect();
    let rounds = candidates.iter().map(Vec::len).max().unwrap_or(0);
    for round in 0..rounds {
        let mut wanted: BTreeMap<&Ident, Vec<usize>> = BTreeMap::new();
        for at in (0..given.len()).filter(|&at| given[at].is_none()) {
            if let Some(candidate) = candidates[at].get(round) {
                wanted.entry(&candidate.name).or_default().push(at);
            }
        }
        for (name, wanting) in wanted {
            let best = wanting.iter().map(|&at| candidates[at][round].claim).max();
            let mut claiming = wanting.iter().filter(|&&at| Some(candidates[at][round].claim) == best);
            let winner = match (claiming.next(), claiming.next()) {
                (Some(&first), None) => Some(first),
                _ => None,
            };
            if let (Some(winner), true) = (winner, namespace.is_free(name)) {
                given[winner] = Some(namespace.take(name));
            }
        }
    }
    let methods: Vec<Ident> = given
        .into_iter()
        .zip(&candidates)
        .map(|(name, candidates)| match (name, candidates.last()) {
            (Some(name), _) => name,
            (None, last) => namespace.take(&last.map_or_else(|| names::snake("operation"), |last| last.name.clone())),
        })
        .collect();
    tell_collisions(api, &chosen, &candidates, &methods, diagnostics);
    methods
}

/// A name that an operation could have.
struct Candidate {
    name: Ident,
    claim: Claim,
}

/// How good an operation's claim to a name is: the best of several has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    /// It is made of method and path.
    Route,
    /// The document says it in other letters.
    Said,
    /// The document spells it just so.
    Exact,
}

/// Tells of each operation that did not get the name it would have alone.
fn tell_collisions(
    api: &Api,
    chosen: &[bool],
    candidates: &[Vec<Candidate>],
    methods: &[Ident],
    diagnostics: &mut Diagnostics,
) {
    let mut wanting: BTreeMap<&Ident, Vec<usize>> = BTreeMap::new();
    for (at, candidates) in candidates.iter().enumerate() {
        if let (false, Some(first)) = (chosen[at], candidates.first()) {
            wanting.entry(&first.name).or_default().push(at);
        }
    }
    for (wanted, operations) in wanting {
        for &at in operations.iter().filter(|&&at| methods[at] != *wanted) {
            let operation = &api.operations[at];
            let other = operations.iter().copied().find(|&other| other != at);
            let mut said = match other {
                Some(_) => {
                    Diagnostic::warning(codes::NAME_COLLISION, format!("two operations would both be named `{wanted}`"))
                }
                None => {
                    Diagnostic::note(codes::NAME_COLLISION, format!("every client has a method `{wanted}` already"))
                }
            };
            said = said.place(place(operation), format!("becomes `{}`", methods[at]));
            if let Some(other) = other {
                let word = if methods[other] == *wanted { "keeps" } else { "becomes" };
                said = said.place(place(&api.operations[other]), format!("{word} `{}`", methods[other]));
            }
            let key = operation.id.clone().unwrap_or_else(|| operation.route());
            diagnostics
                .push(said.help(format!("to choose yourself, in client.toml: [operations.\"{key}\"] name = \"…\"")));
        }
    }
}

/// Where an operation is named: at its `operationId`, else at its method.
fn place(operation: &Operation) -> Place {
    let pointer = Pointer::from_canonical(&operation.pointer);
    match operation.id {
        Some(_) => Place::Document(pointer.join("operationId"), Mark::Value),
        None => Place::Document(pointer, Mark::Key),
    }
}

fn tell_unknown_operations(api: &Api, settings: &Settings, diagnostics: &mut Diagnostics) {
    for (key, setting) in &settings.operations {
        let known =
            api.operations.iter().any(|operation| operation.id.as_deref() == Some(key) || operation.route() == *key);
        if !known {
            diagnostics.push(
                Diagnostic::error(codes::SETTINGS_UNMATCHED, format!("the document has no operation `{key}`"))
                    .at_settings(&setting.span, "named here")
                    .help("the key is an `operationId`, or a method and path such as \"GET /users/{user_id}\""),
            );
        }
    }
}

/// The settings of an operation, by its `operationId` or its route.
pub(super) fn settings_of<'s>(settings: &'s Settings, operation: &Operation) -> Option<&'s OperationSettings> {
    let by_id = operation.id.as_ref().and_then(|id| settings.operations.get(id));
    by_id.or_else(|| settings.operations.get(&operation.route()))
}

fn candidates(api: &Api, operation: &Operation) -> Vec<Candidate> {
    let method = operation.method.name().to_ascii_lowercase();
    let wordings = wordings(api.base_url.as_deref(), operation.id.as_deref(), &method, &operation.path);
    let last = wordings.len().saturating_sub(1);
    let candidate = |(position, text): (usize, String)| {
        let name = names::snake(&text);
        let claim = match name.as_str() == text {
            // The last is made of method and path.
            _ if position == last => Claim::Route,
            true => Claim::Exact,
            false => Claim::Said,
        };
        Candidate { name, claim }
    };
    wordings.into_iter().enumerate().map(candidate).collect()
}

/// What the method of an operation could be called, best first. The HTTP method is in lower case.
pub(crate) fn possible(base_url: Option<&str>, id: Option<&str>, method: &str, path: &str) -> Vec<Ident> {
    wordings(base_url, id, method, path).iter().map(|text| names::snake(text)).collect()
}

/// The texts that names can be made of.
fn wordings(base_url: Option<&str>, id: Option<&str>, method: &str, path: &str) -> Vec<String> {
    let mut texts = Vec::new();
    if let Some(id) = id {
        texts.extend(without_route(base_url, id, method, path).map(str::to_owned));
        texts.push(id.to_owned());
    }
    texts.push(format!("{method} {}", path.replace(['{', '}'], " ")));
    texts
}

/// FastAPI's `operationId` is the function's name, the path and the method, joined by `_`: the name alone is what a person
/// would say. The path may carry the base path, where the document lifts that into its server.
fn without_route<'o>(base_url: Option<&str>, id: &'o str, method: &str, path: &str) -> Option<&'o str> {
    let flat = |path: &str| -> String {
        path.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect()
    };
    let base =
        base_url.and_then(|url| url.split_once("://")).and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    [base.unwrap_or_default(), ""]
        .into_iter()
        .find_map(|base| id.strip_suffix(&format!("{}_{method}", flat(&format!("{base}{path}")))))
        .filter(|function| function.chars().any(char::is_alphanumeric))
}
