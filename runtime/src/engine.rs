//! What happens to a call, from being awaited to its reply?
//!
//! One loop acts: nothing else sends, sleeps or counts. What to do next it asks of the plain values in `resilience`.

use std::borrow::Cow;
use std::future::{poll_fn, ready};
use std::pin::pin;
use std::sync::OnceLock;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use crate::attempt::{Answer, AttemptFailure};
use crate::client::{Client, Inner};
use crate::closing::Stage;
use crate::endpoint::{Endpoint, Tried};
use crate::error::{Brief, Error, ErrorKind, Phase, Sent};
use crate::exchange::{Ended, Exchange};
use crate::gate::{Hold, NoSlot, Slot};
use crate::observer::Event;
use crate::operation::Operation;
use crate::prepare::{Aim, Prepared, context, prepare};
use crate::reply::{About, Reply, ReplyBody};
use crate::request::{Mode, Plan};
use crate::resilience::backoff::added;
use crate::resilience::breaker::{Evidence, Outcome, Permit};
use crate::resilience::budget::Token;
use crate::resilience::deadline::Deadline;
use crate::resilience::decide::{LEAST_ATTEMPT, PUSHBACK_SPREAD, Verdict, decide};
use crate::route::{Asking, Entry, Route};
use crate::seldom::seldom;
use crate::telemetry::Telemetry;
use crate::transport::{BoxFuture, TransportFailure};
use crate::within;

/// The one entry, boxed and without type parameters: the way of a call is compiled once, here.
pub(crate) fn execute<'c>(
    client: &'c Client,
    operation: &'static Operation,
    plan: Result<Box<Plan>, Error>,
) -> BoxFuture<'c, Result<Box<Reply>, Error>> {
    let inner = &*client.inner;
    // Before the future is made, which would keep a place for all that this uses up.
    match prepare(inner, plan) {
        Ok(mut call) => Box::pin(async move {
            // Now that it is awaited: within what, is known only here.
            call.limit = within::earlier(call.limit);
            let mut course = Course::begin(inner, &call);
            let result = run(&mut course).await;
            if let Some(observer) = &inner.observer {
                let (attempts, error) = match &result {
                    Ok(reply) => (reply.about.attempts, None),
                    Err(error) => (error.attempts(), Some(error.kind())),
                };
                let ended = Event::CallEnded { attempts, error, took: course.started.elapsed() };
                observer.observe(&call.context.observed(), &ended);
            }
            result
        }),
        Err(error) => {
            let context = context(inner, operation, operation.template, &inner.base.origin);
            Box::pin(ready(Err(error.with_context(&context, 0, Duration::ZERO))))
        }
    }
}

/// The loop.
async fn run(course: &mut Course<'_>) -> Result<Box<Reply>, Error> {
    // A check asks neither breaker nor pushback nor budget: it is how one finds out that a service is back.
    let checks = course.call.plan.mode == Mode::Check;
    let route = (!checks).then(|| course.client.route(&course.call.target, course.started));
    let _counted = course.client.gate.count();
    loop {
        if let Some(route) = &route {
            if course.slot.is_none() && course.client.gate.is_limited() {
                seldom(|| course.take_slot()).await?;
            }
            if route.changes() {
                seldom(|| course.look_up(route)).await;
            }
        }
        let Some(transport) = course.client.transport() else { return Err(course.closed()) };
        let exchange = Exchange {
            client: course.client,
            call: course.call,
            transport,
            choices: route.as_ref().map(Route::choices),
            deadline: course.deadline(),
            waited: course.waited,
            lost_after: OnceLock::new(),
        };
        if course.call.limit.is_some() && exchange.deadline.remaining(course.now) <= LEAST_ATTEMPT {
            return Err(course.refused(too_late()));
        }
        let entry = match course.enter(&exchange)? {
            Door::Open(entry) => entry,
            Door::Wait(wait) => {
                course.sleep(wait).await;
                continue;
            }
        };
        let delay = {
            let first = course.attempt == 1;
            let (result, ended) = if exchange.call.may_hedge() {
                // On the heap, so that calls without a hedge are no larger for it.
                let (attempt, now, lease, tried) = (course.attempt, course.now, course.lease(), course.tried.clone());
                let race = seldom(|| exchange.race(attempt, entry, now, lease, tried)).await;
                course.attempt += race.sent - 1;
                course.tried.extend(race.other);
                if let Some((error, number)) = race.before {
                    course.failed_beside(error, number, race.other);
                }
                (race.result, race.ended)
            } else {
                let mut under_way = exchange.under_way(course.attempt, entry, course.now);
                let result = under_way.made().await;
                let ended = under_way.ended(&result);
                (result, ended)
            };
            course.tried.extend(ended.endpoint.filter(|_| exchange.is_balanced()));
            if ended.endpoint.is_some() && first {
                course.client.budget.deposit(ended.at);
            }
            match result {
                Ok(answer) => return Ok(course.reply(answer, ended.endpoint)),
                Err(failure) => course.failed(&exchange, failure, ended)?,
            }
        };
        course.sleep(delay).await;
    }
}

