//! Is it worth asking this service at all right now?
//!
//! One atomic word holds the whole state, so that the healthy path is a load on the way in and a load on the way out:
//!
//! ```text
//! state:2 | generation:14 | failures:8 | deadline:40 (ms since the breaker was made: 34 years)
//! ```
//! Each change of state takes the next generation, and a permit remembers the one it was given in: a result that comes
//! back in another generation is about a past that has been judged already, and is ignored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// When a circuit opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerPolicy {
    /// How many attempts must fail in a row. From 1 to 255.
    pub failures: u32,
    /// How long nothing is sent before one attempt is let through to see.
    pub open_for: Duration,
}

impl BreakerPolicy {
    /// The word has eight bits for the count.
    pub(crate) const MOST_FAILURES: u32 = 255;
}

/// Whether a circuit lets requests through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitState {
    /// All is well.
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

/// A change of state. Exactly one permit or entry is told of it: the one that made it.
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

const CLOSED: u64 = 0;
const OPEN: u64 = 1;
/// Half-open, and the one probe is on its way; the deadline is its lease.
const PROBING: u64 = 2;
/// Half-open, and the probe came back without a verdict: the next attempt is the probe.
const VACANT: u64 = 3;

#[derive(Clone, Copy)]
struct Word {
    state: u64,
    generation: u64,
    failures: u64,
    deadline: u64,
}

impl Word {
    const GENERATIONS: u64 = (1 << 14) - 1;
    const DEADLINES: u64 = (1 << 40) - 1;

    fn unpack(word: u64) -> Self {
        Self {
            state: word >> 62,
            generation: (word >> 48) & Self::GENERATIONS,
            failures: (word >> 40) & 0xFF,
            deadline: word & Self::DEADLINES,
        }
    }

    fn pack(self) -> u64 {
        (self.state << 62)
            | ((self.generation & Self::GENERATIONS) << 48)
            | (self.failures.min(0xFF) << 40)
            | self.deadline.min(Self::DEADLINES)
    }

    /// The next generation, in another state.
    fn become_state(self, state: u64, deadline: u64) -> Self {
        Self { state, generation: (self.generation + 1) & Self::GENERATIONS, failures: 0, deadline }
    }

    fn circuit(self) -> CircuitState {
        match self.state {
            CLOSED => CircuitState::Closed,
            OPEN => CircuitState::Open,
            _ => CircuitState::HalfOpen,
        }
    }
}

/// A circuit breaker. It has no clock: the time is passed in.
#[derive(Debug)]
pub(crate) struct Breaker {
    word: AtomicU64,
    made: Instant,
    policy: BreakerPolicy,
}

impl Breaker {
    pub(crate) fn new(policy: BreakerPolicy, now: Instant) -> Self {
        Self { word: AtomicU64::new(0), made: now, policy }
    }

