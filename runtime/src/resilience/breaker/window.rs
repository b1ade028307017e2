//! What share of the attempts of late has failed?
//!
//! Ten buckets of time, each one atomic word that carries the time it is about, so that nothing has to clear them:
//!
//! ```text
//! epoch:24 (number of the bucket's span since the breaker was made) | failed:20 | all:20
//! ```
//! An epoch does not wrap: with the shortest window (1 s) it stands still after 19 days of buckets and the window then
//! is one bucket; with the recommended one (30 s) after a year and a half.

use super::super::atomic::{AtomicU64, Ordering};

const BUCKETS: u64 = 10;
const EPOCHS: u64 = (1 << 24) - 1;
const COUNTS: u64 = (1 << 20) - 1;

#[derive(Debug)]
pub(super) struct Window {
    buckets: [AtomicU64; 10],
    /// Of one bucket, in ticks of the breaker.
    span: u64,
}

/// What the window holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) failed: u64,
    pub(super) all: u64,
}

impl Window {
    pub(super) fn new(ticks: u64) -> Self {
        Self { buckets: std::array::from_fn(|_| AtomicU64::new(0)), span: (ticks / BUCKETS).max(1) }
    }

    /// Counts an attempt that ended at a tick.
    pub(super) fn record(&self, tick: u64, failed: bool) {
        let epoch = self.epoch(tick);
        let bucket = self.bucket(epoch);
        let mut seen = bucket.load(Ordering::Acquire);
        loop {
            let (mut failures, mut all) = (0, 0);
            if seen >> 40 > epoch {
                // Somebody with a later clock has begun the bucket anew: this attempt is too old to count.
                return;
            }
            if seen >> 40 == epoch {
                (failures, all) = ((seen >> 20) & COUNTS, seen & COUNTS);
            }
            if all == COUNTS {
                // A million in one bucket: the share is known well enough, and halving keeps it.
                (failures, all) = (failures / 2, all / 2);
            }
            let next = (epoch << 40) | ((failures + u64::from(failed)) << 20) | (all + 1);
            match bucket.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(current) => seen = current,
            }
        }
    }

    /// What the ten spans up to a tick hold.
    pub(super) fn tally(&self, tick: u64) -> Tally {
        let epoch = self.epoch(tick);
        let mut tally = Tally { failed: 0, all: 0 };
        for bucket in &self.buckets {
            let seen = bucket.load(Ordering::Acquire);
            let about = seen >> 40;
            if about <= epoch && about + BUCKETS > epoch {
                tally.failed += (seen >> 20) & COUNTS;
                tally.all += seen & COUNTS;
            }
        }
        tally
    }

    /// Forgets everything: a circuit that has closed begins anew.
    pub(super) fn clear(&self) {
        for bucket in &self.buckets {
            bucket.store(0, Ordering::Release);
        }
    }

    fn epoch(&self, tick: u64) -> u64 {
        (tick / self.span).min(EPOCHS)
    }

    fn bucket(&self, epoch: u64) -> &AtomicU64 {
        // Below ten, so it fits and is in range.
        &self.buckets[usize::try_from(epoch % BUCKETS).unwrap_or(0)]
    }
}

#[cfg(all(test, not(sinew_loom)))]
mod tests {
    use super::*;

    #[test]
    fn it_moves_on() {
        let window = Window::new(1000);
        for tick in [0, 99, 100, 950] {
            window.record(tick, tick == 99);
        }
        assert_eq!(window.tally(999), Tally { failed: 1, all: 4 });
        assert_eq!(window.tally(1000), Tally { failed: 0, all: 2 }, "the first bucket is over");
        assert_eq!(window.tally(1899), Tally { failed: 0, all: 1 }, "only the last is left");
        assert_eq!(window.tally(100_000), Tally { failed: 0, all: 0 });
        window.record(1000, true);
        assert_eq!(window.tally(1000), Tally { failed: 1, all: 3 }, "its slot is used again");
        window.record(5, true);
        assert_eq!(window.tally(1000), Tally { failed: 1, all: 3 }, "too old to count");
        window.clear();
        assert_eq!(window.tally(1000), Tally { failed: 0, all: 0 });
    }

    #[test]
    fn it_never_runs_over() {
        let window = Window::new(10);
        let full = (3 << 40) | (COUNTS << 20) | COUNTS;
        window.buckets[3].store(full, Ordering::Release);
        window.record(3, true);
        assert_eq!(window.tally(3), Tally { failed: COUNTS / 2 + 1, all: COUNTS / 2 + 1 });
        window.record(u64::MAX, true);
        assert_eq!(window.tally(u64::MAX), Tally { failed: 1, all: 1 });
    }
}
