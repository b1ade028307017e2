//! How does reqwest carry a request, and nothing more than carry it?

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use super::address::Names;
use super::pools::Pools;
use super::settings::{Proxies, Proxy, Settings, Version};
use super::{BoxFuture, IncomingBody, Transport, TransportError, TransportFailure, causes, tls};
use crate::body::OutgoingBody;
use crate::error::{Error, Sent};

/// The default transport: a pool of connections, HTTP/1.1 and HTTP/2, rustls.
pub(crate) struct ReqwestTransport(Pools<reqwest::Client>);

impl ReqwestTransport {
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        let tls = tls::config(settings)?;
        let (addresses, settings) = (settings.addresses, settings.clone());
        Pools::new(addresses, move |names| pool(&settings, tls.clone(), names)).map(Self)
    }
}

/// A pool. All that reqwest would do beyond carrying is off: its retries and redirects would be sent behind the back of
/// policy and breaker, and a `Referer` shows the previous URL's query.
fn pool(settings: &Settings, tls: rustls::ClientConfig, names: Names) -> Result<reqwest::Client, Error> {
    let wrong = |error: reqwest::Error| {
        Error::config("the default transport could not be set up").with_source(error.without_url())
    };
    let mut builder = reqwest::Client::builder()
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(names))
        .pool_idle_timeout(settings.pool_idle);
    if let Some(timeout) = settings.connect_timeout {
        builder = builder.connect_timeout(timeout);
    }
    builder = match settings.version {
        Version::Any => builder,
        Version::Http1 => builder.http1_only(),
        Version::Http2 => builder.http2_prior_knowledge(),
    };
    builder = match &settings.proxies {
        Proxies::None => builder.no_proxy(),
        Proxies::FromEnv => builder,
        Proxies::One(Proxy { uri, auth }) => {
            let mut proxy = reqwest::Proxy::all(uri.to_string()).map_err(wrong)?;
            if let Some(auth) = auth {
                proxy = proxy.custom_http_auth(auth.clone());
            }
            builder.proxy(proxy)
        }
    };
    builder.build().map_err(wrong)
}

impl Transport for ReqwestTransport {
    fn send(
        &self,
        request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let started = body.started();
            let pool = self.0.of(&head.uri, &head.extensions)?;
            let url =
                url(&head.uri).map_err(|error| TransportError::new(TransportFailure::Refused, Sent::NotSent, error))?;
            let mut request = reqwest::Request::new(head.method, url);
            *request.headers_mut() = head.headers;
            if started.is_some() {
                *request.body_mut() = Some(reqwest::Body::wrap(body));
            }
            let mut reply = pool.execute(request).await.map_err(|error| {
                let (connect, builder) = (error.is_connect(), error.is_builder());
                // Its text would hold the whole URL, with every query value.
                let error = error.without_url();
                if builder {
                    return TransportError::new(TransportFailure::Refused, Sent::NotSent, error);
                }
                causes::classify(error, connect, started.as_deref())
            })?;
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
