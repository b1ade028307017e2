//! Until when did a service ask everybody to stay away?

use std::time::Duration;

use tokio::time::Instant;

use super::atomic::{AtomicU64, Ordering};

/// The latest moment that a `Retry-After` of an origin named, shared by all calls to it. It has no clock.
#[derive(Debug)]
pub(crate) struct Pushback {
    made: Instant,
    /// Milliseconds since it was made.
    until: AtomicU64,
}

impl Pushback {
    pub(crate) fn new(now: Instant) -> Self {
        Self { made: now, until: AtomicU64::new(0) }
    }

    /// The service asked not to be asked for so long.
    pub(crate) fn ask(&self, now: Instant, span: Duration) {
        let until = now.saturating_duration_since(self.made).saturating_add(span).as_nanos().div_ceil(1_000_000);
        // Two answers that crossed must not shorten the longer one.
        self.until.fetch_max(u64::try_from(until).unwrap_or(u64::MAX), Ordering::AcqRel);
    }

    /// How long to stay away yet, if at all. Only who was ever asked pays for the clock.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        let until = self.until.load(Ordering::Acquire);
        if until == 0 {
            return None;
        }
        let left = Duration::from_millis(until).saturating_sub(now.saturating_duration_since(self.made));
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_that_was_asked_for_counts() {
        let now = Instant::now();
        let pushback = Pushback::new(now);
        assert_eq!(pushback.left(now), None);
        pushback.ask(now, Duration::from_secs(5));
        pushback.ask(now, Duration::from_secs(2));
        assert_eq!(pushback.left(now + Duration::from_secs(1)), Some(Duration::from_secs(4)));
        assert_eq!(pushback.left(now + Duration::from_secs(5)), None);
        pushback.ask(now, Duration::MAX);
        assert!(pushback.left(now).is_some());
    }
}
