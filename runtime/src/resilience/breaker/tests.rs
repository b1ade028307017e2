//! Does a circuit open, probe and close when it should?

// A helper's panic is a test's verdict too.
#![allow(clippy::expect_used)]

use super::*;
use crate::resilience::policy::Policy;

const LEASE: Duration = Duration::from_secs(10);

fn policy() -> BreakerPolicy {
    BreakerPolicy { failures: 3, ..Policy::default().breaker }
}

fn breaker() -> (Breaker, Instant) {
    with(policy())
}

fn with(policy: BreakerPolicy) -> (Breaker, Instant) {
    let now = Instant::now();
    (Breaker::new(policy, now), now)
}

fn saying(outcome: Outcome) -> Evidence {
    Evidence { outcome, took: Duration::ZERO, asked: None, random: 0 }
}

fn attempt(breaker: &Breaker, outcome: Outcome, now: Instant) -> Option<Change> {
    let (permit, _) = breaker.enter(now, LEASE, &|| 0).expect("admitted");
    permit.settle(saying(outcome), now)
}

fn trip(breaker: &Breaker, now: Instant) {
    for _ in 0..breaker.policy.failures {
        attempt(breaker, Outcome::Failure, now);
    }
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn it_opens_after_failures_in_a_row_only() {
    let (breaker, now) = breaker();
    for outcome in
        [Outcome::Failure, Outcome::Failure, Outcome::Success, Outcome::Failure, Outcome::Neutral, Outcome::Failure]
    {
        assert_eq!(attempt(&breaker, outcome, now), None);
    }
    let change = attempt(&breaker, Outcome::Failure, now);
    assert_eq!(change, Some(Change { from: CircuitState::Closed, to: CircuitState::Open }));
    assert_eq!(breaker.enter(now, LEASE, &|| 0).map(|_| ()), Err(Some(Duration::from_secs(60))));
}

#[test]
fn one_probe_closes_or_reopens_it() {
    let (breaker, now) = breaker();
    trip(&breaker, now);
    let almost = now + Duration::from_millis(59_999);
    assert_eq!(breaker.enter(almost, LEASE, &|| 0).map(|_| ()), Err(Some(Duration::from_millis(1))));
    let later = now + Duration::from_secs(60);
    let (probe, change) = breaker.enter(later, LEASE, &|| 0).expect("the probe");
    assert_eq!(change, Some(Change { from: CircuitState::Open, to: CircuitState::HalfOpen }));
    assert!(breaker.enter(later, LEASE, &|| 0).is_err(), "one probe only");
    assert_eq!(
        probe.settle(saying(Outcome::Failure), later),
        Some(Change { from: CircuitState::HalfOpen, to: CircuitState::Open })
    );
    assert_eq!(breaker.enter(later, LEASE, &|| 0).map(|_| ()), Err(Some(Duration::from_secs(60))));
    let again = later + Duration::from_secs(60);
    assert_eq!(
        attempt(&breaker, Outcome::Success, again),
        Some(Change { from: CircuitState::HalfOpen, to: CircuitState::Closed })
    );
    assert!(breaker.enter(again, LEASE, &|| 0).is_ok());
}

#[test]
fn a_dropped_probe_gives_its_turn_back_and_says_nothing() {
    let (breaker, now) = breaker();
    trip(&breaker, now);
    let later = now + Duration::from_secs(60);
    drop(breaker.enter(later, LEASE, &|| 0).expect("the probe").0);
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    let (probe, change) = breaker.enter(later, LEASE, &|| 0).expect("the next probe");
    assert_eq!(change, None);
    assert!(breaker.enter(later, LEASE, &|| 0).is_err());
    probe.settle(saying(Outcome::Success), later);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn results_of_the_past_are_ignored() {
    let (breaker, now) = breaker();
    let (early, _) = breaker.enter(now, LEASE, &|| 0).expect("admitted");
    let (late, _) = breaker.enter(now, LEASE, &|| 0).expect("admitted");
    trip(&breaker, now);
    assert_eq!(early.settle(saying(Outcome::Success), now), None, "a success from before cannot close it");
    let later = now + Duration::from_secs(60);
    attempt(&breaker, Outcome::Success, later);
    assert_eq!(late.settle(saying(Outcome::Failure), later), None);
    attempt(&breaker, Outcome::Failure, later);
    attempt(&breaker, Outcome::Failure, later);
    assert_eq!(breaker.state(), CircuitState::Closed, "the late failure was not counted");
}

#[test]
fn a_silent_probe_loses_its_turn() {
    let (breaker, now) = breaker();
    trip(&breaker, now);
    let later = now + Duration::from_secs(60);
    let (hung, _) = breaker.enter(later, LEASE, &|| 0).expect("the probe");
    assert_eq!(breaker.enter(later, LEASE, &|| 0).map(|_| ()), Err(Some(Duration::from_secs(10))));
    let lapsed = later + Duration::from_secs(10);
    let (next, _) = breaker.enter(lapsed, LEASE, &|| 0).expect("the lease is over");
    assert_eq!(hung.settle(saying(Outcome::Failure), lapsed), None, "the hung probe votes no more");
    next.settle(saying(Outcome::Success), lapsed);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn many_threads_get_one_probe() {
    for _ in 0..50 {
        let (breaker, now) = breaker();
        trip(&breaker, now);
        let later = now + Duration::from_secs(60);
        let admitted = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| breaker.enter(later, LEASE, &|| 0).ok())).collect();
            // The permits are kept until all have asked, so that none gives its turn to another.
            let permits: Vec<_> = threads.into_iter().filter_map(|thread| thread.join().expect("no panic")).collect();
            permits.len()
        });
        assert_eq!(admitted, 1);
    }
}

