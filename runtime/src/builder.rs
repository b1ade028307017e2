//! How is a client set up?

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use crate::auth::{Credential, Credentials, TokenSource};
use crate::client::{Client, Inner};
use crate::closing::Closing;
use crate::discovery::refresh::Refresh;
use crate::discovery::{Discovery, Instance};
use crate::encode;
use crate::encode::base::{BaseUrl, Bases};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::gate::Gate;
use crate::hedge::Hedges;
use crate::observer::Observer;
use crate::operation::Service;
use crate::overheard;
use crate::prober::Prober;
use crate::random::Random;
use crate::redirect::Redirects;
use crate::registry::{Env, ProcessEnv, ServiceRegistry};
use crate::resilience::budget::Budget;
use crate::resilience::policy::{InvalidPolicy, Policy};
use crate::route::{Cluster, Route};
use crate::said::SaidOfAttempts;
use crate::secret::Secret;
use crate::telemetry;
use crate::transport::Transport;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
use crate::transport::settings::Settings;

/// What a client sends as `user-agent` if it is told nothing else.
const USER_AGENT: &str = concat!("sinew/", env!("CARGO_PKG_VERSION"));

/// Sets up a generated client `C`. What is wrong is kept and told by [`ClientBuilder::build`].
///
/// Without [`base_url`](Self::base_url) or [`registry`](Self::registry) the address comes from the environment
/// (`USER_SERVICE_HOST`, … as [`ServiceRegistry`] reads it), else from the document.
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder<C> {
    service: &'static Service,
    base_urls: Option<Vec<String>>,
    registry: Option<ServiceRegistry>,
    discovery: Option<Arc<dyn Discovery>>,
    random: Random,
    credentials: Credentials,
    trusted: Vec<BaseUrl>,
    pub(crate) require_tls: bool,
    redirects: Redirects,
    #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
    compressed: bool,
    policy: Option<Policy>,
    policies: BTreeMap<String, Arc<Policy>>,
    headers: HeaderMap,
    user_agent: HeaderValue,
    #[cfg(any(feature = "reqwest", feature = "hyper"))]
    pub(crate) connections: Settings,
    observer: Option<Arc<dyn Observer>>,
    trace: bool,
    pub(crate) said: SaidOfAttempts,
    pub(crate) probe_every: Option<Duration>,
    transport: Option<Arc<dyn Transport>>,
    problem: Option<Error>,
    client: PhantomData<fn() -> C>,
}

impl<C: From<Client>> ClientBuilder<C> {
    /// A builder for a service's client.
    pub fn new(service: &'static Service) -> Self {
        Self {
            service,
            base_urls: None,
            registry: None,
            discovery: None,
            random: Random::new(),
            credentials: Credentials::default(),
            trusted: Vec::new(),
            require_tls: false,
            redirects: Redirects::default(),
            #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
            compressed: false,
            policy: None,
            policies: BTreeMap::new(),
            headers: HeaderMap::new(),
            user_agent: HeaderValue::from_static(USER_AGENT),
            #[cfg(any(feature = "reqwest", feature = "hyper"))]
            connections: Settings::default(),
            observer: None,
            trace: false,
            said: SaidOfAttempts::default(),
            probe_every: None,
            transport: None,
            problem: None,
            client: PhantomData,
        }
    }

    /// The address of the service with its base path: `https://users.internal/api/v1`.
    pub fn base_url(self, url: impl Into<String>) -> Self {
        self.base_urls([url])
    }

    /// The addresses of several endpoints of the service, which share its calls: each attempt goes to the less loaded of
    /// two that are drawn by chance, a retry to one that the call has not been to, and whoever fails while others answer is
    /// left out for a while ([`Policy::outlier`]). Each has a circuit of its own. Credentials go to all of them.
    ///
    /// ```
    /// # use sinew_runtime::{ClientBuilder, generated::{Client, Service}};
    /// # static SERVICE: Service = Service::new("user-service", "");
    /// let client: Client = ClientBuilder::new(&SERVICE).base_urls(["http://10.0.0.1:8001/api", "http://10.0.0.2:8001/api"]).build()?;
    /// assert_eq!(client.endpoints().len(), 2);
    /// # Ok::<_, sinew_runtime::Error>(())
    /// ```
    pub fn base_urls(mut self, urls: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.base_urls = Some(urls.into_iter().map(Into::into).collect());
        self
    }

