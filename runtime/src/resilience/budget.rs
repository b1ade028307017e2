//! May this service be asked once more, after all that was asked of it?
//!
//! A token bucket for retries (Google SRE, "Handling Overload"; Finagle's `RetryBudget`): each call brings a part of a
//! token, each retry takes a whole one, and time alone brings a few, so that a client that makes few calls may retry as
//! well. What is not used fades: of an hour without a failure no more is left than its last seconds brought, or a fleet
//! that has been well for long would begin its outage with all that it saved up. So the service is asked little more
//! than it would be without retries, in the first seconds too.
//!
//! ```text
//! last tick:32 (100 ms since the budget was made: 13 years) | thousandths of a token:32
//! ```

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::atomic::{AtomicU64, Ordering};

/// How many retries a client may make of a service, over all its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetPolicy {
    /// Whether retries are counted at all.
    pub enabled: bool,
    /// Retries for each hundred calls.
    pub percent: u32,
    /// Retries that each minute brings whatever the calls. It is for each client: a thousand of them ask a thousand times
    /// as much of a service that is gone.
    pub per_minute: u32,
    /// How long what is not used lasts: what is saved up is what calls and time bring within it. Zero: for ever.
    pub window: Duration,
    /// The most retries that can be saved up.
    pub most: u32,
}

impl BudgetPolicy {
    /// A token in the word's unit.
    const TOKEN: u32 = 1000;
    /// What the word's 32 bits hold.
    pub(crate) const MOST: u32 = u32::MAX / Self::TOKEN;

    fn cap(self) -> u64 {
        u64::from(self.most.min(Self::MOST)) * u64::from(Self::TOKEN)
    }

    /// What is left of tokens after so many ticks. Of a steady stream as much is left in the end as the window brings,
    /// however often one looks.
    fn faded(self, tokens: u64, ticks: u64) -> u64 {
        let window = self.window.as_millis() / TICK;
        if window == 0 || ticks == 0 {
            return tokens;
        }
        let left = u128::from(tokens) * window / (window + u128::from(ticks));
        u64::try_from(left).unwrap_or(tokens)
    }
}

/// In milliseconds.
const TICK: u128 = 100;
/// Ticks in a minute.
const MINUTE: u64 = 600;

/// The retries that are left. One for each client, shared by its clones. It has no clock: the time is passed in.
#[derive(Debug)]
pub(crate) struct Budget {
    word: AtomicU64,
    made: Instant,
    policy: BudgetPolicy,
}

impl Budget {
    /// A budget that begins with so many tokens.
    pub(crate) fn new(policy: BudgetPolicy, first: u32, now: Instant) -> Self {
        let first = u64::from(first) * u64::from(BudgetPolicy::TOKEN);
        Self { word: AtomicU64::new(first.min(policy.cap())), made: now, policy }
    }

    /// A call was made: it brings its part.
    pub(crate) fn deposit(&self, now: Instant) {
        if self.policy.enabled {
            self.change(Some(now), |tokens| {
                Some(tokens + u64::from(self.policy.percent) * u64::from(BudgetPolicy::TOKEN) / 100)
            });
        }
    }

    /// Takes a token for one retry, before the wait for it: a thousand that wait must not all have been let in.
    /// Without a budget there is always one.
    pub(crate) fn withdraw(self: &Arc<Self>, now: Instant) -> Option<Token> {
        if !self.policy.enabled {
            return Some(Token(None));
        }
        self.change(Some(now), |tokens| tokens.checked_sub(u64::from(BudgetPolicy::TOKEN)))
            .then(|| Token(Some(self.clone())))
    }

    /// Whether there is a token, without taking it.
    pub(crate) fn has_one(&self, now: Instant) -> bool {
        let seen = self.word.load(Ordering::Acquire);
        !self.policy.enabled || self.at(seen, now).1 >= u64::from(BudgetPolicy::TOKEN)
    }

    /// Whole tokens, as they stand.
    pub(crate) fn tokens(&self) -> u32 {
        let tokens = self.word.load(Ordering::Acquire) & u64::from(u32::MAX);
        u32::try_from(tokens / u64::from(BudgetPolicy::TOKEN)).unwrap_or(u32::MAX)
    }

    /// The tick that it is, and the tokens with what time has brought and taken.
    fn at(&self, seen: u64, now: Instant) -> (u64, u64) {
        let (last, tokens) = (seen >> 32, seen & u64::from(u32::MAX));
        let ticks = now.saturating_duration_since(self.made).as_millis() / TICK;
        // Another thread's later clock may have been here first: time is never taken back.
        let tick = u64::try_from(ticks).unwrap_or(u64::MAX).min(u64::from(u32::MAX)).max(last);
        // 32 bits times 42 bits at most: no overflow.
        let brought = (tick - last) * u64::from(self.policy.per_minute);
        let brought = brought.saturating_mul(u64::from(BudgetPolicy::TOKEN)) / MINUTE;
        (tick, self.policy.faded(tokens.saturating_add(brought), tick - last).min(self.policy.cap()))
    }

    /// Adds and takes what time has, if it is told, then makes the change, in one exchange. Whether it could be made.
    fn change(&self, now: Option<Instant>, change: impl Fn(u64) -> Option<u64>) -> bool {
        let mut seen = self.word.load(Ordering::Acquire);
        loop {
            let (tick, tokens) = match now {
                Some(now) => self.at(seen, now),
                None => (seen >> 32, seen & u64::from(u32::MAX)),
            };
            let Some(left) = change(tokens) else { return false };
            let next = (tick << 32) | left.min(self.policy.cap());
            match self.word.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(current) => seen = current,
            }
        }
    }
}

/// The right to one retry. Dropped unspent (the call was dropped, the client closed, the circuit open), it goes back.
#[derive(Debug)]
#[must_use = "a token that is dropped goes back"]
pub(crate) struct Token(Option<Arc<Budget>>);

