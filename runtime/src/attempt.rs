//! What happens in one attempt: credentials, request, head, body?

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use tokio::time::Instant;

use crate::auth;
use crate::body::Body;
use crate::encode;
use crate::error::{Brief, Error, ErrorKind, Phase, Sent};
use crate::operation::Method;
use crate::prepare::{Aim, Prepared};
use crate::redirect::Hop;
use crate::reply::{About, FailedReply, Reply, ReplyBody, too_large};
use crate::request::Mode;
use crate::resilience::breaker::Outcome;
use crate::resilience::classify::{self, Advice};
use crate::resilience::policy::Policy;
use crate::trace;
use crate::transport::{IncomingBody, PinnedAddress, TransportError, TransportFailure};

/// How much of a health check's body is kept.
const CHECK_BODY: usize = 4 * 1024;
/// How long the body of a failed reply is waited for: the status is the news, so it must not be lost to a slow body.
const ERROR_BODY_WAIT: Duration = Duration::from_secs(2);

/// How much of a redirect's body is read.
const REDIRECT_BODY: usize = 4 * 1024;
/// What describes a body, and stays behind where that does.
const BODY_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_LANGUAGE];

/// How far an attempt has come, to be asked when its time is up.
#[derive(Default)]
pub(crate) struct Progress {
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

