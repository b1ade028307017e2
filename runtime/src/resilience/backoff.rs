//! How long to wait before trying again?

use std::time::Duration;

/// Waiting times that double up to a ceiling, with a jitter that only adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backoff {
    /// The wait before the first retry.
    pub base: Duration,
    /// The longest wait, jitter apart.
    pub ceiling: Duration,
    /// The most that jitter adds, in percent of the wait.
    pub jitter_percent: u32,
}

impl Backoff {
    /// Waits that double from `base` to `ceiling`, with up to `jitter_percent` added to each.
    pub const fn new(base: Duration, ceiling: Duration, jitter_percent: u32) -> Self {
        Self { base, ceiling, jitter_percent }
    }

    /// The wait before retry `retry` (the first is 0), with `random` deciding the jitter.
    ///
    /// Never overflows: the doubling saturates before the ceiling is taken, and nanoseconds in 128 bits hold any
    /// product of a `Duration` and a `u32`.
    pub(crate) fn delay(&self, retry: u32, random: u64) -> Duration {
        let doubled = 1_u32.checked_shl(retry).map_or(self.ceiling, |factor| self.base.saturating_mul(factor));
        let wait = doubled.min(self.ceiling);
        let most = wait.as_nanos() * u128::from(self.jitter_percent) / 100;
        // The high half of `most * random` is uniform in 0..most, up to a bias of 2^-64.
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        let added = (u128::from(most) * u128::from(random)) >> 64;
        wait.saturating_add(Duration::from_nanos(u64::try_from(added).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resilience::policy::Policy;

    #[test]
    fn waits_double_to_the_ceiling() {
        let backoff = Policy::default().backoff;
        for (retry, seconds) in [(0, 1), (1, 2), (2, 4), (3, 8), (4, 8), (31, 8), (32, 8), (u32::MAX, 8)] {
            assert_eq!(backoff.delay(retry, 0), Duration::from_secs(seconds), "retry {retry}");
        }
    }

    #[test]
    fn jitter_only_adds_and_at_most_its_share() {
        let backoff = Policy::default().backoff;
        for random in [0, 1, u64::MAX / 2, u64::MAX] {
            let delay = backoff.delay(1, random);
            assert!(delay >= Duration::from_secs(2) && delay <= Duration::from_millis(2200), "{delay:?}");
        }
        assert!(backoff.delay(1, u64::MAX) > Duration::from_millis(2199));
    }

    #[test]
    fn nothing_overflows() {
        let backoff = Backoff::new(Duration::MAX, Duration::MAX, u32::MAX);
        assert_eq!(backoff.delay(u32::MAX, u64::MAX), Duration::MAX);
    }
}
