//! How are the built-in transports set up, whichever of them carries the requests?

use std::fmt;
use std::time::Duration;

use http::{HeaderValue, Uri};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::address::AddressPolicy;
use crate::auth;
use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::encode::base::BaseUrl;
use crate::error::Error;
use crate::secret::Secret;

/// How long an idle connection is kept. Many servers close sooner than the customary 90 s, and a request sent on a
/// connection that is being closed fails for nothing.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// How long connections are used, busy as they may be, before new ones are made to where the name leads by then.
const POOL_AGE: Duration = Duration::from_secs(5 * 60);

/// Which versions of HTTP are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// TLS connections agree on one (ALPN), plain ones speak HTTP/1.1.
    Any,
    Http1,
    /// From the first byte on, over plain connections too.
    Http2,
}

/// Where requests go first.
#[derive(Clone, Debug)]
pub(crate) enum Proxies {
    None,
    FromEnv,
    One(Proxy),
}

/// A proxy, and who we are to it.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) uri: Uri,
    pub(crate) auth: Option<HeaderValue>,
}

/// All that can be set.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) version: Version,
    pub(crate) pool_idle: Duration,
    pub(crate) pool_age: Duration,
    pub(crate) proxies: Proxies,
    pub(crate) roots: Vec<CertificateDer<'static>>,
    pub(crate) identity: Option<Secret>,
    pub(crate) addresses: AddressPolicy,
    /// Whether hyper is to be used where reqwest is there as well.
    #[cfg(all(feature = "reqwest", feature = "hyper"))]
    pub(crate) lean: bool,
    /// Whether anything was set: a transport of the caller's own knows nothing of it.
    touched: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: None,
            version: Version::Any,
            pool_idle: POOL_IDLE,
            pool_age: POOL_AGE,
            // One from the environment would see every address, and over plain HTTP every credential.
            proxies: Proxies::None,
            roots: Vec::new(),
            identity: None,
            addresses: AddressPolicy::Any,
            #[cfg(all(feature = "reqwest", feature = "hyper"))]
            lean: false,
            touched: false,
        }
    }
}

impl Settings {
    /// Whether they go together, and with a transport of the caller's own if there is one.
    pub(crate) fn check(&self, own_transport: bool) -> Result<(), Error> {
        if own_transport && self.touched {
            return Err(Error::config(
                "connections are set up for the built-in transports, and another one was given to ClientBuilder::transport",
            ));
        }
        if self.addresses != AddressPolicy::Any && !matches!(self.proxies, Proxies::None) {
            return Err(Error::config(
                "an address policy holds where names are resolved, and behind a proxy that is the proxy",
            ));
        }
        Ok(())
    }
}

impl Settings {
    /// The proxy that is told a password, if one is.
    pub(crate) fn told_proxy(&self) -> Option<BaseUrl> {
        match &self.proxies {
            Proxies::One(Proxy { uri, auth: Some(_) }) => BaseUrl::parse(&uri.to_string()).ok(),
            _ => None,
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proxy({})", self.uri.authority().map_or("", |authority| authority.as_str()))
    }
}

/// Connections of the built-in transports. None of this is of use to a transport of one's own, so it is an error to
/// give both.
impl<C: From<Client>> ClientBuilder<C> {
    /// How long it may take to connect: TCP and TLS together. Default: as long as the attempt.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.connections(|settings| settings.connect_timeout = Some(timeout))
    }

    /// How long an idle connection is kept. Default: 20 s.
    pub fn pool_idle_timeout(self, timeout: Duration) -> Self {
        self.connections(|settings| settings.pool_idle = timeout)
    }

    /// How long connections are used before new ones are made, so that a client that is always busy sees where the name
    /// of its service leads by then. It is looked at now and then, not with every call. Default: 5 minutes. Connections
    /// are made anew as well when the circuit opens.
    pub fn pool_max_age(self, age: Duration) -> Self {
        self.connections(|settings| settings.pool_age = age)
    }

    /// Speaks HTTP/1.1 only.
    pub fn http1_only(self) -> Self {
        self.connections(|settings| settings.version = Version::Http1)
    }

    /// Speaks HTTP/2 from the first byte on, over plain connections too (h2c with prior knowledge), as within a service
    /// mesh. Without this, TLS connections agree on a version, and plain ones speak HTTP/1.1.
    pub fn http2_only(self) -> Self {
        self.connections(|settings| settings.version = Version::Http2)
    }

    /// Sends everything through a proxy, `http://host:port`: plain requests in absolute form, secure ones through a
    /// tunnel (RFC 9110, section 9.3.6). Default: none, whatever the environment says.
    pub fn proxy(self, url: &str) -> Self {
        self.set_proxy(url, None)
    }

    /// [`proxy`](Self::proxy) that asks for a user and a password.
    pub fn proxy_with_credentials(self, url: &str, user: &str, password: impl Into<Secret>) -> Self {
        match auth::basic(user, password.into().expose()) {
            Ok(auth) => self.set_proxy(url, Some(auth)),
            Err(reason) => self.failing(Error::config(format!("proxy: {reason}"))),
        }
    }

    /// Takes the proxy that the environment names in `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    pub fn proxy_from_env(self) -> Self {
        self.connections(|settings| settings.proxies = Proxies::FromEnv)
    }

    /// Goes through no proxy, which is the default.
    pub fn no_proxy(self) -> Self {
        self.connections(|settings| settings.proxies = Proxies::None)
    }

    /// Trusts the certificates of a PEM text too, beside those that the system trusts: a company's own authority.
    pub fn root_certificate_pem(self, pem: impl AsRef<[u8]>) -> Self {
        let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_ref()).collect();
        match parsed {
            Ok(certificates) if !certificates.is_empty() => {
                self.connections(|settings| settings.roots.extend(certificates))
            }
            _ => self.failing(Error::config("root_certificate_pem: there is no certificate in it")),
        }
    }

    /// Who the client is to the service (mutual TLS): a PEM text with a private key and its chain of certificates.
    pub fn identity_pem(self, pem: impl Into<Secret>) -> Self {
        let pem = pem.into();
        self.connections(|settings| settings.identity = Some(pem))
    }

    /// Which addresses may be connected to. Default: [`AddressPolicy::Any`].
    pub fn addresses(self, policy: AddressPolicy) -> Self {
        self.connections(|settings| settings.addresses = policy)
    }

    /// Sends through hyper without reqwest, which costs less. It is what is used anyway where the feature `reqwest` is
    /// off.
    #[cfg(feature = "hyper")]
    pub fn hyper_transport(self) -> Self {
        #[cfg(feature = "reqwest")]
        return self.connections(|settings| settings.lean = true);
        #[cfg(not(feature = "reqwest"))]
        self
    }

    fn set_proxy(self, url: &str, auth: Option<HeaderValue>) -> Self {
        match BaseUrl::parse(url) {
            Ok(base) if base.origin.starts_with("http:") && base.path.is_empty() => match base.origin.parse() {
                Ok(uri) => self.connections(|settings| settings.proxies = Proxies::One(Proxy { uri, auth })),
                Err(_) => self.failing(Error::config("proxy: it is no address")),
            },
            Ok(_) => self.failing(Error::config("proxy: only `http://host:port` is spoken to proxies")),
            Err(reason) => self.failing(Error::config(format!("proxy: {reason}"))),
        }
    }

    fn connections(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.connections);
        self.connections.touched = true;
        self
    }
}
