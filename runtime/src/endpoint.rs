//! What is remembered of one place where a service is?

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::encode::base::BaseUrl;
use crate::resilience::breaker::{Breaker, CircuitState};
use crate::resilience::load::Load;
use crate::resilience::outlier::Outlier;
use crate::resilience::overtaken::Answered;
use crate::resilience::policy::Policy;
use crate::resilience::pushback::Pushback;

/// A place that a client talks to, with what its answers so far say about the next attempt.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Which one it is, for as long as the process lives.
    pub(crate) id: u64,
    pub(crate) base: BaseUrl,
    /// Where to connect instead of asking the operating system for the host of `base`.
    pub(crate) address: Option<SocketAddr>,
    /// Priority and weight, as a discovery may change them: 16 bits each.
    rank: AtomicU32,
    pub(crate) breaker: Breaker,
    pub(crate) pushback: Pushback,
    pub(crate) load: Load,
    pub(crate) outlier: Outlier,
    pub(crate) answered: Answered,
}

impl Endpoint {
    pub(crate) fn new(base: BaseUrl, address: Option<SocketAddr>, policy: &Policy, now: Instant) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            base,
            address,
            rank: AtomicU32::new(1),
            breaker: Breaker::new(policy.breaker, now),
            pushback: Pushback::new(now),
            load: Load::new(now),
            outlier: Outlier::new(now),
            answered: Answered::new(now),
        }
    }

    /// Those of a lower number are asked first (RFC 2782).
    pub(crate) fn priority(&self) -> u32 {
        self.rank.load(Ordering::Relaxed) >> 16
    }

    /// How much it bears in comparison with others: at least 1.
    pub(crate) fn weight(&self) -> u32 {
        (self.rank.load(Ordering::Relaxed) & 0xFFFF).max(1)
    }

    pub(crate) fn set_rank(&self, priority: u16, weight: u16) {
        self.rank.store((u32::from(priority) << 16) | u32::from(weight), Ordering::Relaxed);
    }

    pub(crate) fn status(&self, now: Instant) -> EndpointStatus {
        EndpointStatus {
            base_url: self.base.text(),
            address: self.address,
            circuit: self.breaker.state(),
            ejected_for: self.outlier.left(now),
            in_flight: self.load.in_flight(),
            latency: self.load.average(now),
        }
    }

    /// The origin, which logs and errors show.
    pub(crate) fn origin(&self) -> &Arc<str> {
        &self.base.origin
    }
}

/// What a client knows of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointStatus {
    /// Its address with the base path.
    pub base_url: String,
    /// Where connections to it are made, if it was discovered.
    pub address: Option<SocketAddr>,
    /// Whether its circuit lets requests through.
    pub circuit: CircuitState,
    /// For how long it is left out yet, if it is.
    pub ejected_for: Option<Duration>,
    /// How many attempts are on their way to it; counted only where there are several endpoints.
    pub in_flight: u32,
    /// How long it takes to answer, on average and with its failures counted as slow; known only where there are several.
    pub latency: Option<Duration>,
}

/// The endpoints that a call has been to: the last few.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tried(VecDeque<u64>);

impl Tried {
    const MOST: usize = 8;

    fn add(&mut self, endpoint: &Endpoint) {
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back(endpoint.id);
    }

    pub(crate) fn extend<'e>(&mut self, endpoints: impl IntoIterator<Item = &'e Endpoint>) {
        endpoints.into_iter().for_each(|endpoint| self.add(endpoint));
    }

    pub(crate) fn holds(&self, endpoint: &Endpoint) -> bool {
        self.0.contains(&endpoint.id)
    }
}
