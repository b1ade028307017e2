//! How hard does a client try? Every default stands here, once.

mod data;
mod settings;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::backoff::{Backoff, Jitter};
use super::breaker::{BreakerPolicy, Counting, RatioPolicy};
use super::budget::BudgetPolicy;
use super::hedge::HedgePolicy;
use super::outlier::OutlierPolicy;
use super::pace::BodyRatePolicy;
use crate::gate::BulkheadPolicy;

/// How a call behaves when its service does not: plain data, per client ([`ClientBuilder::policy`]), per operation
/// ([`ClientBuilder::policy_for`]) or per call ([`Call::policy`]). It can be read from TOML or JSON and from the
/// environment ([`Policy::over_env`]); `POLICIES.md` beside this crate lists every setting with its values.
///
/// [`Policy::default`] keeps what the platform's documentation promises: 3 attempts of 30 s within 120 s, 1 s, 2 s, 4 s, 8 s
/// between them with up to 10 % more, after timeouts and connection errors only; a circuit that opens after 5 failures
/// in a row for 60 s. [`Policy::standard`] is what is recommended where nothing has been promised.
///
/// Whatever the policy says, a request that may have been processed is sent again only if its operation is idempotent
/// or it carries an idempotency key.
///
/// ```
/// use sinew_runtime::Policy;
/// use std::time::Duration;
/// let patient = Policy::default().with_attempts(5).with_attempt_timeout(Duration::from_secs(10));
/// assert_eq!(patient.attempts, 5);
/// ```
///
/// [`ClientBuilder::policy`]: crate::ClientBuilder::policy
/// [`ClientBuilder::policy_for`]: crate::ClientBuilder::policy_for
/// [`Call::policy`]: crate::Call::policy
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// How often a request is tried, in all. At least 1.
    pub attempts: u32,
    /// How long one attempt may take: connecting, sending, waiting, and reading a buffered reply.
    pub attempt_timeout: Duration,
    /// Whether an attempt is cut off at `attempt_timeout` only for the sake of another one that may fare better. Where no
    /// other would follow (it was the last, it may not be repeated, the budget is used up), or where the service makes
    /// all wait alike (none that began later was answered), giving it up would gain nothing: a service that has too much
    /// to do would have worked for nobody. It then has until `total_timeout`.
    pub patient: bool,
    /// How long the call may take as a whole. A streamed body is read after the call and not bound by it.
    pub total_timeout: Duration,
    /// How long a streamed body may be silent.
    pub idle_timeout: Duration,
    /// How little a download may bring while it is waited for: one that trickles is ended as one that is silent is. Off by default, and not for
    /// streams of events and items, which come when there are some.
    ///
    /// ```
    /// let mut policy = sinew_runtime::Policy::standard();
    /// policy.body_rate.least = 1024; // bytes a second, over `body_rate.over`
    /// ```
    pub body_rate: BodyRatePolicy,
    /// How long to wait between attempts.
    pub backoff: Backoff,
    /// Which failures are worth another attempt.
    pub retry_on: RetryOn,
    /// What a `Retry-After` is worth.
    pub retry_after: RetryAfter,
    /// How many retries all calls may make together. The budget belongs to the client, so a call's own policy does not
    /// change it.
    pub budget: BudgetPolicy,
    /// When the circuit opens. Breakers belong to the client, so a call's own policy does not change them.
    pub breaker: BreakerPolicy,
    /// When one of several endpoints of the service is left out for a while. It belongs to the client.
    pub outlier: OutlierPolicy,
    /// When a second request is sent beside one that makes its caller wait. What all calls together may send belongs to
    /// the client.
    pub hedge: HedgePolicy,
    /// How many calls may be on their way at once. It belongs to the client, too.
    pub bulkhead: BulkheadPolicy,
    /// The largest reply that is read into memory, in bytes.
    pub max_body: usize,
    /// How much of a failed reply is kept, in bytes; the rest is cut off.
    pub max_error_body: usize,
}

