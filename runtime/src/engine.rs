//! What happens to a call, from being awaited to its reply?
//!
//! One loop acts: nothing else sends, sleeps or counts. What to do next it asks of the plain values in `resilience`.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use crate::attempt::{Answer, AttemptFailure};
use crate::call::Options;
use crate::client::{Client, Inner};
use crate::closing::Stage;
use crate::endpoint::Tried;
use crate::error::{Brief, Error, ErrorKind, Phase, Sent};
use crate::exchange::{Ended, Exchange};
use crate::gate::{Hold, NoSlot, Slot};
use crate::observer::Event;
use crate::operation::Operation;
use crate::prepare::{Prepared, context, prepare};
use crate::reply::{About, Reply, ReplyBody};
use crate::request::{Mode, Plan};
use crate::resilience::backoff::added;
use crate::resilience::breaker::{Evidence, Outcome};
use crate::resilience::budget::Token;
use crate::resilience::deadline::Deadline;
use crate::resilience::decide::{LEAST_ATTEMPT, PUSHBACK_SPREAD, Verdict, decide};
use crate::route::{Asking, Entry, Route};
use crate::transport::{BoxFuture, TransportFailure};

/// The one entry, boxed and without type parameters: the way of a call is compiled once, here.
pub(crate) fn execute<'c>(
    client: &'c Client,
    operation: &'static Operation,
    plan: Result<Box<Plan>, Error>,
    options: Options,
) -> BoxFuture<'c, Result<Reply, Error>> {
    Box::pin(async move {
        let started = Instant::now();
        let inner = &*client.inner;
        match prepare(inner, plan, options) {
            Ok(prepared) => {
                let result = run(inner, &prepared, started).await;
                if let Some(observer) = &inner.observer {
                    let (attempts, error) = match &result {
                        Ok(reply) => (reply.about.attempts, None),
                        Err(error) => (error.attempts(), Some(error.kind())),
                    };
                    let ended = Event::CallEnded { attempts, error, took: started.elapsed() };
                    observer.observe(&prepared.context.observed(), &ended);
                }
                result
            }
            Err(error) => Err(error.with_context(
                &context(inner, operation, operation.template, &inner.base.origin),
                0,
                started.elapsed(),
            )),
        }
    })
}

