//! Where is the API served?

use std::collections::BTreeSet;

use openapiv3::Server;

use crate::ir::{self, ServerOverride};
use crate::load::PathOperation;

/// The address of the first server that is absolute, its variables at their defaults.
pub(super) fn base_url(servers: &[Server]) -> Option<String> {
    servers.iter().map(resolved).find(|url| is_absolute(url))
}

/// The servers to choose from: those that are absolute, if there are several or one has variables.
pub(super) fn offered(servers: &[Server]) -> Vec<ir::Server> {
    let mut known = BTreeSet::new();
    let absolute = servers.iter().filter(|server| is_absolute(&resolved(server)) && known.insert(&server.url));
    let offered: Vec<ir::Server> = absolute
        .map(|server| {
            let place = |name: &str| server.url.find(&format!("{{{name}}}"));
            let mut variables: Vec<_> =
                server.variables.iter().flatten().filter_map(|(name, said)| Some((place(name)?, name, said))).collect();
            variables.sort_by_key(|&(place, ..)| place);
            let variables = variables.into_iter().map(|(_, name, said)| {
                let mut values = said.enumeration.clone();
                // The default has to be one of them (OpenAPI 3.1, 4.8.6.1).
                if !values.is_empty() && !values.contains(&said.default) {
                    values.push(said.default.clone());
                }
                let (default, description) = (said.default.clone(), said.description.clone());
                ir::ServerVariable { name: name.clone(), values, default, description }
            });
            let url = server.url.trim_end_matches('/').to_owned();
            ir::Server { url, description: server.description.clone(), variables: variables.collect() }
        })
        .collect();
    let choice = offered.len() > 1 || offered.iter().any(|server| !server.variables.is_empty());
    if choice { offered } else { Vec::new() }
}

fn is_absolute(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

/// Where an operation is served if not with the others.
pub(super) fn of_operation(base_url: Option<&str>, stated: &PathOperation) -> Option<ServerOverride> {
    let url = resolved(stated.servers.as_ref()?.first()?);
    if base_url == Some(url.as_str()) {
        return None;
    }
    let (origin, path) = split(&url);
    let same = match (base_url.map(split), origin) {
        (_, None) => true,
        (Some((base, _)), origin) => base == origin,
        (None, Some(_)) => false,
    };
    Some(if same {
        ServerOverride::BasePath(if path.is_empty() { "/" } else { path }.to_owned())
    } else {
        ServerOverride::Url(url)
    })
}

fn resolved(server: &Server) -> String {
    let mut url = server.url.clone();
    for (name, variable) in server.variables.iter().flatten() {
        url = url.replace(&format!("{{{name}}}"), &variable.default);
    }
    url.trim_end_matches('/').to_owned()
}

/// Origin and path; a relative address has no origin.
fn split(url: &str) -> (Option<&str>, &str) {
    let Some(scheme) = url.find("://") else { return (None, url) };
    match url[scheme + 3..].find('/') {
        Some(slash) => (Some(&url[..scheme + 3 + slash]), &url[scheme + 3 + slash..]),
        None => (Some(url), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(url: &str) -> PathOperation {
        PathOperation {
            path: "/".to_owned(),
            method: "get".to_owned(),
            pointer: crate::diagnostics::Pointer::root(),
            operation: openapiv3::Operation::default(),
            shared_parameters: Vec::new(),
            servers: Some(vec![Server { url: url.to_owned(), ..Server::default() }]),
        }
    }

    #[test]
    fn a_server_at_the_same_origin_is_another_base_path() {
        let base = Some("http://localhost:8001/api/v1");
        assert_eq!(of_operation(base, &stated("http://localhost:8001/api/v1/")), None);
        assert_eq!(of_operation(base, &stated("http://localhost:8001")), Some(ServerOverride::BasePath("/".into())));
        assert_eq!(of_operation(base, &stated("/v2")), Some(ServerOverride::BasePath("/v2".into())));
        let elsewhere = "https://uploads.example.org/x";
        assert_eq!(of_operation(base, &stated(elsewhere)), Some(ServerOverride::Url(elsewhere.into())));
    }
}
