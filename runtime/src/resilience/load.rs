//! How long does an endpoint make one wait, and how much is on its way to it?
//!
//! Peak-EWMA (Finagle): a time longer than the average is believed at once, a shorter one little by little. A failure is
//! no fast answer: it counts as one many times slower than the endpoint's average, or else whoever fails in a
//! millisecond would be sent everything.
//!
//! ```text
//! last tick:32 (10 ms since it was made, wrapping after 497 days) | average:32 (microseconds; 0: unknown)
//! ```

use std::time::Duration;

use tokio::time::Instant;

use super::atomic::{AtomicU32, AtomicU64, Ordering};

/// The time constant in ticks, 10 s: after 6.93 s half of what was seen is forgotten.
const CONSTANT: f64 = 1000.0;
/// How many times slower than its average an endpoint's failure is taken for.
const PENALTY: u32 = 8;
/// What a failure of an endpoint that is not known yet counts as, and the most that any does, in microseconds.
const LEAST_PENALTY: u32 = 10_000;
const MOST_PENALTY: u32 = 60_000_000;
/// What a second request to an endpoint costs that has not answered its first: it is the last to be asked.
const UNKNOWN: u64 = 1 << 48;

/// The load of one endpoint, as its callers see it. It has no clock.
#[derive(Debug)]
pub(crate) struct Load {
    word: AtomicU64,
    in_flight: AtomicU32,
    made: Instant,
}

impl Load {
    pub(crate) fn new(now: Instant) -> Self {
        Self { word: AtomicU64::new(0), in_flight: AtomicU32::new(0), made: now }
    }

    /// Counts an attempt for as long as what is given back lives.
    pub(crate) fn count(&self) -> OnItsWay<'_> {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        OnItsWay(self)
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire)
    }

    /// What one more request is expected to cost: the time of those on their way and its own.
    pub(crate) fn cost(&self, now: Instant) -> u64 {
        let (stamp, average) = unpack(self.word.load(Ordering::Acquire));
        let in_flight = u64::from(self.in_flight());
        match decayed(average, self.tick(now).wrapping_sub(stamp)) {
            0 if average == 0 && in_flight > 0 => UNKNOWN + in_flight,
            average => u64::from(average) * (in_flight + 1),
        }
    }

    /// The average, if anything is known.
    pub(crate) fn average(&self, now: Instant) -> Option<Duration> {
        let (stamp, average) = unpack(self.word.load(Ordering::Acquire));
        let left = decayed(average, self.tick(now).wrapping_sub(stamp));
        (average > 0).then(|| Duration::from_micros(u64::from(left)))
    }

    /// An answer came.
    pub(crate) fn answered(&self, now: Instant, took: Duration) {
        self.observe(now, |_| micros(took));
    }

    /// An attempt failed.
    pub(crate) fn failed(&self, now: Instant, took: Duration) {
        self.observe(now, |average| {
            micros(took).max(average.saturating_mul(PENALTY).clamp(LEAST_PENALTY, MOST_PENALTY))
        });
    }

    /// An attempt was given up after this long: an answer would have taken longer, and that is all one knows.
    pub(crate) fn given_up(&self, now: Instant, took: Duration) {
        self.observe(now, |average| micros(took).max(if average == 0 { LEAST_PENALTY } else { average }));
    }

    fn observe(&self, now: Instant, seen: impl Fn(u32) -> u32) {
        let tick = self.tick(now);
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let (stamp, average) = unpack(word);
            let passed = tick.wrapping_sub(stamp);
            let left = decayed(average, passed);
            let seen = seen(left);
            let next = if average == 0 || seen >= left { seen } else { mixed(average, seen, passed) };
            let next = (u64::from(tick) << 32) | u64::from(next.max(1));
            match self.word.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(current) => word = current,
            }
        }
    }

    /// The low bits of the time: differences are right as long as no endpoint is left alone for 497 days.
    #[allow(clippy::cast_possible_truncation)]
    fn tick(&self, now: Instant) -> u32 {
        (now.saturating_duration_since(self.made).as_millis() / 10) as u32
    }
}

/// An attempt on its way to an endpoint.
#[derive(Debug)]
pub(crate) struct OnItsWay<'l>(&'l Load);

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

