//! How does reqwest carry a request, and nothing more than carry it?

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::Instant;

use super::{BoxFuture, IncomingBody, PinnedAddress, Transport, TransportError, TransportFailure};
use crate::body::{OutgoingBody, RequestBodyError};
use crate::error::{Error, Sent};

/// How long an idle connection is kept. Shorter than reqwest's 90 s: many servers close sooner, and a request sent on a
/// connection that is being closed fails for nothing.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// The default transport: one pool of connections, HTTP/1.1 and HTTP/2, rustls.
pub(crate) struct ReqwestTransport {
    client: reqwest::Client,
    settings: Settings,
    /// A client for each address that requests are pinned to: reqwest keeps its connections by name, and to change where
    /// a name leads it must be another client.
    pinned: Mutex<Vec<Pinned>>,
}

/// How its clients are made.
#[derive(Clone, Copy)]
struct Settings {
    connect_timeout: Option<Duration>,
    http2: bool,
}

struct Pinned {
    host: String,
    address: SocketAddr,
    client: reqwest::Client,
    used: Instant,
}

/// After so long without a request an address has left the service, and its connections are idle no more.
const PIN_IDLE: Duration = Duration::from_secs(120);

impl ReqwestTransport {
    /// A pool. All that reqwest would do beyond carrying is off: its retries and redirects would be sent behind the
    /// back of policy and breaker, a `Referer` shows the previous URL's query, and a proxy from the environment would
    /// see every credential.
    ///
    /// `http2` speaks HTTP/2 from the first byte on, over plain connections too.
    pub(crate) fn new(connect_timeout: Option<Duration>, http2: bool) -> Result<Self, Error> {
        let settings = Settings { connect_timeout, http2 };
        Ok(Self { client: settings.client(None)?, settings, pinned: Mutex::default() })
    }

    /// The client for a request that is pinned to an address.
    fn pinned(&self, host: &str, PinnedAddress(address): PinnedAddress) -> Result<reqwest::Client, Error> {
        let now = Instant::now();
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = pinned.iter_mut().find(|one| one.address == address && one.host == host) {
            found.used = now;
            return Ok(found.client.clone());
        }
        pinned.retain(|one| now.saturating_duration_since(one.used) < PIN_IDLE);
        let client = self.settings.client(Some((host, address)))?;
        pinned.push(Pinned { host: host.to_owned(), address, client: client.clone(), used: now });
        Ok(client)
    }
}

impl Settings {
    fn client(self, pin: Option<(&str, SocketAddr)>) -> Result<reqwest::Client, Error> {
        let Self { connect_timeout, http2 } = self;
        let mut builder = reqwest::Client::builder()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .pool_idle_timeout(POOL_IDLE);
        if let Some(timeout) = connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if http2 {
            builder = builder.http2_prior_knowledge();
        }
        if let Some((host, address)) = pin {
            builder = builder.resolve(host, address);
        }
        match builder.build() {
            Ok(client) => Ok(client),
            Err(error) => {
                Err(Error::config("the default transport could not be set up").with_source(error.without_url()))
            }
        }
    }
}

impl Transport for ReqwestTransport {
    fn send(
        &self,
        request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let started = body.started();
            let url =
                url(&head.uri).map_err(|error| TransportError::new(TransportFailure::Refused, Sent::NotSent, error))?;
            let mut request = reqwest::Request::new(head.method, url);
            *request.headers_mut() = head.headers;
            if started.is_some() {
                *request.body_mut() = Some(reqwest::Body::wrap(body));
            }
            let pinned = match (head.uri.host(), head.extensions.get()) {
                (Some(host), Some(pin)) => Some(
                    self.pinned(host, *pin)
                        .map_err(|error| TransportError::new(TransportFailure::Refused, Sent::NotSent, error))?,
                ),
                _ => None,
            };
            let client = pinned.as_ref().unwrap_or(&self.client);
            let mut reply = client.execute(request).await.map_err(|error| classify(error, started.as_deref()))?;
            let mut head = http::Response::new(());
            *head.status_mut() = reply.status();
            *head.version_mut() = reply.version();
            std::mem::swap(head.headers_mut(), reply.headers_mut());
            let body: IncomingBody = Box::pin(Incoming(reply.bytes_stream()));
            Ok(head.map(|()| body))
        })
    }
}

/// An address in reqwest's type.
fn url(uri: &http::Uri) -> Result<url::Url, url::ParseError> {
    use std::fmt::Write as _;
    // Longer than any address by the length of a scheme and a port, and so written without growing.
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let mut text = String::with_capacity(path + uri.authority().map_or(0, |authority| authority.as_str().len()) + 9);
    // Writing to a String cannot fail.
    let _ = write!(text, "{uri}");
    url::Url::parse(&text)
}

/// What reqwest's error means. Connect is asked first: a connect timeout answers yes to `is_timeout` as well.
fn classify(error: reqwest::Error, started: Option<&AtomicBool>) -> TransportError {
    // Its text would hold the whole URL, with every query value.
    let error = error.without_url();
    // A request with a body of which nothing was asked for has not been sent whole, so it was not processed.
    let untouched = started.is_some_and(|started| !started.load(Ordering::Acquire));
    let sent = if untouched { Sent::NotSent } else { Sent::MaybeSent };
    if error.is_connect() {
        let failure = if is_tls(&error) { TransportFailure::Tls } else { TransportFailure::Connect };
        return TransportError::new(failure, Sent::NotSent, error);
    }
    if gave_back(&error) {
        return TransportError::new(TransportFailure::Unprocessed, Sent::NotSent, error);
    }
    let failure = match () {
        () if error.is_builder() => TransportFailure::Refused,
        () if has_cause(&error, <dyn std::error::Error>::is::<RequestBodyError>) => TransportFailure::RequestBody,
        () => TransportFailure::Broken,
    };
    TransportError::new(failure, sent, error)
}

/// Whether the service said of an HTTP/2 stream that it did not process it: by resetting it with `REFUSED_STREAM` (RFC
/// 9113, section 8.7), or by a graceful `GOAWAY` whose last stream came before it (section 6.8; h2 gives that error to
/// no other stream). A `GOAWAY` for cause, `ENHANCE_YOUR_CALM` above all, is a broken connection: it wants to be left alone.
fn gave_back(error: &reqwest::Error) -> bool {
    has_cause(error, |cause| {
        cause.downcast_ref::<h2::Error>().is_some_and(|error| {
            error.is_remote()
                && (error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)
                    || error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR))
        })
    })
}

/// Whether a failed connection failed over certificates. rustls reports through `io::Error` of kind `InvalidData`; its
/// own type is not ours to name without depending on its version.
fn is_tls(error: &reqwest::Error) -> bool {
    has_cause(error, |cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::InvalidData)
    })
}

fn has_cause(error: &reqwest::Error, is_it: impl Fn(&(dyn std::error::Error + 'static)) -> bool) -> bool {
    std::iter::successors(std::error::Error::source(error), |cause| deeper(*cause)).any(is_it)
}

/// The next cause. An `io::Error` that wraps another error passes on that one's source and hides the error itself,
/// which is the one that says most: hyper wraps the handshake's `io::Error` in another.
fn deeper<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    match cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => cause.source(),
    }
}

/// The reply's body, its errors told as broken connections after an answer.
struct Incoming<S>(S);

impl<S: Stream<Item = reqwest::Result<Bytes>> + Unpin> Stream for Incoming<S> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context).map(|next| {
            next.map(|chunk| {
                chunk
                    .map_err(|error| TransportError::new(TransportFailure::Broken, Sent::Received, error.without_url()))
            })
        })
    }
}
