//! What does a document say about a service, and about one of its operations?

use std::time::Duration;

/// Settings of a policy: names and values.
pub(crate) type Settings = &'static [(&'static str, &'static str)];

/// A service as its document describes it: a `static` of the generated crate.
#[derive(Debug)]
pub struct Service {
    pub(crate) name: &'static str,
    pub(crate) default_url: &'static str,
    pub(crate) health: &'static str,
    pub(crate) ready: &'static str,
    pub(crate) policy: Settings,
    pub(crate) schemes: &'static [Scheme],
}

impl Service {
    /// A service with its registry name and its default address; an empty address means that there is none.
    pub const fn new(name: &'static str, default_url: &'static str) -> Self {
        Self { name, default_url, health: "/health", ready: "/ready", policy: &[], schemes: &[] }
    }

    /// The path of the health check, from the root of the origin. Default: `/health`.
    pub const fn health(mut self, path: &'static str) -> Self {
        self.health = path;
        self
    }

    /// The path of the readiness check, from the root of the origin. Default: `/ready`.
    pub const fn ready(mut self, path: &'static str) -> Self {
        self.ready = path;
        self
    }

    /// Settings of the policy of its clients, over [`Policy::default`](crate::Policy): names as in `POLICIES.md`, values as in
    /// the environment. A policy that is given to the builder takes their place, and variables lie over them.
    pub const fn policy(mut self, settings: &'static [(&'static str, &'static str)]) -> Self {
        self.policy = settings;
        self
    }

    /// The security schemes that its operations speak of.
    pub const fn schemes(mut self, schemes: &'static [Scheme]) -> Self {
        self.schemes = schemes;
        self
    }

    /// The registry name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// A security scheme of a service.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    pub(crate) name: &'static str,
    pub(crate) kind: SchemeKind,
}

/// Where a scheme's credential goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SchemeKind {
    Bearer,
    Basic,
    Token(&'static str),
    KeyHeader(&'static str),
    KeyQuery(&'static str),
    KeyCookie(&'static str),
    MutualTls,
}

impl Scheme {
    /// `Authorization: Bearer …`; `OAuth2` and `OpenID Connect` end here too.
    pub const fn bearer(name: &'static str) -> Self {
        Self { name, kind: SchemeKind::Bearer }
    }

    /// `Authorization: Basic …`.
    pub const fn basic(name: &'static str) -> Self {
        Self { name, kind: SchemeKind::Basic }
    }

    /// `Authorization: <scheme> …` with a token, under a scheme of the service's own.
    pub const fn token(name: &'static str, scheme: &'static str) -> Self {
        Self { name, kind: SchemeKind::Token(scheme) }
    }

    /// An API key in a header.
    pub const fn api_key_header(name: &'static str, header: &'static str) -> Self {
        Self { name, kind: SchemeKind::KeyHeader(header) }
    }

    /// An API key in the query.
    pub const fn api_key_query(name: &'static str, parameter: &'static str) -> Self {
        Self { name, kind: SchemeKind::KeyQuery(parameter) }
    }

    /// A certificate of the client, with which the connection is made.
    pub const fn mutual_tls(name: &'static str) -> Self {
        Self { name, kind: SchemeKind::MutualTls }
    }

    /// An API key in a cookie.
    pub const fn api_key_cookie(name: &'static str, cookie: &'static str) -> Self {
        Self { name, kind: SchemeKind::KeyCookie(cookie) }
    }
}

/// The method of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `OPTIONS`
    Options,
    /// `TRACE`
    Trace,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
    /// `POST`
    Post,
    /// `PATCH`
    Patch,
    /// Another one, such as `QUERY`; taken to be neither safe nor idempotent.
    Other(&'static str),
}

impl Method {
    /// The method as it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Other(name) => name,
        }
    }

    /// Whether it asks for nothing but an answer (RFC 9110, section 9.2.1).
    pub const fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options | Self::Trace)
    }

    /// Whether RFC 9110 lets a client send it again without asking.
    pub const fn is_idempotent(self) -> bool {
        !matches!(self, Self::Post | Self::Patch | Self::Other(_))
    }
}

/// An operation as its document describes it: a `static` of the generated crate.
#[derive(Debug)]
pub struct Operation {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) template: &'static str,
    pub(crate) auth: &'static [&'static [&'static str]],
    pub(crate) accept: &'static str,
    pub(crate) base_path: Option<&'static str>,
    pub(crate) server: Option<&'static str>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) idempotency_header: Option<&'static str>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) attempts: Option<u32>,
    pub(crate) policy: Settings,
}

impl Operation {
    /// An operation with its name, its method and its path below the base path, with `{names}` in it.
    pub const fn new(name: &'static str, method: Method, template: &'static str) -> Self {
        Self {
            name,
            method,
            template,
            auth: &[],
            accept: "application/json",
            base_path: None,
            server: None,
            idempotent: None,
            idempotency_header: None,
            attempt_timeout: None,
            attempts: None,
            policy: &[],
        }
    }

    /// Which schemes it wants: one of these alternatives, all schemes of it. An empty alternative means that no
    /// credential is fine too. Without any alternative no credential is sent.
    pub const fn auth(mut self, alternatives: &'static [&'static [&'static str]]) -> Self {
        self.auth = alternatives;
        self
    }

    /// The `accept` header. Default: `application/json`.
    pub const fn accept(mut self, media_types: &'static str) -> Self {
        self.accept = media_types;
        self
    }

    /// Replaces the base path, at the same origin.
    pub const fn base_path(mut self, path: &'static str) -> Self {
        self.base_path = Some(path);
        self
    }

    /// Sends it to another address altogether. Credentials go there only if the client is told so
    /// ([`ClientBuilder::send_credentials_to`](crate::ClientBuilder::send_credentials_to)).
    pub const fn server(mut self, url: &'static str) -> Self {
        self.server = Some(url);
        self
    }

    /// Whether it may be sent again after it may have been processed. Default: what its method says.
    pub const fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = Some(idempotent);
        self
    }

    /// The header of its idempotency key. The runtime makes a key for each call that brings none.
    pub const fn idempotency_header(mut self, name: &'static str) -> Self {
        self.idempotency_header = Some(name);
        self
    }

    /// How long one attempt may take, in milliseconds, instead of what the client's policy says.
    pub const fn timeout_ms(mut self, millis: u64) -> Self {
        self.attempt_timeout = Some(Duration::from_millis(millis));
        self
    }

    /// How often it is tried in all, instead of what the client's policy says.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// Settings that differ from what the client's policy says: names as in `POLICIES.md`, values as in the environment. Those
    /// of breaker, budget and all else that belongs to the client have no effect.
    pub const fn policy(mut self, settings: &'static [(&'static str, &'static str)]) -> Self {
        self.policy = settings;
        self
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        self.idempotent.unwrap_or(self.method.is_idempotent())
    }
}
