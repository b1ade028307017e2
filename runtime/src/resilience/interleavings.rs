//! Do budget, loads, ejections and what is remembered of answers hold in every order in which threads can meet?
//!
//! As `breaker/interleavings.rs`, by loom.

use std::time::Duration;

use loom::sync::Arc;
use loom::thread;
use tokio::time::Instant;

use super::budget::{Budget, BudgetPolicy};
use super::load::Load;
use super::outlier::Outlier;
use super::overtaken::Answered;
use super::policy::Policy;
use super::pushback::Pushback;

/// Runs two things beside each other to their ends.
fn beside<T: Send + 'static>(
    one: impl FnOnce() -> T + Send + 'static,
    other: impl FnOnce() -> T + Send + 'static,
) -> [T; 2] {
    let (one, other) = (thread::spawn(one), thread::spawn(other));
    [one.join().unwrap(), other.join().unwrap()]
}

fn budget(first: u32) -> (std::sync::Arc<Budget>, Instant) {
    let now = Instant::now();
    let policy = BudgetPolicy { enabled: true, percent: 100, per_minute: 0, window: Duration::from_secs(10), most: 9 };
    (std::sync::Arc::new(Budget::new(policy, first, now)), now)
}

#[test]
fn one_token_is_spent_once() {
    loom::model(|| {
        let (budget, now) = budget(1);
        let spend =
            |budget: std::sync::Arc<Budget>| move || budget.withdraw(now).map(super::budget::Token::spend).is_some();
        let spent = beside(spend(budget.clone()), spend(budget.clone()));
        assert_eq!(spent.into_iter().filter(|spent| *spent).count(), 1);
        assert_eq!(budget.tokens(), 0);
    });
}

#[test]
fn no_deposit_and_no_refund_is_lost() {
    loom::model(|| {
        let (budget, now) = budget(1);
        let (giving, bringing) = (budget.clone(), budget.clone());
        beside(move || drop(giving.withdraw(now)), move || bringing.deposit(now));
        assert_eq!(budget.tokens(), 2);
    });
}

#[test]
fn two_failures_eject_once() {
    loom::model(|| {
        let now = Instant::now();
        let outlier = Arc::new(Outlier::new(now));
        let fail = |outlier: Arc<Outlier>| {
            move || outlier.failed(2).then(|| outlier.eject(now, Policy::default().outlier)).flatten()
        };
        let out = beside(fail(outlier.clone()), fail(outlier.clone()));
        assert_eq!(out.into_iter().flatten().count(), 1);
        assert!(outlier.left(now).is_some());
    });
}

#[test]
fn loads_come_back_to_nothing_and_keep_the_peak() {
    loom::model(|| {
        let now = Instant::now();
        let load = Arc::new(Load::new(now));
        let answer = |load: Arc<Load>, millis| {
            move || {
                let _on_its_way = load.count();
                load.answered(now, Duration::from_millis(millis));
            }
        };
        beside(answer(load.clone(), 10), answer(load.clone(), 30));
        assert_eq!((load.in_flight(), load.average(now)), (0, Some(Duration::from_millis(30))));
    });
}

#[test]
fn the_longer_pushback_holds() {
    loom::model(|| {
        let now = Instant::now();
        let pushback = Arc::new(Pushback::new(now));
        let ask = |pushback: Arc<Pushback>, seconds| move || pushback.ask(now, Duration::from_secs(seconds));
        beside(ask(pushback.clone(), 3), ask(pushback.clone(), 7));
        assert_eq!(pushback.left(now), Some(Duration::from_secs(7)));
    });
}

#[test]
fn one_of_two_answers_is_remembered() {
    loom::model(|| {
        let now = Instant::now();
        let answered = Arc::new(Answered::new(now));
        let note = |answered: Arc<Answered>, seconds| move || answered.note(now + Duration::from_secs(seconds));
        beside(note(answered.clone(), 1), note(answered.clone(), 2));
        assert!(answered.overtook(now) && !answered.overtook(now + Duration::from_secs(2)));
    });
}
