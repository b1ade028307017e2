//! Do the rules hold in every order in which threads can meet?
//!
//! Run by loom, which tries them all:
//! `RUSTFLAGS="--cfg sinew_loom" cargo test -p sinew-runtime --lib --no-default-features --release interleavings`

use loom::sync::Arc;
use loom::thread;

use super::*;
use crate::resilience::policy::Policy;

const LEASE: Duration = Duration::from_secs(10);

fn breaker(failures: u32) -> (Arc<Breaker>, Instant) {
    let now = Instant::now();
    let policy = BreakerPolicy { failures, ..Policy::default().breaker };
    (Arc::new(Breaker::new(policy, now)), now)
}

fn saying(outcome: Outcome) -> Evidence {
    Evidence { outcome, took: Duration::ZERO, asked: None, random: 0 }
}

fn fail(breaker: &Breaker, now: Instant) -> Option<Change> {
    breaker.enter(now, LEASE, &|| 0).ok()?.0.settle(saying(Outcome::Failure), now)
}

#[test]
fn a_trip_is_told_exactly_once() {
    loom::model(|| {
        let (breaker, now) = breaker(2);
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let breaker = breaker.clone();
                thread::spawn(move || fail(&breaker, now))
            })
            .collect();
        let mut told: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        told.push(fail(&breaker, now));
        assert_eq!(told.into_iter().flatten().count(), 1);
        assert_eq!(breaker.state(), CircuitState::Open);
    });
}

#[test]
fn half_open_admits_one_and_tells_it_once() {
    loom::model(|| {
        let (breaker, now) = breaker(1);
        fail(&breaker, now).unwrap();
        let later = now + Duration::from_secs(60);
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let breaker = breaker.clone();
                thread::spawn(move || {
                    let entered = breaker.enter(later, LEASE, &|| 0);
                    let admitted = entered.is_ok();
                    let told = entered.ok().and_then(|(permit, change)| {
                        // Neither settled nor given back: the turn stays taken.
                        std::mem::forget(permit);
                        change
                    });
                    (admitted, told)
                })
            })
            .collect();
        let mine = breaker.enter(later, LEASE, &|| 0).map(|(permit, _)| std::mem::forget(permit)).is_ok();
        let others: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(usize::from(mine) + others.iter().filter(|(admitted, _)| *admitted).count(), 1);
        assert!(others.iter().filter(|(_, told)| told.is_some()).count() <= 1);
    });
}

#[test]
fn a_probes_verdict_and_a_late_one_do_not_mix() {
    loom::model(|| {
        let (breaker, now) = breaker(1);
        let late = breaker.enter(now, LEASE, &|| 0).unwrap().0.generation;
        fail(&breaker, now).unwrap();
        let later = now + Duration::from_secs(60);
        let other = {
            let breaker = breaker.clone();
            thread::spawn(move || breaker.settle(late, saying(Outcome::Success), later))
        };
        let told = breaker.enter(later, LEASE, &|| 0).unwrap().0.settle(saying(Outcome::Failure), later);
        assert_eq!(other.join().unwrap(), None, "the past has been judged");
        assert_eq!(told, Some(Change { from: CircuitState::HalfOpen, to: CircuitState::Open }));
        assert_eq!(breaker.state(), CircuitState::Open);
    });
}

#[test]
fn a_dropped_probe_leaves_its_turn_to_somebody() {
    loom::model(|| {
        let (breaker, now) = breaker(1);
        fail(&breaker, now).unwrap();
        let later = now + Duration::from_secs(60);
        let other = {
            let breaker = breaker.clone();
            thread::spawn(move || breaker.enter(later, LEASE, &|| 0).is_ok())
        };
        // A permit that nobody keeps is given back at once.
        let mine = breaker.enter(later, LEASE, &|| 0).is_ok();
        assert!(mine | other.join().unwrap(), "somebody had the turn");
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        assert!(breaker.enter(later, LEASE, &|| 0).is_ok());
    });
}

#[test]
fn an_invitation_is_for_one() {
    loom::model(|| {
        let (breaker, now) = breaker(1);
        fail(&breaker, now).unwrap();
        let other = {
            let breaker = breaker.clone();
            thread::spawn(move || breaker.enter(now, LEASE, &|| 0).map(|(permit, _)| std::mem::forget(permit)).is_ok())
        };
        let told = breaker.invite();
        assert_eq!(told, Some(Change { from: CircuitState::Open, to: CircuitState::HalfOpen }));
        let mine = breaker.enter(now, LEASE, &|| 0).map(|(permit, _)| std::mem::forget(permit)).is_ok();
        assert!(mine ^ other.join().unwrap(), "one of them");
    });
}

#[test]
fn the_end_of_a_ramp_lets_all_in_and_loses_no_failure() {
    loom::model(|| {
        let now = Instant::now();
        let ramp = Some(Duration::from_secs(10));
        let breaker = Arc::new(Breaker::new(BreakerPolicy { failures: 2, ramp, ..Policy::default().breaker }, now));
        breaker.force(CircuitState::HalfOpen, false);
        breaker.enter(now, LEASE, &|| 0).unwrap().0.settle(saying(Outcome::Success), now);
        // Two attempts of the ramp fail while a third finds that it is over.
        let (one, other) = (breaker.enter(now, LEASE, &|| 0).unwrap().0.generation, breaker.clone());
        let failing = thread::spawn(move || other.settle(one, saying(Outcome::Failure), now));
        let over = now + Duration::from_secs(10);
        let entered = breaker.enter(over, LEASE, &|| u64::MAX);
        assert!(entered.is_ok_and(|(permit, told)| {
            std::mem::forget(permit);
            told.is_none()
        }));
        let told = [failing.join().unwrap(), breaker.settle(one, saying(Outcome::Failure), over)];
        assert_eq!(told.into_iter().flatten().count(), 1, "two in a row");
        assert_eq!(breaker.state(), CircuitState::Open);
    });
}
