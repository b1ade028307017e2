//! When does a circuit open, and for how long?

use std::time::Duration;

use super::added;
use super::window::Tally;
use super::word::Word;

/// When a circuit opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerPolicy {
    /// How many attempts must fail in a row. From 1 to 255.
    pub failures: u32,
    /// Whether a failed attempt counts, or only a failed call.
    pub counting: Counting,
    /// A share of failures that opens it as well.
    pub ratio: RatioPolicy,
    /// A success that took so long is a failure.
    pub slow_after: Option<Duration>,
    /// After so many attempts that their callers dropped, with no other in between, each further one is a failure:
    /// else a service that never answers would never be noticed by callers with little patience. 0: never.
    pub given_up: u32,
    /// How long nothing is sent before one attempt is let through to see.
    pub open_for: Duration,
    /// Each failed probe doubles the time, up to this.
    pub open_most: Duration,
    /// Up to so many percent are added to that time, so that clients do not all probe at once.
    pub open_jitter: u32,
    /// For so long after it has closed, only a share of the attempts is let through, by chance: a tenth at first, and evenly
    /// more until it is all of them. A service that has just come back is not run over by all who have been waiting. Whoever is turned
    /// away is told so as by an open circuit, with a short [`Error::retry_in`](crate::Error::retry_in).
    ///
    /// ```
    /// # use std::time::Duration;
    /// let mut policy = sinew_runtime::Policy::standard();
    /// policy.breaker.ramp = Some(Duration::from_secs(30));
    /// ```
    pub ramp: Option<Duration>,
}

/// What counts as one failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// Each failed attempt.
    Attempts,
    /// A call whose last attempt failed.
    Calls,
}

/// A share of failures over a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RatioPolicy {
    /// Whether it opens the circuit.
    pub enabled: bool,
    /// The share in percent.
    pub percent: u32,
    /// With fewer attempts in the window the share says nothing.
    pub least: u32,
    /// The window, in ten buckets.
    pub window: Duration,
}

impl BreakerPolicy {
    /// The word has eight bits for the count.
    pub(crate) const MOST_FAILURES: u32 = 255;

    /// How long the circuit is open the `times`th time in a row (from 1).
    pub(super) fn open_span(&self, times: u64, random: u64) -> Duration {
        let doublings = u32::try_from(times.saturating_sub(1)).unwrap_or(u32::MAX);
        let most = self.open_most.max(self.open_for);
        let span = 1_u32.checked_shl(doublings).map_or(most, |factor| self.open_for.saturating_mul(factor)).min(most);
        if self.open_jitter == 0 { span } else { added(span, self.open_jitter, random) }
    }
}

/// Of a thousand, how many are let through at once when a circuit closes.
const FIRST: u64 = 100;

impl BreakerPolicy {
    /// The ramp in milliseconds. It is not asked for where there is none.
    fn ramp_millis(&self) -> u64 {
        u64::try_from(self.ramp.unwrap_or_default().as_millis()).unwrap_or(u64::MAX).clamp(1, Word::DEADLINES)
    }

    /// Whether chance lets an attempt through, so many milliseconds before all are.
    ///
    /// Evenly rather than in stages: no stage is a jump for the service, and none is so low that a client with few calls would be
    /// kept away from a service that is well.
    pub(super) fn lets_in(&self, left: u64, random: u64) -> bool {
        let whole = self.ramp_millis();
        let share = FIRST + (1000 - FIRST) * whole.saturating_sub(left) / whole;
        (u128::from(random) * 1000) >> 64 < u128::from(share)
    }

    /// How long it takes until noticeably more are let through.
    pub(super) fn step_of_ramp(&self, left: u64) -> Duration {
        Duration::from_millis((self.ramp_millis() / 10).min(left).max(1))
    }
}

impl RatioPolicy {
    pub(super) fn is_reached(&self, tally: Tally) -> bool {
        // Counts have 24 bits at most and a percentage seven: no overflow.
        tally.all >= u64::from(self.least) && tally.failed * 100 >= tally.all * u64::from(self.percent)
    }
}
