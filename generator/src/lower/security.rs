//! Who may call, and how do they prove it?

use std::collections::HashSet;

use openapiv3::{APIKeyLocation, SecurityScheme};

use crate::diagnostics::{Diagnostic, Diagnostics, Pointer, codes};
use crate::ir::{Credential, CredentialKind};
use crate::load::{Document, MUTUAL_TLS, PathOperation};

/// The ways to prove who calls. One that cannot be sent is told and left out.
pub(super) fn credentials(document: &Document, diagnostics: &mut Diagnostics) -> Vec<Credential> {
    let mut credentials = Vec::new();
    for (name, (pointer, scheme)) in &document.security_schemes {
        let (kind, description) = match scheme {
            SecurityScheme::APIKey { location, name, description, .. } => {
                let kind = match location {
                    APIKeyLocation::Header => CredentialKind::ApiKeyHeader(name.clone()),
                    APIKeyLocation::Query => CredentialKind::ApiKeyQuery(name.clone()),
                    APIKeyLocation::Cookie => CredentialKind::ApiKeyCookie(name.clone()),
                };
                (kind, description)
            }
            SecurityScheme::HTTP { scheme, description, .. } if scheme.eq_ignore_ascii_case("basic") => {
                (CredentialKind::Basic, description)
            }
            SecurityScheme::HTTP { scheme, description, .. } if scheme.eq_ignore_ascii_case("bearer") => {
                (CredentialKind::Bearer, description)
            }
            SecurityScheme::OAuth2 { description, .. } | SecurityScheme::OpenIDConnect { description, .. } => {
                (CredentialKind::Bearer, description)
            }
            SecurityScheme::HTTP { scheme, description, .. } if scheme == MUTUAL_TLS => {
                (CredentialKind::MutualTls, description)
            }
            SecurityScheme::HTTP { scheme, description, .. } if takes_a_token(scheme) => {
                (CredentialKind::Scheme(scheme.clone()), description)
            }
            SecurityScheme::HTTP { scheme, .. } => {
                diagnostics.push(
                    Diagnostic::warning(
                        codes::UNSUPPORTED_SECURITY,
                        format!("`{scheme}` is not a scheme that Sinew can send"),
                    )
                    .at(pointer, "left out; send it as a header of the call"),
                );
                continue;
            }
        };
        credentials.push(Credential { name: name.clone(), kind, description: description.clone() });
    }
    credentials
}

/// Whether a scheme of HTTP can be used by sending a token that is known beforehand: it is a name (RFC 9110, 11.1), and none of
/// those registered with IANA that answer a challenge, sign the request or hold a connection.
fn takes_a_token(scheme: &str) -> bool {
    const ANSWERING: &[&str] = &[
        "concealed",
        "digest",
        "dpop",
        "gnap",
        "hoba",
        "mutual",
        "negotiate",
        "ntlm",
        "oauth",
        "scram-sha-1",
        "scram-sha-256",
        "vapid",
    ];
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !scheme.is_empty()
        && scheme.bytes().all(name)
        && !ANSWERING.iter().any(|answering| scheme.eq_ignore_ascii_case(answering))
}

/// Which sets of credentials an operation takes, of those that can be sent.
pub(super) fn alternatives(
    document: &Document,
    stated: &PathOperation,
    sent: &HashSet<&str>,
    diagnostics: &mut Diagnostics,
) -> Vec<Vec<String>> {
    let Some(requirements) = stated.operation.security.as_ref().or(document.security.as_ref()) else {
        return Vec::new();
    };
    let place = if stated.operation.security.is_some() {
        stated.pointer.join("security")
    } else {
        Pointer::root().join("security")
    };
    let mut alternatives = Vec::new();
    for (position, requirement) in requirements.iter().enumerate() {
        let mut names: Vec<String> = requirement.keys().cloned().collect();
        names.sort();
        // A scheme that exists and cannot be sent was told where it is declared.
        let declared = |name: &&String| document.security_schemes.contains_key(*name);
        if let Some(unknown) = names.iter().find(|name| !declared(name)) {
            diagnostics.push(
                Diagnostic::warning(codes::UNKNOWN_SECURITY_SCHEME, format!("no security scheme is named `{unknown}`"))
                    .at(&place.index(position), "this alternative is left out"),
            );
            continue;
        }
        if names.iter().all(|name| sent.contains(name.as_str())) {
            alternatives.push(names);
        }
    }
    alternatives
}
