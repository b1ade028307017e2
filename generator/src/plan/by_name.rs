//! Under which names does an operation take its arguments where it is called by name?

use crate::ir::{Operation, ParameterLocation};

/// The names of the arguments, parallel to the parameters; `None` for one that nobody gives.
///
/// A name is the one on the wire. Parameters of two places that share a name are told apart by their place, and so is one
/// that is called `body` where there is a body.
pub fn argument_names(operation: &Operation) -> Vec<Option<String>> {
    let given = || operation.parameters.iter().filter(|parameter| parameter.fixed.is_none());
    let names = operation.parameters.iter().map(|parameter| {
        let shared = given().filter(|other| other.name == parameter.name).count() > 1
            || (parameter.name == "body" && operation.body.is_some());
        let name = match parameter.location {
            _ if !shared => parameter.name.clone(),
            ParameterLocation::Path => format!("path.{}", parameter.name),
            ParameterLocation::Query => format!("query.{}", parameter.name),
            ParameterLocation::Header => format!("header.{}", parameter.name),
            ParameterLocation::Cookie => format!("cookie.{}", parameter.name),
        };
        parameter.fixed.is_none().then_some(name)
    });
    names.collect()
}
