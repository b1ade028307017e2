//! How does reqwest carry a request, and nothing more than carry it?

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderValue;
use http::uri::Authority;

use super::address::Names;
use super::origins::{Hosts, Origins, write_host};
use super::pools::Pools;
use super::settings::{Proxies, Proxy, Settings, Version};
use super::{BoxFuture, IncomingBody, Transport, TransportError, TransportFailure, causes, tls};
use crate::body::OutgoingBody;
use crate::error::{Error, Sent};

/// The default transport: a pool of connections, HTTP/1.1 and HTTP/2, rustls.
pub(crate) struct ReqwestTransport {
    pools: Pools<reqwest::Client>,
    roots: Origins<Root>,
    hosts: Hosts,
}

/// The path of what is remembered: a copy of it has as much room as it takes, so that most paths need no more.
const ROOM: &str = "/--------------------------------------------------------------";

/// What is remembered of an origin.
#[derive(Clone)]
struct Root {
    /// Its address in reqwest's type: reading scheme, host and port anew for each request costs more than all the rest
    /// of it.
    url: url::Url,
    host: Option<HeaderValue>,
}

/// An address in reqwest's type, as `Url::parse` would read it, and its `Host` if it is ours to write.
fn read(origins: &Origins<Root>, hosts: Hosts, uri: &http::Uri) -> Result<Root, url::ParseError> {
    let mut root = origins.of(uri, || {
        let mut url = url::Url::parse(&uri.to_string())?;
        // Of the address as it is read, where hosts are in small letters.
        let host = http::Uri::try_from(url.as_str()).ok().and_then(|uri| hosts.host(&uri));
        url.set_path(ROOM);
        url.set_query(None);
        Ok::<_, url::ParseError>(Root { url, host })
    })?;
    root.url.set_path(uri.path());
    root.url.set_query(uri.query());
    Ok(root)
}

impl ReqwestTransport {
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        let tls = tls::config(settings)?;
        let own = settings.clone();
        let pools = Pools::new(settings, move |names| pool(&own, tls.clone(), names))?;
        Ok(Self { pools, roots: Origins::default(), hosts: Hosts::new(settings) })
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

impl ReqwestTransport {
    /// Hands a request over to reqwest.
    fn begin(
        &self,
        mut request: http::Request<OutgoingBody>,
    ) -> Result<Begun<impl Future<Output = Reply> + use<>>, TransportError> {
        let (pool, lookups) = self.pools.of(request.uri(), request.extensions())?;
        let Root { url, host } = read(&self.roots, self.hosts, request.uri())
            .map_err(|error| TransportError::new(TransportFailure::Refused, Sent::NotSent, error))?;
        let mut carried = reqwest::Request::new(std::mem::take(request.method_mut()), url);
        *carried.headers_mut() = std::mem::take(request.headers_mut());
        write_host(carried.headers_mut(), host);
        let authority = request.uri().authority().cloned();
        let started = request.body().started();
        if started.is_some() {
            *carried.body_mut() = Some(reqwest::Body::wrap(request.into_body()));
        }
        Ok(Begun { reply: pool.execute(carried), started, lookups, authority })
    }
}

type Reply = reqwest::Result<reqwest::Response>;

/// A request on its way, and what its failure is to be read by.
struct Begun<F> {
    reply: F,
    started: Option<Arc<AtomicBool>>,
    lookups: usize,
    authority: Option<Authority>,
}

impl Transport for ReqwestTransport {
    fn send(
        &self,
        request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        // Begun outside of the future, which would be five times as large with all that it takes.
        let begun = match self.begin(request) {
            Ok(begun) => begun,
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        };
        Box::pin(async move {
            let mut reply = begun.reply.await.map_err(|error| {
                let (connect, builder) = (error.is_connect(), error.is_builder());
                // Its text would hold the whole URL, with every query value.
                let error = error.without_url();
                if builder {
                    return TransportError::new(TransportFailure::Refused, Sent::NotSent, error);
                }
                let kept = self.pools.kept(begun.authority.as_ref(), begun.lookups);
                causes::classify(error, connect, kept, begun.started.as_deref())
            })?;
            let (status, version, headers) = (reply.status(), reply.version(), std::mem::take(reply.headers_mut()));
            let body: IncomingBody = Box::pin(Incoming(reply.bytes_stream()));
            let mut answer = http::Response::new(body);
            *answer.status_mut() = status;
            *answer.version_mut() = version;
            *answer.headers_mut() = headers;
            Ok(answer)
        })
    }

    fn renew(&self) {
        self.pools.renew();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_if_anew() {
        let (roots, hosts) = (Origins::default(), Hosts::new(&Settings::default()));
        for origin in
            ["http://users.test", "https://users.test", "http://users.test:81", "http://[::1]:8080", "http://127.1"]
        {
            for rest in
                ["", "/", "/a/b", "/api/v1/users/7?x=1&y=a%20b'", "/?q", "/a?", "/%2525/a%2Fb?x=%26", "/a;b=1/c:d@e"]
            {
                let uri: http::Uri = format!("{origin}{rest}").parse().expect("an address");
                let anew = url::Url::parse(&uri.to_string()).expect("a URL");
                for _ in 0..2 {
                    let root = read(&roots, hosts, &uri);
                    assert_eq!(root.map(|root| root.url), Ok(anew.clone()), "{uri}");
                }
            }
        }
    }
}
