//! How does hyper carry a request, with nothing in between?

mod connect;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderValue, Uri, header, uri};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use self::connect::Connector;
use super::origins::{Hosts, Origins, write_host};
use super::pools::Pools;
use super::settings::{Proxies, Settings, Version};
use super::{BoxFuture, IncomingBody, Transport, TransportError, TransportFailure, causes, tls};
use crate::body::OutgoingBody;
use crate::error::{Error, Sent};

/// How much room the headers of an HTTP/2 answer get.
const HEADER_LIST: u32 = 64 * 1024;

/// The lean transport: hyper's pool of connections, HTTP/1.1 and HTTP/2, rustls.
pub(crate) struct HyperTransport {
    /// A clone of the client itself would be one of all its settings, and it makes one for each request by itself.
    pools: Pools<Arc<Client<Connector, OutgoingBody>>>,
    hosts: Hosts,
    /// The `Host` of each origin, if it is ours to write.
    written_hosts: Origins<Option<HeaderValue>>,
    /// What a plain request tells its proxy; in a tunnel the connector does.
    proxy_auth: Option<HeaderValue>,
}

impl HyperTransport {
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        let proxy_auth = match &settings.proxies {
            Proxies::One(proxy) => proxy.auth.clone(),
            Proxies::None | Proxies::FromEnv => None,
        };
        let tls = tls::config(settings)?;
        let own = settings.clone();
        let pools = Pools::new(settings, move |names| {
            let pool = Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .timer(TokioTimer::new())
                .pool_idle_timeout(own.pool_idle)
                .http2_only(own.version == Version::Http2)
                .http2_max_header_list_size(HEADER_LIST)
                .build(Connector::new(&own, tls.clone(), names));
            Ok(Arc::new(pool))
        })?;
        Ok(Self { pools, hosts: Hosts::new(settings), written_hosts: Origins::default(), proxy_auth })
    }
}

impl Transport for HyperTransport {
    fn send(
        &self,
        mut request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        let started = request.body().started();
        let authority = request.uri().authority().cloned();
        let begun = self.pools.of(request.uri(), request.extensions()).map(|(pool, begun)| {
            if let Some(auth) = self.proxy_auth.as_ref().filter(|_| is_plain(request.uri())) {
                request.headers_mut().insert(header::PROXY_AUTHORIZATION, auth.clone());
            }
            let host = self.written_hosts.of(request.uri(), || Ok::<_, Infallible>(self.hosts.host(request.uri())));
            let Ok(host) = host;
            write_host(request.headers_mut(), host);
            (pool.request(request), begun)
        });
        Box::pin(async move {
            let (reply, begun) = begun?;
            match reply.await {
                Ok(reply) => Ok(reply.map(|body| Box::pin(Chunks(body)) as IncomingBody)),
                Err(error) => {
                    let connect = error.is_connect();
                    Err(causes::classify(
                        error,
                        connect,
                        self.pools.kept(authority.as_ref(), begun),
                        started.as_deref(),
                    ))
                }
            }
        })
    }

    fn renew(&self) {
        self.pools.renew();
    }
}

fn is_plain(uri: &Uri) -> bool {
    uri.scheme() == Some(&uri::Scheme::HTTP)
}

/// The reply's body, its errors told as broken connections after an answer. Trailers are read and dropped.
struct Chunks(Incoming);

impl Stream for Chunks {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = ready!(http_body::Body::poll_frame(Pin::new(&mut self.0), context));
            return Poll::Ready(match frame {
                None => None,
                Some(Err(error)) => Some(Err(TransportError::new(TransportFailure::Broken, Sent::Received, error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => Some(Ok(data)),
                    Err(_) => continue,
                },
            });
        }
    }
}
