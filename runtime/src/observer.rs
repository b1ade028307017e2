//! How does a program watch what its clients do?

use std::net::SocketAddr;
use std::time::Duration;

use crate::error::ErrorKind;
use crate::resilience::breaker::CircuitState;

/// Told of everything that happens to the calls of a client, as it happens: what metrics and traces are made of. It runs
/// within the call, so it must be quick and must not block.
///
/// ```
/// use sinew_runtime::{Event, Observed, Observer};
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// #[derive(Default)]
/// struct Retries(AtomicU64);
/// impl Observer for Retries {
///     fn observe(&self, _: &Observed<'_>, event: &Event) {
///         if let Event::Retrying { .. } = event {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Something happened. Neither part holds anything secret, and all of it is of low cardinality but the numbers.
    fn observe(&self, about: &Observed<'_>, event: &Event);
}

/// Which call something happened to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Observed<'a> {
    /// The registry name of the service.
    pub service: &'static str,
    /// The scheme, host and port: `http://localhost:8001`.
    pub origin: &'a str,
    /// Which instance it went to, if that was discovered: then all of them have the same origin.
    pub address: Option<SocketAddr>,
    /// The name of the operation; empty if it is about the client as a whole.
    pub operation: &'static str,
    /// The method; empty if it is about the client as a whole.
    pub method: &'static str,
    /// The path with its `{names}`; never a value of one.
    pub template: &'static str,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An attempt begins.
    AttemptStarted {
        /// From 1 on.
        attempt: u32,
    },
    /// An attempt has ended, with an answer or without.
    AttemptEnded {
        /// From 1 on.
        attempt: u32,
        /// The status, if there was an answer.
        status: Option<u16>,
        /// What went wrong, if something did.
        error: Option<ErrorKind>,
        /// How long it took: for a streamed answer, until its head was there.
        took: Duration,
    },
    /// The request will be sent again.
    Retrying {
        /// The attempt that failed.
        attempt: u32,
        /// The wait.
        delay: Duration,
    },
    /// An attempt makes its caller wait, so another is sent beside it.
    Hedged {
        /// The attempt that begins.
        attempt: u32,
        /// How long the first one has been on its way.
        after: Duration,
    },
    /// Nothing was sent: the circuit is open, the service asked to be left alone, or too much is on its way.
    Rejected {
        /// Why.
        kind: ErrorKind,
    },
    /// A call has ended.
    CallEnded {
        /// The attempts that were made.
        attempts: u32,
        /// What went wrong, if something did.
        error: Option<ErrorKind>,
        /// How long it took, waits included.
        took: Duration,
    },
    /// One of several endpoints failed while others answered, and is left out for a while. Its origin is the one that
    /// the event is about.
    EndpointEjected {
        /// For how long.
        out: Duration,
    },
    /// A circuit changed. Told once for each change, by whoever made it.
    CircuitChanged {
        /// What it was.
        from: CircuitState,
        /// What it is.
        to: CircuitState,
    },
}
