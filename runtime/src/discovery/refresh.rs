//! When is a discovery asked again, and what becomes of what it says?
//!
//! Nothing runs while nobody calls: a call that finds the answer run out lets it be asked for in the background, once for
//! all calls, and goes on with what is known. Only where nothing is known yet a call waits.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::{Discovered, Discovery, Instance};
use crate::endpoint::Endpoint;
use crate::route::Cluster;

/// How soon it is asked again after it could not say anything, and how soon where nothing is known.
const AGAIN: Duration = Duration::from_secs(5);
const AGAIN_FOR_THE_FIRST: Duration = Duration::from_secs(1);
/// How soon at the earliest, whatever it says.
const LEAST_HOLD: Duration = Duration::from_millis(100);
/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes the endpoint of an instance.
type Make = Box<dyn Fn(Instance, Instant) -> Endpoint + Send + Sync>;

/// Keeps the endpoints of a service up to date.
pub(crate) struct Refresh {
    discovery: Arc<dyn Discovery>,
    service: &'static str,
    host: String,
    port: u16,
    make: Make,
    state: Mutex<State>,
    /// How many answers there were; those who wait for the first wait here.
    answers: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// When what is known runs out.
    due: Option<Instant>,
    running: Option<AbortHandle>,
    closed: bool,
    /// Why nothing is known.
    reason: Option<String>,
}

impl Refresh {
    pub(crate) fn new(
        discovery: Arc<dyn Discovery>,
        service: &'static str,
        host: String,
        port: u16,
        make: impl Fn(Instance, Instant) -> Endpoint + Send + Sync + 'static,
    ) -> Self {
        let (state, answers) = (Mutex::default(), watch::Sender::new(0));
        Self { discovery, service, host, port, make: Box::new(make), state, answers }
    }

    /// Asks, if what is known has run out and nobody asks yet. Whether there will be an answer.
    pub(crate) fn look(&self, cluster: &Arc<Cluster>, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.running.is_some() {
            return true;
        }
        if state.closed || state.due.is_some_and(|due| now < due) {
            return false;
        }
        let (weak, discovery) = (Arc::downgrade(cluster), self.discovery.clone());
        let (host, port) = (self.host.clone(), self.port);
        let asking = tokio::spawn(async move {
            // Whatever ends it, a panic of the discovery included, the next call may ask again.
            let _turn = Turn(weak.clone());
            let answer = tokio::time::timeout(PATIENCE, discovery.discover(&host, port)).await;
            let Some(cluster) = weak.upgrade() else { return };
            let Some(refresh) = &cluster.refresh else { return };
            refresh.heard(&cluster, answer.unwrap_or_else(|_| Err("no answer within 10 s".into())), Instant::now());
        });
        state.running = Some(asking.abort_handle());
        true
    }

    /// Waits for the next answer.
    pub(crate) async fn answer(&self, seen: u64) {
        // An error would mean that the sender is gone, and it lives as long as `self`.
        let _ = self.answers.subscribe().wait_for(|answers| *answers != seen).await;
    }

    /// How many answers there were.
    pub(crate) fn answers(&self) -> u64 {
        *self.answers.borrow()
    }

    /// Why nothing is known.
    pub(crate) fn reason(&self) -> String {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let reason = state.reason.as_deref().unwrap_or("nobody was asked yet");
        format!("no instance of {} is known: {reason}", self.host)
    }

    /// Asks no more.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        if let Some(running) = state.running.take() {
            running.abort();
        }
        drop(state);
        self.answers.send_modify(|answers| *answers += 1);
    }

    fn heard(
        &self,
        cluster: &Cluster,
        answer: Result<Discovered, Box<dyn std::error::Error + Send + Sync>>,
        now: Instant,
    ) {
        let known = cluster.endpoints();
        let (service, host) = (self.service, &*self.host);
        let again = if known.is_empty() { AGAIN_FOR_THE_FIRST } else { AGAIN };
        let (hold, reason) = match answer {
            Ok(Discovered { instances, hold }) if instances.is_empty() => {
                tracing::warn!(service, host, known = known.len(), "Discovery: there are no instances");
                (hold.min(again), Some("there is none".to_owned()))
            }
            Ok(Discovered { instances, hold }) => {
                let next = self.next(&known, &instances, now);
                let (gone, new) = (missing(&known, &next), missing(&next, &known));
                if gone + new > 0 {
                    tracing::info!(service, host, known = next.len(), new, gone, "Discovery: instances changed");
                }
                cluster.replace(next);
                (hold, None)
            }
            Err(error) => {
                tracing::warn!(service, host, known = known.len(), %error, "Discovery: failed");
                (again, Some(error.to_string()))
            }
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.due = now.checked_add(hold.max(LEAST_HOLD));
        state.reason = reason;
    }

    /// The endpoints of these instances: those that are known go on as they are, with all that was learned of them.
    fn next(&self, known: &[Arc<Endpoint>], instances: &[Instance], now: Instant) -> Vec<Arc<Endpoint>> {
        let mut seen = HashSet::<SocketAddr>::new();
        let mut next: Vec<_> = instances
            .iter()
            .filter(|instance| seen.insert(instance.address))
            .map(|instance| {
                let old = known.iter().find(|endpoint| endpoint.address == Some(instance.address));
                let endpoint = old.cloned().unwrap_or_else(|| Arc::new((self.make)(*instance, now)));
                endpoint.set_rank(instance.priority, instance.weight);
                endpoint
            })
            .collect();
        // Name servers turn their answers around; nothing here depends on that.
        next.sort_by_key(|endpoint| endpoint.address);
        next
    }
}

/// How many of these are not among those.
fn missing(these: &[Arc<Endpoint>], those: &[Arc<Endpoint>]) -> usize {
    these.iter().filter(|one| !those.iter().any(|other| other.id == one.id)).count()
}

/// The turn of asking.
struct Turn(Weak<Cluster>);

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(cluster) = self.0.upgrade() else { return };
        let Some(refresh) = &cluster.refresh else { return };
        let mut state = refresh.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.running = None;
        // A question that came to nothing by a panic is not asked again at once.
        let soon = Instant::now() + LEAST_HOLD;
        state.due = Some(state.due.map_or(soon, |due| due.max(soon)));
        drop(state);
        refresh.answers.send_modify(|answers| *answers += 1);
    }
}