#[allow(clippy::cast_possible_truncation)]
fn unpack(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

fn micros(span: Duration) -> u32 {
    u32::try_from(span.as_micros()).unwrap_or(u32::MAX).max(1)
}

/// What is left of a value after so many ticks.
fn decayed(value: u32, ticks: u32) -> u32 {
    mixed(value, 0, ticks)
}

/// A value of so many ticks ago and one of now, by the share of the old one that is left. Rounded down, so that steps of a
/// part of a microsecond get on as well.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn mixed(old: u32, new: u32, ticks: u32) -> u32 {
    // Another thread's clock may have been here a little earlier: that is no time, not an age.
    if ticks == 0 || ticks > u32::MAX / 2 {
        return old;
    }
    let left = (-f64::from(ticks) / CONSTANT).exp();
    // Never negative and never above the larger of the two.
    (f64::from(old) * left + f64::from(new) * (1.0 - left)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn what_was_seen_is_forgotten_by_halves() {
        for (ticks, left) in [(0, 1000), (693, 500), (1386, 250), (1, 999), (13_860, 0), (u32::MAX / 2, 0)] {
            assert_eq!(decayed(1000, ticks), left, "{ticks}");
        }
        assert_eq!(decayed(u32::MAX, 0), u32::MAX);
        assert_eq!(decayed(7, u32::MAX), 7, "a clock that was read a little earlier");
        assert_eq!(mixed(400, 100, 1), 399, "small steps get on");
    }

    #[test]
    fn peaks_are_believed_at_once_and_forgiven_slowly() {
        let now = Instant::now();
        let load = Load::new(now);
        assert_eq!((load.average(now), load.cost(now)), (None, 0));
        load.answered(now, ms(10));
        load.answered(now, ms(40));
        assert_eq!(load.average(now), Some(ms(40)));
        load.answered(now, ms(10));
        assert_eq!(load.average(now), Some(ms(40)), "no time has passed");
        load.answered(now + ms(6930), ms(10));
        let average = load.average(now + ms(6930)).map(|average| average.as_millis());
        assert_eq!(average, Some(25), "half of the one, half of the other");
    }

    #[test]
    fn frequent_answers_pull_the_average_down_all_the_same() {
        let now = Instant::now();
        let load = Load::new(now);
        load.answered(now, ms(1000));
        for step in 0..20_000 {
            load.answered(now + ms(step), ms(5));
        }
        let average = load.average(now + ms(20_000)).expect("known");
        assert!(average < ms(200), "{average:?}");
    }

    #[test]
    fn a_fast_failure_attracts_nobody() {
        let now = Instant::now();
        let (good, bad) = (Load::new(now), Load::new(now));
        good.answered(now, ms(50));
        bad.answered(now, ms(50));
        bad.failed(now, ms(1));
        assert_eq!(bad.average(now), Some(ms(400)));
        assert!(bad.cost(now) > good.cost(now) * 5);
        for _ in 0..10 {
            bad.failed(now, ms(1));
        }
        assert_eq!(bad.average(now), Some(ms(60_000)), "and it is bounded");
        let unknown = Load::new(now);
        unknown.failed(now, Duration::ZERO);
        assert_eq!(unknown.average(now), Some(ms(10)));
    }

    #[test]
    fn giving_up_rewards_nobody() {
        let now = Instant::now();
        let load = Load::new(now);
        load.answered(now, ms(50));
        load.given_up(now + ms(6930), ms(1));
        let average = load.average(now + ms(6930)).map(|average| average.as_millis());
        assert_eq!(average, Some(25), "nothing is learned from a short one");
        load.given_up(now + ms(6930), ms(80));
        assert_eq!(load.average(now + ms(6930)), Some(ms(80)));
    }

    #[test]
    fn who_has_not_answered_yet_is_asked_once() {
        let now = Instant::now();
        let (new, old) = (Load::new(now), Load::new(now));
        old.answered(now, ms(1000));
        assert!(new.cost(now) < old.cost(now));
        let on_its_way = new.count();
        assert!(new.cost(now) > old.cost(now) && new.in_flight() == 1);
        drop(on_its_way);
        assert_eq!((new.in_flight(), new.cost(now)), (0, 0));
        let other = Load::new(now);
        let (_one, _two, _only) = (new.count(), new.count(), other.count());
        assert!(new.cost(now) > other.cost(now) && other.cost(now) > UNKNOWN, "the fewer, the better");
        let _three: Vec<_> = (0..3).map(|_| old.count()).collect();
        assert_eq!(old.cost(now), 4_000_000);
    }
}
