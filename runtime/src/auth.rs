//! Which credential goes with which operation, and where in the request?

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use zeroize::{Zeroize as _, Zeroizing};

use crate::encode::base::BaseUrl;
use crate::encode::{self, parameter::ParameterValue};
use crate::error::{BoxError, Error, ErrorKind, Phase, Sent};
use crate::oauth::Tokens;
use crate::operation::{Operation, SchemeKind, Service};
use crate::secret::Secret;
use crate::transport::{BoxFuture, Transport};

/// Where a bearer token comes from: a text, or an async function that is asked for each attempt.
///
/// ```
/// use sinew_runtime::{Secret, TokenSource};
/// let fixed = TokenSource::from("token");
/// let fetched = TokenSource::from_fn(|| async {
///     // for example: read it from a cache that renews it
///     Ok::<_, std::io::Error>(Secret::from("token"))
/// });
/// ```
#[derive(Clone)]
pub struct TokenSource(Source);

#[derive(Clone)]
enum Source {
    Fixed(Secret),
    OAuth(Arc<Tokens>),
    Asked(Arc<dyn Fn() -> BoxFuture<'static, Result<Secret, BoxError>> + Send + Sync>),
}

impl TokenSource {
    /// A token from an async function. It is asked for each attempt, within the attempt's time, and keeps its own
    /// cache if it wants one. Its errors become errors of kind [`ErrorKind::Credentials`] and are not retried.
    pub fn from_fn<F, R, S, E>(ask: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<Secret>,
        E: Into<BoxError>,
    {
        Self(Source::Asked(Arc::new(move || {
            let answer = ask();
            Box::pin(async move { answer.await.map(Into::into).map_err(Into::into) })
        })))
    }

    /// Tokens for a client's own credentials, fetched and renewed by themselves; [`OAuth`](crate::OAuth) says more.
    pub fn client_credentials(
        endpoint: impl Into<crate::TokenEndpoint>,
        id: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> Self {
        crate::OAuth::client_credentials(endpoint, id, secret).into()
    }

    pub(crate) fn oauth(tokens: Arc<Tokens>) -> Self {
        Self(Source::OAuth(tokens))
    }

    async fn token(&self, transport: &dyn Transport) -> Result<Cow<'_, Secret>, Error> {
        match &self.0 {
            Source::Fixed(token) => Ok(Cow::Borrowed(token)),
            // On the heap, so that calls whose token is at hand are no larger for it.
            Source::OAuth(tokens) => Box::pin(tokens.token(transport)).await.map(Cow::Owned),
            Source::Asked(ask) => ask().await.map(Cow::Owned).map_err(|error| {
                Error::new(ErrorKind::Credentials, Phase::Credentials, Sent::NotSent, "the token source failed")
                    .with_source(error)
            }),
        }
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenSource(***)")
    }
}

impl From<&str> for TokenSource {
    fn from(token: &str) -> Self {
        Self(Source::Fixed(token.into()))
    }
}

impl From<String> for TokenSource {
    fn from(token: String) -> Self {
        Self(Source::Fixed(token.into()))
    }
}

impl From<Secret> for TokenSource {
    fn from(token: Secret) -> Self {
        Self(Source::Fixed(token))
    }
}

/// What is known to a client for one security scheme.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// A bearer token, or that of a scheme of the service's own (`Authorization: <scheme> <token>`).
    Bearer(TokenSource),
    /// A user and a password.
    Basic {
        /// The user, who may be told.
        user: String,
        /// The password, which may not.
        password: Secret,
    },
    /// An API key, whatever its place.
    ApiKey(Secret),
}

impl Credential {
    fn fits(&self, kind: SchemeKind) -> bool {
        matches!(
            (self, kind),
            (Self::Bearer(_), SchemeKind::Bearer | SchemeKind::Token(_))
                | (Self::Basic { .. }, SchemeKind::Basic)
                | (Self::ApiKey(_), SchemeKind::KeyHeader(_) | SchemeKind::KeyQuery(_) | SchemeKind::KeyCookie(_))
        )
    }
}

/// The builder method that gives a scheme its credential.
fn method_for(kind: SchemeKind) -> &'static str {
    match kind {
        SchemeKind::Bearer | SchemeKind::Token(_) => "bearer",
        SchemeKind::Basic => "basic",
        SchemeKind::KeyHeader(_) | SchemeKind::KeyQuery(_) | SchemeKind::KeyCookie(_) => "api_key",
        SchemeKind::MutualTls => "identity_pem",
    }
}

