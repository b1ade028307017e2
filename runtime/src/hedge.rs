//! What if the answer makes one wait: which of two requests wins?

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use crate::attempt::{Answer, AttemptFailure};
use crate::endpoint::{Endpoint, Tried};
use crate::error::Error;
use crate::exchange::{Ended, Exchange};
use crate::observer::Event;
use crate::operation::Operation;
use crate::prepare::Prepared;
use crate::request::Mode;
use crate::resilience::breaker::Permit;
use crate::resilience::budget::{Budget, BudgetPolicy};
use crate::resilience::decide::{LEAST_ATTEMPT, Verdict, decide};
use crate::resilience::hedge::{HedgePolicy, Latencies};
use crate::route::{Asking, Entry};

/// Of a hundred answers only one takes longer than the one at this place: a loser that has is taken for a failure of its
/// endpoint, or one that hangs would never be noticed, as its attempts are all dropped.
const LOST: u32 = 99;

/// How many hedges a new client may send before its calls have brought any.
const FIRST: u32 = 10;

/// What a client remembers for its hedges.
#[derive(Debug)]
pub(crate) struct Hedges {
    budget: Arc<Budget>,
    /// By operation: there are no more than the document has.
    latencies: Mutex<BTreeMap<&'static str, Arc<Latencies>>>,
}

impl Hedges {
    pub(crate) fn new(policy: HedgePolicy, now: Instant) -> Self {
        let percent = policy.percent;
        let budget = BudgetPolicy { enabled: true, percent, per_minute: 0, window: Duration::ZERO, most: FIRST };
        Self { budget: Arc::new(Budget::new(budget, FIRST, now)), latencies: Mutex::default() }
    }

    fn of(&self, operation: &Operation) -> Arc<Latencies> {
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        latencies.entry(operation.name).or_default().clone()
    }

    pub(crate) fn left(&self) -> u32 {
        self.budget.tokens()
    }
}

impl Prepared<'_> {
    /// Whether a second request may go beside the first: if nobody minds that both are processed.
    pub(crate) fn may_hedge(&self) -> bool {
        self.policy().hedge.enabled
            && self.plan.method.is_safe()
            && self.plan.body.is_replayable()
            && self.plan.mode != Mode::Check
    }
}

/// An attempt, and perhaps one more beside it.
pub(crate) struct Race<'a> {
    pub(crate) result: Result<Answer, AttemptFailure>,
    pub(crate) ended: Ended<'a>,
    /// How many were sent.
    pub(crate) sent: u32,
    /// The endpoint of the other one.
    pub(crate) other: Option<&'a Endpoint>,
    /// What that one failed with, and its number, where both failed.
    pub(crate) before: Option<(Error, u32)>,
}

