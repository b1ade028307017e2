//! What happens in one attempt: credentials, request, head, body?

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use tokio::time::Instant;

use crate::auth;
use crate::body::{Body, OutgoingBody};
use crate::encode;
use crate::error::{Brief, Error, ErrorKind, Phase, Sent};
use crate::exchange::{Exchange, UnderWay};
use crate::operation::Method;
use crate::redirect::Hop;
use crate::reply::{FailedReply, ReplyBody, too_large};
use crate::request::Mode;
use crate::resilience::breaker::Outcome;
use crate::resilience::classify::{self, Advice};
use crate::resilience::policy::Policy;
use crate::seldom::seldom;
use crate::trace;
use crate::transport::{BoxFuture, IncomingBody, PinnedAddress, TransportError, TransportFailure};

/// How much of a health check's body is kept.
const CHECK_BODY: usize = 4 * 1024;
/// How long the body of a failed reply is waited for: the status is the news, so it must not be lost to a slow body.
const ERROR_BODY_WAIT: Duration = Duration::from_secs(2);

/// How much of a redirect's body is read.
const REDIRECT_BODY: usize = 4 * 1024;
/// What describes a body, and stays behind where that does.
pub(crate) const BODY_HEADERS: [HeaderName; 3] =
    [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_LANGUAGE];

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
    /// Whoever it was made for waits no longer, which by itself says nothing about the service.
    pub(crate) given_up: bool,
}

impl AttemptFailure {
    fn new(error: Error, outcome: Outcome) -> Self {
        Self { error, outcome, fault: None, advice: Advice::default(), given_up: false }
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
        Self { error, outcome, fault, advice: Advice::default(), given_up: false }
    }
}

/// Which time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// That of the attempt.
    Attempt,
    /// That of the call, by its policy.
    Call,
    /// That of whatever the call is made for.
    Set,
}

/// The time of an attempt, or of the call, is up.
pub(crate) fn expired(progress: &Progress, policy: &Policy, end: End) -> AttemptFailure {
    let (phase, sent) = progress.read();
    let what = match phase {
        Phase::Credentials => "no credential",
        Phase::Connect => "no connection",
        Phase::Body => "no end of the body",
        _ => "no answer",
    };
    let (kind, by) = match end {
        End::Attempt => (ErrorKind::Timeout, format!("within {}", Brief(policy.attempt_timeout))),
        End::Call => (ErrorKind::Deadline, format!("within the call's {}", Brief(policy.total_timeout))),
        End::Set => (ErrorKind::Deadline, "by the deadline that was set for it".to_owned()),
    };
    let given_up = end == End::Set;
    let outcome = if phase == Phase::Credentials || given_up { Outcome::Neutral } else { Outcome::Failure };
    let failure = AttemptFailure::new(Error::new(kind, phase, sent, format!("{what} {by}")), outcome);
    AttemptFailure { given_up, ..failure }
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

/// A reply, without what an error about it would say.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: ReplyBody,
}

/// A request that was handed over.
struct Begun<'a> {
    reply: BoxFuture<'a, Result<http::Response<IncomingBody>, TransportError>>,
    /// The `Authorization` that it goes with, if that was asked for.
    authorization: Option<Box<HeaderValue>>,
    /// What a redirect is read by, if one may be followed.
    asked: Option<Box<(http::Method, Uri)>>,
}

