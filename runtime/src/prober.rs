//! Is a service back before its circuit would let anybody see?
//!
//! Nothing runs while all circuits are closed: whoever opens one sets off the asking, which ends when it is closed, when the
//! client is, and when nobody holds the client any more.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::builder::ClientBuilder;
use crate::client::{Client, Inner};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::resilience::breaker::CircuitState;

/// Asks the health of endpoints whose circuits are open.
pub(crate) struct Prober {
    every: Duration,
    client: Weak<Inner>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    closed: bool,
    /// By endpoint.
    asking: BTreeMap<u64, JoinHandle<()>>,
}

impl Prober {
    pub(crate) fn new(client: Weak<Inner>, every: Duration) -> Self {
        Self { every, client, state: Mutex::default() }
    }

    /// The circuit of an endpoint has opened.
    pub(crate) fn opened(&self, endpoint: &Endpoint) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.asking.retain(|_, asking| !asking.is_finished());
        // A call may be dropped, and open its circuit by that, where nothing can run any more.
        let Ok(runtime) = Handle::try_current() else { return };
        if !state.closed && !state.asking.contains_key(&endpoint.id) {
            let asking = ask(self.client.clone(), endpoint.id, self.every);
            state.asking.insert(endpoint.id, runtime.spawn(asking));
        }
    }

    /// Asks no more.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        for asking in std::mem::take(&mut state.asking).into_values() {
            asking.abort();
        }
    }

    /// Whether there is nothing left to ask of an endpoint. Told under the lock, so that a circuit that opens at the same
    /// time finds either that it is still being asked or that it is to be asked anew.
    fn is_over(&self, endpoint: u64, is_over: impl FnOnce() -> bool) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let over = is_over();
        if over {
            state.asking.remove(&endpoint);
        }
        over
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Prober {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Prober").field("every", &self.every).finish_non_exhaustive()
    }
}

/// Asks one endpoint, time and again, until its circuit is closed. The client is held only while it is asked, for no longer
/// than a check may take.
async fn ask(client: Weak<Inner>, endpoint: u64, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(inner) = client.upgrade() else { return };
        let Some(prober) = &inner.prober else { return };
        // One that a discovery knows no more is of no interest, nor are those of operations with a server of their own:
        // nobody says that its health is to be had at that path.
        let found = inner.home.endpoints().into_iter().find(|known| known.id == endpoint);
        let is_over = || found.as_ref().is_none_or(|found| found.breaker.state() == CircuitState::Closed);
        if prober.is_over(endpoint, is_over) {
            return;
        }
        if let Some(endpoint) = found {
            // A probe is due or on its way, or a hand holds the circuit; and a service that asked to be left alone is.
            let is_open = matches!(endpoint.breaker.admits(Instant::now()), Err(Some(_)));
            let is_probed = endpoint.breaker.state() == CircuitState::HalfOpen;
            if !is_open || is_probed || endpoint.pushback.left(Instant::now()).is_some() {
                continue;
            }
            let client = Client { inner: inner.clone() };
            if client.health().to(endpoint.clone()).await.is_ok_and(|health| health.ok) {
                inner.circuit_changed(&endpoint, endpoint.breaker.invite());
            }
        }
    }
}

impl<C: From<Client>> ClientBuilder<C> {
    /// While a circuit is open, asks the health path of its endpoint in the background, at this interval. Once it says
    /// that all is well, the next call is let through to see, sooner than [`BreakerPolicy::open_for`] would have it. Off by
    /// default.
    ///
    /// That call decides and not the health path: a process that is up, or a proxy that answers for it, is not yet a service
    /// that works. If it fails, the circuit is open again, and goes on being asked.
    ///
    /// Nothing is asked while circuits are closed, held by hand, or the service asked to be left alone. Closing the client ends it, and so
    /// does dropping the last clone of it; a check that is on its way by then ends within its 2 s.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use sinew_runtime::{ClientBuilder, generated::{Client, Service}};
    /// # static SERVICE: Service = Service::new("user-service", "http://localhost:8001");
    /// let client: Client = ClientBuilder::new(&SERVICE).probe_when_open(Duration::from_secs(5)).build()?;
    /// # Ok::<_, sinew_runtime::Error>(())
    /// ```
    ///
    /// [`BreakerPolicy::open_for`]: crate::BreakerPolicy::open_for
    pub fn probe_when_open(mut self, every: Duration) -> Self {
        if every.is_zero() {
            return self.failing(Error::config("probe_when_open: the interval must be longer than zero"));
        }
        self.probe_every = Some(every);
        self
    }
}