    /// Takes the address from a registry.
    pub fn registry(mut self, registry: &ServiceRegistry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Lets the client's chance begin at a number, so that a simulation gives the same each time.
    #[cfg(feature = "testing")]
    pub fn seed(mut self, seed: u64) -> Self {
        self.random = Random::from_seed(seed);
        self
    }

    /// Lets something else know where the instances of the service are, such as the name service ([`Dns`](crate::Dns), feature `dns`).
    /// The address says how they are spoken to: scheme, name, port and base path. The calls are shared among them as
    /// among several addresses ([`base_urls`](Self::base_urls)).
    pub fn discovery(mut self, discovery: impl Discovery) -> Self {
        self.discovery = Some(Arc::new(discovery));
        self
    }

    /// A token for every bearer scheme of the service, and for every scheme of its own that takes a token.
    pub fn bearer(self, token: impl Into<TokenSource>) -> Self {
        self.credential_for_all(&Credential::Bearer(token.into()))
    }

    /// A user and a password for every basic scheme of the service.
    pub fn basic(self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.credential_for_all(&Credential::Basic { user: user.into(), password: password.into() })
    }

    /// A key for every API key scheme of the service.
    pub fn api_key(self, key: impl Into<Secret>) -> Self {
        self.credential_for_all(&Credential::ApiKey(key.into()))
    }

    /// A credential for one scheme, by its name in the document.
    pub fn credential(mut self, scheme: &str, credential: Credential) -> Self {
        let result = self.credentials.add(self.service, scheme, credential);
        self.keep(result);
        self
    }

    /// Lets the credentials go to another origin too: that of an operation with a server of its own.
    pub fn send_credentials_to(mut self, origin: &str) -> Self {
        match BaseUrl::parse(origin) {
            Ok(base) => self.trusted.push(base),
            Err(reason) => self.keep(Err(Error::config(format!("send_credentials_to: {reason}")))),
        }
        self
    }

    /// Follows up to so many redirects in a row, as long as they stay at the origin of the service; without this, and
    /// with those that lead elsewhere, the redirect itself is the answer. 301 and 302 are followed for GET and HEAD, 303 as
    /// a GET, 307 and 308 if the body can be sent again (RFC 9110, section 15.4). It is all one attempt.
    pub fn follow_redirects(mut self, most: u32) -> Self {
        self.redirects.most = most;
        self
    }

    /// Lets redirects lead to another origin too, such as a store of files. The request goes there without credentials,
    /// cookies, the client's, the operation's and the call's own headers, and never from `https` to `http`.
    pub fn redirects_to(mut self, origin: &str) -> Self {
        match BaseUrl::parse(origin) {
            Ok(base) => self.redirects.origins.push(base.origin),
            Err(reason) => self.keep(Err(Error::config(format!("redirects_to: {reason}")))),
        }
        self
    }

    /// Asks for compressed answers, in the ways that the features `zstd`, `brotli` and `gzip` can read. The caps on a
    /// body's size are about what comes out.
    #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
    pub fn accept_compressed(mut self) -> Self {
        self.compressed = true;
        self
    }

    /// How hard the client tries. Without this, [`Policy::default`] with what `client.toml` says and the service's variables over it
    /// ([`Policy::over_env`]).
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Another policy for one operation, by its name, in place of what its document and `client.toml` say. Breaker and
    /// budget belong to the client, so those sections of it have no effect.
    pub fn policy_for(mut self, operation: &str, policy: Policy) -> Self {
        if let Err(invalid) = policy.validate() {
            let problem = Error::config(format!("policy_for {}: {invalid}", operation.escape_debug()));
            self.keep(Err(problem.with_source(invalid)));
        }
        self.policies.insert(operation.to_owned(), Arc::new(policy));
        self
    }

    /// A header for every call, unless the call brings it itself.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let parts = encode::header::name(name).and_then(|name| Ok((name, encode::header::value(value, false)?)));
        match parts {
            Ok((name, value)) => {
                self.headers.insert(name, value);
            }
            Err(reason) => self.keep(Err(Error::config(reason))),
        }
        self
    }

