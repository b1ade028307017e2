//! What do all calls of one client share?

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use crate::auth::Credentials;
use crate::builder::ClientBuilder;
use crate::closing::{Closing, Stage};
use crate::encode::base::BaseUrl;
use crate::endpoint::{Endpoint, EndpointStatus};
use crate::error::Error;
use crate::gate::Gate;
use crate::hedge::Hedges;
use crate::observer::{Observed, Observer};
use crate::operation::Service;
use crate::prepare::Aim;
use crate::prober::Prober;
use crate::random::Random;
use crate::redirect::Redirects;
use crate::registry::ServiceRegistry;
use crate::resilience::breaker::{Change, CircuitState};
use crate::resilience::budget::Budget;
use crate::resilience::policy::Policy;
use crate::route::Route;
use crate::said::SaidOfAttempts;
use crate::telemetry::{self, Telemetry};
use crate::transport::Transport;

/// The core of a generated client. Cloning is cheap, and clones share everything: connections, circuit breakers,
/// credentials. Make one for each service and keep it.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) service: &'static Service,
    pub(crate) base: BaseUrl,
    pub(crate) policy: Arc<Policy>,
    /// Those of single operations, by name.
    pub(crate) policies: BTreeMap<String, Arc<Policy>>,
    pub(crate) headers: HeaderMap,
    pub(crate) user_agent: HeaderValue,
    pub(crate) credentials: Credentials,
    /// Other origins that may be sent the credentials.
    pub(crate) trusted: Vec<Arc<str>>,
    /// Whether credentials stay where nobody overhears them.
    pub(crate) require_tls: bool,
    /// Whether they would be on their way to one of the service's own addresses.
    pub(crate) overheard: bool,
    pub(crate) redirects: Redirects,
    /// Whether compressed answers are asked for.
    #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
    pub(crate) compressed: bool,
    pub(crate) random: Random,
    /// `None` once closed, so that closing lets the idle connections go.
    pub(crate) transport: RwLock<Option<Arc<dyn Transport>>>,
    pub(crate) closing: Closing,
    pub(crate) gate: Arc<Gate>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) trace: bool,
    pub(crate) said: SaidOfAttempts,
    pub(crate) budget: Arc<Budget>,
    pub(crate) hedges: Hedges,
    /// Where the service itself is.
    pub(crate) home: Route,
    /// The origins of operations with a server of their own: one for each such server of the document.
    pub(crate) others: Mutex<BTreeMap<Arc<str>, Arc<Endpoint>>>,
    /// Who asks whether a service is back, if anybody does.
    pub(crate) prober: Option<Prober>,
}

impl Client {
    /// A client whose address comes from the environment, else from the document.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Config`](crate::ErrorKind::Config), naming the variable that is wrong.
    pub fn from_env(service: &'static Service) -> Result<Self, Error> {
        ClientBuilder::new(service).build()
    }

    /// A client whose address comes from a registry; a service that is not registered is looked up in the registry's
    /// environment, else in the document.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Config`](crate::ErrorKind::Config), naming the variable that is wrong.
    pub fn from_registry(service: &'static Service, registry: &ServiceRegistry) -> Result<Self, Error> {
        ClientBuilder::new(service).registry(registry).build()
    }

    /// Closes the client as [`close`](Self::close) does, and gives the calls on their way so long to finish; those that
    /// have not by then end with [`ErrorKind::Closed`](crate::ErrorKind::Closed). A download that is being read is
    /// waited for and left to its reader. Whether all were done in time.
    pub async fn close_within(&self, grace: Duration) -> bool {
        self.close().await;
        let done = tokio::time::timeout(grace, self.inner.gate.idle()).await.is_ok();
        self.inner.closing.reach(Stage::Cut);
        done
    }

    /// How many calls are on their way: waiting, sent, or their bodies being read.
    pub fn in_flight(&self) -> usize {
        self.inner.gate.in_flight()
    }

