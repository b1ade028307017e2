//! Is an attempt stuck, or is everybody made to wait?
//!
//! A service with too much to do answers late, but one after the other: giving up on it means to queue again behind all
//! others, and that it worked for nobody. An attempt that hangs for a reason of its own (a connection that is dead, an
//! instance that is ill) is overtaken: one that began later has been answered.

use tokio::time::Instant;

use super::atomic::{AtomicU64, Ordering};

/// When the latest attempt began that was answered. It has no clock: times are passed in.
#[derive(Debug)]
pub(crate) struct Answered {
    /// Nanoseconds since it was made; 584 years fit.
    latest: AtomicU64,
    made: Instant,
}

impl Answered {
    pub(crate) fn new(now: Instant) -> Self {
        Self { latest: AtomicU64::new(0), made: now }
    }

    /// An attempt that began then was answered.
    pub(crate) fn note(&self, began: Instant) {
        let began = self.nanos(began);
        // Not one exchange: of two at once the earlier may stay, which the next answer mends. Nothing hangs on it but
        // whether somebody waits a little longer.
        if began > self.latest.load(Ordering::Relaxed) {
            self.latest.store(began, Ordering::Relaxed);
        }
    }

    /// Whether one that began later than this was answered.
    pub(crate) fn overtook(&self, began: Instant) -> bool {
        self.latest.load(Ordering::Relaxed) > self.nanos(began)
    }

    fn nanos(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.made).as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_began_later_and_was_answered_overtook() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let answered = Answered::new(start);
        assert!(!answered.overtook(at(0)) && !answered.overtook(at(5)), "nobody was");
        answered.note(at(3));
        assert!(answered.overtook(at(2)) && !answered.overtook(at(3)) && !answered.overtook(at(4)));
        answered.note(at(1));
        assert!(answered.overtook(at(2)), "an earlier one that comes late changes nothing");
    }
}
