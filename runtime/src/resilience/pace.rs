//! Does a body bring as much as it must, while it is waited for?

use std::time::Duration;

use tokio::time::Instant;

/// How much a streamed body must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyRatePolicy {
    /// So many bytes a second; 0: any number.
    pub least: usize,
    /// On average over so much time that is spent waiting for it. From a second on.
    pub over: Duration,
}

impl BodyRatePolicy {
    /// Whether a body must bring anything.
    pub(crate) fn asks(self) -> bool {
        self.least > 0
    }
}

/// What a body has brought of late. It has no clock: time is passed in.
///
/// Only the time counts in which somebody waits: neither what the service takes before its answer nor what the reader does
/// between two chunks.
#[derive(Debug)]
pub(crate) struct Pace {
    policy: BodyRatePolicy,
    /// In the present span: the time that was spent, and what came in it.
    waited: Duration,
    brought: u128,
    since: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(policy: BodyRatePolicy) -> Self {
        Self { policy, waited: Duration::ZERO, brought: 0, since: None }
    }

    /// From now on somebody waits. How long until the span is over.
    pub(crate) fn waits(&mut self, now: Instant) -> Duration {
        self.since.get_or_insert(now);
        self.policy.over.saturating_sub(self.spent(now))
    }

    /// A chunk came.
    pub(crate) fn came(&mut self, bytes: usize, now: Instant) {
        self.waited = self.spent(now);
        self.since = None;
        self.brought += bytes as u128;
    }

    /// A span is over. Whether it brought too little; else another one begins.
    pub(crate) fn is_too_slow(&mut self, now: Instant) -> bool {
        let spent = self.spent(now);
        let too_slow = self.brought * 1_000_000_000 < self.policy.least as u128 * spent.as_nanos();
        if !too_slow {
            (self.waited, self.brought, self.since) = (Duration::ZERO, 0, None);
        }
        too_slow
    }

    fn spent(&self, now: Instant) -> Duration {
        self.waited + self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace() -> Pace {
        Pace::new(BodyRatePolicy { least: 10, over: SECOND * 4 })
    }

    #[test]
    fn what_brings_too_little_over_a_span_is_too_slow() {
        for (bytes, too_slow) in [(39, true), (40, false)] {
            let (mut pace, now) = (pace(), Instant::now());
            assert_eq!(pace.waits(now), SECOND * 4);
            pace.came(bytes, now + SECOND);
            assert_eq!(pace.waits(now + SECOND), SECOND * 3);
            assert_eq!(pace.is_too_slow(now + SECOND * 4), too_slow);
        }
        // Of several chunks all count, and all the time between them.
        let (mut pace, now) = (pace(), Instant::now());
        for seconds in 0..3 {
            assert_eq!(pace.waits(now + SECOND * seconds), SECOND * (4 - seconds));
            pace.came(14, now + SECOND * (seconds + 1));
        }
        assert_eq!(pace.waits(now + SECOND * 3), SECOND);
        assert!(!pace.is_too_slow(now + SECOND * 4));
        // A nanosecond more is too long for just enough.
        let (mut pace, now) = (self::pace(), Instant::now());
        pace.waits(now);
        pace.came(40, now);
        pace.waits(now);
        assert!(pace.is_too_slow(now + SECOND * 4 + Duration::from_nanos(1)));
        let policy = |least| BodyRatePolicy { least, over: SECOND };
        assert!(!policy(0).asks() && policy(1).asks());
    }

    #[test]
    fn each_span_is_judged_by_itself_and_only_waiting_counts() {
        let (mut pace, mut now) = (pace(), Instant::now());
        pace.waits(now);
        pace.came(1_000_000, now);
        pace.waits(now);
        now += SECOND * 4;
        assert!(!pace.is_too_slow(now));
        assert_eq!(pace.waits(now), SECOND * 4, "much in one span is nothing in the next");
        pace.came(1, now + SECOND * 3);
        // The reader is busy for a minute, which is not the service's.
        now += SECOND * 63;
        assert_eq!(pace.waits(now), SECOND);
        assert_eq!(pace.waits(now + SECOND / 2), SECOND / 2, "it waits already");
        assert!(pace.is_too_slow(now + SECOND));
    }

    #[test]
    fn nothing_is_left_of_a_span_that_is_over() {
        let (mut pace, mut now) = (pace(), Instant::now());
        for (bytes, too_slow) in [(40, false), (39, true)] {
            pace.waits(now);
            pace.came(bytes, now + SECOND);
            // What comes without being waited for takes no time.
            pace.came(0, now + SECOND * 2);
            assert_eq!(pace.waits(now + SECOND * 2), SECOND * 3);
            now += SECOND * 5;
            assert_eq!(pace.is_too_slow(now), too_slow);
        }
    }
}
