//! How is one attempt made, watched and counted?

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use http::StatusCode;
use tokio::task::unconstrained;
use tokio::time::Instant;

use crate::attempt::{Answer, AttemptFailure, End, Progress, cut_off, expired, once};
use crate::client::Inner;
use crate::closing::Stage;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::prepare::{Aim, Prepared};
use crate::resilience::breaker::{Change, CircuitState, Evidence, Outcome, Permit};
use crate::resilience::deadline::Deadline;
use crate::resilience::decide::{Failed, Verdict, decide};
use crate::resilience::load::OnItsWay;
use crate::route::Choices;
use crate::telemetry::{self, Telemetry};
use crate::transport::{Transport, TransportFailure};

/// What the attempts of a call have in common.
pub(crate) struct Exchange<'a> {
    pub(crate) client: &'a Inner,
    pub(crate) call: &'a Prepared<'a>,
    pub(crate) transport: Arc<dyn Transport>,
    /// Where it may go; nothing for a check, which neither asks nor tells anybody.
    pub(crate) choices: Option<Choices<'a>>,
    pub(crate) deadline: Deadline,
    /// The wait before this attempt.
    pub(crate) waited: Duration,
    /// Set once one of two attempts beside each other has won: longer than this an answer takes hardly ever, so a loser
    /// that was on its way for longer did fail.
    pub(crate) lost_after: OnceLock<Duration>,
}

/// An attempt that has ended: with what, is told beside it.
pub(crate) struct Ended<'a> {
    pub(crate) endpoint: Option<&'a Endpoint>,
    /// Not settled yet where calls are counted and this one may go on.
    pub(crate) permit: Option<Permit<'a>>,
    pub(crate) evidence: Evidence,
    pub(crate) at: Instant,
}

impl Ended<'_> {
    /// An attempt that came to nothing before it began.
    pub(crate) fn not_made(now: Instant) -> Self {
        let evidence = Evidence { outcome: Outcome::Neutral, took: Duration::ZERO, asked: None, random: 0 };
        Self { endpoint: None, permit: None, evidence, at: now }
    }
}

impl<'a> Exchange<'a> {
    pub(crate) fn telemetry<'t>(&'t self, aim: &'t Aim<'_>) -> Telemetry<'t> {
        self.client.telemetry(aim, self.call.policy().attempts)
    }

    /// Tells of a change of the circuit. Who comes back to a service that was away comes on new connections; where there are
    /// several endpoints, those of the others are well and are kept.
    pub(crate) fn changed(&self, telemetry: &Telemetry<'_>, endpoint: Option<&Endpoint>, change: Option<Change>) {
        if change.is_some_and(|change| change.to == CircuitState::Open) {
            if !self.is_balanced() {
                self.transport.renew();
            }
            if let (Some(prober), Some(endpoint)) = (&self.client.prober, endpoint) {
                prober.opened(endpoint);
            }
        }
        telemetry.circuit(change);
    }

    /// What matters of a failed attempt for another one.
    pub(crate) fn failed(
        &self,
        failure: &AttemptFailure,
        endpoint: Option<&Endpoint>,
        attempt: u32,
        at_once: bool,
        at: Instant,
    ) -> Failed {
        let Self { client, call, .. } = *self;
        let policy = call.policy();
        let error = &failure.error;
        Failed {
            kind: error.kind(),
            lasting: matches!(failure.fault, Some(TransportFailure::Tls | TransportFailure::UnknownName)),
            at_once,
            sent: error.sent(),
            status: error.status().map(|status| status.as_u16()),
            advice: failure.advice,
            repeatable: call.repeatable,
            keyed: call.keyed,
            replayable: call.plan.body.is_replayable(),
            attempt,
            attempts: policy.attempts,
            open: self.choices.as_ref().is_some_and(|choices| choices.all_open(at)),
            elsewhere: self.choices.as_ref().is_some_and(|choices| choices.has_another(endpoint, at)),
            backoff: policy.backoff.delay(attempt - 1, self.waited, client.random.next()),
            ceiling: policy.backoff.ceiling,
            remaining: self.deadline.remaining(at),
            random: client.random.next(),
        }
    }

    /// One attempt, from the moment it was let in to its end.
    pub(crate) async fn attempt(
        &'a self,
        number: u32,
        entry: Option<(&'a Endpoint, Permit<'a>)>,
        began: Instant,
    ) -> (Result<Answer, AttemptFailure>, Ended<'a>) {
        let mut under_way = self.under_way(number, entry, began);
        let result = under_way.made().await;
        let ended = under_way.ended(&result);
        (result, ended)
    }

    /// An attempt that was let in.
    pub(crate) fn under_way(
        &'a self,
        number: u32,
        entry: Option<(&'a Endpoint, Permit<'a>)>,
        began: Instant,
    ) -> UnderWay<'a> {
        let (endpoint, permit) = entry.unzip();
        UnderWay {
            permit,
            endpoint,
            on_its_way: endpoint.filter(|_| self.is_balanced()).map(|endpoint| endpoint.load.count()),
            progress: Progress::default(),
            number,
            began,
            aim: self.call.aim(endpoint),
            exchange: self,
        }
    }

    /// Whether somebody wants to know how long it took.
    fn is_timed(&self) -> bool {
        self.client.gate.is_adaptive() || self.call.policy().hedge.enabled
    }

    /// Whether there is anything to choose from: only then are loads of interest.
    pub(crate) fn is_balanced(&self) -> bool {
        matches!(self.choices, Some(Choices::Many(..)))
    }
}