/// What a call has come to so far.
struct Course<'a> {
    client: &'a Inner,
    call: &'a Prepared<'a>,
    started: Instant,
    /// The attempts that were made.
    attempt: u32,
    tried: Tried,
    slot: Option<Slot>,
    /// What went wrong last.
    last: Option<Error>,
    /// Pays for the next attempt.
    token: Option<Token>,
    /// The wait before it.
    waited: Duration,
    /// Whether one was made at once, since another had come to nothing.
    came_to_nothing: bool,
    /// Read anew after whatever takes time, and not otherwise: a clock is not for free.
    now: Instant,
}

/// What an attempt is told before it is made.
enum Door<'r> {
    /// Go; there to, unless it is a check.
    Open(Option<(&'r Endpoint, Permit<'r>)>),
    Wait(Duration),
}

impl<'a> Course<'a> {
    fn begin(client: &'a Inner, call: &'a Prepared<'a>) -> Self {
        let started = Instant::now();
        Self {
            client,
            call,
            started,
            attempt: 0,
            tried: Tried::default(),
            slot: None,
            last: None,
            token: None,
            waited: Duration::ZERO,
            came_to_nothing: false,
            now: started,
        }
    }

    fn deadline(&self) -> Deadline {
        let own = Deadline::after(self.started, self.call.policy().total_timeout);
        self.call.limit.map_or(own, |at| own.min(Deadline { at }))
    }

    /// Longer than an attempt can last, so that only a probe that was lost loses its turn.
    fn lease(&self) -> Duration {
        let policy = self.call.policy();
        let lease = policy.attempt_timeout.saturating_mul(2);
        if policy.patient { lease.max(policy.total_timeout) } else { lease }
    }

    /// An error of this call that is about no attempt; what went wrong before is its cause.
    #[cold]
    fn refused(&mut self, error: Error) -> Error {
        let error = match self.last.take() {
            Some(last) => error.because_of(last),
            None => error,
        };
        error.with_context(&self.call.context, self.attempt, self.started.elapsed())
    }

    #[cold]
    fn closed(&mut self) -> Error {
        self.last.take().unwrap_or_else(|| self.refused(Error::closed()))
    }

    /// Waits for a slot of the bulkhead.
    async fn take_slot(&mut self) -> Result<(), Error> {
        let left = self.deadline().remaining(self.now).saturating_sub(LEAST_ATTEMPT);
        match self.client.gate.slot(self.client.policy.bulkhead.wait.min(left)).await {
            Ok(slot) => self.slot = Some(slot),
            Err(NoSlot::Busy) => {
                let aim = self.call.aim(None);
                self.telemetry(&aim).tell(&Event::Rejected { kind: ErrorKind::Busy });
                return Err(self.refused(busy()));
            }
            // The client is closed, which is told a moment later.
            Err(NoSlot::Closed) => {}
        }
        self.now = Instant::now();
        Ok(())
    }

    /// Sees to it that the endpoints are known.
    async fn look_up(&mut self, route: &Route) {
        let limit = Deadline::after(self.now, self.call.policy().attempt_timeout).min(self.deadline());
        until_closing(self.client, route.ready(limit)).await;
        self.now = Instant::now();
    }