/// A credential, with the header that it becomes where that is always the same one: made once and not for each attempt.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    credential: Credential,
    header: Option<HeaderValue>,
}

impl Known {
    fn new(kind: SchemeKind, credential: Credential) -> Self {
        let header = match (kind, &credential) {
            (_, Credential::Bearer(TokenSource(Source::Fixed(token)))) => authorization(kind, token).ok(),
            (_, Credential::Basic { user, password }) if !user.contains(':') => basic(user, password.expose()).ok(),
            (SchemeKind::KeyHeader(_), Credential::ApiKey(key)) => encode::header::secret(key.expose().to_owned()).ok(),
            _ => None,
        };
        Self { credential, header }
    }
}

/// The header of a user and a password, of which nothing stays behind in memory: each text has its room at once.
pub(crate) fn basic(user: &str, password: &str) -> Result<HeaderValue, String> {
    let pair = Zeroizing::new([user, ":", password].concat());
    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    encode::header::secret(["Basic ", encoded.as_str()].concat())
}

/// The header of a token.
fn authorization(kind: SchemeKind, token: &Secret) -> Result<HeaderValue, Error> {
    let scheme = if let SchemeKind::Token(own) = kind { own } else { "Bearer" };
    encode::header::secret([scheme, " ", token.expose()].concat())
        .map_err(|_| unfit("the token is not printable ASCII"))
}

fn unfit(detail: &'static str) -> Error {
    Error::new(ErrorKind::Credentials, Phase::Credentials, Sent::NotSent, detail)
}

/// A scheme of an operation, and what is known for it.
pub(crate) type Chosen<'c> = (SchemeKind, &'c Known);

/// Those of a call. Hardly any has more than one, and that one needs no place on the heap.
pub(crate) enum AllChosen<'c> {
    None,
    One(Chosen<'c>),
    Several(Vec<Chosen<'c>>),
}

impl<'c> AllChosen<'c> {
    fn add(&mut self, chosen: Chosen<'c>) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::One(chosen),
            Self::One(first) => Self::Several(vec![first, chosen]),
            Self::Several(mut all) => {
                all.push(chosen);
                Self::Several(all)
            }
        };
    }
}

impl<'c> Deref for AllChosen<'c> {
    type Target = [Chosen<'c>];

    fn deref(&self) -> &Self::Target {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(all) => all,
        }
    }
}

/// All credentials of a client, by scheme.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    by_scheme: BTreeMap<&'static str, Known>,
    /// Whether connections show a certificate, or are made by a transport that may.
    pub(crate) identity: bool,
}