/// One attempt: credentials, request, head, body.
///
/// What not every call needs (a token that is asked for, a file, a hop, the body of a failure) is on the heap, and what is
/// not needed over an await is in a block that ends before it: the future has a place for all else.
pub(crate) async fn once(under_way: &UnderWay<'_>) -> Result<Answer, AttemptFailure> {
    let (status, headers, body) = head(under_way).await?;
    under_way.telemetry().response(under_way.number, status, under_way.began);
    let call = under_way.exchange.call;
    #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
    let (headers, body) = {
        let mut headers = headers;
        let read = call.compressed && call.plan.method != Method::Head;
        let body = if read { crate::compressed::decoded(status, &mut headers, body) } else { body };
        (headers, body)
    };
    let (mode, policy) = (call.plan.mode, call.policy());
    if mode == Mode::Check || !status.is_success() {
        let cap = if mode == Mode::Check { CHECK_BODY } else { policy.max_error_body };
        let body = seldom(|| read_start(body, cap)).await;
        return match mode {
            Mode::Check => Ok(Answer { status, headers, body: ReplyBody::Whole(body) }),
            _ => Err(failed(status, headers, body, policy)),
        };
    }
    let body = match mode {
        Mode::Streaming | Mode::Resumable => ReplyBody::Streamed(body),
        Mode::Buffered | Mode::Check => {
            // The answer to a HEAD tells the length of a body that it does not have.
            let announced = if call.plan.method == Method::Head { None } else { announced(&headers) };
            ReplyBody::Whole(read_whole(body, announced, policy.max_body).await?)
        }
    };
    Ok(Answer { status, headers, body })
}

/// The head of the answer, and the body that is still to be read.
async fn head(under_way: &UnderWay<'_>) -> Result<(StatusCode, HeaderMap, IncomingBody), AttemptFailure> {
    let call = under_way.exchange.call;
    let mut hop: Option<Box<Hop>> = None;
    let mut hops_left = call.redirects.most;
    let mut renewed = false;
    loop {
        let body = {
            let begun = match at_hand(under_way, hop.as_deref()) {
                Some(body) => begin(under_way, hop.as_deref(), Vec::new(), body, hops_left > 0)?,
                None => seldom(|| ask_and_begin(under_way, hop.as_deref(), hops_left > 0)).await?,
            };
            let reply = begun.reply.await.map_err(|error| AttemptFailure::transport(error, Phase::Exchange))?;
            under_way.progress.reach(Progress::BODY);
            let (head, body) = reply.into_parts();
            // A token may have been taken back before its time. Whoever refuses it has done nothing yet, so asking again
            // with another one is no second attempt; but it is done once only.
            if head.status == StatusCode::UNAUTHORIZED
                && !renewed
                && call.plan.body.is_replayable()
                && auth::refused(&call.chosen, begun.authorization.as_deref())
            {
                renewed = true;
                continue;
            }
            let further = begun.asked.and_then(|asked| {
                let (answer, replayable) = ((head.status, &head.headers), call.plan.body.is_replayable());
                call.redirects.next(&under_way.aim.target().origin, (&asked.0, &asked.1), answer, replayable)
            });
            let Some(further) = further else { return Ok((head.status, head.headers, body)) };
            hop = Some(Box::new(further));
            body
        };
        // Read to its end, if that is near: so the connection can be used again.
        seldom(|| read_start(body, REDIRECT_BODY)).await;
        hops_left -= 1;
    }
}

/// The body of a request, if neither it nor a credential has to be waited for.
fn at_hand(under_way: &UnderWay<'_>, hop: Option<&Hop>) -> Option<OutgoingBody> {
    let call = under_way.exchange.call;
    let known = hop.is_some_and(|hop| !hop.at_home) || auth::at_hand(&call.chosen);
    let body = if hop.is_none_or(|hop| hop.with_body) { &call.plan.body } else { &Body::empty() };
    known.then(|| body.at_hand()).flatten()
}

/// Waits for credentials and opens files, and hands the request over.
async fn ask_and_begin<'a>(
    under_way: &UnderWay<'a>,
    hop: Option<&Hop>,
    may_follow: bool,
) -> Result<Begun<'a>, AttemptFailure> {
    let Exchange { call, transport, .. } = under_way.exchange;
    let tokens = if hop.is_none_or(|hop| hop.at_home) {
        auth::ask(&call.chosen, &**transport).await.map_err(AttemptFailure::neutral)?
    } else {
        Vec::new()
    };
    let body = if hop.is_none_or(|hop| hop.with_body) { &call.plan.body } else { &Body::empty() };
    let body = body.open().await.map_err(|error| {
        let problem = format!("a file of the body cannot be opened: {}", error.kind());
        AttemptFailure::neutral(Error::build(problem).with_source(error))
    })?;
    begin(under_way, hop, tokens, body, may_follow)
}

