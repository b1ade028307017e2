//! How is one attempt made, watched and counted?

use std::future::poll_fn;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::Poll;
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::Instant;
use tracing::Instrument;

use crate::attempt::{Answer, AttemptFailure, Progress, cut_off, expired, once};
use crate::client::Inner;
use crate::closing::Stage;
use crate::endpoint::Endpoint;
use crate::prepare::{Aim, Prepared};
use crate::resilience::breaker::{Change, CircuitState, Evidence, Outcome, Permit};
use crate::resilience::deadline::Deadline;
use crate::resilience::decide::{Failed, Verdict, decide};
use crate::resilience::load::OnItsWay;
use crate::route::Choices;
use crate::telemetry::Telemetry;
use crate::transport::{Transport, TransportFailure};

/// What the attempts of a call have in common.
pub(crate) struct Exchange<'a> {
    pub(crate) client: &'a Inner,
    pub(crate) call: &'a Prepared<'a>,
    pub(crate) transport: &'a dyn Transport,
    /// Where it may go; nothing for a check, which neither asks nor tells anybody.
    pub(crate) choices: Option<&'a Choices<'a>>,
    pub(crate) deadline: Deadline,
    /// The wait before this attempt.
    pub(crate) waited: Duration,
    /// Set once one of two attempts beside each other has won: longer than this an answer takes hardly ever, so a loser
    /// that was on its way for longer did fail.
    pub(crate) lost_after: OnceLock<Duration>,
}

/// An attempt that has ended.
pub(crate) struct Ended<'a> {
    pub(crate) result: Result<Answer, AttemptFailure>,
    pub(crate) endpoint: Option<&'a Endpoint>,
    /// Not settled yet where calls are counted and this one may go on.
    pub(crate) permit: Option<Permit<'a>>,
    pub(crate) evidence: Evidence,
    pub(crate) at: Instant,
}

impl Ended<'_> {
    /// An attempt that came to nothing before it began.
    pub(crate) fn not_made(failure: AttemptFailure, now: Instant) -> Self {
        let evidence = Evidence { outcome: Outcome::Neutral, took: Duration::ZERO, asked: None, random: 0 };
        Self { result: Err(failure), endpoint: None, permit: None, evidence, at: now }
    }
}