    /// Whether a transport had the request.
    pub(crate) fn is_under_way(&self) -> bool {
        self.phase.load(Ordering::Acquire) != 0
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
pub(crate) struct AttemptFailure {
    pub(crate) error: Error,
    pub(crate) outcome: Outcome,
    pub(crate) fault: Option<TransportFailure>,
    pub(crate) advice: Advice,
}

impl AttemptFailure {
    fn new(error: Error, outcome: Outcome) -> Self {
        Self { error, outcome, fault: None, advice: Advice::default() }
    }

    fn neutral(error: Error) -> Self {
        Self::new(error, Outcome::Neutral)
    }

    /// Whether the service has too much to do: it says so, or does not get round to answering.
    pub(crate) fn is_overload(&self) -> bool {
        let status = self.error.status().map(|status| status.as_u16());
        self.error.is_timeout() && self.outcome == Outcome::Failure || matches!(status, Some(429 | 503))
    }

    /// There is no place to send it to.
    pub(crate) fn nowhere(reason: String) -> Self {
        Self::neutral(Error::new(ErrorKind::Connect, Phase::Connect, Sent::NotSent, reason))
    }

    fn transport(error: TransportError, phase: Phase) -> Self {
        let (kind, outcome) = classify::transport_outcome(error.failure);
        let tls = error.failure == TransportFailure::Tls;
        let phase = if kind == ErrorKind::Connect { Phase::Connect } else { phase };
        let detail: Cow<'static, str> =
            if tls { format!("no secure connection: {}", error.cause()).into() } else { error.cause().into() };
        let fault = Some(error.failure);
        let error = Error::new(kind, phase, error.sent, detail).with_source(error);
        Self { error, outcome, fault, advice: Advice::default() }
    }
}

/// The time of an attempt, or of the call, is up.
pub(crate) fn expired(progress: &Progress, policy: &Policy, total: bool) -> AttemptFailure {
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
    AttemptFailure::new(Error::new(kind, phase, sent, format!("{what} within {of}{}", Brief(limit))), outcome)
}

/// The client was closed and its grace is over.
pub(crate) fn cut_off(progress: &Progress) -> AttemptFailure {
    let (phase, sent) = progress.read();
    AttemptFailure::neutral(Error::new(
        ErrorKind::Closed,
        phase,
        sent,
        "this client was closed while the call was on its way",
    ))
}

/// One attempt: credentials, request, head, body.
pub(crate) async fn once(
    transport: &dyn crate::transport::Transport,
    call: &Prepared<'_>,
    aim: &Aim<'_>,
    (attempts, started): (u32, Instant),
    progress: &Progress,
    answered: impl FnOnce(http::StatusCode) + Send,
) -> Result<Reply, AttemptFailure> {
    let mut hop: Option<Hop> = None;
    let mut hops_left = call.redirects.most;
    let mut renewed = false;
    let (head, body) = loop {
        let request = build(call, aim, hop.as_ref(), progress, transport).await?;
        let authorization = request.headers().get(header::AUTHORIZATION).cloned();
        let asked = (hops_left > 0).then(|| (request.method().clone(), request.uri().clone()));
        progress.reach(Progress::EXCHANGE);
        let reply = transport.send(request).await.map_err(|error| AttemptFailure::transport(error, Phase::Exchange))?;
        progress.reach(Progress::BODY);
        let (head, body) = reply.into_parts();
        // A token may have been taken back before its time. Whoever refuses it has done nothing yet, so asking again
        // with another one is no second attempt; but it is done once only.
        if head.status == http::StatusCode::UNAUTHORIZED
            && !renewed
            && call.plan.body.is_replayable()
            && auth::refused(&call.chosen, authorization.as_ref())
        {
            renewed = true;
            continue;
        }
        let further = asked.and_then(|(method, from)| {
            let answer = (head.status, &head.headers);
            call.redirects.next(&aim.target.origin, (&method, &from), answer, call.plan.body.is_replayable())
        });
        let Some(further) = further else { break (head, body) };
        // Read to its end, if that is near: so the connection can be used again.
        read_start(body, REDIRECT_BODY).await;
        hop = Some(further);
        hops_left -= 1;
    };
    answered(head.status);
    #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
    let (head, body) = {
        let mut head = head;
        let read = call.compressed && call.plan.operation.method != Method::Head;
        let body = if read { crate::compressed::decoded(head.status, &mut head.headers, body) } else { body };
        (head, body)
    };
    let (status, headers) = (head.status, head.headers);
    let mode = call.plan.mode;
    let policy = call.policy();
    let about = || About {
        context: aim.context.clone().into_owned(),
        attempts,
        started,
        idle: policy.idle_timeout,
        max_body: policy.max_body,
        max_error_body: policy.max_error_body,
    };
    if mode == Mode::Check {
        let body = read_start(body, CHECK_BODY).await;
        return Ok(Reply { status, headers, body: ReplyBody::Whole(body), about: about(), hold: None, again: None });
    }
    if !status.is_success() {
        let body = read_start(body, policy.max_error_body).await;
        let advice = classify::advice(&headers, policy.retry_on.headers, SystemTime::now());
        let reason = status.canonical_reason().unwrap_or_default();
        let error = Error::new(
            ErrorKind::Status,
            Phase::Exchange,
            Sent::Received,
            format!("{} {reason}", status.as_u16()).trim_end().to_owned(),
        )
        .with_retry_in(advice.asked)
        .with_reply(FailedReply::new(status, headers, body));
        return Err(AttemptFailure { error, outcome: classify::status_outcome(status), fault: None, advice });
    }
    let body = match mode {
        Mode::Streaming | Mode::Resumable => ReplyBody::Streamed(body),
        Mode::Buffered | Mode::Check => {
            // The answer to a HEAD tells the length of a body that it does not have.
            let announced = if call.plan.operation.method == Method::Head { None } else { announced(&headers) };
            ReplyBody::Whole(read_whole(body, announced, policy.max_body).await?)
        }
    };
    Ok(Reply { status, headers, body, about: about(), hold: None, again: None })
}

/// The request of one attempt.
async fn build(
    call: &Prepared<'_>,
    aim: &Aim<'_>,
    hop: Option<&Hop>,
    progress: &Progress,
    transport: &dyn crate::transport::Transport,
) -> Result<http::Request<crate::body::OutgoingBody>, AttemptFailure> {
    let plan = &call.plan;
    let fail = |problem: String| AttemptFailure::neutral(Error::build(problem));
    let with_body = hop.is_none_or(|hop| hop.with_body);
    if let Some(hop) = hop.filter(|hop| !hop.at_home) {
        let body = if with_body { plan.body.open().await } else { Body::empty().open().await };
        let body = body.map_err(|error| fail(format!("a file of the body cannot be opened: {}", error.kind())))?;
        let mut request = http::Request::new(body);
        *request.method_mut() = hop.method.clone();
        *request.uri_mut() = hop.uri.clone();
        *request.headers_mut() = call.anonymous_headers(with_body);
        return Ok(request);
    }
    let mut headers = call.headers();
    if !with_body {
        for name in BODY_HEADERS {
            headers.remove(name);
        }
    }
    let additions = auth::apply(&call.chosen, &mut headers, transport).await.map_err(AttemptFailure::neutral)?;
    let address = match hop {
        None => aim.address(&additions.query),
        Some(hop) => hop.address(&additions.query),
    };
    let address = address.map_err(|problem| AttemptFailure::neutral(Error::build(problem)))?;
    let no_body = Body::empty();
    let body = if with_body { &plan.body } else { &no_body };
    let body = body.open().await.map_err(|error| {
        AttemptFailure::neutral(
            Error::build(format!("a file of the body cannot be opened: {}", error.kind())).with_source(error),
        )
    })?;
    if let Some(started) = body.started() {
        // The first and only setting of it: each attempt has its own progress.
        let _ = progress.body_started.set(started);
    }
    let mut request = http::Request::new(body);
    *request.method_mut() = match hop {
        Some(hop) => hop.method.clone(),
        None => http::Method::from_bytes(plan.operation.method.as_str().as_bytes())
            .map_err(|_| fail("the operation's method is not one".to_owned()))?,
    };
    *request.uri_mut() = address;
    let cookies: Vec<_> = plan.cookies.iter().chain(&additions.cookies).map(String::as_str).collect();
    if !cookies.is_empty() {
        let value = encode::header::secret(cookies.join("; ")).map_err(fail)?;
        headers.append(header::COOKIE, value);
    }
    if let Some(trace) = &call.trace {
        headers.insert(trace::TRACEPARENT, trace.parent());
    }
    *request.headers_mut() = headers;
    if let Some(address) = aim.peer {
        request.extensions_mut().insert(PinnedAddress(address));
    }
    Ok(request)
}

async fn next(body: &mut IncomingBody) -> Option<Result<Bytes, TransportError>> {
    poll_fn(|context| Pin::as_mut(body).poll_next(context)).await
}

/// The length that the headers tell.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A whole body, or the reason why there is none. An announced length beyond the cap is believed before a byte is read.
async fn read_whole(mut body: IncomingBody, announced: Option<u64>, cap: usize) -> Result<Bytes, AttemptFailure> {
    let too_large = || AttemptFailure::neutral(too_large(cap));
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
