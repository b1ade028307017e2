//! How long to wait before trying again?

use std::time::Duration;

/// Waiting times between attempts: how they grow, up to where, and how chance spreads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backoff {
    /// How the wait grows from retry to retry.
    pub growth: Growth,
    /// The wait before the first retry, jitter apart.
    pub base: Duration,
    /// The longest wait. Only [`Jitter::Added`] goes beyond it.
    pub ceiling: Duration,
    /// How chance spreads the waits, so that clients that failed together do not come back together.
    pub jitter: Jitter,
}

/// How waits grow from retry to retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// Always `base`.
    Constant,
    /// `base`, twice `base`, three times `base`, …
    Linear,
    /// `base`, doubled each time.
    Exponential,
}

/// How chance spreads waits ("Exponential Backoff And Jitter", AWS Architecture Blog, names the middle three).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Up to so many percent more than the wait.
    Added(u32),
    /// Anything from nothing to the wait: the fewest calls in all, hence the one recommended.
    Full,
    /// At least half of the wait.
    Equal,
    /// From `base` to three times the wait before, whatever the growth.
    Decorrelated,
}

impl Backoff {
    /// Waits that double from `base` to `ceiling`.
    pub const fn exponential(base: Duration, ceiling: Duration, jitter: Jitter) -> Self {
        Self { growth: Growth::Exponential, base, ceiling, jitter }
    }

    /// The wait before retry `retry` (the first is 0), with the wait before it and a random number.
    ///
    /// Whole nanoseconds in 64 bits, saturating: 584 years are as good as never, and no product overflows, however
    /// many retries somebody allows.
    pub(crate) fn delay(&self, retry: u32, previous: Duration, random: u64) -> Duration {
        let (base, ceiling) = (nanos(self.base), nanos(self.ceiling));
        let grown = match self.growth {
            Growth::Constant => base,
            Growth::Linear => base.saturating_mul(u64::from(retry).saturating_add(1)),
            // A shift by 64 or more, or one that loses bits, is beyond every ceiling.
            Growth::Exponential => 1_u64.checked_shl(retry).map_or(u64::MAX, |factor| base.saturating_mul(factor)),
        };
        let wait = grown.min(ceiling);
        let spread = match self.jitter {
            Jitter::None => wait,
            Jitter::Added(percent) => wait.saturating_add(within(share(wait, percent), random)),
            Jitter::Full => within(wait, random),
            Jitter::Equal => (wait / 2).saturating_add(within(wait - wait / 2, random)),
            Jitter::Decorrelated => {
                let most = nanos(previous).max(base).saturating_mul(3);
                base.saturating_add(within(most - base, random)).min(ceiling)
            }
        };
        Duration::from_nanos(spread)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// So many percent of a span.
fn share(nanos: u64, percent: u32) -> u64 {
    u64::try_from(u128::from(nanos) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

/// A point in `0..=most`. The high half of a 128-bit product is uniform up to a bias of 2^-64 and cannot overflow.
fn within(most: u64, random: u64) -> u64 {
    let scaled = (u128::from(most) + u128::from(most != u64::MAX)) * u128::from(random);
    u64::try_from(scaled >> 64).unwrap_or(u64::MAX)
}

/// A span and up to so many percent of it more: what keeps those who were told the same second from coming at it.
pub(crate) fn added(span: Duration, percent: u32, random: u64) -> Duration {
    let span = nanos(span);
    Duration::from_nanos(span.saturating_add(within(share(span, percent), random)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resilience::policy::Policy;

    const CHANCES: [u64; 5] = [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX];

    fn with(growth: Growth, jitter: Jitter) -> Backoff {
        Backoff { growth, base: Duration::from_secs(1), ceiling: Duration::from_secs(8), jitter }
    }

    #[test]
    fn waits_grow_to_the_ceiling() {
        for (growth, expected) in [
            (Growth::Exponential, [1, 2, 4, 8, 8, 8, 8, 8]),
            (Growth::Linear, [1, 2, 3, 4, 8, 8, 8, 8]),
            (Growth::Constant, [1; 8]),
        ] {
            for (retry, seconds) in [0, 1, 2, 3, 31, 63, 64, u32::MAX].into_iter().zip(expected) {
                let delay = with(growth, Jitter::None).delay(retry, Duration::ZERO, 7);
                assert_eq!(delay, Duration::from_secs(seconds), "{growth:?} {retry}");
            }
        }
    }

    #[test]
    fn each_jitter_keeps_to_its_span() {
        let second = Duration::from_secs(1);
        for random in CHANCES {
            for (jitter, least, most) in [
                (Jitter::None, second * 2, second * 2),
                (Jitter::Added(10), second * 2, Duration::from_millis(2200)),
                (Jitter::Full, Duration::ZERO, second * 2),
                (Jitter::Equal, second, second * 2),
            ] {
                let delay = with(Growth::Exponential, jitter).delay(1, second, random);
                assert!(delay >= least && delay <= most, "{jitter:?} {random}: {delay:?}");
            }
            let delay = with(Growth::Exponential, Jitter::Decorrelated).delay(5, second * 2, random);
            assert!(delay >= second && delay <= second * 6, "{delay:?}");
            let delay = with(Growth::Exponential, Jitter::Decorrelated).delay(5, second * 8, random);
            assert!(delay <= second * 8, "{delay:?}");
        }
        assert_eq!(
            with(Growth::Exponential, Jitter::Full).delay(1, second, u64::MAX),
            second * 2,
            "the ends are reached"
        );
        let promised = Policy::default().backoff;
        assert!(
            promised.delay(1, second, 0) == second * 2
                && promised.delay(1, second, u64::MAX) <= Duration::from_millis(2200)
        );
        assert!(promised.delay(9, second, u64::MAX) > second * 8, "what is added goes beyond the ceiling");
    }

    #[test]
    fn nothing_overflows() {
        for growth in [Growth::Constant, Growth::Linear, Growth::Exponential] {
            for jitter in [Jitter::None, Jitter::Added(u32::MAX), Jitter::Full, Jitter::Equal, Jitter::Decorrelated] {
                for random in CHANCES {
                    for retry in [0, 1, 63, 64, 1024, u32::MAX] {
                        let backoff = Backoff { growth, base: Duration::MAX, ceiling: Duration::MAX, jitter };
                        backoff.delay(retry, Duration::MAX, random);
                        let none = Backoff { base: Duration::ZERO, ceiling: Duration::ZERO, ..backoff };
                        assert_eq!(none.delay(retry, Duration::MAX, random), Duration::ZERO);
                    }
                }
            }
        }
        assert!(added(Duration::MAX, u32::MAX, u64::MAX) >= Duration::from_nanos(u64::MAX));
    }
}
