//! How does a benchmark get at a breaker without the rest?

use std::time::Duration;

use tokio::time::Instant;

use super::{Breaker, BreakerPolicy, Evidence, Outcome};

/// A circuit breaker by itself, for benchmarks.
#[derive(Debug)]
pub struct Circuit(Breaker);

impl Circuit {
    /// A closed circuit.
    pub fn new(policy: BreakerPolicy, now: Instant) -> Self {
        Self(Breaker::new(policy, now))
    }

    /// One attempt that ends at once. Whether it was let through.
    #[inline]
    pub fn attempt(&self, now: Instant, success: bool) -> bool {
        let Ok((mut permit, _)) = self.0.enter(now, Duration::from_secs(60), &|| 0) else { return false };
        if success {
            // As the engine does it.
            match permit.settle_granted() {
                Ok(()) => return true,
                Err(left) => permit = left,
            }
        }
        let outcome = if success { Outcome::Success } else { Outcome::Failure };
        permit.settle(Evidence { outcome, took: Duration::ZERO, asked: None, random: 0 }, now);
        true
    }
}
