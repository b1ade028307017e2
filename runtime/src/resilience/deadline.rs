//! How much time is left?

use std::time::Duration;

use tokio::time::Instant;

/// A point in time that nothing of a call may pass. The time is passed in: a deadline has no clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
}

impl Deadline {
    /// The deadline of a span of time that begins now. A span too long for the clock is as good as a century.
    pub(crate) fn after(now: Instant, span: Duration) -> Self {
        const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
        Self { at: now.checked_add(span).unwrap_or_else(|| now + span.min(CENTURY)) }
    }

    /// What is left of it.
    pub(crate) fn remaining(self, now: Instant) -> Duration {
        self.at.saturating_duration_since(now)
    }

    /// The earlier of two.
    pub(crate) fn min(self, other: Self) -> Self {
        Self { at: self.at.min(other.at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_end_and_none_is_too_long() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let deadline = Deadline::after(now, second * 3);
        assert_eq!(deadline.remaining(now), second * 3);
        assert_eq!(deadline.remaining(now + second), second * 2);
        assert_eq!(deadline.remaining(now + second * 9), Duration::ZERO);
        let earlier = Deadline::after(now, second);
        assert_eq!((deadline.min(earlier).at, earlier.min(deadline).at), (earlier.at, earlier.at));
        let never = Deadline::after(now, Duration::MAX).remaining(now);
        assert_eq!(never, Duration::from_secs(3_153_600_000), "a century of 365 days each");
    }
}