impl Token {
    /// The retry is being sent.
    pub(crate) fn spend(mut self) {
        self.0 = None;
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        if let Some(budget) = self.0.take() {
            budget.change(None, |tokens| Some(tokens + u64::from(BudgetPolicy::TOKEN)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BudgetPolicy =
        BudgetPolicy { enabled: true, percent: 20, per_minute: 600, window: Duration::ZERO, most: 100 };

    fn empty(policy: BudgetPolicy) -> (Arc<Budget>, Instant) {
        let now = Instant::now();
        let budget = Arc::new(Budget::new(policy, policy.most, now));
        while let Some(token) = budget.withdraw(now) {
            token.spend();
        }
        (budget, now)
    }

    #[test]
    fn calls_and_time_bring_tokens() {
        let (budget, now) = empty(BudgetPolicy { per_minute: 0, ..POLICY });
        for _ in 0..50 {
            budget.deposit(now);
        }
        let spent = (0..100).filter_map(|_| budget.withdraw(now)).map(Token::spend).count();
        assert_eq!(spent, 10, "20 % of 50");
        let (budget, now) = empty(POLICY);
        assert!(budget.withdraw(now + Duration::from_millis(99)).is_none());
        assert!(budget.withdraw(now + Duration::from_millis(100)).is_some());
        let later = now + Duration::from_secs(86_400);
        let spent = (0..1000).filter_map(|_| budget.withdraw(later)).map(Token::spend).count();
        assert_eq!(spent, 100, "an idle client saves up so many and no more");
    }

    #[test]
    fn what_is_not_used_fades() {
        let policy = BudgetPolicy { per_minute: 6, window: Duration::from_secs(10), ..POLICY };
        for each in [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(7)] {
            let start = Instant::now();
            let (budget, mut now) = (Arc::new(Budget::new(policy, 100, start)), start);
            assert_eq!(budget.tokens(), 100);
            // Ten calls a second for ten minutes, reported more or less often.
            while now < start + Duration::from_secs(600) {
                now += each;
                for _ in 0..each.as_millis() / 100 {
                    budget.deposit(now);
                }
            }
            // The last reports came after the fading, so there may be as much more as they bring.
            let reported = u32::try_from(each.as_millis() / 500).expect("few");
            let left = budget.tokens();
            assert!((20..=21 + reported).contains(&left), "20 % of the last ten seconds and one by time: {left}");
            let later = now + Duration::from_secs(86_400);
            let spent = (0..20).filter_map(|_| budget.withdraw(later)).map(Token::spend).count();
            assert_eq!(spent, 1, "a day later it has what time alone brings");
        }
        let policy = BudgetPolicy { per_minute: 7, ..policy };
        let (budget, now) = empty(policy);
        assert!(!budget.has_one(now) && budget.has_one(now + Duration::from_secs(86_400)), "time alone brings one");
    }

    #[test]
    fn it_begins_with_what_it_is_given() {
        let now = Instant::now();
        assert_eq!(Budget::new(POLICY, 2, now).tokens(), 2);
        assert_eq!(Budget::new(POLICY, 200, now).tokens(), 100);
        let budget = Budget::new(BudgetPolicy { per_minute: 0, ..POLICY }, 1, now);
        assert!(budget.has_one(now) && budget.tokens() == 1, "a look takes nothing");
    }

    #[test]
    fn what_is_not_spent_goes_back() {
        let (budget, now) = empty(POLICY);
        let later = now + Duration::from_secs(1);
        let tokens: Vec<_> = (0..10).filter_map(|_| budget.withdraw(later)).collect();
        assert_eq!((tokens.len(), budget.tokens()), (10, 0));
        assert!(budget.withdraw(later).is_none(), "those that wait have taken theirs already");
        drop(tokens);
        assert_eq!(budget.tokens(), 10);
        let again = (0..20).filter_map(|_| budget.withdraw(later)).map(Token::spend).count();
        assert_eq!(again, 10, "time that has been counted is not counted once more");
    }

    #[test]
    fn without_a_budget_there_is_always_one() {
        let budget = Arc::new(Budget::new(BudgetPolicy { enabled: false, most: 0, ..POLICY }, 0, Instant::now()));
        budget.deposit(Instant::now());
        assert!(budget.has_one(Instant::now()));
        assert!((0..1000).all(|_| budget.withdraw(Instant::now()).map(Token::spend).is_some()));
    }

    #[test]
    fn extremes_stay_within_the_word() {
        let most = u32::MAX;
        let window = Duration::MAX;
        let wild = BudgetPolicy { enabled: true, percent: most, per_minute: most, window, most };
        for wild in [wild, BudgetPolicy { window: Duration::from_secs(1), ..wild }] {
            let (now, budget) = (Instant::now(), Arc::new(Budget::new(wild, most, Instant::now())));
            for years in [0, 1, 20, 80] {
                let later = now + Duration::from_secs(years * 31_557_600);
                budget.deposit(later);
                assert!(budget.withdraw(later).is_some());
                assert!(budget.tokens() <= BudgetPolicy::MOST);
            }
        }
    }

    #[test]
    fn threads_lose_no_token() {
        let (budget, now) = empty(BudgetPolicy { per_minute: 0, percent: 100, most: 100_000, ..POLICY });
        let spent = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut spent = 0;
                        for round in 0..5000 {
                            budget.deposit(now);
                            match budget.withdraw(now) {
                                Some(token) if round % 2 == 0 => {
                                    token.spend();
                                    spent += 1;
                                }
                                _ => {}
                            }
                        }
                        spent
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum::<u32>()
        });
        assert_eq!(spent + budget.tokens(), 20_000);
    }
}