#[test]
fn a_share_of_failures_opens_it_too() {
    let ratio = RatioPolicy { enabled: true, percent: 50, least: 10, window: Duration::from_secs(30) };
    let (breaker, now) = with(BreakerPolicy { failures: 255, ratio, ..policy() });
    for failed in [false, false, true, true, false, false, true, true, false, false, true, false] {
        let outcome = if failed { Outcome::Failure } else { Outcome::Success };
        assert_eq!(attempt(&breaker, outcome, now), None, "enough to tell, and less than half of them failed");
    }
    let (breaker, now) = with(BreakerPolicy { failures: 255, ratio, ..policy() });
    for round in 0..4 {
        assert_eq!(attempt(&breaker, Outcome::Success, now), None, "{round}");
        assert_eq!(attempt(&breaker, Outcome::Failure, now), None, "{round}: too few to tell");
    }
    assert_eq!(attempt(&breaker, Outcome::Success, now), None);
    attempt(&breaker, Outcome::Failure, now).expect("five of ten");
    let later = now + Duration::from_secs(60);
    attempt(&breaker, Outcome::Success, later).expect("the probe");
    // The window begins anew, and forgets what is older than it.
    for _ in 0..9 {
        assert_eq!(attempt(&breaker, Outcome::Failure, later), None);
    }
    let much_later = later + Duration::from_secs(31);
    for _ in 0..9 {
        assert_eq!(attempt(&breaker, Outcome::Failure, much_later), None);
    }
    attempt(&breaker, Outcome::Failure, much_later).expect("ten of ten");
}

#[test]
fn slow_successes_are_failures() {
    let (breaker, now) = with(BreakerPolicy { slow_after: Some(Duration::from_secs(2)), ..policy() });
    for seconds in [2, 1, 2, 3, 9] {
        let (permit, _) = breaker.enter(now, LEASE, &|| 0).expect("admitted");
        permit.settle(Evidence { took: Duration::from_secs(seconds), ..saying(Outcome::Success) }, now);
    }
    assert_eq!(breaker.state(), CircuitState::Open, "2, 3 and 9 in a row");
}

#[test]
fn open_time_grows_with_each_failed_probe_and_is_spread() {
    let growing = BreakerPolicy { failures: 1, open_most: Duration::from_secs(200), open_jitter: 20, ..policy() };
    let (breaker, mut now) = with(growing);
    attempt(&breaker, Outcome::Failure, now);
    for seconds in [60, 120, 200, 200] {
        let open = Duration::from_secs(seconds);
        assert_eq!(breaker.enter(now, LEASE, &|| 0).map(|_| ()), Err(Some(open)));
        now += open;
        attempt(&breaker, Outcome::Failure, now).expect("open again");
    }
    now += Duration::from_secs(200);
    attempt(&breaker, Outcome::Success, now).expect("closed");
    attempt(&breaker, Outcome::Failure, now).expect("open");
    assert_eq!(breaker.enter(now, LEASE, &|| 0).map(|_| ()), Err(Some(Duration::from_secs(60))), "it begins anew");
    for random in [0, u64::MAX / 3, u64::MAX] {
        let span = growing.open_span(1, random);
        assert!(span >= Duration::from_secs(60) && span <= Duration::from_secs(72), "{span:?}");
    }
    assert_eq!(growing.open_span(1, u64::MAX), Duration::from_secs(72), "chance makes it longer");
    for times in [0, 1, 32, 64, 255, u64::MAX] {
        let span = BreakerPolicy { open_most: Duration::MAX, ..growing }.open_span(times, u64::MAX);
        assert!(span >= Duration::from_secs(60));
    }
}