impl Credentials {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_scheme.is_empty()
    }

    /// Where tokens are asked for.
    pub(crate) fn token_endpoints(&self) -> impl Iterator<Item = BaseUrl> {
        self.by_scheme.values().filter_map(|known| match &known.credential {
            Credential::Bearer(TokenSource(Source::OAuth(tokens))) => tokens.endpoint(),
            _ => None,
        })
    }

    /// Gives every scheme of the credential's kind that credential.
    pub(crate) fn add_to_all(&mut self, service: &Service, credential: &Credential) -> Result<(), Error> {
        let mut used = false;
        for scheme in service.schemes.iter().filter(|scheme| credential.fits(scheme.kind)) {
            self.by_scheme.insert(scheme.name, Known::new(scheme.kind, credential.clone()));
            used = true;
        }
        if used {
            return Ok(());
        }
        let kind = match credential {
            Credential::Bearer(_) => "bearer tokens",
            Credential::Basic { .. } => "users and passwords (basic)",
            Credential::ApiKey(_) => "API keys",
        };
        // A credential that is never sent would be found out by the first 401, far from here.
        Err(Error::config(format!(
            "{} does not say that it takes {kind}; its schemes: {}",
            service.name,
            known(service)
        )))
    }

    /// Gives one scheme its credential.
    pub(crate) fn add(&mut self, service: &Service, name: &str, credential: Credential) -> Result<(), Error> {
        let scheme = service.schemes.iter().find(|scheme| scheme.name == name).ok_or_else(|| {
            Error::config(format!(
                "{} has no security scheme `{}`; its schemes: {}",
                service.name,
                name.escape_debug(),
                known(service)
            ))
        })?;
        if !credential.fits(scheme.kind) {
            return Err(Error::config(format!(
                "the scheme `{name}` of {} takes another kind of credential: `{}`",
                service.name,
                method_for(scheme.kind)
            )));
        }
        self.by_scheme.insert(scheme.name, Known::new(scheme.kind, credential));
        Ok(())
    }

    /// Which schemes to use for an operation: the first alternative that is configured whole. Anonymous is the last
    /// resort, wherever the document puts it: who configured a credential wants to be known.
    ///
    /// A header that the caller set on the call or the client counts as configured and is left as it is.
    pub(crate) fn choose<'c>(
        &'c self,
        service: &Service,
        operation: &Operation,
        own: [Option<&HeaderMap>; 2],
    ) -> Result<AllChosen<'c>, Error> {
        let mut anonymous = operation.auth.is_empty();
        for alternative in operation.auth {
            if alternative.is_empty() {
                anonymous = true;
                continue;
            }
            let mut chosen = AllChosen::None;
            let whole = alternative.iter().all(|name| {
                let Some(scheme) = service.schemes.iter().find(|scheme| scheme.name == *name) else { return false };
                // The connection shows it, or there is none to show.
                if scheme.kind == SchemeKind::MutualTls {
                    return self.identity;
                }
                if own.into_iter().flatten().any(|headers| brings_own(scheme.kind, headers)) {
                    return true;
                }
                match self.by_scheme.get(name) {
                    Some(known) => {
                        chosen.add((scheme.kind, known));
                        true
                    }
                    None => false,
                }
            });
            if whole {
                return Ok(chosen);
            }
        }
        if anonymous {
            return Ok(AllChosen::None);
        }
        Err(missing(service, operation))
    }
}

/// Whether the caller set the header of a scheme.
pub(crate) fn brings_own(kind: SchemeKind, own: &HeaderMap) -> bool {
    match kind {
        SchemeKind::Bearer | SchemeKind::Basic | SchemeKind::Token(_) => own.contains_key(header::AUTHORIZATION),
        SchemeKind::KeyHeader(name) => own.contains_key(name),
        SchemeKind::KeyQuery(_) | SchemeKind::KeyCookie(_) | SchemeKind::MutualTls => false,
    }
}

fn known(service: &Service) -> String {
    if service.schemes.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<_> = service.schemes.iter().map(|scheme| format!("`{}`", scheme.name)).collect();
    names.join(", ")
}

/// An operation wants a credential and none is there: told before anything is sent, with the method that mends it.
fn missing(service: &Service, operation: &Operation) -> Error {
    let alternatives: Vec<_> = operation
        .auth
        .iter()
        .map(|names| {
            let schemes: Vec<_> = names
                .iter()
                .map(|name| match service.schemes.iter().find(|scheme| scheme.name == *name) {
                    Some(scheme) => format!("`{name}` (ClientBuilder::{})", method_for(scheme.kind)),
                    None => format!("`{name}` (which the document does not describe)"),
                })
                .collect();
            schemes.join(" and ")
        })
        .collect();
    Error::new(
        ErrorKind::Credentials,
        Phase::Build,
        Sent::NotSent,
        format!("this operation needs a credential, and none is configured for {}", alternatives.join(" or ")),
    )
}

