//! How is a service played without a network?

use std::collections::VecDeque;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use http_body::Body as _;

use super::{BoxFuture, IncomingBody, Transport, TransportError, TransportFailure};
use crate::body::OutgoingBody;
use crate::error::Sent;

/// A transport that answers from a script, in order, and remembers what it was sent. With tokio's paused clock, a test
/// of minutes of back-off takes none. Clones share the script.
///
/// When the script is used up, every further request is answered by the last step given to [`Scripted::otherwise`], or
/// else refused as a failed connection.
#[derive(Clone, Default)]
pub struct Scripted {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    steps: VecDeque<Step>,
    otherwise: Option<Step>,
    seen: Vec<Seen>,
}

/// A request as the transport got it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Seen {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub uri: Uri,
    /// The headers, credentials included.
    pub headers: HeaderMap,
    /// The body, read to its end (empty if the step fails before reading it).
    pub body: Bytes,
}

impl fmt::Debug for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A path may hold a secret as well as a header may.
        write!(formatter, "{} {}", self.method, self.uri.authority().map_or("", |authority| authority.as_str()))
    }
}

/// What the played service does with one request.
#[derive(Clone)]
pub struct Step {
    wait: Duration,
    action: Action,
}

#[derive(Clone)]
enum Action {
    Reply { status: StatusCode, headers: HeaderMap, chunks: Vec<(Duration, Bytes)>, broken: bool },
    Fail(TransportFailure, Sent, bool),
    Hang { read_body: bool },
}

impl Step {
    /// Answers with a status and nothing else.
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            wait: Duration::ZERO,
            action: Action::Reply { status, headers: HeaderMap::new(), chunks: Vec::new(), broken: false },
        }
    }

    /// Answers with a status and a JSON body.
    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self::status(status).header("content-type", "application/json").body(body)
    }

    /// Refuses the connection.
    pub fn refuse() -> Self {
        Self { wait: Duration::ZERO, action: Action::Fail(TransportFailure::Connect, Sent::NotSent, false) }
    }

    /// Reads the whole request, then resets the connection without an answer.
    pub fn reset() -> Self {
        Self { wait: Duration::ZERO, action: Action::Fail(TransportFailure::Broken, Sent::MaybeSent, true) }
    }

    /// Fails in any way.
    pub fn fail(failure: TransportFailure, sent: Sent) -> Self {
        Self { wait: Duration::ZERO, action: Action::Fail(failure, sent, false) }
    }

    /// Reads the whole request and never answers.
    pub fn hang() -> Self {
        Self { wait: Duration::ZERO, action: Action::Hang { read_body: true } }
    }

    /// Never accepts the connection: nothing of the request is read.
    pub fn black_hole() -> Self {
        Self { wait: Duration::ZERO, action: Action::Hang { read_body: false } }
    }

    /// Waits before it acts.
    pub fn after(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Adds a header to the answer. One that is not a header is left out.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Action::Reply { headers, .. } = &mut self.action {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
                headers.append(name, value);
            }
        }
        self
    }

    /// Adds a chunk to the answer's body.
    pub fn body(self, chunk: impl Into<Bytes>) -> Self {
        self.chunk_after(Duration::ZERO, chunk)
    }

    /// Adds a chunk that comes after a while.
    pub fn chunk_after(mut self, wait: Duration, chunk: impl Into<Bytes>) -> Self {
        if let Action::Reply { chunks, .. } = &mut self.action {
            chunks.push((wait, chunk.into()));
        }
        self
    }

    /// Breaks the connection where the answer's body should end.
    pub fn truncated(mut self) -> Self {
        if let Action::Reply { broken, .. } = &mut self.action {
            *broken = true;
        }
        self
    }
}

impl Scripted {
    /// A service that plays these steps, one for each request.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let script = Self::default();
        script.with(|state| state.steps.extend(steps));
        script
    }

    /// A service that does the same each time.
    pub fn always(step: Step) -> Self {
        Self::default().otherwise(step)
    }

    /// What to do when the script is used up.
    pub fn otherwise(self, step: Step) -> Self {
        self.with(|state| state.otherwise = Some(step));
        self
    }

    /// Adds a step at the end.
    pub fn push(&self, step: Step) {
        self.with(|state| state.steps.push_back(step));
    }

    /// What was sent so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.with(|state| state.seen.clone())
    }

    /// How many requests were sent so far.
    pub fn count(&self) -> usize {
        self.with(|state| state.seen.len())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scripted").field("seen", &self.count()).finish_non_exhaustive()
    }
}

impl Transport for Scripted {
    fn send(
        &self,
        request: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let (step, index) = self.with(|state| {
                state.seen.push(Seen { method: head.method, uri: head.uri, headers: head.headers, body: Bytes::new() });
                (state.steps.pop_front().or_else(|| state.otherwise.clone()), state.seen.len() - 1)
            });
            let Step { wait, action } = step.unwrap_or_else(Step::refuse);
            let reads = match &action {
                Action::Reply { .. } => true,
                Action::Fail(_, _, reads) | Action::Hang { read_body: reads } => *reads,
            };
            if reads {
                let bytes = read(body).await?;
                self.with(|state| {
                    if let Some(seen) = state.seen.get_mut(index) {
                        seen.body = bytes;
                    }
                });
            }
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            match action {
                Action::Hang { .. } => std::future::pending().await,
                Action::Fail(failure, sent, _) => {
                    let cause = match failure {
                        TransportFailure::Connect => std::io::ErrorKind::ConnectionRefused,
                        _ => std::io::ErrorKind::ConnectionReset,
                    };
                    Err(TransportError::new(failure, sent, std::io::Error::from(cause)))
                }
                Action::Reply { status, headers, chunks, broken } => {
                    let chunks = Chunks { left: chunks.into(), broken, sleep: None };
                    let mut reply = http::Response::new(Box::pin(chunks) as IncomingBody);
                    *reply.status_mut() = status;
                    *reply.headers_mut() = headers;
                    Ok(reply)
                }
            }
        })
    }
}

async fn read(body: OutgoingBody) -> Result<Bytes, TransportError> {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame =
            frame.map_err(|error| TransportError::new(TransportFailure::RequestBody, Sent::MaybeSent, error))?;
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes.into())
}

struct Chunks {
    left: VecDeque<(Duration, Bytes)>,
    broken: bool,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Stream for Chunks {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some((wait, _)) = this.left.front() else {
            if std::mem::take(&mut this.broken) {
                let cause = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
                return Poll::Ready(Some(Err(TransportError::new(TransportFailure::Broken, Sent::Received, cause))));
            }
            return Poll::Ready(None);
        };
        if !wait.is_zero() {
            let sleep = this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(*wait)));
            std::task::ready!(sleep.as_mut().poll(context));
            this.sleep = None;
        }
        Poll::Ready(this.left.pop_front().map(|(_, chunk)| Ok(chunk)))
    }
}
