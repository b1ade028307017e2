//! Which of a service's endpoints gets the next attempt?
//!
//! Two are drawn by chance and the less loaded of them is taken (Mitzenmacher, "The Power of Two Choices"): nearly as
//! good as always taking the least loaded, and clients that see the same do not all run to the same place.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::discovery::refresh::Refresh;
use crate::endpoint::{Endpoint, Tried};
use crate::resilience::breaker::{Change, CircuitState, Outcome, Permit};
use crate::resilience::deadline::Deadline;
use crate::resilience::outlier::OutlierPolicy;

/// Where the calls to one origin go.
#[derive(Clone)]
pub(crate) enum Route {
    One(Arc<Endpoint>),
    Many(Arc<Cluster>),
}

/// Several endpoints of one service.
pub(crate) struct Cluster {
    endpoints: RwLock<Arc<[Arc<Endpoint>]>>,
    /// What keeps them up to date, if they change.
    pub(crate) refresh: Option<Refresh>,
    outlier: OutlierPolicy,
    /// Held while one is left out, so that no two threads take the last place at once.
    ejecting: Mutex<()>,
}

/// The endpoints as they are for one attempt.
pub(crate) enum Choices<'r> {
    One(&'r Endpoint),
    Many(&'r Cluster, Arc<[Arc<Endpoint>]>),
}

/// What an attempt is told at the door.
pub(crate) enum Entry<'r> {
    /// It may go there.
    Go(&'r Endpoint, Permit<'r>, Option<Change>),
    /// All that would take it asked to be left alone for so long.
    Wait(Duration),
    /// No endpoint is known.
    Nowhere(String),
    /// All circuits are open, the first for so long yet; without a time if they are held open by hand.
    Rejected(Option<Duration>),
}

/// Who asks to be let in.
pub(crate) struct Asking<'a> {
    pub(crate) now: Instant,
    /// How long a probe may be silent.
    pub(crate) lease: Duration,
    /// Whether what a service asked of other calls binds this one. Of several endpoints it always does: there are others.
    pub(crate) shared: bool,
    pub(crate) tried: &'a Tried,
    pub(crate) random: &'a (dyn Fn() -> u64 + Sync),
}

impl Route {
    pub(crate) fn endpoints(&self) -> Vec<Arc<Endpoint>> {
        match self {
            Self::One(endpoint) => vec![endpoint.clone()],
            Self::Many(cluster) => cluster.endpoints().to_vec(),
        }
    }

    /// Sees to it that what is known is up to date; waits only as long as nothing is.
    pub(crate) async fn ready(&self, limit: Deadline) {
        let Self::Many(cluster) = self else { return };
        let Some(refresh) = &cluster.refresh else { return };
        let seen = refresh.answers();
        if refresh.look(cluster, Instant::now()) && cluster.endpoints().is_empty() {
            // An answer without an instance is one: whoever asked has waited long enough.
            let _ = tokio::time::timeout_at(limit.at, refresh.answer(seen)).await;
        }
    }

    /// Whether its endpoints may change.
    pub(crate) fn changes(&self) -> bool {
        matches!(self, Self::Many(cluster) if cluster.refresh.is_some())
    }

    /// Looks for changes no more.
    pub(crate) fn close(&self) {
        if let Self::Many(cluster) = self {
            cluster.refresh.iter().for_each(Refresh::close);
        }
    }

    pub(crate) fn choices(&self) -> Choices<'_> {
        match self {
            Self::One(endpoint) => Choices::One(endpoint),
            Self::Many(cluster) => Choices::Many(cluster, cluster.endpoints()),
        }
    }
}

impl Cluster {
    pub(crate) fn new(endpoints: Vec<Arc<Endpoint>>, refresh: Option<Refresh>, outlier: OutlierPolicy) -> Self {
        Self { endpoints: RwLock::new(endpoints.into()), refresh, outlier, ejecting: Mutex::new(()) }
    }

    pub(crate) fn replace(&self, endpoints: Vec<Arc<Endpoint>>) {
        *self.endpoints.write().unwrap_or_else(PoisonError::into_inner) = endpoints.into();
    }

