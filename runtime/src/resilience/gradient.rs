//! How many calls at once does a service bear?
//!
//! Gradient2 of Netflix' concurrency-limits: as long as calls take what they took over the long run, the limit grows by a
//! small queue; as they take longer, it shrinks in proportion. Numbers are theirs.

use std::time::Duration;

/// Share of a new limit that is taken over each time.
const SMOOTHING: f64 = 0.2;
/// What may wait at the service.
const QUEUE: f64 = 4.0;
/// How many answers the long run is, and how many of them are simply averaged before it is one.
const LONG: u32 = 600;
const WARM_UP: u32 = 10;
/// How much longer than in the long run calls may take without consequence.
const TOLERANCE: f64 = 1.5;
/// What a call that was turned away or not answered counts as: half the limit, a fifth of it taken over.
const DROPPED: f64 = 0.5;

/// The limit, and what it is made from.
#[derive(Debug)]
pub(crate) struct Gradient {
    limit: f64,
    least: f64,
    most: f64,
    /// Seconds that calls take in the long run.
    long: f64,
    seen: u32,
}

impl Gradient {
    pub(crate) fn new(first: u32, least: u32, most: u32) -> Self {
        let (least, most) = (f64::from(least), f64::from(most.max(least)));
        Self { limit: f64::from(first).clamp(least, most), least, most, long: 0.0, seen: 0 }
    }

    /// The limit in whole calls.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(crate) fn limit(&self) -> u32 {
        // Between `least` and `most`, which are such numbers.
        self.limit as u32
    }

    /// An answer took so long while so many calls were on their way.
    pub(crate) fn answered(&mut self, took: Duration, in_flight: u32) {
        let short = took.as_secs_f64().max(1e-6);
        self.seen = self.seen.saturating_add(1);
        if self.seen <= WARM_UP {
            self.long += (short - self.long) / f64::from(self.seen);
        } else {
            self.long += (short - self.long) * 2.0 / f64::from(LONG + 1);
        }
        // Times have come down for good: the long run is not to lag behind for hundreds of answers.
        if self.long / short > 2.0 {
            self.long *= 0.95;
        }
        // Who does not use what there is learns nothing about more.
        if f64::from(in_flight) < self.limit / 2.0 {
            return;
        }
        let gradient = (TOLERANCE * self.long / short).clamp(0.5, 1.0);
        self.take_over(self.limit * gradient + QUEUE);
    }

    /// A call was turned away for load, or not answered in time.
    pub(crate) fn dropped(&mut self) {
        self.take_over(self.limit * DROPPED);
    }

    fn take_over(&mut self, new: f64) {
        self.limit = (self.limit * (1.0 - SMOOTHING) + new * SMOOTHING).clamp(self.least, self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn it_grows_while_calls_take_what_they_took() {
        let mut gradient = Gradient::new(20, 4, 200);
        for _ in 0..10 {
            gradient.answered(ms(50), gradient.limit());
        }
        assert_eq!(gradient.limit(), 28, "a fifth of four each time");
        for _ in 0..1000 {
            gradient.answered(ms(50), gradient.limit());
        }
        assert_eq!(gradient.limit(), 200, "and no further");
    }

    #[test]
    fn who_does_not_use_it_does_not_raise_it() {
        let mut gradient = Gradient::new(20, 4, 200);
        for _ in 0..1000 {
            gradient.answered(ms(50), 9);
        }
        assert_eq!(gradient.limit(), 20);
        gradient.answered(ms(50), 10);
        assert_eq!(gradient.limit(), 20);
        assert!(gradient.limit > 20.0);
    }

    #[test]
    fn it_shrinks_as_calls_take_longer_and_grows_again() {
        let mut gradient = Gradient::new(100, 4, 200);
        for _ in 0..50 {
            gradient.answered(ms(50), 60);
        }
        let before = gradient.limit();
        for _ in 0..30 {
            gradient.answered(ms(500), gradient.limit());
        }
        assert!(gradient.limit() < before / 3, "{} of {before}", gradient.limit());
        for _ in 0..200 {
            gradient.answered(ms(50), gradient.limit());
        }
        assert!(gradient.limit() > before / 2, "{} of {before}", gradient.limit());
        // Within the tolerance nothing shrinks.
        let mut gradient = Gradient::new(100, 4, 200);
        gradient.answered(ms(100), 100);
        let before = gradient.limit();
        gradient.answered(ms(140), 100);
        assert!(gradient.limit() >= before);
    }

    #[test]
    fn what_is_dropped_takes_a_tenth_and_never_all() {
        let mut gradient = Gradient::new(100, 4, 200);
        gradient.dropped();
        assert_eq!(gradient.limit(), 90);
        for _ in 0..100 {
            gradient.dropped();
        }
        assert_eq!(gradient.limit(), 4);
        assert_eq!(Gradient::new(1, 4, 2).limit(), 4);
        assert_eq!(Gradient::new(500, 4, 200).limit(), 200);
    }

    #[test]
    fn the_first_ten_are_averaged_and_the_rest_weighs_little() {
        let mut gradient = Gradient::new(20, 4, 200);
        let near = |gradient: &Gradient, expected: f64| (gradient.long - expected).abs() < 1e-9;
        for (time, mean) in [(10, 0.010), (20, 0.015), (30, 0.020), (20, 0.020)] {
            gradient.answered(ms(time), 1);
            assert!(near(&gradient, mean), "{}", gradient.long);
        }
        for _ in 0..6 {
            gradient.answered(ms(20), 1);
        }
        gradient.answered(ms(20) + ms(601), 1);
        assert!(near(&gradient, 0.020 + 0.601 * 2.0 / 601.0), "{}", gradient.long);
    }

    #[test]
    fn a_limit_by_hand() {
        let mut gradient = Gradient::new(100, 4, 200);
        for _ in 0..20 {
            gradient.answered(ms(100), 1);
        }
        assert!((gradient.limit - 100.0).abs() < 1e-9 && (gradient.long - 0.1).abs() < 1e-9);
        gradient.answered(ms(200), 100);
        // 1.5 * 0.10033 / 0.2 = 0.7525 of a hundred, four more, a fifth of it beside four fifths of the old one.
        assert!((gradient.limit - 95.85).abs() < 0.01, "{}", gradient.limit);
        let long = gradient.long;
        gradient.answered(ms(40), 1);
        assert!((gradient.long - (long + (0.04 - long) * 2.0 / 601.0) * 0.95).abs() < 1e-9, "{}", gradient.long);
        gradient.answered(ms(1), 48);
        assert!(gradient.limit > 95.85, "half of it is enough");
        for _ in 0..3 {
            gradient.answered(Duration::from_secs(3600), 200);
        }
        assert!((72.0..73.0).contains(&gradient.limit), "a tenth less and 0.8 more, three times: {}", gradient.limit);
    }

    #[test]
    fn the_long_run_follows_times_that_come_down() {
        let mut gradient = Gradient::new(20, 4, 200);
        gradient.answered(ms(3000), 1);
        gradient.answered(ms(1000), 1);
        assert!((gradient.long - 2.0).abs() < 1e-9, "half as long is within what is usual: {}", gradient.long);
        let mut gradient = Gradient::new(20, 4, 200);
        for _ in 0..100 {
            gradient.answered(ms(1000), 1);
        }
        for _ in 0..100 {
            gradient.answered(ms(10), 1);
        }
        assert!(gradient.long < 0.1, "{}", gradient.long);
        gradient.answered(Duration::ZERO, 20);
        assert!(gradient.limit() >= 4);
    }
}
