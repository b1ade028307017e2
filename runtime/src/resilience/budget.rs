//! May this service be asked once more, after all that was asked of it?
//!
//! A token bucket for retries (Google SRE, "Handling Overload"; Finagle's `RetryBudget`): each call brings a part of a
//! token, each retry takes a whole one, and time alone brings a few, so that a client that makes few calls may retry as
//! well. In an outage the service is then asked little more than it would be without retries.
//!
//! ```text
//! last tick:32 (100 ms since the budget was made: 13 years) | thousandths of a token:32
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

/// How many retries a client may make of a service, over all its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetPolicy {
    /// Whether retries are counted at all.
    pub enabled: bool,
    /// Retries for each hundred calls.
    pub percent: u32,
    /// Retries that each second brings whatever the calls.
    pub per_second: u32,
    /// The most retries that can be saved up, which is also what a new client begins with.
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
}

/// The retries that are left. One for each client, shared by its clones. It has no clock: the time is passed in.
#[derive(Debug)]
pub(crate) struct Budget {
    word: AtomicU64,
    made: Instant,
    policy: BudgetPolicy,
}

impl Budget {
    pub(crate) fn new(policy: BudgetPolicy, now: Instant) -> Self {
        Self { word: AtomicU64::new(policy.cap()), made: now, policy }
    }

    /// A call was made: it brings its part.
    pub(crate) fn deposit(&self) {
        if self.policy.enabled {
            self.change(None, |tokens| {
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

    /// Whole tokens, as they stand.
    pub(crate) fn tokens(&self) -> u32 {
        let tokens = self.word.load(Ordering::Acquire) & u64::from(u32::MAX);
        u32::try_from(tokens / u64::from(BudgetPolicy::TOKEN)).unwrap_or(u32::MAX)
    }

    /// Adds what time has brought, then makes the change, in one exchange. Whether it could be made.
    fn change(&self, now: Option<Instant>, change: impl Fn(u64) -> Option<u64>) -> bool {
        let mut seen = self.word.load(Ordering::Acquire);
        loop {
            let (last, mut tokens) = (seen >> 32, seen & u64::from(u32::MAX));
            let mut tick = last;
            if let Some(now) = now {
                let ticks = now.saturating_duration_since(self.made).as_millis() / 100;
                // Another thread's later clock may have been here first: time is never taken back.
                tick = u64::try_from(ticks).unwrap_or(u64::MAX).min(u64::from(u32::MAX)).max(last);
                let each = u64::from(self.policy.per_second) * u64::from(BudgetPolicy::TOKEN) / 10;
                tokens = tokens.saturating_add((tick - last).saturating_mul(each)).min(self.policy.cap());
            }
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
    use std::time::Duration;

    use super::*;

    const POLICY: BudgetPolicy = BudgetPolicy { enabled: true, percent: 20, per_second: 10, most: 100 };

    fn empty(policy: BudgetPolicy) -> (Arc<Budget>, Instant) {
        let now = Instant::now();
        let budget = Arc::new(Budget::new(policy, now));
        while let Some(token) = budget.withdraw(now) {
            token.spend();
        }
        (budget, now)
    }

    #[test]
    fn calls_and_time_bring_tokens() {
        let (budget, now) = empty(BudgetPolicy { per_second: 0, ..POLICY });
        for _ in 0..50 {
            budget.deposit();
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
    fn what_is_not_spent_goes_back() {
        let (budget, now) = empty(POLICY);
        let later = now + Duration::from_secs(1);
        let tokens: Vec<_> = (0..10).filter_map(|_| budget.withdraw(later)).collect();
        assert_eq!((tokens.len(), budget.tokens()), (10, 0));
        assert!(budget.withdraw(later).is_none(), "those that wait have taken theirs already");
        drop(tokens);
        assert_eq!(budget.tokens(), 10);
    }

    #[test]
    fn without_a_budget_there_is_always_one() {
        let budget = Arc::new(Budget::new(BudgetPolicy { enabled: false, most: 0, ..POLICY }, Instant::now()));
        budget.deposit();
        assert!((0..1000).all(|_| budget.withdraw(Instant::now()).map(Token::spend).is_some()));
    }

    #[test]
    fn extremes_stay_within_the_word() {
        let wild = BudgetPolicy { enabled: true, percent: u32::MAX, per_second: u32::MAX, most: u32::MAX };
        let (now, budget) = (Instant::now(), Arc::new(Budget::new(wild, Instant::now())));
        for years in [0, 1, 20, 80] {
            budget.deposit();
            assert!(budget.withdraw(now + Duration::from_secs(years * 31_557_600)).is_some());
            assert!(budget.tokens() <= BudgetPolicy::MOST);
        }
    }

    #[test]
    fn threads_lose_no_token() {
        let (budget, now) = empty(BudgetPolicy { per_second: 0, percent: 100, most: 100_000, ..POLICY });
        let spent = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut spent = 0;
                        for round in 0..5000 {
                            budget.deposit();
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