    /// The `user-agent`. Default: `sinew/` and the runtime's version.
    pub fn user_agent(mut self, text: &str) -> Self {
        match encode::header::value(text, false) {
            Ok(value) => self.user_agent = value,
            Err(reason) => self.keep(Err(Error::config(format!("user_agent: {reason}")))),
        }
        self
    }

    /// Who is told of everything that happens to the calls.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Sends a `traceparent` (W3C Trace Context) with a parent id of its own for each attempt. The trace id is that of a
    /// `traceparent` header of the call or the client, else a new one for each call, not sampled. Other origins than the
    /// service's own get none unless [`send_credentials_to`](Self::send_credentials_to) names them.
    pub fn trace_context(mut self) -> Self {
        self.trace = true;
        self
    }

    /// Another transport than the default one.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    pub(crate) fn shared_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Config`](crate::ErrorKind::Config), with the first thing that is wrong.
    pub fn build(self) -> Result<C, Error> {
        self.build_with_handle().map(|(client, _)| client)
    }

    /// The client, and its core beside it: for what is said about the client as a whole, such as
    /// [`Client::force_open`], [`Client::in_flight`] and [`Client::close_within`].
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_with_handle(mut self) -> Result<(C, Client), Error> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        if self.said.is_ambiguous() {
            return Err(Error::config(
                "of request_id_header, attempt_header and deadline_header, two have the same name",
            ));
        }
        let wrong = |invalid: InvalidPolicy| Error::config(invalid.to_string()).with_source(invalid);
        let policy = match self.policy.take() {
            Some(policy) => policy,
            None => {
                let env = self.registry.as_ref().map_or(&ProcessEnv as &dyn Env, ServiceRegistry::env);
                let settings = Policy::default().patched(self.service.policy).map_err(wrong)?;
                settings.over(self.service.name, env).map_err(wrong)?
            }
        };
        policy.validate().map_err(wrong)?;
        let bases = match (&self.base_urls, &self.registry) {
            (Some(urls), _) => Bases::parse(urls.iter().map(String::as_str))
                .map_err(|reason| Error::config(format!("base_url of {}: {reason}", self.service.name)))?,
            (None, Some(registry)) => registry.resolve(self.service)?,
            (None, None) => ServiceRegistry::from_env().resolve(self.service)?,
        };
        if !self.credentials.is_empty() || overheard::hold_credentials(self.service, &self.headers) {
            let endpoints: Vec<_> = self.credentials.token_endpoints().collect();
            let places = bases.all().chain(&self.trusted).chain(&endpoints);
            overheard::check(self.service, self.require_tls, places)?;
        }
        #[cfg(any(feature = "reqwest", feature = "hyper"))]
        overheard::check(self.service, self.require_tls, self.connections.told_proxy().as_ref())?;
        self.credentials.identity = self.transport.is_some();
        #[cfg(any(feature = "reqwest", feature = "hyper"))]
        {
            self.connections.check(self.transport.is_some())?;
            self.credentials.identity |= self.connections.identity.is_some();
        }
        #[cfg(any(feature = "reqwest", feature = "hyper"))]
        let transport = match self.transport.take() {
            Some(transport) => transport,
            None => built_in(&self.connections)?,
        };
        #[cfg(not(any(feature = "reqwest", feature = "hyper")))]
        let Some(transport) = self.transport.take() else {
            return Err(Error::config(
                "there is no transport without the features `reqwest` and `hyper`: give one to ClientBuilder::transport",
            ));
        };
        let now = Instant::now();
        // The first call may use all its attempts.
        let budget = Arc::new(Budget::new(policy.budget, policy.attempts.saturating_sub(1), now));
        let gate = Arc::new(Gate::new(policy.bulkhead));
        let hedges = Hedges::new(policy.hedge, now);
        let policy = Arc::new(policy);
        let home = home(self.service, &bases, self.discovery.take(), &policy, now)?;
        let is_overheard = bases.all().any(BaseUrl::is_overheard);
        let inner = Arc::new_cyclic(|client| Inner {
            service: self.service,
            policy,
            policies: self.policies,
            headers: self.headers,
            user_agent: self.user_agent,
            credentials: self.credentials,
            trusted: self.trusted.into_iter().map(|base| base.origin).collect(),
            require_tls: self.require_tls,
            overheard: is_overheard,
            base: bases.first,
            redirects: self.redirects,
            #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
            compressed: self.compressed,
            random: self.random,
            transport: RwLock::new(Some(transport)),
            closing: Closing::default(),
            gate,
            observer: self.observer,
            trace: self.trace,
            said: self.said,
            budget,
            hedges,
            home,
            others: Mutex::new(BTreeMap::new()),
            prober: self.probe_every.map(|every| Prober::new(client.clone(), every)),
        });
        let core = Client { inner };
        Ok((C::from(core.clone()), core))
    }

    fn credential_for_all(mut self, credential: &Credential) -> Self {
        let result = self.credentials.add_to_all(self.service, credential);
        self.keep(result);
        self
    }

    pub(crate) fn failing(mut self, error: Error) -> Self {
        self.keep(Err(error));
        self
    }

    fn keep(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.problem.get_or_insert(error);
        }
    }
}