#[test]
fn a_service_that_says_when_it_is_back_is_not_probed_earlier() {
    for (asked, open) in [(10, 60), (300, 300)] {
        let (breaker, now) = with(BreakerPolicy { failures: 1, ..policy() });
        let (permit, _) = breaker.enter(now, LEASE, &|| 0).expect("admitted");
        permit.settle(Evidence { asked: Some(Duration::from_secs(asked)), ..saying(Outcome::Failure) }, now);
        assert_eq!(breaker.enter(now, LEASE, &|| 0).map(|_| ()), Err(Some(Duration::from_secs(open))));
    }
}

#[test]
fn a_hand_on_the_circuit_outweighs_all() {
    let (breaker, now) = breaker();
    let (early, _) = breaker.enter(now, LEASE, &|| 0).expect("admitted");
    let opened = Change { from: CircuitState::Closed, to: CircuitState::Open };
    assert_eq!(breaker.force(CircuitState::Open, true), Some(opened));
    assert_eq!(breaker.force(CircuitState::Open, true), None, "no news");
    assert_eq!(early.settle(saying(Outcome::Success), now), None);
    let century = now + Duration::from_secs(100 * 365 * 86_400);
    assert_eq!(breaker.enter(century, LEASE, &|| 0).map(|_| ()), Err(None), "no time opens it");
    breaker.force(CircuitState::Closed, true);
    for _ in 0..300 {
        assert_eq!(attempt(&breaker, Outcome::Failure, now), None);
    }
    assert_eq!(breaker.state(), CircuitState::Closed, "no failure opens it");
    breaker.force(CircuitState::Closed, false);
    trip(&breaker, now);
    breaker.force(CircuitState::Closed, false);
    assert_eq!(breaker.state(), CircuitState::Closed, "reset");
    breaker.force(CircuitState::HalfOpen, false);
    assert!(breaker.enter(now, LEASE, &|| 0).is_ok());
}

#[test]
fn attempts_that_are_all_given_up_are_noticed() {
    let give_up = |breaker: &Breaker, now| {
        let (permit, _) = breaker.enter(now, LEASE, &|| 0).expect("admitted");
        permit.give_up(Duration::from_secs(1), 0, now)
    };
    let (patient, now) = breaker();
    for _ in 0..300 {
        assert_eq!(give_up(&patient, now), None, "by itself it says nothing");
    }
    let (breaker, now) = with(BreakerPolicy { given_up: 20, ..policy() });
    for _ in 0..20 {
        give_up(&breaker, now);
    }
    attempt(&breaker, Outcome::Success, now);
    for _ in 0..22 {
        assert_eq!(give_up(&breaker, now), None, "an answer in between: it is alive");
    }
    give_up(&breaker, now).expect("the third beyond twenty");
    let later = now + Duration::from_secs(60);
    drop(breaker.enter(later, LEASE, &|| 0).expect("the probe").0);
    attempt(&breaker, Outcome::Success, later).expect("closed");
}

#[test]
fn calls_are_counted_only_where_the_policy_says_so() {
    assert!(!breaker().0.counts_calls());
    assert!(with(BreakerPolicy { counting: Counting::Calls, ..policy() }).0.counts_calls());
}

#[test]
fn a_success_is_taken_for_granted_only_where_it_says_nothing_new() {
    let granted =
        |breaker: &Breaker, now| breaker.enter(now, LEASE, &|| 0).expect("admitted").0.settle_granted().is_ok();
    let (breaker, now) = breaker();
    assert!(granted(&breaker, now));
    attempt(&breaker, Outcome::Failure, now);
    assert!(!granted(&breaker, now), "it ends a row of failures");
    attempt(&breaker, Outcome::Success, now);
    assert!(granted(&breaker, now));
    let (late, _) = breaker.enter(now, LEASE, &|| 0).expect("admitted");
    trip(&breaker, now);
    assert!(late.settle_granted().is_err(), "a late one is no news, and no state either");
    assert!(!granted(&breaker, now + Duration::from_secs(60)), "a probe's success closes");
    let (careful, now) = with(BreakerPolicy { given_up: 2, ..policy() });
    assert!(granted(&careful, now));
    careful.enter(now, LEASE, &|| 0).expect("admitted").0.give_up(LEASE, 0, now);
    assert!(!granted(&careful, now), "it ends a row of those that were given up");
    let slow_after = Some(Duration::from_secs(1));
    assert!(!granted(&with(BreakerPolicy { slow_after, ..policy() }).0, now), "times are measured");
    assert!(!granted(&with(Policy::standard().breaker).0, now), "shares are measured");
}

