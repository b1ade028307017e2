//! Is it worth asking this service at all right now?
//!
//! One atomic [`word`] holds the whole state, so that the healthy path is a load on the way in and a load on the way
//! out. Each change of state takes the next generation, and a permit remembers the one it was given in: a result that
//! comes back in another generation is about a past that has been judged already, and is ignored.

#[cfg(feature = "testing")]
pub(crate) mod alone;
mod policy;
mod window;
mod word;

#[cfg(all(test, sinew_loom))]
mod interleavings;
#[cfg(all(test, not(sinew_loom)))]
mod model;
#[cfg(all(test, not(sinew_loom)))]
mod tests;

use std::time::Duration;

use tokio::time::Instant;

pub use self::policy::{BreakerPolicy, Counting, RatioPolicy};
use self::window::Window;
use self::word::{CLOSED, OPEN, PROBING, RISING, Word};
use super::atomic::{AtomicU64, Ordering};
use super::backoff::added;

/// Whether a circuit lets requests through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitState {
    /// All is well, or has been for less than [`BreakerPolicy::ramp`].
    Closed,
    /// Nothing is sent.
    Open,
    /// One attempt is let through to see.
    HalfOpen,
}

impl std::fmt::Display for CircuitState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        })
    }
}

/// A change of state. Exactly one permit, entry or hand is told of it: the one that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) from: CircuitState,
    pub(crate) to: CircuitState,
}

/// What an attempt says about the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Failure,
    /// Nothing: the caller went away, or was wrong.
    Neutral,
}

/// An attempt that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence {
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
    /// How long the service asked to be left alone, if it did: no probe goes earlier.
    pub(crate) asked: Option<Duration>,
    pub(crate) random: u64,
}

/// A circuit breaker. It has neither clock nor dice: time and chance are passed in.
#[derive(Debug)]
pub(crate) struct Breaker {
    word: AtomicU64,
    /// Attempts that were given up in a row while none came back.
    given_up: AtomicU64,
    window: Option<Window>,
    made: Instant,
    policy: BreakerPolicy,
    /// Neither share nor duration of a success is asked for.
    unmeasured: bool,
}

impl Breaker {
    pub(crate) fn new(policy: BreakerPolicy, now: Instant) -> Self {
        let ratio = policy.ratio;
        let window = ratio.enabled.then(|| Window::new(u64::try_from(ratio.window.as_millis()).unwrap_or(u64::MAX)));
        let unmeasured = window.is_none() && policy.slow_after.is_none();
        Self { word: AtomicU64::new(0), given_up: AtomicU64::new(0), window, made: now, policy, unmeasured }
    }

    /// Whether failed calls are counted rather than failed attempts.
    pub(crate) fn counts_calls(&self) -> bool {
        self.policy.counting == Counting::Calls
    }