/// Which failures are worth another attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryOn {
    /// An attempt took too long.
    pub timeout: bool,
    /// No connection could be made, or it broke.
    pub connection: bool,
    /// The statuses that may pass. A request that may have been processed is still repeated only where that is safe;
    /// 425, and 429 and 503 with a `Retry-After`, say that it was not processed.
    pub statuses: Vec<u16>,
    /// Whether a 409 to a request that carries an idempotency key is retried: the first request of that key is still
    /// being processed (the IETF's `Idempotency-Key` draft, section 2.7). A 409 to any other means what it says.
    pub in_progress: bool,
    /// Whether `x-should-retry`, `stripe-should-retry` and `grpc-retry-pushback-ms` overrule this policy, safety
    /// included: for services whose word is to be trusted.
    pub headers: bool,
}

impl RetryOn {
    /// Whether what a status says may have passed by the next attempt.
    pub(crate) fn status(&self, status: u16, keyed: bool) -> bool {
        self.statuses.contains(&status) || self.in_progress && keyed && status == 409
    }
}

/// What a service's `Retry-After` is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryAfter {
    /// The longest wait that is borne. A service that asks for more gets no further attempt, and the caller is told
    /// how long it asked for ([`Error::retry_in`](crate::Error::retry_in)).
    pub cap: Duration,
    /// Whether other calls to the same origin keep away too until then.
    pub shared: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 3,
            attempt_timeout: Duration::from_secs(30),
            patient: false,
            total_timeout: Duration::from_secs(120),
            idle_timeout: Duration::from_secs(30),
            body_rate: BodyRatePolicy { least: 0, over: Duration::from_secs(20) },
            backoff: Backoff::exponential(Duration::from_secs(1), Duration::from_secs(8), Jitter::Added(10)),
            retry_on: RetryOn {
                timeout: true,
                connection: true,
                statuses: Vec::new(),
                in_progress: false,
                headers: false,
            },
            retry_after: RetryAfter { cap: Duration::from_secs(60), shared: false },
            budget: BudgetPolicy {
                enabled: false,
                percent: 10,
                per_minute: 7,
                window: Duration::from_secs(10),
                most: 100,
            },
            breaker: BreakerPolicy {
                failures: 5,
                counting: Counting::Attempts,
                ratio: RatioPolicy { enabled: false, percent: 50, least: 20, window: Duration::from_secs(30) },
                slow_after: None,
                given_up: 0,
                open_for: Duration::from_secs(60),
                open_most: Duration::from_secs(60),
                open_jitter: 0,
                ramp: None,
            },
            outlier: OutlierPolicy {
                enabled: true,
                failures: 3,
                eject_for: Duration::from_secs(30),
                eject_most: Duration::from_secs(300),
                share: 50,
            },
            hedge: HedgePolicy {
                enabled: false,
                after: None,
                percentile: 95,
                least: Duration::from_millis(10),
                percent: 5,
            },
            bulkhead: BulkheadPolicy {
                enabled: false,
                most: 256,
                wait: Duration::ZERO,
                adaptive: false,
                first: 20,
                least: 4,
            },
            max_body: 32 * 1024 * 1024,
            max_error_body: 64 * 1024,
        }
    }
}