/// What credentials add to one attempt, its headers apart.
#[derive(Default)]
pub(crate) struct Additions {
    /// Encoded pairs.
    pub(crate) query: Vec<String>,
    pub(crate) cookies: Vec<String>,
}

impl Drop for Additions {
    fn drop(&mut self) {
        // Few schemes add anything.
        if !(self.query.is_empty() && self.cookies.is_empty()) {
            self.query.zeroize();
            self.cookies.zeroize();
        }
    }
}

/// Whether no token is to be asked for.
pub(crate) fn at_hand(chosen: &[Chosen<'_>]) -> bool {
    chosen.iter().all(|(_, known)| known.header.is_some() || !matches!(known.credential, Credential::Bearer(_)))
}

/// Asks for the tokens that are not at hand, in their order.
pub(crate) async fn ask(chosen: &[Chosen<'_>], transport: &dyn Transport) -> Result<Vec<HeaderValue>, Error> {
    let mut tokens = Vec::new();
    for (kind, known) in chosen.iter().filter(|(_, known)| known.header.is_none()) {
        if let Credential::Bearer(source) = &known.credential {
            tokens.push(authorization(*kind, source.token(transport).await?.as_ref())?);
        }
    }
    Ok(tokens)
}

/// Writes the chosen credentials, each in place of what has its name. `tokens` are those that were asked for.
pub(crate) fn apply(
    chosen: &[Chosen<'_>],
    tokens: Vec<HeaderValue>,
    headers: &mut HeaderMap,
) -> Result<Additions, Error> {
    let mut additions = Additions::default();
    let mut tokens = tokens.into_iter();
    for (kind, known) in chosen {
        let value = known.header.clone();
        match (kind, &known.credential) {
            (SchemeKind::Bearer | SchemeKind::Token(_), Credential::Bearer(_)) => {
                let value = value.or_else(|| tokens.next()).ok_or_else(|| unfit("there is no token"))?;
                headers.insert(header::AUTHORIZATION, value);
            }
            (SchemeKind::Basic, Credential::Basic { user, .. }) => {
                let reason = if user.contains(':') {
                    "a user of basic credentials cannot hold a colon"
                } else {
                    "the basic credentials cannot be written"
                };
                headers.insert(header::AUTHORIZATION, value.ok_or_else(|| unfit(reason))?);
            }
            (SchemeKind::KeyHeader(name), Credential::ApiKey(_)) => {
                let name = encode::header::name(name).map_err(|_| unfit("the API key's header cannot be set"))?;
                headers.insert(name, value.ok_or_else(|| unfit("the API key is not printable ASCII"))?);
            }
            (SchemeKind::KeyQuery(name), Credential::ApiKey(key)) => {
                additions.query.push(format!("{}={}", encode::percent_text(name), encode::percent_text(key.expose())));
            }
            (SchemeKind::KeyCookie(name), Credential::ApiKey(key)) => {
                let pair = encode::header::cookie(name, ParameterValue::Secret(key.expose().to_owned()))
                    .map_err(|_| unfit("the API key cannot be a cookie"))?;
                additions.cookies.extend(pair);
            }
            // `Credentials::add` and `add_to_all` let no other pair in.
            _ => return Err(unfit("a credential does not fit its scheme")),
        }
    }
    Ok(additions)
}

/// The service refused what was sent. Whether there is something else to send: a token that can be renewed.
pub(crate) fn refused(chosen: &[Chosen<'_>], sent: Option<&HeaderValue>) -> bool {
    let sent = sent.and_then(|value| value.to_str().ok()?.split_once(' ')).map(|(_, token)| token);
    let Some(sent) = sent.map(Secret::from) else { return false };
    chosen.iter().any(|(_, known)| match &known.credential {
        Credential::Bearer(TokenSource(Source::OAuth(tokens))) => {
            tokens.refused(&sent);
            true
        }
        _ => false,
    })
}
