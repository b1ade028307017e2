//! Does the atomic word do what the same rules do in plain words?
//!
//! A million operations and more, from one seed: what fails once fails again.

// A helper's panic is a test's verdict too.
#![allow(clippy::expect_used)]

use std::collections::VecDeque;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;

const LEASE: Duration = Duration::from_secs(10);

/// The rules in plain words.
struct Model {
    policy: BreakerPolicy,
    failures: u32,
    /// When the last attempts ended, and which failed: by the number of their bucket.
    recent: VecDeque<(u128, bool)>,
    given_up: u32,
    state: State,
    /// How often in a row it opened.
    times: u64,
    held: bool,
    epoch: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Closed,
    Open {
        until: Duration,
    },
    Probing {
        until: Duration,
    },
    Vacant,
    /// Closed, but not for all yet.
    Rising {
        until: Duration,
    },
}

/// What chance may say, and which of a thousand that is.
const DICE: [(u64, u128); 4] = [(0, 0), (u64::MAX / 4, 249), (u64::MAX / 2, 499), (u64::MAX, 999)];

/// A point in time as the word knows it: in whole milliseconds, rounded up.
fn in_millis(at: Duration) -> Duration {
    Duration::from_millis(u64::try_from(at.as_nanos().div_ceil(1_000_000)).expect("not that long"))
}

impl Model {
    fn enter(&mut self, now: Duration, dice: u128) -> Option<usize> {
        match self.state {
            State::Closed => return Some(self.epoch),
            State::Rising { until } if now >= until => {
                // Nothing else begins anew with that.
                self.state = State::Closed;
                return Some(self.epoch);
            }
            State::Rising { until } => {
                let ramp = self.policy.ramp.expect("it rises");
                let gone = (now + ramp).saturating_sub(until).as_millis();
                let of_a_thousand = 100 + 900 * gone / ramp.as_millis();
                return (dice < of_a_thousand).then_some(self.epoch);
            }
            _ if self.held => return None,
            State::Open { until } | State::Probing { until } if now < until => return None,
            _ => {}
        }
        self.become_state(State::Probing { until: now + LEASE });
        Some(self.epoch)
    }

    fn settle(&mut self, epoch: usize, evidence: Evidence, now: Duration) {
        if epoch != self.epoch {
            return;
        }
        let slow = self.policy.slow_after.is_some_and(|slow| evidence.took >= slow);
        let failed = match evidence.outcome {
            Outcome::Neutral => {
                if matches!(self.state, State::Probing { .. }) {
                    self.become_state(State::Vacant);
                }
                return;
            }
            Outcome::Success => slow,
            Outcome::Failure => true,
        };
        self.given_up = 0;
        let bucket = now.as_millis() / (self.policy.ratio.window.as_millis() / 10).max(1);
        let closed = matches!(self.state, State::Closed | State::Rising { .. });
        if closed {
            self.recent.push_back((bucket, failed));
        }
        if self.held {
            return;
        }
        match (self.state, failed) {
            (_, false) if closed => self.failures = 0,
            (_, true) if closed => {
                self.failures += 1;
                self.recent.retain(|(about, _)| about + 10 > bucket);
                let all = self.recent.len();
                let bad = self.recent.iter().filter(|(_, failed)| *failed).count();
                let ratio = self.policy.ratio;
                let share = ratio.enabled && all >= ratio.least as usize && bad * 100 >= all * ratio.percent as usize;
                if share || self.failures >= self.policy.failures {
                    self.times = 1;
                    self.open(evidence, now);
                }
            }
            (_, true) => {
                self.times = (self.times + 1).min(255);
                self.open(evidence, now);
            }
            (_, false) => {
                self.become_state(match self.policy.ramp {
                    Some(ramp) => State::Rising { until: in_millis(now + ramp) },
                    None => State::Closed,
                });
                self.begin_anew();
            }
        }
    }

    fn invite(&mut self) {
        if matches!(self.state, State::Open { .. }) && !self.held {
            self.become_state(State::Vacant);
        }
    }