/// Where the service is: at one place, at several, or where a discovery finds it.
fn home(
    service: &'static Service,
    bases: &Bases,
    discovery: Option<Arc<dyn Discovery>>,
    policy: &Arc<Policy>,
    now: Instant,
) -> Result<Route, Error> {
    let endpoint = |base: &BaseUrl| Arc::new(Endpoint::new(base.clone(), None, policy, now));
    let (endpoints, refresh) = match discovery {
        None if bases.others.is_empty() => return Ok(Route::One(endpoint(&bases.first))),
        None => (bases.all().map(endpoint).collect(), None),
        Some(_) if !bases.others.is_empty() => {
            return Err(Error::config(format!(
                "discovery of {}: it begins with one address, not with several",
                service.name
            )));
        }
        Some(discovery) => {
            let (base, policy) = (bases.first.clone(), policy.clone());
            let (host, port) = telemetry::server(&base.origin);
            let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            let make = move |instance: Instance, now| Endpoint::new(base.clone(), Some(instance.address), &policy, now);
            (Vec::new(), Some(Refresh::new(discovery, service.name, host, port, make)))
        }
    };
    Ok(Route::Many(Arc::new(Cluster::new(endpoints, refresh, policy.outlier))))
}

/// The transport that was chosen, else reqwest's where it is there.
#[cfg(any(feature = "reqwest", feature = "hyper"))]
pub(crate) fn built_in(settings: &Settings) -> Result<Arc<dyn Transport>, Error> {
    #[cfg(all(feature = "reqwest", feature = "hyper"))]
    if settings.lean {
        return Ok(Arc::new(crate::transport::hyper::HyperTransport::new(settings)?));
    }
    #[cfg(feature = "reqwest")]
    let transport = crate::transport::reqwest::ReqwestTransport::new(settings)?;
    #[cfg(not(feature = "reqwest"))]
    let transport = crate::transport::hyper::HyperTransport::new(settings)?;
    Ok(Arc::new(transport))
}

impl<C> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address that was not checked yet may hold a password, so it is not shown.
        formatter
            .debug_struct("ClientBuilder")
            .field("service", &self.service.name)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
