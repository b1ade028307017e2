//! What does a call tell while it runs?
//!
//! The platform's log lines as `tracing` events with fields. Addresses are shown without query values, and a path value
//! that is a [`Secret`](crate::Secret) is shown as `***`.

use std::time::Duration;

use http::StatusCode;

use crate::error::{Context, Error};
use crate::resilience::breaker::{Change, CircuitState};
use crate::resilience::decide::Reason;

/// Which call the events are about.
pub(crate) struct Telemetry<'a> {
    pub(crate) context: &'a Context,
    /// The address as logs show it.
    pub(crate) url: &'a str,
    pub(crate) attempts: u32,
}

/// `1s`, `1.04s`: seconds as the platform's log says them.
struct Seconds(Duration);

impl std::fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hundredths = self.0.as_millis() / 10;
        match (hundredths / 100, hundredths % 100) {
            (whole, 0) => write!(formatter, "{whole}s"),
            (whole, part) => write!(formatter, "{whole}.{part:02}s"),
        }
    }
}

impl Telemetry<'_> {
    pub(crate) fn request(&self, attempt: u32) {
        let Context { method, operation, service, .. } = self.context;
        tracing::info!(
            service,
            operation,
            method,
            url = self.url,
            attempt,
            attempts = self.attempts,
            "Request: {method} {} (attempt {attempt}/{})",
            self.url,
            self.attempts
        );
    }

    pub(crate) fn response(&self, attempt: u32, status: StatusCode, elapsed: Duration) {
        let Context { method, operation, service, .. } = self.context;
        let status = status.as_u16();
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            service,
            operation,
            method,
            url = self.url,
            attempt,
            status,
            elapsed_ms,
            "Response: {method} {} - {status}",
            self.url
        );
    }

    pub(crate) fn transient(&self, attempt: u32, error: &Error) {
        let Context { method, operation, service, .. } = self.context;
        tracing::warn!(
            service,
            operation,
            method,
            url = self.url,
            attempt,
            kind = error.kind().as_str(),
            detail = error.detail(),
            "Transient error on attempt {attempt}: {}",
            error.kind()
        );
    }

    pub(crate) fn retrying(&self, attempt: u32, delay: Duration) {
        let Context { operation, service, .. } = self.context;
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(service, operation, attempt, delay_ms, "Retrying in {}", Seconds(delay));
    }

    pub(crate) fn circuit(&self, change: Option<Change>) {
        let Context { service, origin, .. } = self.context;
        circuit(service, origin, change);
    }

    pub(crate) fn rejected(&self, retry_in: Option<Duration>) {
        let Context { operation, service, origin, .. } = self.context;
        let retry_in_ms = retry_in.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
        tracing::debug!(service, operation, origin = &**origin, retry_in_ms, "Circuit breaker: call rejected");
    }

    pub(crate) fn throttled(&self, left: Duration) {
        let Context { operation, service, origin, .. } = self.context;
        let retry_in_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(service, operation, origin = &**origin, retry_in_ms, "Retry-After: call rejected");
    }

    pub(crate) fn stopped(&self, attempt: u32, reason: Reason) {
        // The other reasons are in the error itself; this one is news about the client.
        if reason == Reason::Budget {
            let Context { operation, service, .. } = self.context;
            tracing::warn!(service, operation, attempt, "Retry budget: used up");
        }
    }
}

/// Tells of a change of a circuit.
pub(crate) fn circuit(service: &str, origin: &str, change: Option<Change>) {
    let Some(Change { from, to }) = change else { return };
    if to == CircuitState::Open {
        tracing::warn!(service, origin, %from, %to, "Circuit breaker: {from} -> {to}");
    } else {
        tracing::info!(service, origin, %from, %to, "Circuit breaker: {from} -> {to}");
    }
}
