//! Who carries one request to a service and brings back its reply?

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;

use crate::body::OutgoingBody;
use crate::error::{BoxError, Sent};

#[cfg(any(feature = "reqwest", feature = "hyper"))]
pub(crate) mod address;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
mod causes;
#[cfg(feature = "hyper")]
pub(crate) mod hyper;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
pub(crate) mod networks;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
mod origins;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
mod pools;
#[cfg(feature = "reqwest")]
pub(crate) mod reqwest;
#[cfg(feature = "testing")]
pub(crate) mod scripted;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
pub(crate) mod settings;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
mod tls;

/// A future on the heap, sendable between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The body of a reply as it comes in.
pub type IncomingBody = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

/// Where to connect for a request, instead of asking for the addresses of its host: among the extensions of a request to
/// a discovered instance. The name stays what it is: in `Host`, and towards TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinnedAddress(pub SocketAddr);

/// Carries one attempt. It must not retry, follow redirects, cache or time out by itself (a connect timeout apart):
/// the engine does those, and counts. It must heed a [`PinnedAddress`].
pub trait Transport: Send + Sync + 'static {
    /// Sends one request; the future ends with the head of the reply. Dropping it cancels the request.
    fn send(
        &self,
        request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>>;

    /// Lets go of the connections it keeps, so that the next request gets a new one, to where its name leads by then. Asked
    /// for when the circuit of a service opens. By default nothing is done.
    fn renew(&self) {}
}

/// What can go wrong between two machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportFailure {
    /// No connection: refused, unreachable, connecting took too long.
    Connect,
    /// No secure connection: a certificate or a host name is wrong. Trying again does not mend it.
    Tls,
    /// No connection, since nobody knows the name: trying again does not mend that within a call. (A name service that
    /// cannot tell for the moment is a [`Connect`](Self::Connect).)
    UnknownName,
    /// The connection broke.
    Broken,
    /// A connection that had carried requests before broke before anything of an answer came: most likely it had been
    /// closed while nobody used it, just as this request was written to it.
    Stale,
    /// The service gave the request back and says that it did not process it: HTTP/2's `REFUSED_STREAM`, or a `GOAWAY`
    /// that names an earlier stream as the last (RFC 9113, sections 6.8 and 8.7).
    Unprocessed,
    /// The reply's body is not encoded as its headers say.
    Encoding,
    /// The body to be sent could not be read.
    RequestBody,
    /// The request is not one that this transport can send.
    Refused,
}

/// Why a transport has no reply.
#[derive(Debug)]
pub struct TransportError {
    pub(crate) failure: TransportFailure,
    pub(crate) sent: Sent,
    pub(crate) source: BoxError,
}

impl TransportError {
    /// An error of a kind. `sent` tells whether the service may have seen the request; the source must hold no secret.
    pub fn new(failure: TransportFailure, sent: Sent, source: impl Into<BoxError>) -> Self {
        Self { failure, sent, source: source.into() }
    }

    /// The innermost cause, which says most: `Connection refused (os error 111)`.
    pub(crate) fn cause(&self) -> String {
        let mut cause: &(dyn std::error::Error + 'static) = &*self.source;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let text = cause.to_string();
        text.split(" (os error ").next().unwrap_or(&text).to_owned()
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.cause())
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
