//! What went wrong, in which phase, and may the request have been processed?

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::reply::FailedReply;

/// Any error of another library, boxed.
pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request could not be built from its parameters. Nothing was sent.
    Build,
    /// The client is not configured as it must be: an address, a variable, a credential.
    Config,
    /// A credential could not be had.
    Credentials,
    /// No connection could be made.
    Connect,
    /// One attempt took longer than its timeout.
    Timeout,
    /// The call as a whole took longer than its deadline.
    Deadline,
    /// The connection broke after it had been made.
    Transport,
    /// The reply is larger than the policy allows.
    TooLarge,
    /// The reply came, and was not what the document says.
    Decode,
    /// The service answered with a status that is not a success.
    Status,
    /// The circuit is open: nothing was sent.
    CircuitOpen,
    /// The service has asked to be left alone for longer than this call can wait: nothing was sent.
    Throttled,
    /// Too many calls of this client are on their way: nothing was sent.
    Busy,
    /// The client was closed.
    Closed,
}

impl ErrorKind {
    /// The kind in one word or two, as errors and logs show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Build => "request",
            Self::Config => "configuration",
            Self::Credentials => "credentials",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Deadline => "deadline",
            Self::Transport => "transport",
            Self::TooLarge => "too large",
            Self::Decode => "decode",
            Self::Status => "status",
            Self::CircuitOpen => "circuit open",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// How far a call had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// The client or the request was being put together.
    Build,
    /// The call asked to be let in: is the client open, is the circuit closed?
    Admission,
    /// A credential was being fetched.
    Credentials,
    /// A connection was being made.
    Connect,
    /// The request was being sent, or the head of the reply awaited.
    Exchange,
    /// The body of the reply was being read.
    Body,
    /// The reply was there and was being understood.
    Decode,
}

/// Whether the service can have seen the request: what decides if it may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sent {
    /// The service cannot have processed it.
    NotSent,
    /// It may have been processed, or not: nobody can know.
    MaybeSent,
    /// The service answered.
    Received,
}

/// Which call an error is about. Templates and origins only, so nothing here is secret.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) method: &'static str,
    pub(crate) template: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) service: &'static str,
    pub(crate) origin: Arc<str>,
}

/// Why a call did not give its value: one type for every service.
///
/// `Display` is one line that a person on call can act on. Neither it nor `Debug` shows a query value, a header value,
/// a body or a credential; what the service said is in [`Error::headers`], [`Error::body`] and [`Error::failure`].
///
/// ```
/// # fn serve_stale(_: Option<std::time::Duration>) {}
/// # fn handle(error: sinew_runtime::Error) -> Result<(), sinew_runtime::Error> {
/// match error.status() {
///     Some(http::StatusCode::NOT_FOUND) => Ok(()),
///     _ if error.is_circuit_open() => Ok(serve_stale(error.retry_in())),
///     _ => Err(error),
/// }
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    phase: Phase,
    sent: Sent,
    detail: Cow<'static, str>,
    reply: Option<FailedReply>,
    retry_in: Option<Duration>,
    attempts: u32,
    elapsed: Duration,
    context: Option<Context>,
    source: Option<BoxError>,
    first: First,
}