/// The loop.
async fn run(client: &Inner, call: &Prepared<'_>, started: Instant) -> Result<Reply, Error> {
    let Prepared { plan, context, .. } = call;
    let policy = call.policy();
    let deadline = Deadline::after(started, policy.total_timeout);
    // A check asks neither breaker nor pushback nor budget: it is how one finds out that a service is back.
    let route = (plan.mode != Mode::Check).then(|| client.route(&call.target, started));
    // Longer than an attempt can last, so that only a probe that was lost loses its turn.
    let lease = policy.attempt_timeout.saturating_mul(2);
    let lease = if policy.patient { lease.max(policy.total_timeout) } else { lease };
    let _counted = client.gate.count();
    let random = || client.random.next();
    let mut tried = Tried::default();
    let mut slot: Option<Slot> = None;
    let mut last: Option<Error> = None;
    let mut token: Option<Token> = None;
    let mut waited = Duration::ZERO;
    let mut came_to_nothing = false;
    let mut attempt = 0;
    // Read anew after whatever takes time, and not otherwise: a clock is not for free.
    let mut now = started;
    loop {
        let told = |error: Error, attempts| error.with_context(context, attempts, started.elapsed());
        let refused = |error: Error, last: Option<Error>| match last {
            Some(last) => error.with_source(last),
            None => error,
        };
        if route.is_some() && slot.is_none() && client.gate.is_limited() {
            let left = deadline.remaining(now).saturating_sub(LEAST_ATTEMPT);
            slot = match client.gate.slot(client.policy.bulkhead.wait.min(left)).await {
                Ok(slot) => Some(slot),
                Err(NoSlot::Busy) => {
                    client.telemetry(&call.aim(None), policy.attempts).tell(&Event::Rejected { kind: ErrorKind::Busy });
                    return Err(told(refused(busy(), last), attempt));
                }
                // The same as below, a moment earlier.
                Err(NoSlot::Closed) => None,
            };
            now = Instant::now();
        }
        if let Some(route) = route.as_ref().filter(|route| route.changes()) {
            let limit = Deadline::after(now, policy.attempt_timeout).min(deadline);
            Box::pin(until_closing(client, route.ready(limit))).await;
            now = Instant::now();
        }
        let Some(transport) = client.transport() else {
            return Err(last.unwrap_or_else(|| told(Error::closed(), attempt)));
        };
        let choices = route.as_ref().map(Route::choices);
        let asking = Asking { now, lease, shared: policy.retry_after.shared, tried: &tried, random: &random };
        let mut nowhere = None;
        let entry = match choices.as_ref().map(|choices| choices.enter(&asking)) {
            None => None,
            Some(Entry::Nowhere(reason)) => {
                nowhere = Some(AttemptFailure::nowhere(reason));
                None
            }
            Some(Entry::Go(endpoint, permit, change)) => {
                if change.is_some() {
                    client.telemetry(&call.aim(Some(endpoint)), policy.attempts).circuit(change);
                }
                Some((endpoint, permit))
            }
            Some(Entry::Wait(left)) => {
                let wait = added(left, PUSHBACK_SPREAD, random());
                if left > policy.retry_after.cap || deadline.remaining(now) <= wait.saturating_add(LEAST_ATTEMPT) {
                    client.telemetry(&call.aim(None), policy.attempts).throttled(left);
                    return Err(told(refused(throttled(left), last), attempt));
                }
                slot = None;
                sleep_or_close(client, wait).await;
                now = Instant::now();
                continue;
            }
            Some(Entry::Rejected(retry_in)) => {
                client.telemetry(&call.aim(None), policy.attempts).rejected(retry_in);
                return Err(told(refused(turned_away(retry_in), last), attempt));
            }
        };
        let first = attempt == 0;
        attempt += 1;
        if let Some(token) = token.take() {
            token.spend();
        }
        let exchange = Exchange {
            client,
            call,
            transport: &*transport,
            choices: choices.as_ref(),
            deadline,
            waited,
            lost_after: OnceLock::new(),
        };
        let ended = match nowhere {
            Some(failure) => Ended::not_made(failure, now),
            // On the heap, so that calls without a hedge are no larger for it.
            None if call.may_hedge() => {
                let race = Box::pin(exchange.race(attempt, entry, now, lease, tried)).await;
                attempt += race.sent - 1;
                tried.extend(race.other);
                race.ended
            }
            None => {
                let aim = call.aim(entry.as_ref().map(|(endpoint, _)| *endpoint).or(call.endpoint.as_deref()));
                exchange.attempt(attempt, &aim, entry, now).await
            }
        };
        let Ended { result, endpoint, permit, evidence, at } = ended;
        let aim = call.aim(endpoint.or(call.endpoint.as_deref()));
        tried.extend(endpoint);
        if endpoint.is_some() && first {
            client.budget.deposit(at);
        }
        let failure = match result {
            Ok(Answer { status, headers, body }) => {
                let about = About {
                    context: aim.context().clone(),
                    attempts: attempt,
                    started,
                    idle: policy.idle_timeout,
                    max_body: policy.max_body,
                    max_error_body: policy.max_error_body,
                };
                // What is still to be read holds on to its place.
                let streamed = matches!(body, ReplyBody::Streamed(_));
                let hold = streamed.then(|| Box::new(Hold { _slot: slot, _counted: client.gate.count_on() }));
                return Ok(Reply { status, headers, body, about, hold, again: None });
            }
            Err(failure) => failure,
        };
        let telemetry = exchange.telemetry(&aim);
        let at_once =
            matches!(failure.fault, Some(TransportFailure::Unprocessed | TransportFailure::Stale)) && !came_to_nothing;
        came_to_nothing |= at_once;
        let failed = exchange.failed(&failure, endpoint, attempt, at_once, at);
        let error = failure.error;
        if matches!(error.kind(), ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Transport) {
            telemetry.transient(attempt, &error);
        }
        let verdict = decide(&failed, &policy.retry_on, policy.retry_after, || {
            token = client.budget.withdraw(at);
            token.is_some()
        });
        let error = match last.take() {
            // Running out of time is no cause: what went wrong before is.
            Some(cause) if error.kind() == ErrorKind::Deadline => error.with_source(cause),
            _ => error,
        };
        let error = error.with_context(aim.context(), attempt, started.elapsed());
        let outcome = evidence.outcome;
        let passed_over = matches!(verdict, Verdict::Again(_)) && outcome == Outcome::Failure;
        // Where calls are counted, a failure that is tried again is none yet.
        let outcome = if passed_over { Outcome::Neutral } else { outcome };
        exchange.changed(&telemetry, permit.and_then(|permit| permit.settle(Evidence { outcome, ..evidence }, at)));
        let delay = match verdict {
            Verdict::Again(delay) => delay,
            Verdict::Stop(reason) => {
                telemetry.stopped(attempt, reason);
                return Err(error);
            }
        };
        telemetry.retrying(attempt, delay);
        (last, waited) = (Some(error), delay);
        // While it sleeps, another may go.
        slot = None;
        sleep_or_close(client, delay).await;
        now = Instant::now();
    }
}

fn turned_away(retry_in: Option<Duration>) -> Error {
    let detail = match retry_in {
        Some(retry_in) => format!("too many failures; the next attempt is let through in {}", Brief(retry_in)).into(),
        None => Cow::Borrowed("it is held open by hand"),
    };
    Error::new(ErrorKind::CircuitOpen, Phase::Admission, Sent::NotSent, detail).with_retry_in(retry_in)
}

fn busy() -> Error {
    Error::new(ErrorKind::Busy, Phase::Admission, Sent::NotSent, "too many calls of this client are on their way")
}

fn throttled(left: Duration) -> Error {
    let detail = format!("the service asked to be left alone for another {}", Brief(left));
    Error::new(ErrorKind::Throttled, Phase::Admission, Sent::NotSent, detail).with_retry_in(Some(left))
}

/// Sleeps, unless the client is closed meanwhile. On the heap: hardly any call sleeps.
pub(crate) fn sleep_or_close(client: &Inner, delay: Duration) -> BoxFuture<'_, ()> {
    Box::pin(until_closing(client, tokio::time::sleep(delay)))
}

/// Waits for a future, unless the client is closed meanwhile.
async fn until_closing(client: &Inner, future: impl Future<Output = ()>) {
    let mut closing = pin!(client.closing.reached(Stage::Closing));
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => closing.as_mut().poll(context),
    })
    .await;
}
