//! What happens to a call, from being awaited to its reply?
//!
//! One loop acts: nothing else sends, sleeps or counts. What to do next it asks of the plain values in `resilience`.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use tokio::time::Instant;

use crate::attempt::{Progress, expired, once};
use crate::auth::Credential;
use crate::call::Options;
use crate::client::{Client, Inner};
use crate::encode;
use crate::encode::base::BaseUrl;
use crate::encode::query::redacted;
use crate::error::{Brief, Context, Error, ErrorKind, Phase, Sent};
use crate::operation::{Operation, SchemeKind};
use crate::random;
use crate::reply::{About, Reply};
use crate::request::{Mode, Plan};
use crate::resilience::breaker::{CircuitState, Outcome};
use crate::resilience::classify::{Failed, try_again};
use crate::resilience::deadline::Deadline;
use crate::resilience::policy::Policy;
use crate::telemetry::Telemetry;
use crate::transport::BoxFuture;

/// How long a health check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

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
            Ok(prepared) => run(inner, prepared, started).await,
            Err(error) => Err(error.with_context(
                &context(inner, operation, operation.template, &inner.base.origin),
                0,
                started.elapsed(),
            )),
        }
    })
}

/// A call of which all is known that does not differ between attempts.
pub(crate) struct Prepared {
    pub(crate) plan: Box<Plan>,
    pub(crate) policy: Policy,
    pub(crate) context: Context,
    pub(crate) target: BaseUrl,
    /// The address as logs show it.
    pub(crate) shown: String,
    pub(crate) chosen: Vec<(SchemeKind, Credential)>,
    pub(crate) repeatable: bool,
}

fn context(client: &Inner, operation: &'static Operation, template: &'static str, origin: &Arc<str>) -> Context {
    Context {
        method: operation.method.as_str(),
        template,
        operation: operation.name,
        service: client.service.name,
        origin: origin.clone(),
    }
}

fn prepare(client: &Inner, plan: Result<Box<Plan>, Error>, mut options: Options) -> Result<Prepared, Error> {
    let mut plan = plan?;
    let operation = plan.operation;
    let policy = policy(client, &plan, &mut options)?;
    let target = target(client, operation)?;
    let at_home = target.origin == client.base.origin || client.trusted.contains(&target.origin);
    let chosen = client.credentials.choose(client.service, operation, [&options.headers, &client.headers])?;
    if !chosen.is_empty() && !at_home {
        return Err(Error::config(format!(
            "this operation is served by {} and needs a credential, which goes to another origin only if ClientBuilder::send_credentials_to names it",
            target.origin
        )));
    }
    let repeatable = headers(client, &mut plan, options, at_home)? || operation.is_idempotent();
    // Found out now rather than in the loop: the address is the same each time, but for a key in the query.
    target.join(&plan.path.path, &plan.query).map_err(Error::build)?;
    let shown = shown_url(&target, &plan, &chosen);
    let context = context(client, operation, plan.template, &target.origin);
    Ok(Prepared { plan, policy, context, target, shown, chosen, repeatable })
}

/// The policy of one call: what the call says, else what its operation says, else the client's.
fn policy(client: &Inner, plan: &Plan, options: &mut Options) -> Result<Policy, Error> {
    let mut policy = if let Some(policy) = options.policy.take() {
        *policy
    } else {
        let mut policy = client.policy.clone();
        policy.attempts = plan.operation.attempts.unwrap_or(policy.attempts);
        if let Some(timeout) = plan.operation.attempt_timeout {
            policy.attempt_timeout = timeout;
            // An operation that may take longer than a whole call may otherwise is meant to get its time.
            policy.total_timeout = policy.total_timeout.max(timeout);
        }
        policy
    };
    if plan.mode == Mode::Check {
        policy.attempts = 1;
        policy.attempt_timeout = CHECK_TIMEOUT;
    }
    if let Some(timeout) = options.attempt_timeout {
        policy.attempt_timeout = timeout;
    }
    if let Some(timeout) = options.timeout {
        policy.total_timeout = timeout;
    }
    policy.validate().map_err(|invalid| Error::build(invalid.to_string()).with_source(invalid))?;
    Ok(policy)
}

/// Where an operation is served.
fn target(client: &Inner, operation: &Operation) -> Result<BaseUrl, Error> {
    match (operation.server, operation.base_path) {
        (Some(server), _) => {
            BaseUrl::parse(server).map_err(|reason| Error::build(format!("the operation's own server: {reason}")))
        }
        (None, Some(path)) => {
            Ok(BaseUrl { origin: client.base.origin.clone(), path: path.trim_end_matches('/').into() })
        }
        (None, None) => Ok(client.base.clone()),
    }
}

/// Completes the headers: client, operation, call, each over the one before. Tells whether there is an idempotency key.
fn headers(client: &Inner, plan: &mut Plan, options: Options, at_home: bool) -> Result<bool, Error> {
    // The client's own headers may hold a key that another origin must not see.
    let mut headers = if at_home { client.headers.clone() } else { HeaderMap::new() };
    headers.entry(header::USER_AGENT).or_insert_with(|| client.user_agent.clone());
    let accept = HeaderValue::from_str(plan.operation.accept)
        .map_err(|_| Error::build("the operation's `accept` is not a header value"))?;
    headers.insert(header::ACCEPT, accept);
    merge(&mut headers, std::mem::take(&mut plan.headers));
    merge(&mut headers, options.headers);
    let declared = plan.operation.idempotency_header;
    let name = encode::header::name(declared.unwrap_or("idempotency-key")).map_err(Error::build)?;
    if let Some(key) = options.idempotency_key {
        headers.insert(name.clone(), key);
    } else if declared.is_some() && !headers.contains_key(&name) {
        // Made once for the call and the same over its attempts: that is what makes them one.
        let key = HeaderValue::from_str(&random::key())
            .map_err(|_| Error::build("the idempotency key is not a header value"))?;
        headers.insert(name.clone(), key);
    }
    let keyed = headers.contains_key(&name);
    plan.headers = headers;
    Ok(keyed)
}