/// What an attempt says for itself.
fn said(result: &Result<Answer, AttemptFailure>) -> Result<StatusCode, &Error> {
    result.as_ref().map(|answer| answer.status).map_err(|failure| &failure.error)
}

/// An attempt on its way: whoever drops it gives it up, which the breaker is told.
pub(crate) struct UnderWay<'a> {
    permit: Option<Permit<'a>>,
    endpoint: Option<&'a Endpoint>,
    on_its_way: Option<OnItsWay<'a>>,
    pub(crate) progress: Progress,
    pub(crate) number: u32,
    pub(crate) began: Instant,
    pub(crate) aim: Aim<'a>,
    pub(crate) exchange: &'a Exchange<'a>,
}

impl<'a> UnderWay<'a> {
    pub(crate) fn telemetry(&self) -> Telemetry<'_> {
        self.exchange.telemetry(&self.aim)
    }

    /// Makes it. Whoever lets go of this future before it is done gives the attempt up.
    pub(crate) async fn made(&self) -> Result<Answer, AttemptFailure> {
        let exchange = self.exchange;
        self.telemetry().request(self.number);
        let mut limit = Deadline::after(self.began, exchange.call.policy().attempt_timeout).min(exchange.deadline);
        let span = self.telemetry().span(self.number);
        let mut sending = pin!(once(self));
        // By itself on the heap: with it the future of a call would be too large to be kept at hand there.
        let mut timer = Box::pin(tokio::time::sleep_until(limit.at));
        let mut cut = pin!(exchange.client.closing.reached(Stage::Cut));
        let result = poll_fn(|context| {
            // The answer first: what has come is not thrown away.
            let polled = span.in_scope(|| sending.as_mut().poll(context));
            if polled.is_ready() {
                return polled;
            }
            // Whatever the answer's reading has used up of the task's share, time runs.
            while pin!(unconstrained(timer.as_mut())).poll(context).is_ready() {
                if let Some(failure) = self.out_of_time(limit) {
                    return Poll::Ready(Err(failure));
                }
                limit = exchange.deadline;
                timer.as_mut().reset(limit.at);
            }
            cut.as_mut().poll(context).map(|()| Err(cut_off(&self.progress)))
        })
        .await;
        telemetry::recorded(&span, said(&result));
        result
    }

    /// The time that it was given is up: why it ends, unless it goes on to the deadline of the call.
    #[cold]
    fn out_of_time(&self, limit: Deadline) -> Option<AttemptFailure> {
        let policy = self.exchange.call.policy();
        let patient = policy.patient && limit.at < self.exchange.deadline.at;
        let over = !patient || self.is_given_up();
        let end = match self.exchange.call.limit {
            _ if limit.at < self.exchange.deadline.at => End::Attempt,
            Some(set) if set <= limit.at => End::Set,
            _ => End::Call,
        };
        over.then(|| expired(&self.progress, policy, end))
    }

    /// Whether an attempt whose time is up is given up for another one: if one would follow, and it is not simply the
    /// service that makes everybody wait. An attempt that is the only one, has been overtaken, or can be made elsewhere
    /// is stuck for all that is known.
    fn is_given_up(&self) -> bool {
        let Exchange { client, call, .. } = *self.exchange;
        let (policy, at) = (call.policy(), Instant::now());
        let expired = expired(&self.progress, policy, End::Attempt);
        let failed = self.exchange.failed(&expired, self.endpoint, self.number, false, at);
        let overtaken = self.endpoint.is_none_or(|endpoint| endpoint.answered.overtook(self.began));
        if !(overtaken || failed.elsewhere || client.gate.in_flight() <= 1) {
            return false;
        }
        let verdict = decide(&failed, &policy.retry_on, policy.retry_after, || client.budget.has_one(at));
        matches!(verdict, Verdict::Again(_))
    }

    /// Says that it went well, if that is no news: whether that is so.
    fn settle_granted(&mut self) -> bool {
        let Some(permit) = self.permit.take() else { return true };
        self.permit = permit.settle_granted().err();
        self.permit.is_none()
    }

    /// It came to its end: everybody who counts is told.
    pub(crate) fn ended(&mut self, result: &Result<Answer, AttemptFailure>) -> Ended<'a> {
        let (exchange, endpoint, began) = (self.exchange, self.endpoint, self.began);
        let client = exchange.client;
        if let Some(endpoint) = endpoint.filter(|_| exchange.call.policy().patient && result.is_ok()) {
            endpoint.answered.note(began);
        }
        // A success that is no news needs no time either.
        let unwatched = client.observer.is_none() && !exchange.is_balanced() && !exchange.is_timed();
        if result.is_ok() && unwatched && self.settle_granted() {
            let evidence = Evidence { outcome: Outcome::Success, took: Duration::ZERO, asked: None, random: 0 };
            return Ended { endpoint, permit: None, evidence, at: began };
        }
        let at = Instant::now();
        let took = at - began;
        self.telemetry().attempt_ended(self.number, said(result), took);
        self.on_its_way = None;
        let outcome = result.as_ref().map_or_else(|failure| failure.outcome, |_| Outcome::Success);
        let asked = result.as_ref().err().and_then(|failure| failure.advice.asked);
        let evidence = Evidence { outcome, took, asked, random: client.random.next() };
        let given_up = result.as_ref().is_err_and(|failure| failure.given_up) && self.progress.is_under_way();
        let permit = match (self.permit.take(), endpoint) {
            (Some(permit), _) if given_up => {
                exchange.changed(&self.telemetry(), endpoint, permit.give_up(took, evidence.random, at));
                None
            }
            (Some(permit), Some(endpoint)) if result.is_ok() || !endpoint.breaker.counts_calls() => {
                exchange.changed(&self.telemetry(), Some(endpoint), permit.settle(evidence, at));
                None
            }
            (permit, _) => permit,
        };
        if let (Some(endpoint), Some(choices)) = (endpoint.filter(|_| self.progress.is_under_way()), &exchange.choices)
        {
            if let Some(out) = choices.ended(endpoint, outcome, took, at) {
                self.telemetry().ejected(out);
            }
            // Whoever asks in the background keeps away as well.
            let heeded = exchange.call.policy().retry_after.shared || exchange.is_balanced() || client.prober.is_some();
            if let Some(asked) = asked.filter(|_| heeded) {
                endpoint.pushback.ask(at, asked);
            }
        }
        if endpoint.is_some() && client.gate.is_adaptive() {
            let dropped = result.as_ref().is_err_and(AttemptFailure::is_overload);
            if result.is_ok() || dropped {
                client.gate.learn(took, dropped);
            }
        }
        Ended { endpoint, permit, evidence, at }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        // What never reached a transport is settled by the permit itself, as nothing.
        if let Some(permit) = self.permit.take().filter(|_| self.progress.is_under_way()) {
            self.given_up(permit);
        }
    }
}

impl UnderWay<'_> {
    #[cold]
    fn given_up(&self, permit: Permit<'_>) {
        let now = Instant::now();
        let took: Duration = now - self.began;
        let Self { exchange, endpoint, .. } = *self;
        let random = exchange.client.random.next();
        if exchange.lost_after.get().is_some_and(|least| took > *least) {
            if let (Some(endpoint), Some(choices)) = (endpoint, &exchange.choices) {
                if let Some(out) = choices.ended(endpoint, Outcome::Failure, took, now) {
                    self.telemetry().ejected(out);
                }
            }
            let evidence = Evidence { outcome: Outcome::Failure, took, asked: None, random };
            exchange.changed(&self.telemetry(), endpoint, permit.settle(evidence, now));
            return;
        }
        if let (Some(endpoint), Some(choices)) = (endpoint, &exchange.choices) {
            choices.ended(endpoint, Outcome::Neutral, took, now);
        }
        exchange.changed(&self.telemetry(), endpoint, permit.give_up(took, random, now));
    }
}
