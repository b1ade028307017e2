//! What is remembered of one origin?

use tokio::time::Instant;

use crate::resilience::breaker::Breaker;
use crate::resilience::policy::Policy;
use crate::resilience::pushback::Pushback;

/// An origin that a client talks to, with what its answers so far say about the next attempt.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) breaker: Breaker,
    pub(crate) pushback: Pushback,
}

impl Endpoint {
    pub(crate) fn new(policy: &Policy, now: Instant) -> Self {
        Self { breaker: Breaker::new(policy.breaker, now), pushback: Pushback::new(now) }
    }
}
