//! What does an API mean, apart from how OpenAPI writes it and how Rust will?
//!
//! The language between `lower` and `plan`. It knows neither OpenAPI nor Rust: no references, no media-type maps, no identifiers.
//! Everything it holds is owned and ordered, so that equal meanings are equal values.

mod incoming;
mod limits;
mod operation;
mod server;
mod types;

pub use incoming::{Event, Incoming};
pub use limits::{Bounds, Limits, Pattern};
pub use operation::{
    Alternative, Answer, Body, Content, Form, FormField, FormPart, Framing, Header, Link, LinkSource, LinkValue,
    Method, Operation, Parameter, ParameterLocation, ParameterStyle, Payload, Sending, ServerOverride, Status,
    Streamed, media_word,
};
pub use server::{Server, ServerVariable};
pub use types::{
    Arm, Direction, Docs, Enumeration, Field, IntegerKind, Listed, NumberKind, Origin, Parent, Record, Role, Shape,
    Tag, TextKind, Type, TypeId, Types, Union, Use, Xml,
};

/// A whole API.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {
    /// Its title.
    pub title: String,
    /// Its own version, which need not be a semantic version.
    pub version: String,
    /// What it says of itself.
    pub description: Option<String>,
    /// Where it is served unless a user says otherwise.
    pub base_url: Option<String>,
    /// Where it is offered, if there is something to choose.
    pub servers: Vec<Server>,
    /// The ways to prove who calls.
    pub credentials: Vec<Credential>,
    /// The groups that operations name, with what is said about each.
    pub groups: Vec<Group>,
    /// The operations, by path, then method.
    pub operations: Vec<Operation>,
    /// The requests that the service makes: webhooks by name, then callbacks.
    pub incoming: Vec<Incoming>,
    /// What every webhook delivers, where that can be told apart.
    pub event: Option<Event>,
    /// Every type that an operation reaches; where there is no operation, every type that the document names.
    pub types: Types,
    /// The types that are asked for although no operation mentions them.
    pub vocabulary: Vec<Use>,
    /// How many operations the document holds that could not be understood; each was told.
    pub skipped: usize,
}

impl Api {
    /// Whether nothing can be asked of it: it is a vocabulary that others share.
    pub fn is_types_only(&self) -> bool {
        self.operations.is_empty()
    }

    /// Its title, or what a sentence says where it has none.
    pub fn called(&self) -> &str {
        if self.title.trim().is_empty() { "an API without a title" } else { &self.title }
    }
}

/// A named way to prove who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The name that operations use.
    pub name: String,
    /// How it is sent.
    pub kind: CredentialKind,
    /// What is said about it.
    pub description: Option<String>,
}

/// How a credential is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialKind {
    /// `Authorization: Bearer …`, whoever issued the token.
    Bearer,
    /// `Authorization: Basic …`.
    Basic,
    /// `Authorization: <scheme> …` with a token, under a scheme of the service's own.
    Scheme(String),
    /// A key in a header.
    ApiKeyHeader(String),
    /// A key in the query.
    ApiKeyQuery(String),
    /// A key in a cookie.
    ApiKeyCookie(String),
    /// A certificate of the client, with which the connection is made.
    MutualTls,
}

/// A group of operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's key, as operations name it.
    pub key: String,
    /// What is said about it.
    pub description: Option<String>,
}