/// To look is to be told what one would be told at the door, and changes nothing.
#[test]
fn looking_says_what_entering_would() {
    let (breaker, now) = breaker();
    let second = Duration::from_secs(1);
    let agree = |now| {
        let seen = breaker.admits(now);
        let state = breaker.state();
        assert_eq!(seen, breaker.admits(now), "a look changes nothing");
        assert_eq!(breaker.state(), state);
        seen
    };
    assert_eq!(agree(now), Ok(()));
    trip(&breaker, now);
    assert_eq!(agree(now + second * 59), Err(Some(second)));
    assert_eq!(breaker.enter(now + second * 59, LEASE, &|| 0).map(drop), Err(Some(second)));
    assert_eq!(agree(now + second * 60), Ok(()));
    let (probe, _) = breaker.enter(now + second * 60, LEASE, &|| 0).expect("a probe");
    assert_eq!(agree(now + second * 61), Err(Some(second * 9)), "the lease of the probe");
    assert_eq!(agree(now + second * 70), Ok(()), "it was lost");
    drop(probe);
    assert_eq!(agree(now + second * 61), Ok(()), "its turn is free");
    breaker.force(CircuitState::Open, true);
    assert_eq!(agree(now + second * 999), Err(None));
    assert_eq!(breaker.enter(now + second * 999, LEASE, &|| 0).map(drop), Err(None));
    breaker.force(CircuitState::Closed, true);
    assert_eq!(agree(now), Ok(()));
}

#[test]
fn states_have_names() {
    let names = [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen].map(|state| state.to_string());
    assert_eq!(names, ["closed", "open", "half-open"]);
}

/// A breaker that has just closed, with a ramp.
fn rising(ramp: Duration) -> (Breaker, Instant) {
    let (breaker, now) = with(BreakerPolicy { ramp: Some(ramp), ..policy() });
    trip(&breaker, now);
    let later = now + Duration::from_secs(60);
    let told = attempt(&breaker, Outcome::Success, later);
    assert_eq!(told, Some(Change { from: CircuitState::HalfOpen, to: CircuitState::Closed }), "it is told once");
    (breaker, later)
}

#[test]
fn a_growing_share_is_let_through_after_it_has_closed() {
    let second = Duration::from_secs(1);
    let (breaker, now) = rising(second * 100);
    // Of a thousand numbers evenly spread, how many are let through, and what the others are told.
    let share = |at: Instant| {
        let let_in = |nth: &u64| breaker.enter(at, LEASE, &|| nth * (u64::MAX / 1000 + 1)).map(drop);
        (0..1000).map(|nth| let_in(&nth)).partition::<Vec<_>, _>(Result::is_ok)
    };
    for (seconds, expected) in [(0, 100), (1, 109), (50, 550), (99, 991)] {
        let (let_in, refused) = share(now + second * seconds);
        assert_eq!(let_in.len(), expected, "after {seconds} s");
        let again = Err(Some((second * 10).min(second * (100 - seconds))));
        assert!(refused.iter().all(|refused| *refused == again), "after {seconds} s: {refused:?}");
        assert_eq!((breaker.state(), breaker.admits(now)), (CircuitState::Closed, Ok(())));
    }
    // What is let through is settled, and counts: its successes are news until the ramp is over, and none after it.
    let granted = |at: Instant| breaker.enter(at, LEASE, &|| 0).expect("admitted").0.settle_granted().is_ok();
    assert!(!granted(now + second * 99));
    let early = breaker.enter(now + second * 99, LEASE, &|| 0).expect("admitted").0;
    assert_eq!(share(now + second * 100).0.len(), 1000);
    assert!(granted(now) && early.settle_granted().is_ok(), "closed for good, whatever time it is");
    assert_eq!(share(now).0.len(), 1000);
}

#[test]
fn no_ramp_is_too_short_or_too_long() {
    for (ramp, later, expected) in [
        (Duration::from_nanos(1), Duration::ZERO, [true, false]),
        (Duration::from_nanos(1), Duration::from_millis(1), [true, true]),
        (Duration::MAX, Duration::from_secs(365 * 24 * 3600), [true, false]),
    ] {
        let (breaker, now) = rising(ramp);
        let let_in = [0, u64::MAX].map(|random| breaker.enter(now + later, LEASE, &|| random).is_ok());
        assert_eq!(let_in, expected, "{ramp:?} {later:?}");
        let half = breaker.enter(now + later, LEASE, &|| u64::MAX / 2).is_ok();
        assert_eq!(half, expected[1], "no more than a tenth yet: {ramp:?} {later:?}");
    }
}

