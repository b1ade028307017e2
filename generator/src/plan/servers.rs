//! What are the servers to choose from called?

use super::names::{self, Ident, Namespace};
use crate::ir::Api;

/// A server: a struct with a field for each variable.
#[derive(Debug, Clone)]
pub struct ServerPlan {
    /// Its name.
    pub ident: Ident,
    /// Its variables, parallel to those of the server.
    pub variables: Vec<VariablePlan>,
}

/// A variable of a server: a field.
#[derive(Debug, Clone)]
pub struct VariablePlan {
    /// Its name.
    pub ident: Ident,
    /// The enum of its values, where they are listed; its variants parallel to them.
    pub values: Option<(Ident, Vec<Ident>)>,
}

/// A description that is longer says more than a name.
const LONGEST_NAME: usize = 4;

/// Names every server, by its description where that is short.
pub(super) fn plan(api: &Api) -> Vec<ServerPlan> {
    let words: Vec<String> = api
        .servers
        .iter()
        .enumerate()
        .map(|(position, server)| {
            let said = server.description.as_deref().map(|text| text.trim().trim_end_matches('.'));
            let short = said.filter(|text| (1..=LONGEST_NAME).contains(&text.split_whitespace().count()));
            match short {
                Some(text) => text.to_owned(),
                None if api.servers.len() == 1 => "server".to_owned(),
                None => format!("server {}", position + 1),
            }
        })
        .collect();
    // What the file mentions.
    let reserved = ["Self", "String", "Default", "From", "Debug", "Clone", "PartialEq", "Eq", "Copy"];
    let idents = names::siblings(words.iter().map(String::as_str), &reserved, names::camel);
    let mut types = Namespace::reserving(&reserved);
    for ident in &idents {
        types.take(ident);
    }
    let servers = api.servers.iter().zip(idents).map(|(server, ident)| {
        let wire = server.variables.iter().map(|variable| variable.name.as_str());
        let fields = names::siblings(wire, &[], names::snake);
        let variables = server.variables.iter().zip(fields).map(|(variable, field)| {
            let values = (!variable.values.is_empty()).then(|| {
                let name = types.take(&names::camel(&format!("{} {}", ident.plain(), variable.name)));
                // No name begins with a digit: a port is `Port8443`.
                let numeric = |value: &str| value.starts_with(|first: char| first.is_ascii_digit());
                let word = |value: &String| {
                    if numeric(value) { format!("{} {value}", variable.name) } else { value.clone() }
                };
                let words: Vec<String> = variable.values.iter().map(word).collect();
                (name, names::siblings(words.iter().map(String::as_str), &["Self"], names::camel))
            });
            VariablePlan { ident: field, values }
        });
        let variables = variables.collect();
        ServerPlan { ident, variables }
    });
    servers.collect()
}
