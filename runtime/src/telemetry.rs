//! What does a call tell while it runs?
//!
//! The platform's log lines as `tracing` events with fields. Addresses are shown without query values, and a path value
//! that is a [`Secret`](crate::Secret) is shown as `***`.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use crate::error::{Context, Error, ErrorKind};
use crate::observer::{Event, Observed, Observer};
use crate::prepare::Aim;
use crate::resilience::breaker::{Change, CircuitState};
use crate::resilience::decide::Reason;

/// Which call the events are about.
pub(crate) struct Telemetry<'a> {
    pub(crate) aim: &'a Aim<'a>,
    pub(crate) attempts: u32,
    pub(crate) observer: Option<&'a dyn Observer>,
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

impl Context {
    pub(crate) fn observed(&self) -> Observed<'_> {
        let Self { method, template, operation, service, origin } = self;
        Observed { service, origin, address: None, operation, method, template }
    }
}

impl Telemetry<'_> {
    fn observed(&self) -> Observed<'_> {
        Observed { address: self.aim.peer(), ..self.aim.context().observed() }
    }

    pub(crate) fn tell(&self, event: &Event) {
        if let Some(observer) = self.observer {
            observer.observe(&self.observed(), event);
        }
    }

    /// The span of one attempt, in the names of OpenTelemetry's conventions for HTTP clients: each attempt is a span, so
    /// there is none for the call. A name is to be known when the program is compiled, so the convention's is in
    /// `otel.name`, where tracing's bridge to OpenTelemetry looks for it.
    pub(crate) fn span(&self, attempt: u32) -> Span {
        let Context { method, template, operation, service, origin } = self.aim.context();
        let resend = (attempt > 1).then(|| attempt - 1);
        tracing::info_span!(
            "HTTP",
            otel.name = format_args!("{method} {template}"),
            otel.kind = "client",
            otel.status_code = Empty,
            service,
            operation,
            http.request.method = method,
            http.request.resend_count = resend,
            http.response.status_code = Empty,
            network.peer.address = self.aim.peer().map(|peer| tracing::field::display(peer.ip())),
            network.peer.port = self.aim.peer().map(|peer| peer.port()),
            server.address = server(origin).0,
            server.port = server(origin).1,
            url.full = self.aim.shown(),
            url.template = template,
            error.type = Empty,
        )
    }

    pub(crate) fn attempt_ended(&self, attempt: u32, result: Result<StatusCode, &Error>, took: Duration) {
        let (status, error) = of(result);
        self.tell(&Event::AttemptEnded { attempt, status, error, took });
    }

    pub(crate) fn request(&self, attempt: u32) {
        self.tell(&Event::AttemptStarted { attempt });
        let Context { method, operation, service, .. } = self.aim.context();
        tracing::info!(
            service,
            operation,
            method,
            url = self.aim.shown(),
            attempt,
            attempts = self.attempts,
            "Request: {method} {} (attempt {attempt}/{})",
            self.aim.shown(),
            self.attempts
        );
    }

    pub(crate) fn response(&self, attempt: u32, status: StatusCode, began: Instant) {
        let Context { method, operation, service, .. } = self.aim.context();
        let status = status.as_u16();
        let elapsed_ms = || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            service,
            operation,
            method,
            url = self.aim.shown(),
            attempt,
            status,
            elapsed_ms = elapsed_ms(),
            "Response: {method} {} - {status}",
            self.aim.shown()
        );
    }

    pub(crate) fn transient(&self, attempt: u32, error: &Error) {
        let Context { method, operation, service, .. } = self.aim.context();
        tracing::warn!(
            service,
            operation,
            method,
            url = self.aim.shown(),
            attempt,
            kind = error.kind().as_str(),
            detail = error.detail(),
            "Transient error on attempt {attempt}: {}",
            error.kind()
        );
    }

    pub(crate) fn retrying(&self, attempt: u32, delay: Duration) {
        self.tell(&Event::Retrying { attempt, delay });
        let Context { operation, service, .. } = self.aim.context();
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(service, operation, attempt, delay_ms, "Retrying in {}", Seconds(delay));
    }

    pub(crate) fn circuit(&self, change: Option<Change>) {
        circuit(&self.observed(), self.observer, change);
    }

    pub(crate) fn rejected(&self, retry_in: Option<Duration>) {
        self.tell(&Event::Rejected { kind: ErrorKind::CircuitOpen });
        let Context { operation, service, origin, .. } = self.aim.context();
        let retry_in_ms = retry_in.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
        tracing::debug!(service, operation, origin = &**origin, retry_in_ms, "Circuit breaker: call rejected");
    }

    pub(crate) fn throttled(&self, left: Duration) {
        self.tell(&Event::Rejected { kind: ErrorKind::Throttled });
        let Context { operation, service, origin, .. } = self.aim.context();
        let retry_in_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(service, operation, origin = &**origin, retry_in_ms, "Retry-After: call rejected");
    }

    pub(crate) fn ejected(&self, out: Duration) {
        let Context { operation, service, origin, .. } = self.aim.context();
        let out_ms = u64::try_from(out.as_millis()).unwrap_or(u64::MAX);
        self.tell(&Event::EndpointEjected { out });
        let address = self.aim.peer().map(tracing::field::display);
        tracing::warn!(
            service,
            operation,
            origin = &**origin,
            address,
            out_ms,
            "Endpoint left out for {}",
            Seconds(out)
        );
    }

    pub(crate) fn stopped(&self, attempt: u32, reason: Reason) {
        // The other reasons are in the error itself; this one is news about the client.
        if reason == Reason::Budget {
            let Context { operation, service, .. } = self.aim.context();
            tracing::warn!(service, operation, attempt, "Retry budget: used up");
        }
    }
}