    fn telemetry<'t>(&'t self, aim: &'t Aim<'_>) -> Telemetry<'t> {
        self.client.telemetry(aim, self.call.policy().attempts)
    }

    /// Waits before the next attempt, unless the client is closed meanwhile.
    async fn sleep(&mut self, delay: Duration) {
        sleep_or_close(self.client, delay).await;
        self.now = Instant::now();
    }

    /// Asks to be let in.
    fn enter<'r>(&mut self, exchange: &'r Exchange<'_>) -> Result<Door<'r>, Error> {
        let Some(choices) = &exchange.choices else {
            self.go();
            return Ok(Door::Open(None));
        };
        let client = self.client;
        let random = || client.random.next();
        let shared = self.call.policy().retry_after.shared;
        let asking = Asking { now: self.now, lease: self.lease(), shared, tried: &self.tried, random: &random };
        match choices.enter(&asking) {
            Entry::Go(endpoint, permit, change) => {
                if change.is_some() {
                    self.telemetry(&self.call.aim(Some(endpoint))).circuit(change);
                }
                self.go();
                Ok(Door::Open(Some((endpoint, permit))))
            }
            Entry::Nowhere(reason) => {
                self.go();
                let ended = Ended::not_made(self.now);
                self.failed(exchange, AttemptFailure::nowhere(reason), ended).map(Door::Wait)
            }
            Entry::Wait(left) => self.wait(left).map(Door::Wait),
            Entry::Rejected(retry_in) => {
                self.telemetry(&self.call.aim(None)).rejected(retry_in);
                Err(self.refused(turned_away(retry_in)))
            }
        }
    }

    /// An attempt is made.
    fn go(&mut self) {
        self.attempt += 1;
        if let Some(token) = self.token.take() {
            token.spend();
        }
    }

    /// The service asked to be left alone: how long to wait, if there is time for that.
    #[cold]
    fn wait(&mut self, left: Duration) -> Result<Duration, Error> {
        let wait = added(left, PUSHBACK_SPREAD, self.client.random.next());
        let cap = self.call.policy().retry_after.cap;
        if left > cap || self.deadline().remaining(self.now) <= wait.saturating_add(LEAST_ATTEMPT) {
            self.telemetry(&self.call.aim(None)).throttled(left);
            return Err(self.refused(throttled(left)));
        }
        // While it waits, another may go.
        self.slot = None;
        Ok(wait)
    }

    /// The reply that an answer is. On the heap, since it goes through many hands.
    fn reply(&mut self, answer: Answer, endpoint: Option<&Endpoint>) -> Box<Reply> {
        let Answer { status, headers, body } = answer;
        let (client, policy) = (self.client, self.call.policy());
        let about = About {
            context: self.call.aim(endpoint).context().clone(),
            attempts: self.attempt,
            started: self.started,
            idle: policy.idle_timeout,
            rate: policy.body_rate.asks().then(|| Box::new(policy.body_rate)),
            max_body: policy.max_body,
            max_error_body: policy.max_error_body,
        };
        // What is still to be read holds on to its place.
        let streamed = matches!(body, ReplyBody::Streamed(_));
        let hold = streamed.then(|| Box::new(Hold { _slot: self.slot.take(), _counted: client.gate.count_on() }));
        Box::new(Reply { status, headers, body, about, hold, again: None })
    }

    /// One of two attempts beside each other failed, before the other one did.
    #[cold]
    fn failed_beside(&mut self, error: Error, number: u32, endpoint: Option<&Endpoint>) {
        let error = error.with_context(self.call.aim(endpoint).context(), number, self.started.elapsed());
        self.last = Some(match self.last.take() {
            Some(before) => error.after(before),
            None => error,
        });
    }

    /// What follows from an attempt that failed: the wait before another one, or the error of the call.
    #[cold]
    fn failed(
        &mut self,
        exchange: &Exchange<'_>,
        failure: AttemptFailure,
        ended: Ended<'_>,
    ) -> Result<Duration, Error> {
        let Self { client, call, attempt, .. } = *self;
        let Ended { endpoint, permit, evidence, at } = ended;
        let policy = call.policy();
        let aim = call.aim(endpoint);
        let telemetry = exchange.telemetry(&aim);
        let at_once = matches!(failure.fault, Some(TransportFailure::Unprocessed | TransportFailure::Stale))
            && !self.came_to_nothing;
        self.came_to_nothing |= at_once;
        let failed = exchange.failed(&failure, endpoint, attempt, at_once, at);
        let error = failure.error;
        if matches!(error.kind(), ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Transport) {
            telemetry.transient(attempt, &error);
        }
        let verdict = decide(&failed, &policy.retry_on, policy.retry_after, || {
            self.token = client.budget.withdraw(at);
            self.token.is_some()
        });
        let error = match self.last.take() {
            // Running out of time is no cause: what went wrong before is.
            Some(cause) if error.kind() == ErrorKind::Deadline => error.because_of(cause),
            Some(before) => error.after(before),
            None => error,
        };
        let error = error.with_context(aim.context(), attempt, self.started.elapsed());
        let outcome = evidence.outcome;
        let passed_over = matches!(verdict, Verdict::Again(_)) && outcome == Outcome::Failure;
        // Where calls are counted, a failure that is tried again is none yet.
        let outcome = if passed_over { Outcome::Neutral } else { outcome };
        let change = permit.and_then(|permit| permit.settle(Evidence { outcome, ..evidence }, at));
        exchange.changed(&telemetry, endpoint, change);
        let delay = match verdict {
            Verdict::Again(delay) => delay,
            Verdict::Stop(reason) => {
                telemetry.stopped(attempt, reason);
                return Err(error);
            }
        };
        telemetry.retrying(attempt, delay);
        (self.last, self.waited) = (Some(error), delay);
        // While it sleeps, another may go.
        self.slot = None;
        Ok(delay)
    }
}

fn turned_away(retry_in: Option<Duration>) -> Error {
    let detail = match retry_in {
        Some(retry_in) => format!("too many failures of late; ask again in {}", Brief(retry_in)).into(),
        None => Cow::Borrowed("it is held open by hand"),
    };
    Error::new(ErrorKind::CircuitOpen, Phase::Admission, Sent::NotSent, detail).with_retry_in(retry_in)
}

fn too_late() -> Error {
    let detail = "too little time is left until the deadline that was set for it";
    Error::new(ErrorKind::Deadline, Phase::Admission, Sent::NotSent, detail)
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