    fn ticks(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.made).as_millis()).unwrap_or(Word::DEADLINES)
    }

    /// The tick at which a span that begins now is over: rounded up, so that it is never over early.
    fn tick_after(&self, now: Instant, span: Duration) -> u64 {
        let nanos = now.saturating_duration_since(self.made).saturating_add(span).as_nanos();
        u64::try_from(nanos.div_ceil(1_000_000)).unwrap_or(Word::DEADLINES)
    }

    /// Asks to send one attempt. As a probe it has lost its turn once it is silent for `lease`: a hung or leaked probe
    /// must not wedge the circuit.
    ///
    /// # Errors
    /// With the time until it makes sense to ask again, if the circuit is open or its probe is on the way.
    pub(crate) fn enter(self: &Arc<Self>, now: Instant, lease: Duration) -> Result<(Permit, Option<Change>), Duration> {
        let mut seen = self.word.load(Ordering::Acquire);
        loop {
            let word = Word::unpack(seen);
            let tick = self.ticks(now);
            let left = Duration::from_millis(word.deadline.saturating_sub(tick));
            match word.state {
                CLOSED => return Ok((self.permit(word.generation), None)),
                OPEN | PROBING if tick < word.deadline => return Err(left),
                _ => {}
            }
            let next = word.become_state(PROBING, self.tick_after(now, lease));
            match self.word.compare_exchange_weak(seen, next.pack(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    let change = Change { from: word.circuit(), to: CircuitState::HalfOpen };
                    return Ok((self.permit(next.generation), (change.from != change.to).then_some(change)));
                }
                // Who lost the race looks again: one probe, not one for each that came at the same time.
                Err(current) => seen = current,
            }
        }
    }

    fn permit(self: &Arc<Self>, generation: u64) -> Permit {
        Permit { breaker: self.clone(), generation, settled: false }
    }

    fn settle(&self, generation: u64, outcome: Outcome, now: Option<Instant>) -> Option<Change> {
        let mut seen = self.word.load(Ordering::Acquire);
        loop {
            let word = Word::unpack(seen);
            if word.generation != generation {
                return None;
            }
            let next = match (word.state, outcome, now) {
                (CLOSED, Outcome::Success, _) if word.failures > 0 => Word { failures: 0, ..word },
                (CLOSED, Outcome::Failure, Some(now)) => {
                    let failures = word.failures + 1;
                    if failures >= u64::from(self.policy.failures) {
                        word.become_state(OPEN, self.tick_after(now, self.policy.open_for))
                    } else {
                        Word { failures, ..word }
                    }
                }
                (PROBING, Outcome::Success, _) => word.become_state(CLOSED, 0),
                (PROBING, Outcome::Failure, Some(now)) => {
                    word.become_state(OPEN, self.tick_after(now, self.policy.open_for))
                }
                (PROBING, Outcome::Neutral, _) => word.become_state(VACANT, 0),
                _ => return None,
            };
            match self.word.compare_exchange_weak(seen, next.pack(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    let change = Change { from: word.circuit(), to: next.circuit() };
                    return (change.from != change.to).then_some(change);
                }
                Err(current) => seen = current,
            }
        }
    }

    /// The state, without changing it.
    pub(crate) fn state(&self) -> CircuitState {
        Word::unpack(self.word.load(Ordering::Acquire)).circuit()
    }
}

/// The right to send one attempt. Dropped unsettled, it says nothing about the service and gives a probe's turn back.
#[derive(Debug)]
pub(crate) struct Permit {
    breaker: Arc<Breaker>,
    generation: u64,
    settled: bool,
}