/// Lays headers over others: a name that comes anew replaces all values it had.
fn merge(headers: &mut HeaderMap, over: HeaderMap) {
    for name in over.keys() {
        headers.remove(name);
    }
    let mut current = None;
    for (name, value) in over {
        current = name.or(current);
        if let Some(name) = &current {
            headers.append(name.clone(), value);
        }
    }
}

fn shown_url(target: &BaseUrl, plan: &Plan, chosen: &[(SchemeKind, Credential)]) -> String {
    let mut shown = target.text();
    shown.push_str(&plan.path.shown);
    let mut mark = '?';
    if !plan.query.is_empty() {
        shown.push(mark);
        shown.push_str(&redacted(&plan.query));
        mark = '&';
    }
    for (kind, _) in chosen {
        if let SchemeKind::KeyQuery(name) = kind {
            shown.push(mark);
            encode::percent(name, &mut shown);
            shown.push_str("=***");
            mark = '&';
        }
    }
    shown
}

/// The loop.
async fn run(client: &Inner, call: Prepared, started: Instant) -> Result<Reply, Error> {
    let Prepared { plan, policy, context, .. } = &call;
    let telemetry = Telemetry { context, url: &call.shown, attempts: policy.attempts };
    let deadline = Deadline::after(started, policy.total_timeout);
    let breaker = (plan.mode != Mode::Check).then(|| client.breaker(&call.target.origin, started));
    // Longer than an attempt can last, so that only a probe that was lost loses its turn.
    let lease = policy.attempt_timeout.saturating_mul(2);
    let mut last: Option<Error> = None;
    let mut attempt = 0;
    loop {
        let told = |error: Error, attempts| error.with_context(context, attempts, started.elapsed());
        let Some(transport) = client.transport().filter(|_| !client.is_closed()) else {
            return Err(last.unwrap_or_else(|| told(Error::closed(), attempt)));
        };
        let now = Instant::now();
        let permit = match breaker.as_ref().map(|breaker| breaker.enter(now, lease)) {
            None => None,
            Some(Ok((permit, change))) => {
                telemetry.circuit(change);
                Some(permit)
            }
            Some(Err(retry_in)) => {
                telemetry.rejected(retry_in);
                let mut error = Error::new(
                    ErrorKind::CircuitOpen,
                    Phase::Admission,
                    Sent::NotSent,
                    format!("too many failures; the next attempt is let through in {}", Brief(retry_in)),
                )
                .with_retry_in(Some(retry_in));
                if let Some(last) = last {
                    error = error.with_source(last);
                }
                return Err(told(error, attempt));
            }
        };
        attempt += 1;
        telemetry.request(attempt);
        let progress = Progress::default();
        let limit = Deadline::after(now, policy.attempt_timeout).min(deadline);
        let about = About {
            context: context.clone(),
            attempts: attempt,
            started,
            idle: policy.idle_timeout,
            max_body: policy.max_body,
            max_error_body: policy.max_error_body,
        };
        let sending =
            once(&*transport, &call, about, &progress, |status| telemetry.response(attempt, status, now.elapsed()));
        let result = match tokio::time::timeout_at(limit.at, sending).await {
            Ok(result) => result,
            Err(_) => Err(expired(&progress, policy, limit.at >= deadline.at)),
        };
        let ended = Instant::now();
        let outcome = result.as_ref().map_or_else(|failure| failure.outcome, |_| Outcome::Success);
        if let Some(permit) = permit {
            telemetry.circuit(permit.settle(outcome, ended));
        }
        let failure = match result {
            Ok(reply) => return Ok(reply),
            Err(failure) => failure,
        };
        let error = failure.error;
        let delay = policy.backoff.delay(attempt - 1, client.random.next());
        let failed = Failed {
            kind: error.kind(),
            tls: failure.tls,
            sent: error.sent(),
            repeatable: call.repeatable,
            replayable: plan.body.is_replayable(),
            attempt,
            attempts: policy.attempts,
            delay,
            remaining: deadline.remaining(ended),
        };
        if matches!(error.kind(), ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Transport) {
            telemetry.transient(attempt, &error);
        }
        // An open circuit would only turn the next attempt away: what happened is the better answer.
        let open = breaker.as_ref().is_some_and(|breaker| breaker.state() == CircuitState::Open);
        let again = !open && try_again(failed, policy.retry_on);
        let error = match last.take() {
            // Running out of time is no cause: what went wrong before is.
            Some(cause) if error.kind() == ErrorKind::Deadline => error.with_source(cause),
            _ => error,
        };
        let error = told(error, attempt);
        if !again {
            return Err(error);
        }
        telemetry.retrying(attempt, delay);
        last = Some(error);
        sleep_or_close(client, delay).await;
    }
}

/// Sleeps, unless the client is closed meanwhile.
async fn sleep_or_close(client: &Inner, delay: Duration) {
    let mut closed = client.closed.subscribe();
    let mut closing = pin!(closed.wait_for(|closed| *closed));
    let mut sleep = pin!(tokio::time::sleep(delay));
    poll_fn(|context| {
        if closing.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        sleep.as_mut().poll(context)
    })
    .await;
}
