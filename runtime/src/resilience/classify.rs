//! What does a failed attempt mean: for the service's circuit, and for another attempt?

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::breaker::Outcome;
use super::policy::RetryOn;
use crate::error::{ErrorKind, Sent};
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
        TransportFailure::Connect => (ErrorKind::Connect, Outcome::Failure),
        // A wrong certificate is a matter of configuration: opening the circuit would hide what is wrong.
        TransportFailure::Tls => (ErrorKind::Connect, Outcome::Neutral),
        TransportFailure::Broken => (ErrorKind::Transport, Outcome::Failure),
        TransportFailure::RequestBody | TransportFailure::Refused => (ErrorKind::Build, Outcome::Neutral),
    }
}

/// How long the service asks us to stay away: `Retry-After` in seconds. (Its date forms are not read yet.)
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().map(Duration::from_secs)
}

/// A failed attempt, as far as it matters for another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed {
    pub(crate) kind: ErrorKind,
    pub(crate) tls: bool,
    pub(crate) sent: Sent,
    /// The operation may be repeated, by its method, its document or an idempotency key.
    pub(crate) repeatable: bool,
    /// The body can be had again.
    pub(crate) replayable: bool,
    /// Attempts made, this one included, and attempts allowed.
    pub(crate) attempt: u32,
    pub(crate) attempts: u32,
    /// The wait before the next, and what is left of the call's time.
    pub(crate) delay: Duration,
    pub(crate) remaining: Duration,
}

/// An attempt that has less time than this is doomed, so it is not begun.
const LEAST_ATTEMPT: Duration = Duration::from_millis(5);

/// Whether to try again.
pub(crate) fn try_again(failed: Failed, retry_on: RetryOn) -> bool {
    let worth_it = match failed.kind {
        ErrorKind::Timeout => retry_on.timeout,
        ErrorKind::Connect => retry_on.connection && !failed.tls,
        ErrorKind::Transport => retry_on.connection,
        _ => false,
    };
    let safe = failed.sent == Sent::NotSent || failed.repeatable;
    worth_it
        && safe
        && failed.replayable
        && failed.attempt < failed.attempts
        && failed.remaining > failed.delay.saturating_add(LEAST_ATTEMPT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resilience::policy::Policy;

    /// Every combination, against the rule in words: nothing is sent twice that may have been processed and must not be.
    #[test]
    fn every_combination_of_failures() {
        let kinds = [
            ErrorKind::Build,
            ErrorKind::Config,
            ErrorKind::Credentials,
            ErrorKind::Connect,
            ErrorKind::Timeout,
            ErrorKind::Deadline,
            ErrorKind::Transport,
            ErrorKind::TooLarge,
            ErrorKind::Decode,
            ErrorKind::Status,
            ErrorKind::CircuitOpen,
            ErrorKind::Closed,
        ];
        let second = Duration::from_secs(1);
        let mut again = 0;
        for kind in kinds {
            for sent in [Sent::NotSent, Sent::MaybeSent, Sent::Received] {
                for bits in 0..8_u8 {
                    for attempt in 1..=4 {
                        for remaining in [Duration::ZERO, second, second + LEAST_ATTEMPT, second * 2] {
                            let (repeatable, replayable, tls) = (bits & 1 == 1, bits & 2 == 2, bits & 4 == 4);
                            let failed = Failed {
                                kind,
                                tls,
                                sent,
                                repeatable,
                                replayable,
                                attempt,
                                attempts: 3,
                                delay: second,
                                remaining,
                            };
                            if try_again(failed, Policy::default().retry_on) {
                                again += 1;
                                assert!(matches!(kind, ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Transport));
                                assert!(repeatable || sent == Sent::NotSent);
                                assert!(replayable && attempt < 3 && remaining == second * 2);
                                assert!(!(tls && kind == ErrorKind::Connect));
                            }
                        }
                    }
                }
            }
        }
        // Two attempts leave room for another. A replayable body, and of (repeatable, sent) four of six are safe;
        // Connect only without a TLS fault, Timeout and Transport with either value of that bit: 2 * 4 * (1 + 2 + 2).
        assert_eq!(again, 40);
    }

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
    fn retry_after_in_seconds() {
        for (text, seconds) in
            [("7", Some(7)), (" 7 ", Some(7)), ("-1", None), ("", None), ("x", None), ("9999999999", None)]
        {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", text.parse().expect("a header value"));
            assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs), "{text:?}");
        }
    }
}