impl Policy {
    /// What is recommended where no other promise binds: attempts of 10 s within 30 s, and with what is
    /// left of them where another one would gain nothing; full jitter; 408, 425, 429, 502, 503 and 504 are retried where that is safe, 409 where there is an idempotency key, and `Retry-After` is kept to by
    /// all calls; retries are a tenth of the calls of the last 10 s, and seven a minute; the circuit also opens when half
    /// of at least 20 attempts within 10 s failed, for 5 s the first time and up to 10 s, spread by a half.
    ///
    /// For that patience it takes 30 s, and not 10 s, until a service that leaves all callers without an answer is known for it:
    /// up to then it may be that it makes them wait. A single call that hangs while others are answered, or that is the
    /// only one, is made again after 10 s.
    ///
    /// `FLEET.md` beside this crate shows what it does to a service that has a bad day, and why the numbers are these.
    pub fn standard() -> Self {
        let promised = Self::default();
        Self {
            attempt_timeout: Duration::from_secs(10),
            patient: true,
            total_timeout: Duration::from_secs(30),
            backoff: Backoff::exponential(Duration::from_secs(1), Duration::from_secs(8), Jitter::Full),
            retry_on: RetryOn {
                timeout: true,
                connection: true,
                statuses: vec![408, 425, 429, 502, 503, 504],
                in_progress: true,
                headers: false,
            },
            retry_after: RetryAfter { cap: Duration::from_secs(60), shared: true },
            budget: BudgetPolicy { enabled: true, ..promised.budget },
            breaker: BreakerPolicy {
                ratio: RatioPolicy { enabled: true, window: Duration::from_secs(10), ..promised.breaker.ratio },
                given_up: 20,
                open_for: Duration::from_secs(5),
                open_most: Duration::from_secs(10),
                open_jitter: 50,
                ..promised.breaker
            },
            ..promised
        }
    }

    /// Changes how often a request is tried, in all.
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Changes how long one attempt may take.
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Changes how long the call may take as a whole.
    pub fn with_total_timeout(mut self, timeout: Duration) -> Self {
        self.total_timeout = timeout;
        self
    }

    /// Changes how long to wait between attempts.
    pub fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Changes after how many failures in a row the circuit opens, and for how long (each time the same).
    pub fn with_breaker(mut self, failures: u32, open_for: Duration) -> Self {
        self.breaker = BreakerPolicy { failures, open_for, open_most: open_for, ..self.breaker };
        self
    }

    /// Checks the values.
    ///
    /// # Errors
    /// Names the first field whose value makes no sense.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let positive = |field, value: Duration| {
            if value.is_zero() { Err(InvalidPolicy::new(field, "be longer than zero")) } else { Ok(()) }
        };
        if self.attempts == 0 {
            return Err(InvalidPolicy::new("attempts", "be at least 1: the first attempt counts"));
        }
        positive("attempt_timeout", self.attempt_timeout)?;
        positive("total_timeout", self.total_timeout)?;
        positive("idle_timeout", self.idle_timeout)?;
        if self.body_rate.over < Duration::from_secs(1) {
            return Err(InvalidPolicy::new("body_rate.over", "be at least 1 s"));
        }
        positive("retry_after.cap", self.retry_after.cap)?;
        positive("breaker.open_for", self.breaker.open_for)?;
        if self.backoff.ceiling < self.backoff.base {
            return Err(InvalidPolicy::new("backoff.ceiling", "not be below backoff.base"));
        }
        if self.retry_on.statuses.iter().any(|status| !(400..=599).contains(status)) {
            return Err(InvalidPolicy::new("retry_on.statuses", "hold statuses from 400 to 599 only"));
        }
        if self.budget.percent > 1000 {
            return Err(InvalidPolicy::new("budget.percent", "be at most 1000"));
        }
        if self.budget.most > BudgetPolicy::MOST {
            return Err(InvalidPolicy::new("budget.most", "be at most 4294967"));
        }
        if self.budget.enabled && self.budget.most == 0 {
            return Err(InvalidPolicy::new("budget.most", "be at least 1, or no retry is ever made"));
        }
        if !(1..=BreakerPolicy::MOST_FAILURES).contains(&self.breaker.failures) {
            return Err(InvalidPolicy::new("breaker.failures", "be between 1 and 255"));
        }
        positive("breaker.slow_after", self.breaker.slow_after.unwrap_or(Duration::MAX))?;
        positive("breaker.ramp", self.breaker.ramp.unwrap_or(Duration::MAX))?;
        if self.breaker.open_most < self.breaker.open_for {
            return Err(InvalidPolicy::new("breaker.open_most", "not be below breaker.open_for"));
        }
        if self.breaker.open_jitter > 100 {
            return Err(InvalidPolicy::new("breaker.open_jitter", "be at most 100"));
        }
        if !(1..=100).contains(&self.breaker.ratio.percent) {
            return Err(InvalidPolicy::new("breaker.ratio.percent", "be between 1 and 100"));
        }
        if self.breaker.ratio.least == 0 {
            return Err(InvalidPolicy::new("breaker.ratio.least", "be at least 1"));
        }
        if self.breaker.ratio.window < Duration::from_secs(1) {
            return Err(InvalidPolicy::new("breaker.ratio.window", "be at least 1 s"));
        }
        if !(1..=255).contains(&self.outlier.failures) {
            return Err(InvalidPolicy::new("outlier.failures", "be between 1 and 255"));
        }
        positive("outlier.eject_for", self.outlier.eject_for)?;
        if self.outlier.eject_most < self.outlier.eject_for {
            return Err(InvalidPolicy::new("outlier.eject_most", "not be below outlier.eject_for"));
        }
        if self.outlier.share > 100 {
            return Err(InvalidPolicy::new("outlier.share", "be at most 100"));
        }
        if !(50..=99).contains(&self.hedge.percentile) {
            return Err(InvalidPolicy::new("hedge.percentile", "be between 50 and 99"));
        }
        if self.hedge.percent > 100 {
            return Err(InvalidPolicy::new("hedge.percent", "be at most 100"));
        }
        if self.bulkhead.most == 0 {
            return Err(InvalidPolicy::new("bulkhead.most", "be at least 1"));
        }
        if !(1..=self.bulkhead.most).contains(&self.bulkhead.least) && self.bulkhead.adaptive {
            return Err(InvalidPolicy::new("bulkhead.least", "be between 1 and bulkhead.most"));
        }
        if self.max_body == 0 {
            return Err(InvalidPolicy::new("max_body", "be at least 1"));
        }
        Ok(())
    }
}

