//! When has a request been on its way for so long that a second one is worth sending?
//!
//! Dean and Barroso, "The Tail at Scale": a second request once the first has taken longer than most do cuts the slowest
//! answers at the cost of a few requests more.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Whether a second request is sent beside one that makes its caller wait, and when. Instead of one that fails before, it is sent
/// at once, if that is worth another attempt and there is another endpoint to take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HedgePolicy {
    /// Whether any is. Only for operations whose method is safe (RFC 9110, section 9.2.1), and whose body can be had again.
    pub enabled: bool,
    /// After how long; without one after what the operation's own answers have taken lately.
    pub after: Option<Duration>,
    /// The share of those answers, in percent, that had come by then. From 50 to 99.
    pub percentile: u32,
    /// Never sooner than this, whatever was learned.
    pub least: Duration,
    /// For each hundred calls at most so many. Calls that find nothing left go on without.
    pub percent: u32,
}

/// How many times are remembered, how many must be before they say anything, and after how many the word is renewed.
const REMEMBERED: usize = 256;
const ENOUGH: usize = 20;
const RENEW: u32 = 16;

/// How long the answers of one operation have taken lately.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    times: Vec<Duration>,
    next: usize,
    /// What was computed last, for which percentile, and how many times came in since.
    known: Option<(u32, Duration)>,
    since: u32,
}

impl Latencies {
    /// An answer took so long, or at least so long.
    pub(crate) fn record(&self, took: Duration) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = ring.next;
        match ring.times.get_mut(next) {
            Some(oldest) => *oldest = took,
            None => ring.times.push(took),
        }
        ring.next = (next + 1) % REMEMBERED;
        ring.since += 1;
    }

    /// Within which time so many percent of the answers came; nothing as long as there were too few to tell.
    pub(crate) fn percentile(&self, percent: u32) -> Option<Duration> {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.times.len() < ENOUGH {
            return None;
        }
        if let Some((_, known)) = ring.known.filter(|(of, _)| *of == percent && ring.since < RENEW) {
            return Some(known);
        }
        let mut sorted = ring.times.clone();
        let rank = (sorted.len() * usize::try_from(percent).unwrap_or(100)).div_ceil(100).clamp(1, sorted.len()) - 1;
        let found = *sorted.select_nth_unstable(rank).1;
        (ring.known, ring.since) = (Some((percent, found)), 0);
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn percentiles_of_what_came_lately() {
        let latencies = Latencies::default();
        for time in 1..20 {
            latencies.record(ms(time));
            assert_eq!(latencies.percentile(95), None, "too few to tell");
        }
        latencies.record(ms(20));
        assert_eq!(latencies.percentile(95), Some(ms(19)));
        assert_eq!(latencies.percentile(50), Some(ms(10)));
        assert_eq!(latencies.percentile(99), Some(ms(20)));
        for time in 21..=100 {
            latencies.record(ms(time));
        }
        assert_eq!(latencies.percentile(95), Some(ms(95)));
        for _ in 0..15 {
            latencies.record(ms(1000));
        }
        assert_eq!(latencies.percentile(95), Some(ms(95)), "not renewed for each");
        latencies.record(ms(1000));
        assert_eq!(latencies.percentile(95), Some(ms(1000)));
        for _ in 0..256 {
            latencies.record(ms(7));
        }
        assert_eq!(latencies.percentile(99), Some(ms(7)), "what is long past is forgotten");
    }

    #[test]
    fn the_last_256_are_ranked_whatever_share_is_asked_for() {
        let latencies = Latencies::default();
        for time in 1..=300 {
            latencies.record(ms(time));
        }
        for (percent, time) in [(0, 45), (1, 47), (50, 172), (99, 298), (100, 300), (1000, 300)] {
            assert_eq!(latencies.percentile(percent), Some(ms(time)), "{percent}");
        }
    }
}
