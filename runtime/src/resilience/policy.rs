//! How hard does a client try? Every default stands here, once.

use std::fmt;
use std::time::Duration;

use super::backoff::Backoff;
use super::breaker::BreakerPolicy;

/// How a call behaves when its service does not: plain data, per client ([`ClientBuilder::policy`]) or per call
/// ([`Call::policy`]).
///
/// [`Policy::default`] keeps what the platform's documentation promises:
///
/// | field | default |
/// |---|---|
/// | `attempts` | 3 in all |
/// | `attempt_timeout` | 30 s, connecting included |
/// | `total_timeout` | 120 s, back-off included |
/// | `idle_timeout` | 30 s between two chunks of a streamed body |
/// | `backoff` | 1 s, 2 s, 4 s, 8 s at most; jitter adds up to 10 % |
/// | `retry_on` | timeouts and connection errors; no status |
/// | `breaker` | opens after 5 failed attempts in a row, for 60 s, then one probe |
/// | `max_body` | 32 MiB |
/// | `max_error_body` | 64 KiB |
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
/// [`Call::policy`]: crate::Call::policy
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// How often a request is tried, in all. At least 1.
    pub attempts: u32,
    /// How long one attempt may take: connecting, sending, waiting, and reading a buffered reply.
    pub attempt_timeout: Duration,
    /// How long the call may take as a whole. A streamed body is read after the call and not bound by it.
    pub total_timeout: Duration,
    /// How long a streamed body may be silent.
    pub idle_timeout: Duration,
    /// How long to wait between attempts.
    pub backoff: Backoff,
    /// Which failures are worth another attempt.
    pub retry_on: RetryOn,
    /// When the circuit opens. Breakers belong to the client, so a call's own policy does not change them.
    pub breaker: BreakerPolicy,
    /// The largest reply that is read into memory, in bytes.
    pub max_body: usize,
    /// How much of a failed reply is kept, in bytes; the rest is cut off.
    pub max_error_body: usize,
}

/// Which failures are worth another attempt. Statuses are never among them under these rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryOn {
    /// An attempt took too long.
    pub timeout: bool,
    /// No connection could be made, or it broke.
    pub connection: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 3,
            attempt_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(120),
            idle_timeout: Duration::from_secs(30),
            backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(8), 10),
            retry_on: RetryOn { timeout: true, connection: true },
            breaker: BreakerPolicy { failures: 5, open_for: Duration::from_secs(60) },
            max_body: 32 * 1024 * 1024,
            max_error_body: 64 * 1024,
        }
    }
}

impl Policy {
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

    /// Changes when the circuit opens, and for how long.
    pub fn with_breaker(mut self, failures: u32, open_for: Duration) -> Self {
        self.breaker = BreakerPolicy { failures, open_for };
        self
    }

    /// Checks the values.
    ///
    /// # Errors
    /// Names the first field whose value makes no sense.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let positive = |field, value: Duration| {
            if value.is_zero() { Err(InvalidPolicy { field, must: "be longer than zero" }) } else { Ok(()) }
        };
        if self.attempts == 0 {
            return Err(InvalidPolicy { field: "attempts", must: "be at least 1: the first attempt counts" });
        }
        positive("attempt_timeout", self.attempt_timeout)?;
        positive("total_timeout", self.total_timeout)?;
        positive("idle_timeout", self.idle_timeout)?;
        positive("breaker.open_for", self.breaker.open_for)?;
        if self.backoff.ceiling < self.backoff.base {
            return Err(InvalidPolicy { field: "backoff.ceiling", must: "not be below backoff.base" });
        }
        if !(1..=BreakerPolicy::MOST_FAILURES).contains(&self.breaker.failures) {
            return Err(InvalidPolicy { field: "breaker.failures", must: "be between 1 and 255" });
        }
        if self.max_body == 0 {
            return Err(InvalidPolicy { field: "max_body", must: "be at least 1" });
        }
        Ok(())
    }
}

/// A policy whose values make no sense: which field, and what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPolicy {
    field: &'static str,
    must: &'static str,
}

impl InvalidPolicy {
    /// The field that is wrong.
    pub fn field(&self) -> &'static str {
        self.field
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
        let Policy {
            attempts,
            attempt_timeout,
            total_timeout,
            idle_timeout,
            backoff,
            retry_on,
            breaker,
            max_body,
            max_error_body,
        } = Policy::default();
        let seconds = Duration::from_secs;
        assert_eq!(
            (attempts, attempt_timeout, total_timeout, idle_timeout),
            (3, seconds(30), seconds(120), seconds(30))
        );
        assert_eq!(backoff, Backoff { base: seconds(1), ceiling: seconds(8), jitter_percent: 10 });
        assert_eq!(retry_on, RetryOn { timeout: true, connection: true });
        assert_eq!(breaker, BreakerPolicy { failures: 5, open_for: seconds(60) });
        assert_eq!((max_body, max_error_body), (32 << 20, 64 << 10));
    }

    #[test]
    fn the_defaults_are_valid_and_mistakes_are_named() {
        assert_eq!(Policy::default().validate(), Ok(()));
        for (policy, field) in [
            (Policy::default().with_attempts(0), "attempts"),
            (Policy::default().with_attempt_timeout(Duration::ZERO), "attempt_timeout"),
            (Policy::default().with_total_timeout(Duration::ZERO), "total_timeout"),
            (Policy::default().with_breaker(0, Duration::from_secs(1)), "breaker.failures"),
            (Policy::default().with_breaker(256, Duration::from_secs(1)), "breaker.failures"),
            (Policy::default().with_breaker(1, Duration::ZERO), "breaker.open_for"),
            (
                Policy::default().with_backoff(Backoff::new(Duration::from_secs(2), Duration::from_secs(1), 0)),
                "backoff.ceiling",
            ),
        ] {
            assert_eq!(policy.validate().map_err(|error| error.field()), Err(field));
        }
    }
}