    fn ticks(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.made).as_millis()).unwrap_or(Word::DEADLINES)
    }

    /// The tick at which a span that begins now is over: rounded up, so that it is never over early.
    fn tick_after(&self, now: Instant, span: Duration) -> u64 {
        let nanos = now.saturating_duration_since(self.made).saturating_add(span).as_nanos();
        u64::try_from(nanos.div_ceil(1_000_000)).unwrap_or(u64::MAX).min(Word::DEADLINES)
    }

    /// Whether a success says nothing new: the circuit is closed in that generation, no failure is counted, and nothing
    /// is measured. So a healthy service costs one load here, and neither a clock nor a change of the word.
    #[inline]
    fn takes_success_for_granted(&self, generation: u64) -> bool {
        self.unmeasured
            && self.word.load(Ordering::Acquire) == Word::well(generation)
            && (self.policy.given_up == 0 || self.given_up.load(Ordering::Relaxed) == 0)
    }

    /// Asks to send one attempt. As a probe it has lost its turn once it is silent for `lease`: a hung or leaked probe
    /// must not wedge the circuit. Chance is asked only while a circuit that has closed lets a share through.
    ///
    /// # Errors
    /// If the circuit is open, its probe is on the way or chance was against it, with the time until it makes sense to ask
    /// again; without one if it is held open by hand.
    #[inline]
    pub(crate) fn enter(
        &self,
        now: Instant,
        lease: Duration,
        random: &(dyn Fn() -> u64 + Sync),
    ) -> Result<(Permit<'_>, Option<Change>), Option<Duration>> {
        let seen = self.word.load(Ordering::Acquire);
        match Word::closed_generation(seen) {
            Some(generation) => Ok((self.permit(generation), None)),
            None => self.enter_unwell(seen, now, lease, random),
        }
    }

    /// [`enter`](Self::enter) if the circuit was seen not to be closed.
    #[cold]
    fn enter_unwell(
        &self,
        mut seen: u64,
        now: Instant,
        lease: Duration,
        random: &(dyn Fn() -> u64 + Sync),
    ) -> Result<(Permit<'_>, Option<Change>), Option<Duration>> {
        loop {
            let word = Word::unpack(seen);
            if word.state == CLOSED {
                return Ok((self.permit(word.generation), None));
            }
            if word.is_held() {
                return Err(None);
            }
            let left = word.deadline.saturating_sub(self.ticks(now));
            if left > 0 {
                return match word.state {
                    RISING if self.policy.lets_in(left, random()) => Ok((self.permit(word.generation), None)),
                    RISING => Err(Some(self.policy.step_of_ramp(left))),
                    _ => Err(Some(Duration::from_millis(left))),
                };
            }
            let next = match word.state {
                // What is on its way goes on to count.
                RISING => Word { state: CLOSED, deadline: 0, ..word },
                _ => word.become_state(PROBING, word.count, self.tick_after(now, lease)),
            };
            match self.word.compare_exchange_weak(seen, next.pack(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok((self.permit(next.generation), change(word, next))),
                // Who lost the race looks again: one probe, not one for each that came at the same time.
                Err(current) => seen = current,
            }
        }
    }

    #[inline]
    fn permit(&self, generation: u64) -> Permit<'_> {
        Permit { breaker: self, generation, settled: false }
    }

    fn settle(&self, generation: u64, evidence: Evidence, now: Instant) -> Option<Change> {
        let slow = self.policy.slow_after.is_some_and(|slow| evidence.took >= slow);
        let outcome = if slow && evidence.outcome == Outcome::Success { Outcome::Failure } else { evidence.outcome };
        let mut seen = self.word.load(Ordering::Acquire);
        if Word::unpack(seen).generation != generation {
            return None;
        }
        if outcome != Outcome::Neutral && self.given_up.load(Ordering::Relaxed) != 0 {
            self.given_up.store(0, Ordering::Relaxed);
        }
        let mut share = false;
        if let Some(window) = self.window.as_ref().filter(|_| Word::unpack(seen).is_closed()) {
            let tick = self.ticks(now);
            if outcome != Outcome::Neutral {
                window.record(tick, outcome == Outcome::Failure);
            }
            // Only a failure can raise the share.
            share = outcome == Outcome::Failure && self.policy.ratio.is_reached(window.tally(tick));
        }
        loop {
            let word = Word::unpack(seen);
            if word.generation != generation || word.is_held() {
                return None;
            }
            let next = match (word.state, outcome) {
                (CLOSED | RISING, Outcome::Success) if word.count > 0 => Word { count: 0, ..word },
                (CLOSED | RISING, Outcome::Failure) => {
                    let count = word.count + 1;
                    if share || count >= u64::from(self.policy.failures) {
                        self.opened(word, 1, evidence, now)
                    } else {
                        Word { count, ..word }
                    }
                }
                (PROBING, Outcome::Success) => match self.policy.ramp {
                    Some(ramp) => word.become_state(RISING, 0, self.tick_after(now, ramp)),
                    None => word.become_state(CLOSED, 0, 0),
                },
                (PROBING, Outcome::Failure) => self.opened(word, word.count + 1, evidence, now),
                (PROBING, Outcome::Neutral) => word.become_state(PROBING, word.count, 0),
                _ => return None,
            };
            match self.word.compare_exchange_weak(seen, next.pack(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    if let Some(window) = self.window.as_ref().filter(|_| word.state != next.state) {
                        window.clear();
                    }
                    return change(word, next);
                }
                Err(current) => seen = current,
            }
        }
    }

    /// Open for the `times`th time in a row.
    fn opened(&self, word: Word, times: u64, evidence: Evidence, now: Instant) -> Word {
        let span = self.policy.open_span(times, evidence.random).max(evidence.asked.unwrap_or_default());
        word.become_state(OPEN, times, self.tick_after(now, span))
    }

    /// A permit was dropped unused.
    #[cold]
    fn take_back(&self, generation: u64) {
        let evidence = Evidence { outcome: Outcome::Neutral, took: Duration::ZERO, asked: None, random: 0 };
        // A neutral outcome starts no deadline, so it needs no time.
        self.settle(generation, evidence, self.made);
    }

    /// An attempt was given up on its way: dropped by its caller. That says nothing, unless nothing else is ever seen.
    fn give_up(&self, generation: u64, took: Duration, random: u64, now: Instant) -> Option<Change> {
        if Word::unpack(self.word.load(Ordering::Acquire)).generation != generation {
            return None;
        }
        let most = u64::from(self.policy.given_up);
        let in_a_row = self.given_up.fetch_add(1, Ordering::Relaxed) + 1;
        let outcome = if most > 0 && in_a_row > most { Outcome::Failure } else { Outcome::Neutral };
        let change = self.settle(generation, Evidence { outcome, took, asked: None, random }, now);
        if outcome == Outcome::Failure {
            // It was counted as one failure and goes on being a row, which the settling took for ended.
            self.given_up.store(in_a_row, Ordering::Relaxed);
        }
        change
    }

    /// Puts the circuit into a state by hand: until another hand for `Open` and `Closed` if `held`.
    pub(crate) fn force(&self, state: CircuitState, held: bool) -> Option<Change> {
        let mut seen = self.word.load(Ordering::Acquire);
        loop {
            let word = Word::unpack(seen);
            let deadline = if held { Word::HELD } else { 0 };
            let next = match state {
                CircuitState::Closed => word.become_state(CLOSED, 0, deadline),
                CircuitState::Open => word.become_state(OPEN, 1, deadline),
                CircuitState::HalfOpen => word.become_state(PROBING, 1, 0),
            };
            match self.word.compare_exchange_weak(seen, next.pack(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    self.given_up.store(0, Ordering::Relaxed);
                    if let Some(window) = &self.window {
                        window.clear();
                    }
                    return change(word, next);
                }
                Err(current) => seen = current,
            }
        }
    }

    /// Lets the next attempt be the probe, though the circuit would be open for longer: somebody has seen that the service
    /// is back. What a hand holds open stays so.
    pub(crate) fn invite(&self) -> Option<Change> {
        let mut seen = self.word.load(Ordering::Acquire);
        loop {
            let word = Word::unpack(seen);
            if word.state != OPEN || word.is_held() {
                return None;
            }
            let next = word.become_state(PROBING, word.count, 0);
            match self.word.compare_exchange_weak(seen, next.pack(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return change(word, next),
                Err(current) => seen = current,
            }
        }
    }

    /// What [`enter`](Self::enter) would say, without entering; chance is taken to be kind.
    pub(crate) fn admits(&self, now: Instant) -> Result<(), Option<Duration>> {
        let word = Word::unpack(self.word.load(Ordering::Acquire));
        if word.is_closed() {
            return Ok(());
        }
        if word.is_held() {
            return Err(None);
        }
        let left = word.deadline.saturating_sub(self.ticks(now));
        if left == 0 { Ok(()) } else { Err(Some(Duration::from_millis(left))) }
    }

    /// The state, without changing it.
    pub(crate) fn state(&self) -> CircuitState {
        Word::unpack(self.word.load(Ordering::Acquire)).circuit()
    }
}