    pub(crate) fn endpoints(&self) -> Arc<[Arc<Endpoint>]> {
        self.endpoints.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Leaves an endpoint out, if not too many are out already.
    fn eject(&self, endpoint: &Endpoint, now: Instant) -> Option<Duration> {
        let _only = self.ejecting.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self.endpoints();
        let out = all.iter().filter(|other| other.outlier.left(now).is_some()).count();
        let allowed = all.len() * usize::try_from(self.outlier.share).unwrap_or(usize::MAX) / 100;
        (out < allowed).then(|| endpoint.outlier.eject(now, self.outlier)).flatten()
    }
}

impl Choices<'_> {
    /// Does something with each endpoint.
    pub(crate) fn each(&self, mut act: impl FnMut(&Endpoint)) {
        match self {
            Self::One(endpoint) => act(endpoint),
            Self::Many(_, all) => all.iter().for_each(|endpoint| act(endpoint)),
        }
    }

    /// Whether any circuit lets requests through.
    pub(crate) fn circuit(&self) -> CircuitState {
        // Nobody turns one away where nobody is known.
        let (mut closed, mut half_open) = (matches!(self, Self::Many(_, all) if all.is_empty()), false);
        self.each(|endpoint| match endpoint.breaker.state() {
            CircuitState::Closed => closed = true,
            CircuitState::HalfOpen => half_open = true,
            CircuitState::Open => {}
        });
        match (closed, half_open) {
            (true, _) => CircuitState::Closed,
            (false, true) => CircuitState::HalfOpen,
            (false, false) => CircuitState::Open,
        }
    }