impl Permit {
    /// Says how the attempt went.
    pub(crate) fn settle(mut self, outcome: Outcome, now: Instant) -> Option<Change> {
        self.settled = true;
        self.breaker.settle(self.generation, outcome, Some(now))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.settled {
            // A neutral outcome needs no time: it never starts a deadline.
            self.breaker.settle(self.generation, Outcome::Neutral, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy { failures: 3, open_for: Duration::from_secs(60) };
    const LEASE: Duration = Duration::from_secs(10);

    fn breaker() -> (Arc<Breaker>, Instant) {
        let now = Instant::now();
        (Arc::new(Breaker::new(POLICY, now)), now)
    }

    fn attempt(breaker: &Arc<Breaker>, outcome: Outcome, now: Instant) -> Option<Change> {
        let (permit, _) = breaker.enter(now, LEASE).expect("admitted");
        permit.settle(outcome, now)
    }

    fn trip(breaker: &Arc<Breaker>, now: Instant) {
        for _ in 0..POLICY.failures {
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
        assert_eq!(breaker.enter(now, LEASE).map(|_| ()), Err(Duration::from_secs(60)));
    }

    #[test]
    fn one_probe_closes_or_reopens_it() {
        let (breaker, now) = breaker();
        trip(&breaker, now);
        let almost = now + Duration::from_millis(59_999);
        assert_eq!(breaker.enter(almost, LEASE).map(|_| ()), Err(Duration::from_millis(1)));
        let later = now + Duration::from_secs(60);
        let (probe, change) = breaker.enter(later, LEASE).expect("the probe");
        assert_eq!(change, Some(Change { from: CircuitState::Open, to: CircuitState::HalfOpen }));
        assert!(breaker.enter(later, LEASE).is_err(), "one probe only");
        assert_eq!(
            probe.settle(Outcome::Failure, later),
            Some(Change { from: CircuitState::HalfOpen, to: CircuitState::Open })
        );
        assert_eq!(breaker.enter(later, LEASE).map(|_| ()), Err(Duration::from_secs(60)));
        let again = later + Duration::from_secs(60);
        assert_eq!(
            attempt(&breaker, Outcome::Success, again),
            Some(Change { from: CircuitState::HalfOpen, to: CircuitState::Closed })
        );
        assert!(breaker.enter(again, LEASE).is_ok());
    }

    #[test]
    fn a_dropped_probe_gives_its_turn_back_and_says_nothing() {
        let (breaker, now) = breaker();
        trip(&breaker, now);
        let later = now + Duration::from_secs(60);
        drop(breaker.enter(later, LEASE).expect("the probe"));
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        let (probe, change) = breaker.enter(later, LEASE).expect("the next probe");
        assert_eq!(change, None);
        assert!(breaker.enter(later, LEASE).is_err());
        probe.settle(Outcome::Success, later);
        assert_eq!(breaker.state(), CircuitState::Closed);
    }

    #[test]
    fn results_of_the_past_are_ignored() {
        let (breaker, now) = breaker();
        let (early, _) = breaker.enter(now, LEASE).expect("admitted");
        let (late, _) = breaker.enter(now, LEASE).expect("admitted");
        trip(&breaker, now);
        assert_eq!(early.settle(Outcome::Success, now), None, "a success from before cannot close it");
        let later = now + Duration::from_secs(60);
        attempt(&breaker, Outcome::Success, later);
        assert_eq!(late.settle(Outcome::Failure, later), None);
        attempt(&breaker, Outcome::Failure, later);
        attempt(&breaker, Outcome::Failure, later);
        assert_eq!(breaker.state(), CircuitState::Closed, "the late failure was not counted");
    }

    #[test]
    fn a_silent_probe_loses_its_turn() {
        let (breaker, now) = breaker();
        trip(&breaker, now);
        let later = now + Duration::from_secs(60);
        let (hung, _) = breaker.enter(later, LEASE).expect("the probe");
        assert_eq!(breaker.enter(later, LEASE).map(|_| ()), Err(Duration::from_secs(10)));
        let lapsed = later + Duration::from_secs(10);
        let (next, _) = breaker.enter(lapsed, LEASE).expect("the lease is over");
        assert_eq!(hung.settle(Outcome::Failure, lapsed), None, "the hung probe votes no more");
        next.settle(Outcome::Success, lapsed);
        assert_eq!(breaker.state(), CircuitState::Closed);
    }

    #[test]
    fn many_threads_get_one_probe() {
        for _ in 0..50 {
            let (breaker, now) = breaker();
            trip(&breaker, now);
            let later = now + Duration::from_secs(60);
            let admitted = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| breaker.enter(later, LEASE).ok())).collect();
                // The permits are kept until all have asked, so that none gives its turn to another.
                let permits: Vec<_> =
                    threads.into_iter().filter_map(|thread| thread.join().expect("no panic")).collect();
                permits.len()
            });
            assert_eq!(admitted, 1);
        }
    }

    /// The same rules in plain words, to be compared step by step.
    #[derive(Default)]
    struct Model {
        failures: u32,
        open_until: Option<Duration>,
        /// The id of the probe that is on its way, and when its turn ends.
        probe: Option<(usize, Duration)>,
        half_open: bool,
        epoch: usize,
    }