/// Builds a request and hands it over. `tokens` are those of its credentials that had to be asked for.
fn begin<'a>(
    under_way: &UnderWay<'a>,
    hop: Option<&Hop>,
    tokens: Vec<HeaderValue>,
    body: OutgoingBody,
    may_follow: bool,
) -> Result<Begun<'a>, AttemptFailure> {
    let Exchange { transport, .. } = under_way.exchange;
    if let Some(started) = body.started().filter(|_| hop.is_none_or(|hop| hop.at_home)) {
        // The first and only setting of it: each attempt has its own progress.
        let _ = under_way.progress.body_started.set(started);
    }
    let asked_for = !tokens.is_empty();
    let request = build(under_way, hop, tokens, body).map_err(AttemptFailure::neutral)?;
    let authorization =
        asked_for.then(|| request.headers().get(header::AUTHORIZATION).cloned().map(Box::new)).flatten();
    let asked = may_follow.then(|| Box::new((request.method().clone(), request.uri().clone())));
    under_way.progress.reach(Progress::EXCHANGE);
    Ok(Begun { reply: transport.send(request), authorization, asked })
}

/// A reply that is not a success.
fn failed(status: StatusCode, headers: HeaderMap, body: Bytes, policy: &Policy) -> AttemptFailure {
    let advice = classify::advice(&headers, policy.retry_on.headers, SystemTime::now());
    let reason = status.canonical_reason().unwrap_or_default();
    let detail = format!("{} {reason}", status.as_u16()).trim_end().to_owned();
    let error = Error::new(ErrorKind::Status, Phase::Exchange, Sent::Received, detail)
        .with_retry_in(advice.asked)
        .with_reply(FailedReply::new(status, headers, body));
    AttemptFailure { error, outcome: classify::status_outcome(status), fault: None, advice, given_up: false }
}

/// The request of one attempt. `tokens` are those of its credentials that had to be asked for.
fn build(
    under_way: &UnderWay<'_>,
    hop: Option<&Hop>,
    tokens: Vec<HeaderValue>,
    body: OutgoingBody,
) -> Result<http::Request<OutgoingBody>, Error> {
    let UnderWay { aim, exchange, number, .. } = under_way;
    let call = exchange.call;
    let plan = &call.plan;
    let with_body = hop.is_none_or(|hop| hop.with_body);
    let mut request = http::Request::new(body);
    if let Some(hop) = hop.filter(|hop| !hop.at_home) {
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
    // Before the credentials, which nothing that is called like them replaces.
    if call.tells {
        exchange.client.said.write(*number, exchange.deadline, &mut headers);
    }
    let additions = auth::apply(&call.chosen, tokens, &mut headers)?;
    let (method, address) = match hop {
        None => {
            let method = http::Method::from_bytes(plan.method.as_str().as_bytes());
            (method.map_err(|_| Error::build("the operation's method is not one"))?, aim.address(&additions.query))
        }
        Some(hop) => (hop.method.clone(), hop.address(&additions.query)),
    };
    *request.method_mut() = method;
    *request.uri_mut() = address.map_err(Error::build)?;
    if !(plan.cookies.is_empty() && additions.cookies.is_empty()) {
        let cookies: Vec<_> = plan.cookies.iter().chain(&additions.cookies).map(String::as_str).collect();
        headers.append(header::COOKIE, encode::header::secret(cookies.join("; ")).map_err(Error::build)?);
    }
    if let Some(trace) = &call.trace {
        headers.insert(trace::TRACEPARENT, trace.parent());
    }
    *request.headers_mut() = headers;
    if let Some(address) = aim.peer() {
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
fn read_whole(
    mut body: IncomingBody,
    announced: Option<u64>,
    cap: usize,
) -> impl Future<Output = Result<Bytes, AttemptFailure>> + Send {
    let beyond = announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > cap));
    async move {
        let too_large = || AttemptFailure::neutral(too_large(cap));
        if beyond {
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
