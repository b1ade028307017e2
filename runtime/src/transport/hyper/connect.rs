//! How is a connection made: directly, through a proxy, and for how long is it tried?

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Uri, uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::error::BoxError;
use crate::transport::BoxFuture;
use crate::transport::address::Names;
use crate::transport::settings::{Proxies, Proxy, Settings};

/// TCP, through a proxy if there is one, then TLS where the address asks for it, within the time for both.
///
/// Behind one pointer: hyper-util clones it for every request, whether or not that needs a connection.
#[derive(Clone)]
pub(super) struct Connector(Arc<Connecting>);

struct Connecting {
    secure: HttpsConnector<Way>,
    timeout: Option<Duration>,
}

impl Connector {
    pub(super) fn new(settings: &Settings, tls: rustls::ClientConfig, names: Names) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(names);
        // It is asked for secure addresses too, whose TLS comes on top of it.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let proxy = match &settings.proxies {
            Proxies::None => Through::Nothing,
            Proxies::FromEnv => Through::Env(Arc::new(Matcher::from_env())),
            Proxies::One(proxy) => Through::One(proxy.clone()),
        };
        let secure = HttpsConnector::from((Way { tcp, proxy }, tls));
        Self(Arc::new(Connecting { secure, timeout: settings.connect_timeout }))
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Stream>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    /// Always: there is nothing below it that has to get ready, looking up names included.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.secure.clone().call(uri);
        let Some(timeout) = self.0.timeout else { return connecting };
        Box::pin(async move {
            match tokio::time::timeout(timeout, connecting).await {
                Ok(result) => result,
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "connecting took too long").into()),
            }
        })
    }
}

/// The way to a host, without TLS.
#[derive(Clone)]
struct Way {
    tcp: HttpConnector<Names>,
    proxy: Through,
}

#[derive(Clone)]
enum Through {
    Nothing,
    One(Proxy),
    Env(Arc<Matcher>),
}

impl Through {
    /// The proxy on the way to an address.
    fn proxy(&self, uri: &Uri) -> Option<Proxy> {
        match self {
            Self::Nothing => None,
            Self::One(proxy) => Some(proxy.clone()),
            Self::Env(matcher) => {
                let found = matcher.intercept(uri)?;
                Some(Proxy { uri: found.uri().clone(), auth: found.basic_auth().cloned() })
            }
        }
    }
}

impl Service<Uri> for Way {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Stream, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let mut tcp = self.tcp.clone();
        let Some(Proxy { uri: proxy, auth }) = self.proxy.proxy(&uri) else {
            return Box::pin(async move { Ok(Stream { tcp: tcp.call(uri).await?, proxied: false }) });
        };
        Box::pin(async move {
            if uri.scheme() == Some(&uri::Scheme::HTTP) {
                return Ok(Stream { tcp: tcp.call(proxy).await?, proxied: true });
            }
            let mut tunnel = Tunnel::new(proxy, tcp);
            if let Some(auth) = auth {
                tunnel = tunnel.with_auth(auth);
            }
            // What comes out of a tunnel is as good as a connection.
            Ok(Stream { tcp: tunnel.call(uri).await?, proxied: false })
        })
    }
}

/// A connection that knows whether the other end is a proxy, to which addresses are written whole.
pub(super) struct Stream {
    tcp: TokioIo<TcpStream>,
    proxied: bool,
}

impl Connection for Stream {
    /// Without the addresses of both ends, which hyper-util would put into every answer, where nobody reads them.
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.proxied)
    }
}

impl Read for Stream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, into)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(context, bytes)
    }
}