#[test]
fn the_whole_ramp_counts_from_its_first_millisecond_to_its_last() {
    let year = Duration::from_secs(365 * 24 * 3600);
    let unlucky = |ramp, later| {
        let (breaker, now) = rising(ramp);
        breaker.enter(now + later, LEASE, &|| u64::MAX).map(drop)
    };
    let millis = Duration::from_millis;
    assert_eq!(unlucky(millis(100_000), millis(99_999)), Err(Some(millis(1))), "not all until it is over");
    assert_eq!(unlucky(millis(5), millis(0)), Err(Some(millis(1))), "never at once");
    assert!(unlucky(Duration::MAX, year).is_err_and(|again| again.is_some_and(|again| again > year * 3)));
    let (breaker, now) = rising(Duration::MAX);
    assert!(breaker.enter(now + year * 17, LEASE, &|| u64::MAX / 2).is_ok(), "half of it is over");
}

#[test]
fn without_a_ramp_it_is_well_at_once() {
    let (breaker, now) = breaker();
    trip(&breaker, now);
    attempt(&breaker, Outcome::Success, now + Duration::from_secs(60)).expect("closed");
    let word = breaker.word.load(Ordering::Acquire);
    assert_eq!(word, Word::well(Word::unpack(word).generation));
}

#[test]
fn a_window_without_an_end_forgets_nothing() {
    let ratio = RatioPolicy { enabled: true, percent: 100, least: 10, window: Duration::MAX };
    let (breaker, now) = with(BreakerPolicy { failures: 255, ratio, ..policy() });
    for day in 0..9 {
        assert_eq!(attempt(&breaker, Outcome::Failure, now + Duration::from_secs(day * 86_400)), None);
    }
    assert!(attempt(&breaker, Outcome::Failure, now + Duration::from_secs(10 * 86_400)).is_some());
}

#[test]
fn failures_on_the_ramp_open_it_as_usual() {
    let second = Duration::from_secs(1);
    let (breaker, now) = rising(second * 100);
    let failures = [Outcome::Failure, Outcome::Failure, Outcome::Success, Outcome::Failure, Outcome::Failure];
    for outcome in failures {
        assert_eq!(attempt(&breaker, outcome, now), None);
    }
    // Those in a row go on to count when the ramp is over.
    let over = now + second * 100;
    let told = attempt(&breaker, Outcome::Failure, over);
    assert_eq!(told, Some(Change { from: CircuitState::Closed, to: CircuitState::Open }));
    // A share of failures opens it as well, of what came since it closed.
    let ratio = RatioPolicy { enabled: true, percent: 50, least: 4, window: second * 10 };
    let (breaker, now) = with(BreakerPolicy { ramp: Some(second * 100), failures: 3, ratio, ..policy() });
    trip(&breaker, now);
    let later = now + second * 60;
    attempt(&breaker, Outcome::Success, later);
    for outcome in [Outcome::Success, Outcome::Failure, Outcome::Success] {
        assert_eq!(attempt(&breaker, outcome, later), None);
    }
    assert!(attempt(&breaker, Outcome::Failure, later).is_some());
    // By hand it closes at once.
    let (breaker, now) = rising(second * 100);
    breaker.force(CircuitState::Closed, false);
    assert!(breaker.enter(now, LEASE, &|| u64::MAX).is_ok());
}

#[test]
fn who_is_invited_is_the_probe() {
    let (breaker, now) = breaker();
    assert_eq!(breaker.invite(), None, "nobody is turned away");
    trip(&breaker, now);
    assert_eq!(breaker.invite(), Some(Change { from: CircuitState::Open, to: CircuitState::HalfOpen }));
    assert_eq!((breaker.invite(), breaker.admits(now)), (None, Ok(())));
    let (probe, told) = breaker.enter(now, LEASE, &|| 0).expect("invited");
    assert!(told.is_none() && breaker.enter(now, LEASE, &|| 0).is_err(), "one, and it was told already");
    assert_eq!(breaker.invite(), None, "while it is on its way");
    probe.settle(saying(Outcome::Failure), now);
    // How often in a row it opened is not forgotten: it is open for twice as long, as far as the policy goes.
    assert_eq!(breaker.admits(now), Err(Some(Duration::from_secs(60))));
    breaker.force(CircuitState::Open, true);
    assert_eq!((breaker.invite(), breaker.admits(now)), (None, Err(None)), "a hand is a hand");
}