fn change(from: Word, to: Word) -> Option<Change> {
    let change = Change { from: from.circuit(), to: to.circuit() };
    (change.from != change.to).then_some(change)
}

/// The right to send one attempt. Dropped unsettled, it says nothing about the service and gives a probe's turn back.
#[derive(Debug)]
#[must_use = "a permit that is dropped is an attempt that was not made"]
pub(crate) struct Permit<'b> {
    breaker: &'b Breaker,
    generation: u64,
    settled: bool,
}

impl Permit<'_> {
    /// Says that the attempt went well, if that is no news: the permit comes back if it is, to be
    /// [settled](Self::settle) with the time.
    ///
    /// # Errors
    /// None; the permit itself is what is left to do.
    #[inline]
    pub(crate) fn settle_granted(mut self) -> Result<(), Self> {
        if self.breaker.takes_success_for_granted(self.generation) {
            self.settled = true;
            return Ok(());
        }
        Err(self)
    }

    /// Says how the attempt went.
    pub(crate) fn settle(mut self, evidence: Evidence, now: Instant) -> Option<Change> {
        self.settled = true;
        self.breaker.settle(self.generation, evidence, now)
    }

    /// Says that the attempt was under way and its caller waits no longer.
    pub(crate) fn give_up(mut self, took: Duration, random: u64, now: Instant) -> Option<Change> {
        self.settled = true;
        self.breaker.give_up(self.generation, took, random, now)
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.settled {
            self.breaker.take_back(self.generation);
        }
    }
}