/// The status of an attempt and what went wrong, each if there was one.
fn of(result: Result<StatusCode, &Error>) -> (Option<u16>, Option<ErrorKind>) {
    let status = result.map_or_else(Error::status, Some).map(|status| status.as_u16());
    (status, result.err().map(Error::kind))
}

/// Completes the span of an attempt.
pub(crate) fn recorded(span: &Span, result: Result<StatusCode, &Error>) {
    if span.is_disabled() {
        return;
    }
    let (status, error) = of(result);
    if let Some(status) = status {
        span.record("http.response.status_code", status);
    }
    if let Some(kind) = error {
        span.record("otel.status_code", "ERROR");
        match status.filter(|_| kind == ErrorKind::Status) {
            Some(status) => span.record("error.type", tracing::field::display(status)),
            None => span.record("error.type", kind.as_str()),
        };
    }
}

/// Tells of a change of a circuit.
pub(crate) fn circuit(about: &Observed<'_>, observer: Option<&dyn Observer>, change: Option<Change>) {
    let Some(Change { from, to }) = change else { return };
    if let Some(observer) = observer {
        observer.observe(about, &Event::CircuitChanged { from, to });
    }
    let Observed { service, origin, address, .. } = *about;
    let address = address.map(tracing::field::display);
    if to == CircuitState::Open {
        tracing::warn!(service, origin, address, %from, %to, "Circuit breaker: {from} -> {to}");
    } else {
        tracing::info!(service, origin, address, %from, %to, "Circuit breaker: {from} -> {to}");
    }
}

/// The host and the port of an origin, as it was checked when the client was built.
pub(crate) fn server(origin: &str) -> (&str, u16) {
    let (scheme, rest) = origin.split_once("://").unwrap_or(("http", origin));
    let default = if scheme == "https" { 443 } else { 80 };
    match rest.rsplit_once(':') {
        // The last colon of an IPv6 address without a port is within its brackets.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(default)),
        _ => (rest, default),
    }
}

#[cfg(test)]
mod tests {
    use super::server;

    #[test]
    fn origins_have_their_ports() {
        for (origin, expected) in [
            ("http://localhost:8001", ("localhost", 8001)),
            ("https://example.org", ("example.org", 443)),
            ("http://[::1]:80", ("[::1]", 80)),
            ("http://[::1]", ("[::1]", 80)),
        ] {
            assert_eq!(server(origin), expected);
        }
    }
}
