//! Should an endpoint be left out for a while, though its circuit is closed?
//!
//! Softer than a circuit, and sooner: who fails some times in a row while others answer gets no calls for a time that
//! grows with each such ejection (Envoy's outlier detection). Whoever asks sees to it that no more than a share of all
//! is out.
//!
//! ```text
//! ejections in a row:8 | failures in a row:8 | out until:48 (ms since it was made: 8,900 years)
//! ```

use std::time::Duration;

use tokio::time::Instant;

use super::atomic::{AtomicU64, Ordering};

/// When one of several endpoints is left out, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutlierPolicy {
    /// Whether any is. With a single endpoint none ever is.
    pub enabled: bool,
    /// How many attempts must fail in a row. From 1 to 255.
    pub failures: u32,
    /// How long it is left out the first time; the second time in a row twice, the third time three times as long.
    pub eject_for: Duration,
    /// The longest time.
    pub eject_most: Duration,
    /// How many percent of the endpoints may be out at once. When more are out, circuits included, ejections are passed
    /// over: then it is not the endpoints that are at fault.
    pub share: u32,
}

/// Whether one endpoint is left out. It has no clock.
#[derive(Debug)]
pub(crate) struct Outlier {
    word: AtomicU64,
    made: Instant,
}

const UNTIL: u64 = (1 << 48) - 1;

impl Outlier {
    pub(crate) fn new(now: Instant) -> Self {
        Self { word: AtomicU64::new(0), made: now }
    }

    fn tick(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.made).as_millis()).unwrap_or(UNTIL).min(UNTIL)
    }

    /// How long it is out yet, if at all.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        let until = self.word.load(Ordering::Acquire) & UNTIL;
        Some(Duration::from_millis(until.saturating_sub(self.tick(now)))).filter(|left| !left.is_zero())
    }

    /// An attempt succeeded: what failed before is no row any more.
    pub(crate) fn succeeded(&self) {
        if self.word.load(Ordering::Acquire) & (0xFF << 48) != 0 {
            self.word.fetch_and(!(0xFF << 48), Ordering::AcqRel);
        }
    }

    /// An attempt failed. Whether that were enough failures in a row.
    pub(crate) fn failed(&self, enough: u32) -> bool {
        let more = |word: u64| {
            let failures = (word >> 48) & 0xFF;
            (failures < 0xFF).then_some(word + (1 << 48))
        };
        let before = match self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, more) {
            Ok(before) => ((before >> 48) & 0xFF) + 1,
            Err(_) => 0xFF,
        };
        before >= u64::from(enough)
    }

    /// Leaves it out, unless it is out already. For how long.
    pub(crate) fn eject(&self, now: Instant, policy: OutlierPolicy) -> Option<Duration> {
        let tick = self.tick(now);
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let (times, until) = (word >> 56, word & UNTIL);
            if until > tick {
                return None;
            }
            // Back for longer than it was out: that was another time.
            let served = span(times, policy);
            let again = times > 0 && u128::from(tick - until) <= served.as_millis();
            let times = if again { (times + 1).min(0xFF) } else { 1 };
            let out = span(times, policy);
            let until = tick.saturating_add(u64::try_from(out.as_millis()).unwrap_or(UNTIL)).min(UNTIL);
            match self.word.compare_exchange_weak(word, (times << 56) | until, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(out),
                Err(current) => word = current,
            }
        }
    }
}

fn span(times: u64, policy: OutlierPolicy) -> Duration {
    let times = u32::try_from(times).unwrap_or(u32::MAX);
    policy.eject_for.saturating_mul(times).min(policy.eject_most.max(policy.eject_for))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: OutlierPolicy = OutlierPolicy {
        enabled: true,
        failures: 3,
        eject_for: Duration::from_secs(30),
        eject_most: Duration::from_secs(100),
        share: 50,
    };

    #[test]
    fn a_row_of_failures_is_enough_and_a_success_ends_it() {
        let outlier = Outlier::new(Instant::now());
        assert!(!outlier.failed(3) && !outlier.failed(3));
        outlier.succeeded();
        outlier.succeeded();
        assert_eq!(outlier.word.load(Ordering::Acquire), 0, "nothing else is touched");
        assert!(!outlier.failed(3) && !outlier.failed(3) && outlier.failed(3));
        for _ in 0..1000 {
            assert!(outlier.failed(255) || outlier.word.load(Ordering::Acquire) >> 48 < 0xFF);
        }
        assert_eq!(outlier.word.load(Ordering::Acquire) >> 56, 0, "the count stays within its bits");
        outlier.succeeded();
        assert!(!outlier.failed(2), "the longest row ends as well");
    }

    #[test]
    fn times_grow_and_are_forgotten() {
        let now = Instant::now();
        let outlier = Outlier::new(now);
        let mut at = now;
        for seconds in [30, 60, 90, 100, 100] {
            assert_eq!(outlier.left(at), None);
            assert_eq!(outlier.eject(at, POLICY), Some(Duration::from_secs(seconds)));
            assert_eq!(outlier.eject(at, POLICY), None, "once is enough");
            assert_eq!(outlier.left(at), Some(Duration::from_secs(seconds)));
            at += Duration::from_secs(seconds);
        }
        at += Duration::from_secs(101);
        assert_eq!(outlier.eject(at, POLICY), Some(Duration::from_secs(30)), "it was back for longer");
        assert_eq!(outlier.eject(at, POLICY), None);
    }

    #[test]
    fn extremes_stay_within_the_word() {
        let now = Instant::now();
        let outlier = Outlier::new(now);
        let wild = OutlierPolicy { eject_for: Duration::MAX, eject_most: Duration::MAX, ..POLICY };
        assert_eq!(outlier.eject(now, wild), Some(Duration::MAX));
        assert!(outlier.left(now + Duration::from_secs(1 << 33)).is_some());
        assert_eq!(outlier.word.load(Ordering::Acquire) >> 56, 1);
        let short = Outlier::new(now);
        let short_policy =
            OutlierPolicy { eject_for: Duration::from_millis(1), eject_most: Duration::from_millis(1), ..POLICY };
        for step in 0..600 {
            short.eject(now + Duration::from_millis(step), short_policy);
        }
        assert_eq!(short.word.load(Ordering::Acquire) >> 56, 0xFF);
    }
}