    fn give_up(&mut self, epoch: usize, evidence: Evidence, now: Duration) {
        if epoch != self.epoch {
            return;
        }
        self.given_up += 1;
        let in_a_row = self.given_up;
        let too_many = self.policy.given_up > 0 && in_a_row > self.policy.given_up;
        let outcome = if too_many { Outcome::Failure } else { Outcome::Neutral };
        self.settle(epoch, Evidence { outcome, ..evidence }, now);
        self.given_up = in_a_row;
    }

    fn open(&mut self, evidence: Evidence, now: Duration) {
        let mut span = self.policy.open_for;
        for _ in 1..self.times {
            span = (span * 2).min(self.policy.open_most.max(self.policy.open_for));
        }
        let most = span * self.policy.open_jitter / 100;
        // Of chance only the extremes are tried, at which it needs no arithmetic.
        let jitter = if evidence.random == 0 { Duration::ZERO } else { most };
        let until = now + (span + jitter).max(evidence.asked.unwrap_or_default());
        self.begin_anew();
        self.become_state(State::Open { until: in_millis(until) });
    }

    fn begin_anew(&mut self) {
        self.failures = 0;
        self.recent.clear();
    }

    fn become_state(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }

    fn force(&mut self, state: CircuitState, held: bool) {
        self.begin_anew();
        (self.given_up, self.times, self.held) = (0, 1, held && state != CircuitState::HalfOpen);
        self.become_state(match state {
            CircuitState::Closed => State::Closed,
            CircuitState::Open => State::Open { until: Duration::ZERO },
            CircuitState::HalfOpen => State::Vacant,
        });
    }

