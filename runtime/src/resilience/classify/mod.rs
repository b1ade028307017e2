//! What does a failed attempt mean: for the service's circuit, and for another attempt?
//!
//! Nothing else in `resilience` knows a header or a status by name.

pub(crate) mod retry_after;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};

use super::breaker::Outcome;
use crate::error::ErrorKind;
use crate::transport::TransportFailure;

/// What a status says about the service that sent it.
///
/// A 4xx is the caller's business: the service is well enough to say no. 408, 425 and 429 are about load and timing and
/// speak neither way, as do the 5xx that name something the service never does (501, 505, 511).
pub(crate) fn status_outcome(status: StatusCode) -> Outcome {
    match status.as_u16() {
        408 | 425 | 429 | 501 | 505 | 511 => Outcome::Neutral,
        500..=599 => Outcome::Failure,
        _ => Outcome::Success,
    }
}

/// What a transport's failure is called, and what it says about the service.
pub(crate) fn transport_outcome(failure: TransportFailure) -> (ErrorKind, Outcome) {
    match failure {
        TransportFailure::Connect | TransportFailure::UnknownName => (ErrorKind::Connect, Outcome::Failure),
        // A wrong certificate is a matter of configuration: opening the circuit would hide what is wrong.
        TransportFailure::Tls => (ErrorKind::Connect, Outcome::Neutral),
        TransportFailure::Broken => (ErrorKind::Transport, Outcome::Failure),
        // The connection was closed while nobody used it: the service does that to all of them in the end.
        TransportFailure::Stale => (ErrorKind::Transport, Outcome::Neutral),
        // It gave the request back for reasons of its own house-keeping (RFC 9113, section 8.7): neither ill nor well.
        TransportFailure::Unprocessed => (ErrorKind::Transport, Outcome::Neutral),
        TransportFailure::Encoding => (ErrorKind::Decode, Outcome::Neutral),
        TransportFailure::RequestBody | TransportFailure::Refused => (ErrorKind::Build, Outcome::Neutral),
    }
}

/// What the headers of a failed reply say about another attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Advice {
    /// How long to stay away.
    pub(crate) asked: Option<Duration>,
    /// Whether another attempt makes sense, if the service says so and the policy listens.
    pub(crate) should: Option<bool>,
}

/// Reads the advice. Headers that override the policy count only if the policy lets them (`retry_on.headers`):
/// `x-should-retry` and `stripe-should-retry` (`true` or `false`), and gRPC's `grpc-retry-pushback-ms` (proposal A6:
/// whatever is no number means "never").
pub(crate) fn advice(headers: &HeaderMap, overrides: bool, wall: SystemTime) -> Advice {
    let mut advice = Advice { asked: retry_after::retry_after(headers, wall), should: None };
    if !overrides {
        return advice;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    advice.should = ["x-should-retry", "stripe-should-retry"].into_iter().find_map(|name| match text(name)? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    });
    if let Some(pushback) = text("grpc-retry-pushback-ms") {
        match retry_after::decimal(pushback, 1_000_000) {
            Some(span) => advice.asked = Some(advice.asked.map_or(span, |asked| asked.max(span))),
            None => advice.should = Some(false),
        }
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_speak_about_services() {
        for (status, outcome) in [
            (200, Outcome::Success),
            (204, Outcome::Success),
            (307, Outcome::Success),
            (400, Outcome::Success),
            (401, Outcome::Success),
            (404, Outcome::Success),
            (408, Outcome::Neutral),
            (409, Outcome::Success),
            (422, Outcome::Success),
            (429, Outcome::Neutral),
            (500, Outcome::Failure),
            (501, Outcome::Neutral),
            (502, Outcome::Failure),
            (503, Outcome::Failure),
            (504, Outcome::Failure),
        ] {
            assert_eq!(StatusCode::from_u16(status).map(status_outcome).ok(), Some(outcome), "{status}");
        }
    }

    #[test]
    fn headers_advise_only_where_the_policy_listens() {
        let read = |pairs: &[(&'static str, &str)], overrides| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, value.parse().expect("a header value"));
            }
            advice(&headers, overrides, SystemTime::UNIX_EPOCH)
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let all = [("retry-after", "1"), ("x-should-retry", "true"), ("grpc-retry-pushback-ms", "2000")];
        assert_eq!(read(&all, false), Advice { asked: seconds(1), should: None });
        assert_eq!(read(&all, true), Advice { asked: seconds(2), should: Some(true) });
        assert_eq!(read(&[("stripe-should-retry", "false")], true).should, Some(false));
        assert_eq!(read(&[("x-should-retry", "perhaps")], true).should, None);
        for never in ["-1", "soon", ""] {
            assert_eq!(read(&[("grpc-retry-pushback-ms", never)], true).should, Some(false), "{never:?}");
        }
    }
}