    impl Model {
        fn enter(&mut self, id: usize, now: Duration) -> Option<usize> {
            if self.open_until.is_some_and(|until| now < until) || self.probe.is_some_and(|(_, until)| now < until) {
                return None;
            }
            if self.open_until.is_some() || self.half_open {
                self.open_until = None;
                self.half_open = true;
                self.probe = Some((id, now + LEASE));
                self.epoch += 1;
            }
            Some(self.epoch)
        }

        fn settle(&mut self, id: usize, epoch: usize, outcome: Outcome, now: Duration) {
            if epoch != self.epoch {
                return;
            }
            if self.probe.is_some_and(|(probe, _)| probe == id) {
                self.probe = None;
                match outcome {
                    Outcome::Neutral => self.epoch += 1,
                    Outcome::Success => self.become_closed(),
                    Outcome::Failure => self.become_open(now),
                }
            } else {
                match outcome {
                    Outcome::Neutral => {}
                    Outcome::Success => self.failures = 0,
                    Outcome::Failure => {
                        self.failures += 1;
                        if self.failures >= POLICY.failures {
                            self.become_open(now);
                        }
                    }
                }
            }
        }

        fn become_closed(&mut self) {
            *self = Self { epoch: self.epoch + 1, ..Self::default() };
        }

        fn become_open(&mut self, now: Duration) {
            *self = Self { open_until: Some(now + POLICY.open_for), epoch: self.epoch + 1, ..Self::default() };
        }

        fn state(&self) -> CircuitState {
            match (self.open_until, self.half_open) {
                (Some(_), _) => CircuitState::Open,
                (None, true) => CircuitState::HalfOpen,
                (None, false) => CircuitState::Closed,
            }
        }
    }

    #[test]
    fn it_does_what_the_model_does() {
        let (breaker, start) = breaker();
        let random = crate::random::Random::new();
        let mut model = Model::default();
        let mut now = Duration::ZERO;
        let mut held: Vec<(usize, usize, Permit)> = Vec::new();
        let mut states = [0_u32; 3];
        for id in 0..200_000 {
            match random.next() % 8 {
                0 => now += Duration::from_millis(random.next() % 20_000),
                1..=3 => {
                    let admitted = breaker.enter(start + now, LEASE).ok();
                    let expected = model.enter(id, now);
                    assert_eq!(admitted.is_some(), expected.is_some(), "entry {id} at {now:?}");
                    if let Some(((permit, _), epoch)) = admitted.zip(expected) {
                        held.push((id, epoch, permit));
                    }
                }
                _ if held.is_empty() => {}
                pick => {
                    // Any of those on their way comes back, the oldest included.
                    let index = usize::try_from(random.next()).unwrap_or(usize::MAX) % held.len();
                    let (who, epoch, permit) = held.swap_remove(index);
                    let outcome = match pick {
                        4 => Outcome::Success,
                        5 => Outcome::Neutral,
                        _ => Outcome::Failure,
                    };
                    if outcome == Outcome::Neutral {
                        drop(permit);
                    } else {
                        permit.settle(outcome, start + now);
                    }
                    model.settle(who, epoch, outcome, now);
                }
            }
            assert_eq!(breaker.state(), model.state(), "step {id} at {now:?}");
            states[model.state() as usize] += 1;
        }
        assert!(states.iter().all(|visits| *visits > 1000), "every state was visited: {states:?}");
    }

    #[test]
    fn words_keep_their_parts() {
        let word = Word { state: VACANT, generation: Word::GENERATIONS, failures: 0xFF, deadline: Word::DEADLINES };
        assert_eq!(word.pack(), u64::MAX);
        let next = Word::unpack(word.pack()).become_state(OPEN, u64::MAX);
        assert_eq!((next.generation, Word::unpack(next.pack()).deadline), (0, Word::DEADLINES));
    }
}