/// What the first attempt of the call failed with.
enum First {
    /// With this very error.
    Itself,
    /// With what is the source of this error.
    Source,
    Another(Error),
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, phase: Phase, sent: Sent, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            phase,
            sent,
            detail: detail.into(),
            reply: None,
            retry_in: None,
            attempts: 0,
            elapsed: Duration::ZERO,
            context: None,
            source: None,
            first: First::Itself,
        }))
    }

    pub(crate) fn build(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Build, Phase::Build, Sent::NotSent, detail)
    }

    pub(crate) fn config(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, Phase::Build, Sent::NotSent, detail)
    }

    pub(crate) fn decode(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Decode, Phase::Decode, Sent::Received, detail)
    }

    pub(crate) fn closed() -> Self {
        Self::new(ErrorKind::Closed, Phase::Admission, Sent::NotSent, "this client was closed")
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// After what the attempts before came to. Of those only the first is kept.
    pub(crate) fn after(mut self, mut before: Self) -> Self {
        self.0.first = First::Another(before.take_first().unwrap_or(before));
        self
    }

    /// Because of what the last attempt came to.
    pub(crate) fn because_of(mut self, mut last: Self) -> Self {
        self.0.first = last.take_first().map_or(First::Source, First::Another);
        self.with_source(last)
    }

    fn take_first(&mut self) -> Option<Self> {
        match std::mem::replace(&mut self.0.first, First::Itself) {
            First::Another(first) => Some(first),
            other => {
                self.0.first = other;
                None
            }
        }
    }

    pub(crate) fn with_reply(mut self, reply: FailedReply) -> Self {
        self.0.reply = Some(reply);
        self
    }

    pub(crate) fn with_retry_in(mut self, retry_in: Option<Duration>) -> Self {
        self.0.retry_in = retry_in;
        self
    }

    pub(crate) fn with_context(mut self, context: &Context, attempts: u32, elapsed: Duration) -> Self {
        self.0.context = Some(context.clone());
        self.0.attempts = attempts;
        self.0.elapsed = elapsed;
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// How far the call had come.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// Whether the service can have seen the request.
    pub fn sent(&self) -> Sent {
        self.0.sent
    }

    /// The status the service answered with, if it answered.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.reply.as_ref().map(FailedReply::status_code)
    }

    /// The headers of the answer, if the service answered.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.reply.as_ref().map(FailedReply::headers)
    }

    /// The body of the answer, if the service answered: no more than `Policy::max_error_body` of it.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.reply.as_ref().map(FailedReply::body)
    }

    /// When it makes sense to ask again: what is left of an open circuit, or what the service said in `Retry-After`.
    pub fn retry_in(&self) -> Option<Duration> {
        self.0.retry_in
    }

    /// How many times the request was tried.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// What went wrong first, if the call failed with something else in the end: a service that refused a
    /// connection and then did not answer within the call's time has two things wrong with it. It is another one
    /// than this in its kind, its status, or what it says.
    ///
    /// ```
    /// # fn log(error: &sinew_runtime::Error) {
    /// match error.first() {
    ///     Some(first) => eprintln!("{error}; at first {}: {first}", first.kind()),
    ///     None => eprintln!("{error}"),
    /// }
    /// # }
    /// ```
    pub fn first(&self) -> Option<&Self> {
        let first = match &self.0.first {
            First::Itself => None,
            First::Source => self.0.source.as_ref()?.downcast_ref::<Self>(),
            First::Another(first) => Some(first),
        };
        first.filter(|first| {
            (first.kind(), first.status(), first.detail()) != (self.kind(), self.status(), self.detail())
        })
    }

    /// How long the call took, back-off included.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// The registry name of the service that was called, if the error is about a call.
    pub fn service(&self) -> Option<&'static str> {
        self.0.context.as_ref().map(|context| context.service)
    }

    /// The name of the operation that was called, if the error is about a call.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.context.as_ref().map(|context| context.operation)
    }

    /// The failure that the document promises for this status, decoded on demand; `None` if the service did not
    /// answer, or answered something that the document does not say.
    pub fn failure<F: Failure>(&self) -> Option<F> {
        self.0.reply.as_ref().filter(|_| self.0.kind == ErrorKind::Status).and_then(F::decode)
    }

    /// Whether nothing was sent because the circuit is open.
    pub fn is_circuit_open(&self) -> bool {
        self.0.kind == ErrorKind::CircuitOpen
    }

    /// Whether time ran out, for one attempt or for the call.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Timeout | ErrorKind::Deadline)
    }

    /// Whether no connection could be made.
    pub fn is_connect(&self) -> bool {
        self.0.kind == ErrorKind::Connect
    }

    /// Whether the connection broke after it had been made.
    pub fn is_transport(&self) -> bool {
        self.0.kind == ErrorKind::Transport
    }

    /// Whether the service answered with a status that is not a success.
    pub fn is_status(&self) -> bool {
        self.0.kind == ErrorKind::Status
    }

    /// Whether the reply was not what the document says.
    pub fn is_decode(&self) -> bool {
        self.0.kind == ErrorKind::Decode
    }

    /// Whether the request could not be built.
    pub fn is_build(&self) -> bool {
        self.0.kind == ErrorKind::Build
    }

    /// Whether the client is not configured as it must be.
    pub fn is_config(&self) -> bool {
        self.0.kind == ErrorKind::Config
    }

    /// Whether the client was closed.
    pub fn is_closed(&self) -> bool {
        self.0.kind == ErrorKind::Closed
    }

    /// The part of the line that says what happened, without the call it happened to.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let Some(context) = &inner.context else {
            return write!(formatter, "{}: {}", inner.kind, inner.detail);
        };
        write!(formatter, "{} {} ", context.method, context.template)?;
        match inner.attempts {
            0 => formatter.write_str("was not sent")?,
            1 => write!(formatter, "failed after 1 attempt in {}", Brief(inner.elapsed))?,
            many => write!(formatter, "failed after {many} attempts in {}", Brief(inner.elapsed))?,
        }
        write!(formatter, ": {}: {} ({}, {})", inner.kind, inner.detail, context.service, context.origin)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Error")
            .field("message", &format_args!("{self}"))
            .field("kind", &self.0.kind)
            .field("phase", &self.0.phase)
            .field("sent", &self.0.sent)
            .field("status", &self.status())
            .field("retry_in", &self.0.retry_in)
            .field("source", &self.0.source)
            .field("first", &self.first())
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