    fn circuit(&self) -> CircuitState {
        match self.state {
            State::Closed | State::Rising { .. } => CircuitState::Closed,
            State::Open { .. } => CircuitState::Open,
            State::Probing { .. } | State::Vacant => CircuitState::HalfOpen,
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Wait(Duration),
    /// With what chance says, if it is asked.
    Enter(usize),
    /// One of the attempts on their way ends.
    Settle(usize, Outcome, Duration, Option<Duration>, u64),
    GiveUp(usize, u64),
    /// Never sent.
    Drop(usize),
    Force(CircuitState, bool),
    Invite,
}

/// A step from 64 random bits.
fn step(bits: u64) -> Step {
    let which = usize::try_from(bits >> 32).unwrap_or(0);
    let millis = |most: u64| Duration::from_millis((bits >> 16) % most);
    let random = if bits & 0x100 == 0 { 0 } else { u64::MAX };
    match bits % 50 {
        0..=5 => Step::Wait(millis(700)),
        6..=7 => Step::Wait(millis(40_000)),
        8..=27 => Step::Enter(which % DICE.len()),
        28..=43 => {
            let outcome = if bits & 0x600 == 0 { Outcome::Success } else { Outcome::Failure };
            let asked = (bits & 0x7800 == 0).then(|| millis(90_000));
            Step::Settle(which, outcome, millis(3000), asked, random)
        }
        44..=46 => Step::GiveUp(which, random),
        47 => Step::Drop(which),
        48 if bits & 0x600 == 0 => Step::Invite,
        48 => Step::Drop(which),
        _ => {
            let state = [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen][which % 3];
            Step::Force(state, bits & 0x600 == 0)
        }
    }
}

fn policy() -> impl Strategy<Value = BreakerPolicy> {
    let seconds = |from: u64, to: u64| (from..to).prop_map(Duration::from_secs);
    let ratio = (any::<bool>(), 1_u32..=100, 1_u32..12, seconds(1, 40))
        .prop_map(|(enabled, percent, least, window)| RatioPolicy { enabled, percent, least, window });
    let opening = (seconds(1, 60), seconds(1, 300), 0_u32..40);
    let ramp = proptest::option::of((1_u64..60_000).prop_map(Duration::from_millis));
    (1_u32..6, ratio, proptest::option::of(seconds(1, 3)), 0_u32..4, opening, ramp).prop_map(
        |(failures, ratio, slow_after, given_up, (open_for, open_most, open_jitter), ramp)| BreakerPolicy {
            failures,
            counting: Counting::Attempts,
            ratio,
            slow_after,
            given_up,
            open_for,
            open_most,
            open_jitter,
            ramp,
        },
    )
}

#[test]
fn it_does_what_the_model_does() {
    let config = Config { cases: 400, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]);
    let (mut operations, mut visits) = (0_u64, [0_u64; 4]);
    let seen = std::cell::RefCell::new((&mut operations, &mut visits));
    TestRunner::new_with_rng(config, rng)
        .run(&(policy(), any::<u64>(), 4000_usize..5000), |(policy, seed, length)| {
            let random = crate::random::Random::from_seed(seed);
            let start = Instant::now();
            let breaker = Breaker::new(policy, start);
            let mut model = Model {
                policy,
                failures: 0,
                recent: VecDeque::new(),
                given_up: 0,
                state: State::Closed,
                times: 0,
                held: false,
                epoch: 0,
            };
            let mut now = Duration::ZERO;
            let mut held: Vec<(usize, Permit<'_>)> = Vec::new();
            for index in 0..length {
                let before = model.circuit();
                let pick = |which: usize, held: &Vec<(usize, Permit<'_>)>| which.checked_rem(held.len());
                let mut told = None;
                match step(random.next()) {
                    Step::Wait(span) => now += span,
                    Step::Enter(dice) => {
                        let (random, dice) = DICE[dice];
                        let admitted = breaker.enter(start + now, LEASE, &|| random).ok();
                        let expected = model.enter(now, dice);
                        prop_assert_eq!(admitted.is_some(), expected.is_some(), "entry {} at {:?}", index, now);
                        if let Some(((permit, change), epoch)) = admitted.zip(expected) {
                            held.push((epoch, permit));
                            told = change;
                        }
                    }
                    Step::Settle(which, outcome, took, asked, random) => {
                        let Some(at) = pick(which, &held) else { continue };
                        let (epoch, permit) = held.swap_remove(at);
                        let evidence = Evidence { outcome, took, asked, random };
                        // A success is asked first whether it is news, as the engine does it.
                        let left = if outcome == Outcome::Success { permit.settle_granted() } else { Err(permit) };
                        told = left.err().and_then(|permit| permit.settle(evidence, start + now));
                        model.settle(epoch, evidence, now);
                    }
                    Step::GiveUp(which, random) => {
                        let Some(at) = pick(which, &held) else { continue };
                        let (epoch, permit) = held.swap_remove(at);
                        told = permit.give_up(Duration::ZERO, random, start + now);
                        let evidence =
                            Evidence { outcome: Outcome::Neutral, took: Duration::ZERO, asked: None, random };
                        model.give_up(epoch, evidence, now);
                    }
                    Step::Drop(which) => {
                        let Some(at) = pick(which, &held) else { continue };
                        let (epoch, permit) = held.swap_remove(at);
                        drop(permit);
                        let outcome = Outcome::Neutral;
                        model.settle(epoch, Evidence { outcome, took: Duration::ZERO, asked: None, random: 0 }, now);
                    }
                    Step::Invite => {
                        told = breaker.invite();
                        model.invite();
                    }
                    Step::Force(state, hold) => {
                        told = breaker.force(state, hold);
                        model.force(state, hold);
                    }
                }
                let after = model.circuit();
                prop_assert_eq!(breaker.state(), after, "step {} at {:?}", index, now);
                let expected = (before != after).then_some(Change { from: before, to: after });
                prop_assert_eq!(told, expected, "what was told of step {}", index);
                let mut seen = seen.borrow_mut();
                *seen.0 += 1;
                let rises = matches!(model.state, State::Rising { .. });
                seen.1[if rises { 3 } else { after as usize }] += 1;
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert!(operations >= 1_000_000, "{operations}");
    assert!(visits.iter().all(|visits| *visits > 30_000), "every state was visited: {visits:?}");
}
