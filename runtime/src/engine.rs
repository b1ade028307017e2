//! What happens to a call, from being awaited to its reply?
//!
//! One loop acts: nothing else sends, sleeps or counts. What to do next it asks of the plain values in `resilience`.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use tokio::time::Instant;

use crate::auth::{self, Credential};
use crate::call::Options;
use crate::client::{Client, Inner};
use crate::encode;
use crate::encode::base::BaseUrl;
use crate::encode::query::redacted;
use crate::error::{Brief, Context, Error, ErrorKind, Phase, Sent};
use crate::operation::{Operation, SchemeKind};
use crate::random;
use crate::reply::{About, FailedReply, Reply, ReplyBody, too_large};
use crate::request::{Mode, Plan};
use crate::resilience::breaker::{CircuitState, Outcome};
use crate::resilience::classify::{self, Failed, try_again};
use crate::resilience::deadline::Deadline;
use crate::resilience::policy::Policy;
use crate::telemetry::Telemetry;
use crate::transport::{BoxFuture, IncomingBody, TransportError, TransportFailure};

/// How long a health check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// How much of a health check's body is kept.
const CHECK_BODY: usize = 4 * 1024;
/// How long the body of a failed reply is waited for: the status is the news, so it must not be lost to a slow body.
const ERROR_BODY_WAIT: Duration = Duration::from_secs(2);

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
struct Prepared {
    plan: Box<Plan>,
    policy: Policy,
    context: Context,
    target: BaseUrl,
    /// The address as logs show it.
    shown: String,
    chosen: Vec<(SchemeKind, Credential)>,
    repeatable: bool,
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
        policy.attempt_timeout = plan.operation.attempt_timeout.unwrap_or(policy.attempt_timeout);
        // An operation that may take longer than a whole call may by default is meant to get its time.
        policy.total_timeout = policy.total_timeout.max(policy.attempt_timeout);
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
    let mut last: Option<Error> = None;
    let mut attempt = 0;
    loop {
        let told = |error: Error, attempts| error.with_context(context, attempts, started.elapsed());
        let Some(transport) = client.transport().filter(|_| !client.is_closed()) else {
            return Err(last.unwrap_or_else(|| told(Error::closed(), attempt)));
        };
        let now = Instant::now();
        let permit = match breaker.as_ref().map(|breaker| breaker.enter(now)) {
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

/// How far an attempt has come, to be asked when its time is up.
#[derive(Default)]
struct Progress {
    phase: AtomicU8,
    /// Whether the transport asked for the body yet; unset if there is none.
    body_started: OnceLock<Arc<AtomicBool>>,
}

impl Progress {
    const EXCHANGE: u8 = 1;
    const BODY: u8 = 2;

    fn reach(&self, phase: u8) {
        self.phase.store(phase, Ordering::Release);
    }

    fn read(&self) -> (Phase, Sent) {
        match self.phase.load(Ordering::Acquire) {
            Self::BODY => (Phase::Body, Sent::Received),
            Self::EXCHANGE => match self.body_started.get() {
                // There is a body and nobody asked for it: the request cannot have been understood yet.
                Some(started) if !started.load(Ordering::Acquire) => (Phase::Connect, Sent::NotSent),
                _ => (Phase::Exchange, Sent::MaybeSent),
            },
            _ => (Phase::Credentials, Sent::NotSent),
        }
    }
}

/// An attempt without a reply to hand on.
struct AttemptFailure {
    error: Error,
    outcome: Outcome,
    tls: bool,
}

impl AttemptFailure {
    fn neutral(error: Error) -> Self {
        Self { error, outcome: Outcome::Neutral, tls: false }
    }

    fn transport(error: TransportError, phase: Phase) -> Self {
        let (kind, outcome) = classify::transport_outcome(error.failure);
        let tls = error.failure == TransportFailure::Tls;
        let phase = if kind == ErrorKind::Connect { Phase::Connect } else { phase };
        let detail: Cow<'static, str> =
            if tls { format!("no secure connection: {}", error.cause()).into() } else { error.cause().into() };
        Self { error: Error::new(kind, phase, error.sent, detail).with_source(error), outcome, tls }
    }
}

/// The time of an attempt, or of the call, is up.
fn expired(progress: &Progress, policy: &Policy, total: bool) -> AttemptFailure {
    let (phase, sent) = progress.read();
    let what = match phase {
        Phase::Credentials => "no credential",
        Phase::Connect => "no connection",
        Phase::Body => "no end of the body",
        _ => "no answer",
    };
    let (kind, limit, of) = if total {
        (ErrorKind::Deadline, policy.total_timeout, "the call's ")
    } else {
        (ErrorKind::Timeout, policy.attempt_timeout, "")
    };
    let outcome = if phase == Phase::Credentials { Outcome::Neutral } else { Outcome::Failure };
    AttemptFailure {
        error: Error::new(kind, phase, sent, format!("{what} within {of}{}", Brief(limit))),
        outcome,
        tls: false,
    }
}

/// One attempt: credentials, request, head, body.
async fn once(
    transport: &dyn crate::transport::Transport,
    call: &Prepared,
    about: About,
    progress: &Progress,
    answered: impl FnOnce(http::StatusCode) + Send,
) -> Result<Reply, AttemptFailure> {
    let request = build(call, progress).await?;
    progress.reach(Progress::EXCHANGE);
    let reply = transport.send(request).await.map_err(|error| AttemptFailure::transport(error, Phase::Exchange))?;
    progress.reach(Progress::BODY);
    let (head, body) = reply.into_parts();
    answered(head.status);
    let (status, headers) = (head.status, head.headers);
    let mode = call.plan.mode;
    if mode == Mode::Check {
        let body = read_start(body, CHECK_BODY).await;
        return Ok(Reply { status, headers, body: ReplyBody::Whole(body), about });
    }
    if !status.is_success() {
        let body = read_start(body, call.policy.max_error_body).await;
        let retry_in = classify::retry_after(&headers);
        let reason = status.canonical_reason().unwrap_or_default();
        let error = Error::new(
            ErrorKind::Status,
            Phase::Exchange,
            Sent::Received,
            format!("{} {reason}", status.as_u16()).trim_end().to_owned(),
        )
        .with_retry_in(retry_in)
        .with_reply(FailedReply::new(status, headers, body));
        return Err(AttemptFailure { error, outcome: classify::status_outcome(status), tls: false });
    }
    let body = match mode {
        Mode::Streaming => ReplyBody::Streamed(body),
        Mode::Buffered | Mode::Check => ReplyBody::Whole(read_whole(body, &headers, about.max_body).await?),
    };
    Ok(Reply { status, headers, body, about })
}

/// The request of one attempt.
async fn build(
    call: &Prepared,
    progress: &Progress,
) -> Result<http::Request<crate::body::OutgoingBody>, AttemptFailure> {
    let plan = &call.plan;
    let additions = auth::apply(&call.chosen).await.map_err(AttemptFailure::neutral)?;
    let fail = |problem: String| AttemptFailure::neutral(Error::build(problem));
    let mut query = Cow::Borrowed(&plan.query);
    for pair in &additions.query {
        let query = query.to_mut();
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(pair);
    }
    let url = call.target.join(&plan.path.path, &query).map_err(fail)?;
    let body = plan.body.open().await.map_err(|error| {
        AttemptFailure::neutral(
            Error::build(format!("a file of the body cannot be opened: {}", error.kind())).with_source(error),
        )
    })?;
    if !body.is_empty() {
        // The first and only setting of it: each attempt has its own progress.
        let _ = progress.body_started.set(body.started());
    }
    let mut request = http::Request::new(body);
    *request.method_mut() = http::Method::from_bytes(plan.operation.method.as_str().as_bytes())
        .map_err(|_| fail("the operation's method is not one".to_owned()))?;
    *request.uri_mut() = url.parse().map_err(|_| fail("the address of the request is too long".to_owned()))?;
    let mut headers = plan.headers.clone();
    for (name, value) in additions.headers {
        headers.insert(name, value);
    }
    let cookies: Vec<_> = plan.cookies.iter().chain(&additions.cookies).map(String::as_str).collect();
    if !cookies.is_empty() {
        let mut value = encode::header::value(&cookies.join("; "), true).map_err(fail)?;
        value.set_sensitive(true);
        headers.append(header::COOKIE, value);
    }
    *request.headers_mut() = headers;
    Ok(request)
}

async fn next(body: &mut IncomingBody) -> Option<Result<Bytes, TransportError>> {
    poll_fn(|context| Pin::as_mut(body).poll_next(context)).await
}

/// A whole body, or the reason why there is none. A `content-length` beyond the cap is believed before a byte is read.
async fn read_whole(mut body: IncomingBody, headers: &HeaderMap, cap: usize) -> Result<Bytes, AttemptFailure> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let too_large = || AttemptFailure { error: too_large(cap), outcome: Outcome::Neutral, tls: false };
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > cap)) {
        return Err(too_large());
    }
    let mut first = Bytes::new();
    let mut whole = Vec::new();
    while let Some(chunk) = next(&mut body).await {
        let chunk = chunk.map_err(|error| AttemptFailure::transport(error, Phase::Body))?;
        if first.len() + whole.len() + chunk.len() > cap {
            return Err(too_large());
        }
        // Most replies are one chunk, which is then handed on without a copy.
        if first.is_empty() && whole.is_empty() {
            first = chunk;
        } else {
            if whole.is_empty() {
                whole.extend_from_slice(&std::mem::take(&mut first));
            }
            whole.extend_from_slice(&chunk);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.into() })
}

/// The start of a body that is good to have but not worth failing for.
async fn read_start(mut body: IncomingBody, cap: usize) -> Bytes {
    let mut start = Vec::new();
    let limit = Instant::now() + ERROR_BODY_WAIT;
    while start.len() < cap {
        match tokio::time::timeout_at(limit, next(&mut body)).await {
            Ok(Some(Ok(chunk))) => start.extend_from_slice(&chunk[..chunk.len().min(cap - start.len())]),
            Ok(Some(Err(_)) | None) | Err(_) => break,
        }
    }
    start.into()
}