/// A documented failure of an operation, decoded from the reply that carries it.
pub trait Failure: Sized {
    /// The failure that this reply is, or `None` if the document does not speak of it.
    fn decode(reply: &FailedReply) -> Option<Self>;
}

/// A duration as a person says it: `12 ms`, `3.1 s`.
#[derive(Default)]
pub(crate) struct Brief(pub(crate) Duration);

impl fmt::Display for Brief {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        if millis < 1000 {
            return write!(formatter, "{millis} ms");
        }
        let tenths = (millis + 50) / 100;
        if tenths % 10 == 0 {
            write!(formatter, "{} s", tenths / 10)
        } else {
            write!(formatter, "{}.{} s", tenths / 10, tenths % 10)
        }
    }
}

/// What a JSON error says, without the values it quotes: those come from the reply and may be anybody's secret.
pub(crate) fn json_complaint(error: &serde_json::Error) -> String {
    let text = error.to_string();
    for opening in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some(rest) = text.strip_prefix(opening) {
            let found = rest.split([' ', ',']).next().unwrap_or_default();
            // The last ", expected" is serde's own: a quoted value may hold the same words.
            let expected = rest.rfind(", expected").map_or("", |at| &rest[at..]);
            return format!("{opening}{found}{expected}");
        }
    }
    if text.starts_with("missing field ") || text.starts_with("duplicate field ") {
        return text;
    }
    let place = format!("at line {} column {}", error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Io => "the text could not be read".to_owned(),
        // The grammar's own complaints ("expected `,`") quote nothing.
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof => text,
        serde_json::error::Category::Data => format!("a value that the type does not allow {place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_brief() {
        for (millis, text) in
            [(0, "0 ms"), (12, "12 ms"), (999, "999 ms"), (1000, "1 s"), (3120, "3.1 s"), (59_980, "60 s")]
        {
            assert_eq!(Brief(Duration::from_millis(millis)).to_string(), text);
        }
    }

    #[test]
    fn json_complaints_quote_no_value() {
        let error = serde_json::from_str::<u8>("\"canary, expected x\"").expect_err("a string is no number");
        assert_eq!(json_complaint(&error), "invalid type: string, expected u8 at line 1 column 20");
        let error = serde_json::from_str::<u8>("4711").expect_err("too large");
        assert!(!json_complaint(&error).contains("4711"));
    }

    #[test]
    fn a_call_error_reads_as_one_line() {
        let context = Context {
            method: "GET",
            template: "/projects/{project_id}",
            operation: "get_project",
            service: "project-service",
            origin: "http://localhost:8003".into(),
        };
        let error = Error::new(ErrorKind::Connect, Phase::Connect, Sent::NotSent, "connection refused").with_context(
            &context,
            3,
            Duration::from_millis(3100),
        );
        assert_eq!(
            error.to_string(),
            "GET /projects/{project_id} failed after 3 attempts in 3.1 s: connect: connection refused (project-service, http://localhost:8003)"
        );
    }
}