/// A policy whose values make no sense: which field, and what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPolicy {
    field: Cow<'static, str>,
    must: Cow<'static, str>,
}

impl InvalidPolicy {
    fn new(field: &'static str, must: &'static str) -> Self {
        Self { field: field.into(), must: must.into() }
    }

    /// The field that is wrong, or the variable that set it.
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for InvalidPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "policy: `{}` must {}", self.field, self.must)
    }
}

impl std::error::Error for InvalidPolicy {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_platforms_promises() {
        let policy = Policy::default();
        let seconds = Duration::from_secs;
        assert_eq!((policy.attempts, policy.attempt_timeout, policy.total_timeout), (3, seconds(30), seconds(120)));
        assert_eq!(policy.idle_timeout, seconds(30));
        assert_eq!(policy.backoff, Backoff::exponential(seconds(1), seconds(8), Jitter::Added(10)));
        let RetryOn { timeout, connection, statuses, in_progress, headers } = &policy.retry_on;
        assert!(*timeout && *connection && statuses.is_empty() && !in_progress && !headers);
        assert_eq!((policy.breaker.failures, policy.breaker.open_for), (5, seconds(60)));
        assert!(!policy.budget.enabled && !policy.retry_after.shared);
        assert_eq!((policy.max_body, policy.max_error_body), (32 << 20, 64 << 10));
    }

