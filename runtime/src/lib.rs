//! What do generated clients call into?
//!
//! Sinew turns a service's OpenAPI document into a typed client crate; this crate is what every such crate shares: calls
//! that survive a service's bad minutes. Retry with back-off, a circuit breaker, deadlines, discovery, credentials, and
//! one [`Error`] for all services.
//!
//! A user of a generated crate meets [`Call`] (what can be said about one call), [`ClientBuilder`] and [`Policy`] (what
//! can be said about all calls of a client), [`ServiceRegistry`] (where services are) and [`Error`].
//!
//! ```
//! use sinew_runtime::generated::{Client, Method, Operation, Reply, Service};
//! use sinew_runtime::{Call, ClientBuilder, Error};
//!
//! // What the generator writes, in small:
//! static SERVICE: Service = Service::new("greeting-service", "http://localhost:8009/api/v1");
//! static GREET: Operation = Operation::new("greet", Method::Get, "/greetings/{name}");
//!
//! struct GreetingClient { core: Client }
//! impl From<Client> for GreetingClient {
//!     fn from(core: Client) -> Self { Self { core } }
//! }
//! impl GreetingClient {
//!     fn greet(&self, name: &str) -> Call<'_, String> {
//!         self.core.request(&GREET).path("name", &name).answering(Reply::json)
//!     }
//! }
//!
//! // What its user writes:
//! async fn hello() -> Result<String, Error> {
//!     let client: GreetingClient = ClientBuilder::new(&SERVICE).base_url("http://greet.internal/api/v1").build()?;
//!     client.greet("Ada").timeout(std::time::Duration::from_secs(5)).await
//! }
//! ```
//!
//! # Features
//! * `reqwest` (default): the default transport.
//! * `hyper`: a leaner transport over hyper alone, chosen by `ClientBuilder::hyper_transport` or by leaving `reqwest`
//!   out. Without either, a [`Transport`] is to be given to the builder.
//! * `blocking`: `Call::blocking`, for programs without an async runtime.
//! * `gzip`, `zstd`, `brotli`: compressed answers, for clients built with `ClientBuilder::accept_compressed`.
//! * `jiff`, `uuid`, `decimal`: the types that generated crates use for such formats.
//! * `dns` (Rust 1.88): [`Dns`], instances of services from the DNS.
//! * `metrics`: [`Metrics`], an [`Observer`] for the `metrics` crate.
//! * `xml`: bodies and answers as XML, for generated crates that have any.
//! * `webhook`: [`Webhook`] and [`StandardWebhooks`], for what services send by themselves.
//! * `testing`: `testing::Scripted`, a transport that plays a service in memory.

mod accept;
mod adapt;
mod again;
mod all;
mod attempt;
mod auth;
#[cfg(feature = "blocking")]
mod blocking;
mod body;
mod builder;
#[cfg(feature = "by-name")]
pub mod by_name;
mod call;
mod client;
mod closing;
#[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
mod compressed;
mod discovery;
mod disposition;
mod documented;
mod encode;
mod endpoint;
mod engine;
mod error;
mod exchange;
mod gate;
pub mod generated;
mod health;
mod hedge;
mod json;
mod macros;
#[cfg(feature = "metrics")]
mod metrics;
mod monitor;
mod multipart;
mod nullable;
mod oauth;
mod observer;
mod operation;
mod overheard;
mod paging;
mod prepare;
mod prober;
mod random;
mod redirect;
mod registry;
mod reply;
mod request;
mod resilience;
mod route;
mod said;
mod scalars;
mod secret;
mod seldom;
mod stream;
mod telemetry;
mod trace;
mod transport;
mod union;
mod until;
#[cfg(feature = "validate")]
mod validate;
#[cfg(feature = "webhook")]
mod webhook;
mod within;
#[cfg(feature = "xml")]
mod xml;

pub use accept::Accept;
pub use auth::{Credential, TokenSource};
pub use body::{Body, OutgoingBody};
pub use builder::ClientBuilder;
pub use call::{Call, CallFuture};
pub use client::Client;
#[cfg(feature = "dns")]
pub use discovery::Dns;
pub use discovery::{Discovered, Discovery, Instance};
pub use documented::DocumentedHeaders;
pub use endpoint::EndpointStatus;
pub use error::{Error, ErrorKind, Failure, Phase, Sent};
pub use gate::BulkheadPolicy;
pub use health::{Checked, Health};
pub use macros::UnlistedWord;
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
pub use monitor::Monitor;
pub use multipart::{FormData, Part};
pub use nullable::Nullable;
pub use oauth::{OAuth, TokenEndpoint};
pub use observer::{Event, Observed, Observer};
pub use paging::{InvalidPageToken, PageItems, PageToken, Paged, Pages};
pub use registry::{Env, ProcessEnv, ServiceAddress, ServiceRegistry};
pub use reply::{Download, DownloadReader, FailedReply, Reply, Response};
pub use resilience::backoff::{Backoff, Growth, Jitter};
pub use resilience::breaker::{BreakerPolicy, CircuitState, Counting, RatioPolicy};
pub use resilience::budget::BudgetPolicy;
pub use resilience::hedge::HedgePolicy;
pub use resilience::outlier::OutlierPolicy;
pub use resilience::pace::BodyRatePolicy;
pub use resilience::policy::{InvalidPolicy, Policy, RetryAfter, RetryOn};
pub use secret::Secret;
pub use stream::{Events, Framing, Items, Reconnect, ServerEvent};
#[cfg(any(feature = "reqwest", feature = "hyper"))]
pub use transport::address::AddressPolicy;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
pub use transport::networks::Networks;
pub use transport::{BoxFuture, IncomingBody, PinnedAddress, Transport, TransportError, TransportFailure};
pub use until::Until;
#[cfg(feature = "validate")]
pub use validate::{Validate, Violation, Violations};
#[cfg(feature = "webhook")]
pub use webhook::{StandardWebhooks, VerifyWebhook, Webhook, WebhookError};
pub use within::within;

/// Services that are played, for tests.
#[cfg(feature = "testing")]
pub mod testing {
    pub use crate::resilience::breaker::alone::Circuit;
    pub use crate::transport::scripted::{Scripted, Seen, Step};
}
