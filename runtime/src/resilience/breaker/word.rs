//! How does a circuit's whole state fit into one atomic word?
//!
//! ```text
//! state:2 | generation:14 | count:8 | deadline:40 (ms since the breaker was made: 34 years)
//! ```
//! Nothing wraps but the generation, and a result would have to be 16,384 changes of state late to be taken for a new
//! one.

use super::CircuitState;

pub(super) const CLOSED: u64 = 0;
pub(super) const OPEN: u64 = 1;
/// Half-open, and the one probe is on its way; the deadline is its lease. Without one, or once it is over, the next
/// attempt is the probe.
pub(super) const PROBING: u64 = 2;
/// Closed again, but not for all yet: a growing share is let through until the deadline.
pub(super) const RISING: u64 = 3;

/// The word in its parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub(super) state: u64,
    pub(super) generation: u64,
    /// While closed: failures in a row. Else: how often in a row it opened without closing.
    pub(super) count: u64,
    /// While open: when a probe may go. While probing: when the probe has lost its turn. While rising: when all are let
    /// through. [`Word::HELD`]: somebody
    /// holds the circuit in its state by hand, and nothing but another hand changes it.
    pub(super) deadline: u64,
}

impl Word {
    pub(super) const GENERATIONS: u64 = (1 << 14) - 1;
    pub(super) const COUNTS: u64 = 0xFF;
    pub(super) const HELD: u64 = (1 << 40) - 1;
    /// The latest deadline that time can reach.
    pub(super) const DEADLINES: u64 = Self::HELD - 1;

    /// The generation of a word whose circuit is closed.
    #[inline]
    pub(super) fn closed_generation(word: u64) -> Option<u64> {
        // `CLOSED` is zero, so nothing of the state has to be taken away.
        (word >> 62 == CLOSED).then_some(word >> 48)
    }

    /// The word of a circuit that is closed by itself and counts no failure.
    #[inline]
    pub(super) fn well(generation: u64) -> u64 {
        generation << 48
    }

    pub(super) fn unpack(word: u64) -> Self {
        Self {
            state: word >> 62,
            generation: (word >> 48) & Self::GENERATIONS,
            count: (word >> 40) & Self::COUNTS,
            deadline: word & Self::HELD,
        }
    }

    pub(super) fn pack(self) -> u64 {
        (self.state << 62)
            | ((self.generation & Self::GENERATIONS) << 48)
            | (self.count.min(Self::COUNTS) << 40)
            | self.deadline.min(Self::HELD)
    }

    /// The next generation, in another state.
    pub(super) fn become_state(self, state: u64, count: u64, deadline: u64) -> Self {
        Self { state, generation: (self.generation + 1) & Self::GENERATIONS, count, deadline }
    }

    pub(super) fn is_held(self) -> bool {
        self.deadline == Self::HELD
    }

    /// Whether what comes back is weighed as from a closed circuit.
    pub(super) fn is_closed(self) -> bool {
        matches!(self.state, CLOSED | RISING)
    }

    pub(super) fn circuit(self) -> CircuitState {
        match self.state {
            CLOSED | RISING => CircuitState::Closed,
            OPEN => CircuitState::Open,
            _ => CircuitState::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_parts() {
        let word = Word { state: RISING, generation: Word::GENERATIONS, count: 0xFF, deadline: Word::HELD };
        assert_eq!(word.pack(), u64::MAX);
        let next = Word::unpack(word.pack()).become_state(OPEN, 300, u64::MAX);
        let next = Word::unpack(next.pack());
        assert_eq!((next.generation, next.count, next.is_held()), (0, 0xFF, true));
        let late = Word::unpack(Word { deadline: Word::DEADLINES, ..next }.pack());
        assert!(!late.is_held() && late.deadline == Word::DEADLINES, "time alone holds no circuit");
        let well = Word { state: CLOSED, generation: 9, count: 0, deadline: 0 };
        assert_eq!((well.pack(), Word::closed_generation(well.pack())), (Word::well(9), Some(9)));
        assert_eq!(Word::closed_generation(Word { state: OPEN, ..well }.pack()), None);
        assert_eq!(Word::closed_generation(Word::well(Word::GENERATIONS)), Some(Word::GENERATIONS));
    }
}