    #[test]
    fn the_defaults_are_valid_and_so_is_the_last_value_before_each_bound() {
        assert_eq!(Policy::default().validate(), Ok(()));
        assert_eq!(Policy::standard().validate(), Ok(()));
        type Given = &'static [(&'static str, &'static str)];
        let cases: [(Given, &str, &[&str], &[&str]); 31] = [
            (&[], "attempts", &["1"], &["0"]),
            (&[], "attempt_timeout", &["1ns"], &["0s"]),
            (&[], "total_timeout", &["1ns"], &["0s"]),
            (&[], "idle_timeout", &["1ns"], &["0s"]),
            (&[], "body_rate.over", &["1s"], &["999ms"]),
            (&[], "retry_after.cap", &["1ns"], &["0s"]),
            (&[("backoff.base", "2s")], "backoff.ceiling", &["2s", "3s"], &["1999ms"]),
            (&[], "retry_on.statuses", &["", "400", "599"], &["399", "600", "429,399"]),
            (&[], "budget.percent", &["0", "1000"], &["1001"]),
            (&[], "budget.most", &["0", "1", "4294967"], &["4294968"]),
            (&[("budget.enabled", "true")], "budget.most", &["1"], &["0"]),
            (&[], "breaker.failures", &["1", "255"], &["0", "256"]),
            (&[], "breaker.open_for", &["1ns"], &["0s"]),
            (&[("breaker.open_for", "5s")], "breaker.open_most", &["5s", "6s"], &["4s"]),
            (&[], "breaker.slow_after", &["off", "1ns"], &["0s"]),
            (&[], "breaker.open_jitter", &["0", "100"], &["101"]),
            (&[], "breaker.ramp", &["off", "1ns"], &["0s"]),
            (&[], "breaker.ratio.percent", &["1", "100"], &["0", "101"]),
            (&[], "breaker.ratio.least", &["1"], &["0"]),
            (&[], "breaker.ratio.window", &["1s", "2s"], &["999ms"]),
            (&[], "outlier.failures", &["1", "255"], &["0", "256"]),
            (&[], "outlier.eject_for", &["1ns"], &["0s"]),
            (&[("outlier.eject_for", "5s")], "outlier.eject_most", &["5s", "6s"], &["4s"]),
            (&[], "outlier.share", &["0", "100"], &["101"]),
            (&[], "hedge.percentile", &["50", "99"], &["49", "100"]),
            (&[], "hedge.percent", &["0", "100"], &["101"]),
            (&[("bulkhead.least", "1")], "bulkhead.most", &["1"], &["0"]),
            (&[("bulkhead.adaptive", "true"), ("bulkhead.most", "9")], "bulkhead.least", &["1", "9"], &["0", "10"]),
            (&[("bulkhead.most", "9")], "bulkhead.least", &["0", "10"], &[]),
            (&[], "max_body", &["1"], &["0"]),
            (&[], "max_error_body", &["0"], &[]),
        ];
        for (given, name, taken, refused) in cases {
            let patched = |value| Policy::default().patched(&[given, &[(name, value)]].concat());
            for value in taken {
                assert!(patched(value).is_ok(), "{name} = {value}");
            }
            for value in refused {
                assert_eq!(patched(value).map_err(|error| error.field().to_owned()), Err(name.to_owned()), "{value}");
            }
        }
    }

    #[test]
    fn what_is_changed_is_all_that_changes() {
        let (standard, other) = (Policy::standard, Duration::from_secs(7));
        let backoff = Backoff::exponential(other, other, Jitter::None);
        assert_eq!(standard().with_attempts(7), Policy { attempts: 7, ..standard() });
        assert_eq!(standard().with_attempt_timeout(other), Policy { attempt_timeout: other, ..standard() });
        assert_eq!(standard().with_total_timeout(other), Policy { total_timeout: other, ..standard() });
        assert_eq!(standard().with_backoff(backoff), Policy { backoff, ..standard() });
        let breaker = BreakerPolicy { failures: 7, open_for: other, open_most: other, ..standard().breaker };
        assert_eq!(standard().with_breaker(7, other), Policy { breaker, ..standard() });
    }

    #[test]
    fn a_status_is_retried_where_it_is_listed_and_a_conflict_of_keys_where_that_is_asked_for() {
        for (statuses, in_progress, status, keyed, expected) in [
            (&[503][..], false, 503, false, true),
            (&[503], true, 502, true, false),
            (&[], true, 409, true, true),
            (&[], true, 409, false, false),
            (&[], false, 409, true, false),
            (&[409], false, 409, false, true),
        ] {
            let on = RetryOn { statuses: statuses.to_vec(), in_progress, ..Policy::default().retry_on };
            assert_eq!(on.status(status, keyed), expected, "{statuses:?} {in_progress} {status} {keyed}");
        }
    }
}
