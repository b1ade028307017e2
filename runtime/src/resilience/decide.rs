//! After a failed attempt: send it again, and when, or stop?
//!
//! One pure function. It is told everything, the chance included, and does nothing.

use std::time::Duration;

use super::backoff::added;
use super::classify::Advice;
use super::policy::{RetryAfter, RetryOn};
use crate::error::{ErrorKind, Sent};

/// An attempt that has less time than this is doomed, so it is not begun.
pub(crate) const LEAST_ATTEMPT: Duration = Duration::from_millis(5);

/// How much later than asked one comes back at most, in percent: everybody was told the same second.
pub(crate) const PUSHBACK_SPREAD: u32 = 10;

/// A failed attempt, as far as it matters for another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed {
    pub(crate) kind: ErrorKind,
    /// It is a matter of configuration, which does not pass: a wrong certificate, a name that nobody knows.
    pub(crate) lasting: bool,
    /// It says nothing about how the service is, so nothing is waited for, the first time in this call: the request was
    /// given back unprocessed, or its connection had been kept too long.
    pub(crate) at_once: bool,
    pub(crate) sent: Sent,
    pub(crate) status: Option<u16>,
    pub(crate) advice: Advice,
    /// The operation may be repeated, by its method, its document or an idempotency key.
    pub(crate) repeatable: bool,
    /// It carried an idempotency key.
    pub(crate) keyed: bool,
    /// The body can be had again.
    pub(crate) replayable: bool,
    /// Attempts made, this one included, and attempts allowed.
    pub(crate) attempt: u32,
    pub(crate) attempts: u32,
    /// The circuit is open by now: another attempt would only be turned away.
    pub(crate) open: bool,
    /// Another endpoint than the one that failed may take it.
    pub(crate) elsewhere: bool,
    /// The wait that the back-off has in mind, its longest, and what is left of the call's time.
    pub(crate) backoff: Duration,
    pub(crate) ceiling: Duration,
    pub(crate) remaining: Duration,
    pub(crate) random: u64,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send it again after this wait.
    Again(Duration),
    /// Give the failure to the caller.
    Stop(Reason),
}

/// Why there is no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The policy, or the service, says that this failure is not worth another attempt.
    Final,
    /// It may have been processed and must not be processed twice.
    Unsafe,
    /// The body cannot be had again.
    BodyGone,
    /// All attempts are used up.
    Attempts,
    /// The circuit is open: what happened is a better answer than being turned away.
    CircuitOpen,
    /// The service asked for a longer wait than the policy bears.
    AskedTooLong,
    /// Not enough of the call's time is left.
    Time,
    /// The client has retried too much of late.
    Budget,
}

/// Decides. `afford` takes from the retry budget and is asked last, once all else speaks for another attempt.
pub(crate) fn decide(
    failed: &Failed,
    retry_on: &RetryOn,
    retry_after: RetryAfter,
    afford: impl FnOnce() -> bool,
) -> Verdict {
    if !worth_it(failed, retry_on) {
        return Verdict::Stop(Reason::Final);
    }
    if !(failed.repeatable || unprocessed(failed)) {
        return Verdict::Stop(Reason::Unsafe);
    }
    if !failed.replayable {
        return Verdict::Stop(Reason::BodyGone);
    }
    if failed.attempt >= failed.attempts {
        return Verdict::Stop(Reason::Attempts);
    }
    if failed.open {
        return Verdict::Stop(Reason::CircuitOpen);
    }
    // A whole service limits its callers; everything else that is asked for, this endpoint asks for itself.
    let bound = !failed.elsewhere || failed.status == Some(429);
    let after = match failed.advice.asked.filter(|_| bound) {
        Some(asked) if asked > retry_after.cap => return Verdict::Stop(Reason::AskedTooLong),
        // Never earlier than asked (RFC 9110, section 10.2.3), and a little later each in his own way.
        Some(asked) => added(asked.max(failed.backoff), PUSHBACK_SPREAD, failed.random),
        None if failed.at_once => Duration::ZERO,
        // Too much is asked of the service, and it does not say what would be less.
        None if failed.status == Some(429) => failed.backoff.saturating_mul(2).min(failed.ceiling).max(failed.backoff),
        None => failed.backoff,
    };
    if failed.remaining <= after.saturating_add(LEAST_ATTEMPT) {
        return Verdict::Stop(Reason::Time);
    }
    if afford() { Verdict::Again(after) } else { Verdict::Stop(Reason::Budget) }
}