    /// Asks for an endpoint and for a permit of its circuit. A circuit that turns one away costs neither time nor an
    /// attempt where another endpoint lets one in.
    pub(crate) fn enter(&self, asking: &Asking<'_>) -> Entry<'_> {
        let (cluster, all) = match self {
            Self::One(endpoint) => {
                if let Some(left) = endpoint.pushback.left(asking.now).filter(|_| asking.shared) {
                    return Entry::Wait(left);
                }
                return match endpoint.breaker.enter(asking.now, asking.lease, asking.random) {
                    Ok((permit, change)) => Entry::Go(endpoint, permit, change),
                    Err(retry_in) => Entry::Rejected(retry_in),
                };
            }
            Self::Many(cluster, all) => (cluster, all),
        };
        if all.is_empty() {
            return Entry::Nowhere(cluster.refresh.as_ref().map(Refresh::reason).unwrap_or_default());
        }
        // Others may take a probe's turn between the look and the entry, and chance may be against one: then it is another
        // endpoint's turn, and that one is not asked again.
        let (mut refused, mut soonest) = (Vec::new(), None);
        while let Some(endpoint) = pick(all, cluster.outlier, asking, &refused) {
            match endpoint.breaker.enter(asking.now, asking.lease, asking.random) {
                Ok((permit, change)) => return Entry::Go(endpoint, permit, change),
                Err(retry_in) => soonest = soonest.into_iter().chain(retry_in).min(),
            }
            refused.push(endpoint.id);
        }
        let waits = all.iter().filter(|endpoint| endpoint.breaker.admits(asking.now).is_ok());
        if let Some(left) = waits.filter_map(|endpoint| endpoint.pushback.left(asking.now)).min() {
            return Entry::Wait(left);
        }
        let open = all.iter().filter_map(|endpoint| endpoint.breaker.admits(asking.now).err().flatten());
        Entry::Rejected(open.chain(soonest).min())
    }

    /// Whether another endpoint than this may be asked, now or when it wants to.
    pub(crate) fn has_another(&self, than: Option<&Endpoint>, now: Instant) -> bool {
        let Self::Many(_, all) = self else { return false };
        all.iter().any(|other| than.is_none_or(|than| than.id != other.id) && other.breaker.admits(now).is_ok())
    }

    /// Whether every circuit is open: another attempt would only be turned away.
    pub(crate) fn all_open(&self, now: Instant) -> bool {
        match self {
            Self::One(endpoint) => endpoint.breaker.state() == CircuitState::Open,
            // Where nobody is known, nobody turns one away.
            Self::Many(_, all) => !all.is_empty() && all.iter().all(|endpoint| endpoint.breaker.admits(now).is_err()),
        }
    }

    /// An attempt has ended. If the endpoint is left out for that, for how long.
    pub(crate) fn ended(
        &self,
        endpoint: &Endpoint,
        outcome: Outcome,
        took: Duration,
        now: Instant,
    ) -> Option<Duration> {
        let Self::Many(cluster, _) = self else { return None };
        match outcome {
            Outcome::Success => {
                endpoint.load.answered(now, took);
                endpoint.outlier.succeeded();
                None
            }
            Outcome::Failure => {
                endpoint.load.failed(now, took);
                let policy = cluster.outlier;
                (policy.enabled && endpoint.outlier.failed(policy.failures))
                    .then(|| cluster.eject(endpoint, now))
                    .flatten()
            }
            Outcome::Neutral => {
                endpoint.load.given_up(now, took);
                None
            }
        }
    }
}

fn is_open_to(endpoint: &Endpoint, asking: &Asking<'_>) -> bool {
    endpoint.breaker.admits(asking.now).is_ok() && endpoint.pushback.left(asking.now).is_none()
}

/// The better of two among the best of those that would take an attempt and have not refused this one: first whoever is not left out, then whoever
/// this call has not been to, then by priority.
fn pick<'a>(
    all: &'a [Arc<Endpoint>],
    outlier: OutlierPolicy,
    asking: &Asking<'_>,
    refused: &[u64],
) -> Option<&'a Endpoint> {
    let is_out = |endpoint: &Endpoint| outlier.enabled && endpoint.outlier.left(asking.now).is_some();
    let panic = all.iter().any(|endpoint| is_out(endpoint)) && {
        let out =
            all.iter().filter(|endpoint| is_out(endpoint) || endpoint.breaker.admits(asking.now).is_err()).count();
        // Never wraps: a share is at most 100, and no vector holds 2^57 endpoints.
        out * 100 > all.len() * usize::try_from(outlier.share).unwrap_or(100)
    };
    let mut random = (asking.random)();
    let mut best = None;
    let mut drawn: [Option<&Endpoint>; 2] = [None, None];
    let mut seen = 0_u64;
    let lets_in = |endpoint: &&Arc<Endpoint>| !refused.contains(&endpoint.id) && is_open_to(endpoint, asking);
    for endpoint in all.iter().filter(lets_in) {
        let rank = (!panic && is_out(endpoint), asking.tried.holds(endpoint), endpoint.priority());
        match best {
            Some(best) if rank > best => continue,
            Some(best) if rank == best => {}
            _ => (best, drawn, seen) = (Some(rank), [None, None], 0),
        }
        // A sample of two (Vitter's algorithm R), each pair as likely as any other.
        let place = if seen < 2 { seen } else { below(&mut random, seen + 1) };
        seen += 1;
        match place {
            0 => drawn[0] = Some(endpoint),
            1 => drawn[1] = Some(endpoint),
            _ => {}
        }
    }
    match drawn {
        [Some(one), Some(other)] => {
            // `a/w < b/v` without a division. Of two that are alike, either: the coin that is added decides between no others.
            let cost = |endpoint: &Endpoint| u128::from(endpoint.load.cost(asking.now));
            let (mine, its) = (cost(one) * u128::from(other.weight()), cost(other) * u128::from(one.weight()));
            Some(if mine < its + u128::from(below(&mut random, 2)) { one } else { other })
        }
        [one, other] => one.or(other),
    }
}

/// A number below another, from a chain of numbers that begins with chance (Knuth's MMIX generator; its high bits).
fn below(random: &mut u64, bound: u64) -> u64 {
    *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    u64::try_from((u128::from(*random) * u128::from(bound)) >> 64).unwrap_or(0)
}