impl<'a> Exchange<'a> {
    pub(crate) fn telemetry<'t>(&'t self, aim: &'t Aim<'_>) -> Telemetry<'t> {
        self.client.telemetry(aim, self.call.policy().attempts)
    }

    /// Tells of a change of the circuit. Who comes back to a service that was away comes on new connections; where there are
    /// several endpoints, those of the others are well and are kept.
    pub(crate) fn changed(&self, telemetry: &Telemetry<'_>, change: Option<Change>) {
        if change.is_some_and(|change| change.to == CircuitState::Open) && !self.is_balanced() {
            self.transport.renew();
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
            open: self.choices.is_some_and(|choices| choices.all_open(at)),
            elsewhere: self.choices.is_some_and(|choices| choices.has_another(endpoint, at)),
            backoff: policy.backoff.delay(attempt - 1, self.waited, client.random.next()),
            ceiling: policy.backoff.ceiling,
            remaining: self.deadline.remaining(at),
            random: client.random.next(),
        }
    }

    /// Whether an attempt whose time is up is given up for another one: if one would follow, and it is not simply the
    /// service that makes everybody wait. An attempt that is the only one, has been overtaken, or can be made elsewhere
    /// is stuck for all that is known.
    fn gives_up(&self, attempt: u32, endpoint: Option<&Endpoint>, progress: &Progress, began: Instant) -> bool {
        let Self { client, call, .. } = *self;
        let (policy, at) = (call.policy(), Instant::now());
        let failed = self.failed(&expired(progress, policy, false), endpoint, attempt, false, at);
        let overtaken = endpoint.is_none_or(|endpoint| endpoint.answered.overtook(began));
        if !(overtaken || failed.elsewhere || client.gate.in_flight() <= 1) {
            return false;
        }
        let verdict = decide(&failed, &policy.retry_on, policy.retry_after, || client.budget.has_one(at));
        matches!(verdict, Verdict::Again(_))
    }

    /// One attempt, from the moment it was let in.
    pub(crate) async fn attempt(
        &self,
        number: u32,
        aim: &Aim<'_>,
        endpoint: Option<(&'a Endpoint, Permit<'a>)>,
        now: Instant,
    ) -> Ended<'a> {
        let Self { client, call, .. } = *self;
        let policy = call.policy();
        let telemetry = self.telemetry(aim);
        telemetry.request(number);
        let mut limit = Deadline::after(now, policy.attempt_timeout).min(self.deadline);
        let progress = Progress::default();
        let (endpoint, permit) = endpoint.map_or((None, None), |(endpoint, permit)| (Some(endpoint), Some(permit)));
        // From here on, whoever drops the call gives the attempt up.
        let mut under_way = UnderWay {
            permit,
            endpoint,
            _on_its_way: endpoint.filter(|_| self.is_balanced()).map(|endpoint| endpoint.load.count()),
            progress: &progress,
            began: now,
            exchange: self,
            telemetry: &telemetry,
        };
        let span = telemetry.span(number);
        let result = {
            let answered = |status| telemetry.response(number, status, now);
            // One expression, and pinned: a name on the way would cost the future a second place for the whole of it.
            let mut sending = pin!(once(self.transport, call, aim, &progress, answered).instrument(span.clone()));
            let mut timer = pin!(tokio::time::sleep_until(limit.at));
            let mut cut = pin!(client.closing.reached(Stage::Cut));
            poll_fn(|context| {
                // The answer first: what has come is not thrown away.
                if let Poll::Ready(result) = sending.as_mut().poll(context) {
                    return Poll::Ready(result);
                }
                // Whatever the answer's reading has used up of the task's share, time runs.
                while pin!(unconstrained(timer.as_mut())).poll(context).is_ready() {
                    let patient = policy.patient && limit.at < self.deadline.at;
                    if !patient || self.gives_up(number, endpoint, &progress, now) {
                        return Poll::Ready(Err(expired(&progress, policy, limit.at >= self.deadline.at)));
                    }
                    limit = self.deadline;
                    timer.as_mut().reset(limit.at);
                }
                cut.as_mut().poll(context).map(|()| Err(cut_off(&progress)))
            })
            .await
        };
        if let Some(endpoint) = endpoint.filter(|_| policy.patient && result.is_ok()) {
            endpoint.answered.note(now);
        }
        // A success that is no news needs no time either.
        let unwatched = client.observer.is_none() && !self.is_balanced() && !self.is_timed();
        let granted = result.is_ok() && unwatched && under_way.settle_granted();
        let at = if granted { now } else { Instant::now() };
        let said = result.as_ref().map(|answer| answer.status).map_err(|failure| &failure.error);
        telemetry.attempt_ended(&span, number, said, at - now);
        let outcome = result.as_ref().map_or_else(|failure| failure.outcome, |_| Outcome::Success);
        let asked = result.as_ref().err().and_then(|failure| failure.advice.asked);
        let random = if granted { 0 } else { client.random.next() };
        let evidence = Evidence { outcome, took: at - now, asked, random };
        let permit = under_way.permit.take();
        drop(under_way);
        let permit = match (permit, endpoint) {
            (Some(permit), Some(endpoint)) if result.is_ok() || !endpoint.breaker.counts_calls() => {
                self.changed(&telemetry, permit.settle(evidence, at));
                None
            }
            (permit, _) => permit,
        };
        if let (Some(endpoint), Some(choices)) = (endpoint.filter(|_| progress.is_under_way()), self.choices) {
            if let Some(out) = choices.ended(endpoint, outcome, at - now, at) {
                telemetry.ejected(out);
            }
            if let Some(asked) = asked.filter(|_| policy.retry_after.shared || self.is_balanced()) {
                endpoint.pushback.ask(at, asked);
            }
        }
        if endpoint.is_some() && client.gate.is_adaptive() {
            let dropped = result.as_ref().is_err_and(AttemptFailure::is_overload);
            if result.is_ok() || dropped {
                client.gate.learn(at - now, dropped);
            }
        }
        Ended { result, endpoint, permit, evidence, at }
    }

    /// Whether somebody wants to know how long it took.
    fn is_timed(&self) -> bool {
        self.client.gate.is_adaptive() || self.call.policy().hedge.enabled
    }

    /// Whether there is anything to choose from: only then are loads of interest.
    fn is_balanced(&self) -> bool {
        matches!(self.choices, Some(Choices::Many(..)))
    }
}

/// An attempt on its way: tells the breaker that its caller gave it up, if it did.
struct UnderWay<'u, 'a> {
    permit: Option<Permit<'a>>,
    endpoint: Option<&'a Endpoint>,
    _on_its_way: Option<OnItsWay<'a>>,
    progress: &'u Progress,
    began: Instant,
    exchange: &'u Exchange<'a>,
    telemetry: &'u Telemetry<'u>,
}

impl UnderWay<'_, '_> {
    /// Says that it went well, if that is no news: whether that is so.
    fn settle_granted(&mut self) -> bool {
        let Some(permit) = self.permit.take() else { return true };
        self.permit = permit.settle_granted().err();
        self.permit.is_none()
    }
}

impl Drop for UnderWay<'_, '_> {
    fn drop(&mut self) {
        // What never reached a transport is settled by the permit itself, as nothing.
        let Some(permit) = self.permit.take().filter(|_| self.progress.is_under_way()) else { return };
        let now = Instant::now();
        let took: Duration = now - self.began;
        let random = self.exchange.client.random.next();
        if self.exchange.lost_after.get().is_some_and(|least| took > *least) {
            if let (Some(endpoint), Some(choices)) = (self.endpoint, self.exchange.choices) {
                if let Some(out) = choices.ended(endpoint, Outcome::Failure, took, now) {
                    self.telemetry.ejected(out);
                }
            }
            let evidence = Evidence { outcome: Outcome::Failure, took, asked: None, random };
            self.exchange.changed(self.telemetry, permit.settle(evidence, now));
            return;
        }
        if let (Some(endpoint), Some(choices)) = (self.endpoint, self.exchange.choices) {
            choices.ended(endpoint, Outcome::Neutral, took, now);
        }
        self.exchange.changed(self.telemetry, permit.give_up(took, random, now));
    }
}