impl<'a> Exchange<'a> {
    /// An attempt; and if it makes one wait, and budget, time and attempts are left, another at another endpoint if there is
    /// one. The first success wins, and the other one is dropped: which says nothing about its endpoint, unless it took
    /// longer than answers do. A failure before the second one is sent lets that go at once, if there is another endpoint
    /// that may fare better; else it is a matter of retries, whose back-off spares the one endpoint that there is. After
    /// that the other is waited for.
    pub(crate) async fn race(
        &'a self,
        number: u32,
        entry: Option<(&'a Endpoint, Permit<'a>)>,
        now: Instant,
        lease: Duration,
        mut tried: Tried,
    ) -> Race<'a> {
        let (client, policy) = (self.client, self.call.policy());
        let hedges = &client.hedges;
        let latencies = hedges.of(self.call.plan.operation);
        hedges.budget.deposit(now);
        let endpoint = entry.as_ref().map(|(endpoint, _)| *endpoint);
        let mut first = pin!(self.attempt(number, entry, now));
        let learned = policy.hedge.after.or_else(|| latencies.percentile(policy.hedge.percentile));
        let after = learned.unwrap_or(Duration::MAX).max(policy.hedge.least);
        let alone = |(result, ended): (Result<_, _>, Ended<'a>)| {
            if result.is_ok() {
                latencies.record(ended.evidence.took);
            }
            Race { result, ended, sent: 1, other: None, before: None }
        };
        let failed = match tokio::time::timeout(after, first.as_mut()).await {
            Ok((Err(failure), ended)) if self.may_fare_better(&failure, &ended, number) => Some((failure, ended)),
            Ok(came) => return alone(came),
            Err(_) => None,
        };
        let at = Instant::now();
        let allowed = number < policy.attempts && !client.is_closed() && self.deadline.remaining(at) > LEAST_ATTEMPT;
        let token = if allowed { hedges.budget.withdraw(at) } else { None };
        tried.extend(endpoint);
        let random = || client.random.next();
        let asking = Asking { now: at, lease, shared: policy.retry_after.shared, tried: &tried, random: &random };
        let door = token.zip(self.choices.as_ref()).map(|(token, choices)| (token, choices.enter(&asking)));
        // A failure is answered elsewhere or not at all.
        let is_of_use = |other: &Endpoint| failed.is_none() || endpoint.is_some_and(|endpoint| endpoint.id != other.id);
        let (token, other, permit, change) = match door {
            Some((token, Entry::Go(other, permit, change))) if is_of_use(other) => (token, other, permit, change),
            // Nothing is lost but the chance.
            _ => match failed {
                Some((failure, ended)) => return alone((Err(failure), ended)),
                None => return alone(first.await),
            },
        };
        token.spend();
        {
            let aim = self.call.aim(Some(other));
            let telemetry = self.telemetry(&aim);
            telemetry.circuit(change);
            telemetry.tell(&Event::Hedged { attempt: number + 1, after: at - now });
        }
        let second = pin!(self.attempt(number + 1, Some((other, permit)), at));
        let beside = failed.is_none();
        let ((result, ended), first_won, before) = match failed {
            Some((failure, _)) => (second.await, false, Some(failure)),
            None => success_of(first, second).await,
        };
        if result.is_ok() {
            if let Some(most) = latencies.percentile(LOST) {
                // The first and only setting of it: there is one race for each exchange.
                let _ = self.lost_after.set(most);
            }
            // Of a loser one knows that it would have taken longer still.
            latencies.record(if first_won || !beside { ended.evidence.took } else { ended.at - now });
        }
        let before = before.filter(|_| result.is_err()).map(|failure| (failure.error, number + u32::from(first_won)));
        let other = if first_won { Some(other) } else { endpoint };
        Race { result, ended, sent: 2, other, before }
    }

    /// Whether another endpoint may give at once what this attempt did not: if it would be tried again at all, and not the
    /// whole service was asked for less.
    fn may_fare_better(&self, failure: &AttemptFailure, ended: &Ended<'_>, number: u32) -> bool {
        let policy = self.call.policy();
        let failed = self.failed(failure, ended.endpoint, number, false, ended.at);
        let verdict = || decide(&failed, &policy.retry_on, policy.retry_after, || true);
        failed.elsewhere && failed.status != Some(429) && matches!(verdict(), Verdict::Again(_))
    }
}

/// The first success of two attempts, else the failure that came last; whether it is the first one's; and the failure that
/// came before.
async fn success_of<F, S, A, E, X>(
    mut first: Pin<&mut F>,
    mut second: Pin<&mut S>,
) -> ((Result<A, E>, X), bool, Option<E>)
where
    F: Future<Output = (Result<A, E>, X)>,
    S: Future<Output = (Result<A, E>, X)>,
{
    let mut failed: [Option<E>; 2] = [None, None];
    poll_fn(move |context| {
        for (mine, its) in [(0, 1), (1, 0)] {
            if failed[mine].is_some() {
                continue;
            }
            let polled = if mine == 0 { first.as_mut().poll(context) } else { second.as_mut().poll(context) };
            if let Poll::Ready(came) = polled {
                let before = failed[its].take();
                if came.0.is_ok() || before.is_some() {
                    return Poll::Ready((came, mine == 0, before));
                }
                failed[mine] = came.0.err();
            }
        }
        Poll::Pending
    })
    .await
}