    /// How many more calls the bulkhead lets go, if the client has one.
    pub fn free_slots(&self) -> Option<usize> {
        self.inner.gate.free()
    }

    /// Closes the client and its clones: later calls fail with
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed), waiting retries end at once with their last error, attempts on
    /// their way are left to finish, and idle connections are let go.
    #[allow(clippy::unused_async)]
    pub async fn close(&self) {
        self.inner.closing.reach(Stage::Closing);
        self.inner.gate.close();
        self.inner.home.close();
        self.inner.prober.iter().for_each(Prober::close);
        self.inner.transport.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Whether the circuit to the service's own origin lets requests through; of several endpoints, whether any does.
    pub fn circuit(&self) -> CircuitState {
        self.inner.home.choices().circuit()
    }

    /// Keeps the circuits to the service's own endpoints open: nothing is sent until [`force_closed`](Self::force_closed) or
    /// [`reset_circuit`](Self::reset_circuit). Checks go all the same.
    pub fn force_open(&self) {
        self.force(CircuitState::Open, true);
    }

    /// Keeps the circuits to the service's own endpoints closed, whatever fails, until another hand changes it.
    pub fn force_closed(&self) {
        self.force(CircuitState::Closed, true);
    }

    /// Closes the circuits to the service's own endpoints, forgets what they have seen, and leaves them to themselves.
    pub fn reset_circuit(&self) {
        self.force(CircuitState::Closed, false);
    }

    fn force(&self, state: CircuitState, held: bool) {
        let inner = &self.inner;
        inner.home.choices().each(|endpoint| {
            inner.circuit_changed(endpoint, endpoint.breaker.force(state, held));
        });
    }

    /// How many retries the budget holds, if the client has one.
    pub fn retries_left(&self) -> Option<u32> {
        self.inner.policy.budget.enabled.then(|| self.inner.budget.tokens())
    }

    /// How many hedges may be sent, if the client sends any.
    pub fn hedges_left(&self) -> Option<u32> {
        self.inner.policy.hedge.enabled.then(|| self.inner.hedges.left())
    }

    /// The address of the service, without a slash at its end.
    pub fn base_url(&self) -> String {
        self.inner.base.text()
    }

    /// The endpoints of the service, and what is known of each.
    pub fn endpoints(&self) -> Vec<EndpointStatus> {
        let now = Instant::now();
        let mut list = Vec::new();
        self.inner.home.choices().each(|endpoint| list.push(endpoint.status(now)));
        list
    }

    pub(crate) fn service(&self) -> &'static Service {
        self.inner.service
    }
}

impl Inner {
    pub(crate) fn is_closed(&self) -> bool {
        self.closing.is(Stage::Closing)
    }

    pub(crate) fn transport(&self) -> Option<Arc<dyn Transport>> {
        self.transport.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the calls to an address go.
    pub(crate) fn route(&self, target: &BaseUrl, now: Instant) -> Route {
        if target.is_beside(&self.base) {
            return self.home.clone();
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Endpoint::new(target.clone(), None, &self.policy, now));
        Route::One(others.entry(target.origin.clone()).or_insert_with(new).clone())
    }

    /// Tells of a change of a circuit that no call made.
    pub(crate) fn circuit_changed(&self, endpoint: &Endpoint, change: Option<Change>) {
        let (origin, address) = (endpoint.origin(), endpoint.address);
        let about = Observed { service: self.service.name, origin, address, operation: "", method: "", template: "" };
        telemetry::circuit(&about, self.observer.as_deref(), change);
    }

    pub(crate) fn telemetry<'t>(&'t self, aim: &'t Aim<'_>, attempts: u32) -> Telemetry<'t> {
        Telemetry { aim, attempts, observer: self.observer.as_deref() }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("service", &self.inner.service.name)
            .field("base_url", &self.base_url())
            .field("circuit", &self.circuit())
            .field("closed", &self.inner.is_closed())
            .finish_non_exhaustive()
    }
}