/// Whether the failure may have passed by the next attempt.
fn worth_it(failed: &Failed, retry_on: &RetryOn) -> bool {
    match failed.kind {
        ErrorKind::Timeout => retry_on.timeout,
        ErrorKind::Connect => retry_on.connection && !failed.lasting,
        ErrorKind::Transport => retry_on.connection,
        ErrorKind::Status => failed
            .advice
            .should
            .unwrap_or_else(|| failed.status.is_some_and(|status| retry_on.status(status, failed.keyed))),
        _ => false,
    }
}

/// Whether the service did not act on the request, by what is known or by its own word.
fn unprocessed(failed: &Failed) -> bool {
    failed.sent == Sent::NotSent
        || failed.kind == ErrorKind::Status
            && match failed.status {
                _ if failed.advice.should == Some(true) => true,
                // RFC 8470, section 5.2: too early to be processed.
                Some(425) => true,
                // RFC 6585, section 4, and RFC 9110, section 15.6.4: turned away at the door, and told when to come back.
                Some(429 | 503) => failed.advice.asked.is_some(),
                _ => false,
            }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Method;
    use crate::resilience::policy::Policy;

    const KINDS: [ErrorKind; 14] = [
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
        ErrorKind::Throttled,
        ErrorKind::Busy,
        ErrorKind::Closed,
    ];
    const METHODS: [(Method, bool); 9] = [
        (Method::Get, true),
        (Method::Head, true),
        (Method::Options, true),
        (Method::Trace, true),
        (Method::Put, true),
        (Method::Delete, true),
        (Method::Post, false),
        (Method::Patch, false),
        (Method::Other("QUERY"), false),
    ];
    const STATUSES: [u16; 16] = [307, 400, 401, 404, 408, 409, 422, 425, 429, 500, 501, 502, 503, 504, 505, 511];
    const SECOND: Duration = Duration::from_secs(1);
    const ASKED: [Option<Duration>; 4] =
        [None, Some(Duration::ZERO), Some(Duration::from_secs(3)), Some(Duration::from_secs(61))];
    const REMAINING: [Duration; 4] = [Duration::ZERO, SECOND, Duration::from_millis(3400), Duration::from_secs(100)];

    /// The rules in words, each on its own, against what was decided: no row may break any.
    fn check(failed: &Failed, policy: &Policy, afford: bool) -> bool {
        let mut asked_for_money = false;
        let verdict = decide(failed, &policy.retry_on, policy.retry_after, || {
            asked_for_money = true;
            afford
        });
        let again = matches!(verdict, Verdict::Again(_));
        let row = || format!("{failed:?} {afford} -> {verdict:?}");
        assert_eq!(
            asked_for_money,
            again || verdict == Verdict::Stop(Reason::Budget),
            "money is asked for last: {}",
            row()
        );
        let Verdict::Again(after) = verdict else { return false };
        assert!(afford && !failed.open && failed.replayable && failed.attempt < failed.attempts, "{}", row());
        assert!(failed.remaining > after, "there is time: {}", row());
        let asked = failed.advice.asked;
        let bound = !failed.elsewhere || failed.status == Some(429);
        assert!(
            !bound || asked.is_none_or(|asked| after >= asked && asked <= policy.retry_after.cap),
            "never early: {}",
            row()
        );
        assert!(failed.at_once || after >= failed.backoff, "{}", row());
        match failed.kind {
            ErrorKind::Connect => {
                assert!(!failed.lasting && (failed.sent == Sent::NotSent || failed.repeatable), "{}", row());
            }
            ErrorKind::Timeout | ErrorKind::Transport => {
                assert!(failed.sent == Sent::NotSent || failed.repeatable, "{}", row());
            }
            ErrorKind::Status => {
                let status = failed.status.expect("a status");
                let in_progress = policy.retry_on.in_progress && status == 409 && failed.keyed;
                let listed =
                    (policy.retry_on.statuses.contains(&status) || in_progress) && failed.advice.should != Some(false);
                let told = failed.advice.should == Some(true);
                assert!(listed || told, "{}", row());
                let refused = matches!((status, asked), (425, _) | (429 | 503, Some(_)));
                assert!(failed.repeatable || refused || told || failed.sent == Sent::NotSent, "{}", row());
            }
            _ => panic!("{}", row()),
        }
        true
    }

    #[test]
    fn every_combination() {
        let (mut rows, mut again) = (0_u64, [0_u64; 2]);
        for (which, policy) in [Policy::default(), Policy::standard()].iter().enumerate() {
            for kind in KINDS {
                let statuses: &[Option<u16>] = &if kind == ErrorKind::Status {
                    STATUSES.iter().copied().map(Some).collect::<Vec<_>>()
                } else {
                    vec![None]
                };
                for (method, idempotent) in METHODS {
                    assert_eq!(method.is_idempotent(), idempotent, "RFC 9110, section 9.2.2");
                    for sent in [Sent::NotSent, Sent::MaybeSent, Sent::Received] {
                        for status in statuses {
                            for asked in ASKED {
                                for should in [None, Some(true), Some(false)] {
                                    for remaining in REMAINING {
                                        for bits in 0..=255_u8 {
                                            let keyed = bits & 128 == 128;
                                            let failed = Failed {
                                                kind,
                                                lasting: bits & 1 == 1,
                                                at_once: bits & 2 == 2 && kind == ErrorKind::Transport,
                                                sent,
                                                status: *status,
                                                advice: Advice { asked, should },
                                                repeatable: idempotent || keyed,
                                                keyed,
                                                replayable: bits & 4 == 4,
                                                attempt: if bits & 8 == 8 { 2 } else { 3 },
                                                attempts: 3,
                                                open: bits & 32 == 32,
                                                elsewhere: bits & 64 == 64,
                                                backoff: SECOND,
                                                ceiling: SECOND * 8,
                                                remaining,
                                                random: u64::MAX / 2,
                                            };
                                            rows += 1;
                                            again[which] += u64::from(check(&failed, policy, bits & 16 == 16));
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        assert!(rows > 500_000, "{rows}");
        // Neither is a table of noes.
        assert!(again[1] > again[0] && again[0] > 1000, "{again:?}");
    }

    fn failed(kind: ErrorKind, status: Option<u16>) -> Failed {
        Failed {
            kind,
            lasting: false,
            at_once: false,
            sent: if status.is_some() { Sent::Received } else { Sent::MaybeSent },
            status,
            advice: Advice::default(),
            repeatable: true,
            keyed: false,
            replayable: true,
            attempt: 1,
            attempts: 3,
            open: false,
            elsewhere: false,
            backoff: SECOND,
            ceiling: SECOND * 8,
            remaining: SECOND * 100,
            random: 0,
        }
    }

    #[test]
    fn the_platforms_policy_and_the_recommended_one() {
        let verdict = |policy: &Policy, failed: &Failed| decide(failed, &policy.retry_on, policy.retry_after, || true);
        let (seed, standard) = (Policy::default(), Policy::standard());
        for status in STATUSES {
            let reply = failed(ErrorKind::Status, Some(status));
            assert_eq!(verdict(&seed, &reply), Verdict::Stop(Reason::Final), "{status}: statuses fail fast");
            let expected = match status {
                429 => Verdict::Again(SECOND * 2),
                408 | 425 | 502 | 503 | 504 => Verdict::Again(SECOND),
                _ => Verdict::Stop(Reason::Final),
            };
            assert_eq!(verdict(&standard, &reply), expected, "{status}");
            let post = Failed { repeatable: false, ..reply };
            let expected = match status {
                425 => expected,
                408 | 429 | 502 | 503 | 504 => Verdict::Stop(Reason::Unsafe),
                _ => Verdict::Stop(Reason::Final),
            };
            assert_eq!(verdict(&standard, &post), expected, "POST {status}");
            let told = Failed { advice: Advice { asked: Some(SECOND * 3), should: None }, ..post };
            let expected = match status {
                425 | 429 | 503 => Verdict::Again(SECOND * 3),
                _ => expected,
            };
            assert_eq!(verdict(&standard, &told), expected, "POST {status}, told when to come back");
        }
        let refused = Failed { sent: Sent::NotSent, repeatable: false, ..failed(ErrorKind::Connect, None) };
        assert_eq!(verdict(&seed, &refused), Verdict::Again(SECOND), "it was not sent, so anything may be sent again");
        assert_eq!(verdict(&seed, &Failed { lasting: true, ..refused }), Verdict::Stop(Reason::Final));
        let reset = failed(ErrorKind::Transport, None);
        assert_eq!(verdict(&seed, &reset), Verdict::Again(SECOND));
        assert_eq!(verdict(&seed, &Failed { repeatable: false, ..reset }), Verdict::Stop(Reason::Unsafe));
        let told = Failed {
            advice: Advice { asked: None, should: Some(true) },
            repeatable: false,
            ..failed(ErrorKind::Status, Some(500))
        };
        assert_eq!(verdict(&seed, &told), Verdict::Again(SECOND), "its own word that it was not processed");
        let lost = failed(ErrorKind::Timeout, None);
        assert_eq!(verdict(&seed, &lost), Verdict::Again(SECOND));
        assert_eq!(verdict(&seed, &Failed { repeatable: false, ..lost }), Verdict::Stop(Reason::Unsafe));
        assert_eq!(verdict(&seed, &Failed { replayable: false, ..lost }), Verdict::Stop(Reason::BodyGone));
        assert_eq!(verdict(&seed, &Failed { attempt: 3, ..lost }), Verdict::Stop(Reason::Attempts));
        assert_eq!(verdict(&seed, &Failed { open: true, ..lost }), Verdict::Stop(Reason::CircuitOpen));
        assert_eq!(verdict(&seed, &Failed { remaining: SECOND + LEAST_ATTEMPT, ..lost }), Verdict::Stop(Reason::Time));
        assert_eq!(decide(&lost, &seed.retry_on, seed.retry_after, || false), Verdict::Stop(Reason::Budget));
        let back =
            Failed { at_once: true, sent: Sent::NotSent, repeatable: false, ..failed(ErrorKind::Transport, None) };
        assert_eq!(verdict(&seed, &back), Verdict::Again(Duration::ZERO));
        let conflict = Failed { keyed: true, ..failed(ErrorKind::Status, Some(409)) };
        assert_eq!(
            verdict(&standard, &conflict),
            Verdict::Again(SECOND),
            "the first of its key is still being processed"
        );
        assert_eq!(verdict(&seed, &conflict), Verdict::Stop(Reason::Final));
        let reused = Failed { keyed: true, ..failed(ErrorKind::Status, Some(422)) };
        assert_eq!(verdict(&standard, &reused), Verdict::Stop(Reason::Final), "the key belongs to another request");
    }

    #[test]
    fn what_one_endpoint_asks_does_not_bind_another() {
        let policy = Policy::standard();
        let verdict = |status, asked, elsewhere| {
            let advice = Advice { asked: Some(Duration::from_secs(asked)), should: None };
            let failed = Failed { advice, elsewhere, repeatable: false, ..failed(ErrorKind::Status, Some(status)) };
            decide(&failed, &policy.retry_on, policy.retry_after, || true)
        };
        assert_eq!(verdict(503, 9, false), Verdict::Again(SECOND * 9));
        assert_eq!(verdict(503, 9, true), Verdict::Again(SECOND), "it was not processed, and there is another place");
        assert_eq!(verdict(503, 99, true), Verdict::Again(SECOND));
        assert_eq!(verdict(429, 9, true), Verdict::Again(SECOND * 9), "the service counts, not the endpoint");
        assert_eq!(verdict(429, 99, true), Verdict::Stop(Reason::AskedTooLong));
    }

    #[test]
    fn what_is_asked_is_kept_to() {
        let policy = Policy::standard();
        let asking = |seconds, random, remaining| {
            let advice = Advice { asked: Some(Duration::from_secs(seconds)), should: None };
            let failed = Failed { advice, remaining, random, ..failed(ErrorKind::Status, Some(503)) };
            decide(&failed, &policy.retry_on, policy.retry_after, || true)
        };
        let long = SECOND * 1000;
        assert_eq!(asking(60, 0, long), Verdict::Again(SECOND * 60));
        assert_eq!(asking(60, u64::MAX, long), Verdict::Again(SECOND * 66));
        assert_eq!(asking(61, 0, long), Verdict::Stop(Reason::AskedTooLong));
        assert_eq!(asking(u64::MAX, u64::MAX, long), Verdict::Stop(Reason::AskedTooLong));
        assert_eq!(asking(5, 0, SECOND * 5), Verdict::Stop(Reason::Time));
        assert_eq!(asking(0, 0, long), Verdict::Again(SECOND), "asked for less than the back-off has in mind");
    }
}
