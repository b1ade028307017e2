//! How is a service played on a socket?

use std::collections::VecDeque;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::answer::Answer;
use crate::checks::{check, takes};
use crate::fault::Fault;
use crate::log::Received;
use crate::route::Definition;
use crate::services;
use crate::store::Store;

/// The pieces in which the design service sends files.
const PIECE: usize = 8 * 1024;

/// One service of the platform on a loopback port of its own, until it is dropped.
///
/// It lives on the runtime that it was started on.
///
/// # Panics
/// When it is dropped while there are [`violations`](Self::violations) that nobody took: a request was not what its
/// operation wants, which is what the fake is there to find.
pub struct FakeService {
    shared: Arc<Shared>,
    address: SocketAddr,
    line: Mutex<Line>,
}

struct Shared {
    definition: &'static Definition,
    state: Mutex<State>,
    /// Whether it is to end: requests that hang are let go.
    ending: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    store: Store,
    faults: VecDeque<Fault>,
    log: Vec<Received>,
    violations: Vec<String>,
}

impl State {
    /// Takes note of a violation, once however often it comes.
    fn violate(&mut self, head: &Parts, what: &str) {
        let violation = format!("{} {}: {what}", head.method, head.uri);
        if !self.violations.contains(&violation) {
            self.violations.push(violation);
        }
    }
}

/// What stands at the port.
enum Line {
    /// Callers are let in.
    Up(Listening),
    /// Callers are refused. The socket keeps others from the port meanwhile.
    Down(TcpSocket),
    /// Between the two.
    Moving,
}

/// A listener and the connections that it has let in.
struct Listening {
    accepting: JoinHandle<()>,
    /// Dropping the set ends them.
    connections: Arc<Mutex<JoinSet<()>>>,
}

impl FakeService {
    /// The user service.
    ///
    /// # Errors
    /// If there is no port to be had.
    pub async fn user() -> std::io::Result<Self> {
        Self::start(&services::user::SERVICE).await
    }

    /// The project service.
    ///
    /// # Errors
    /// If there is no port to be had.
    pub async fn project() -> std::io::Result<Self> {
        Self::start(&services::project::SERVICE).await
    }

    /// The knowledge service.
    ///
    /// # Errors
    /// If there is no port to be had.
    pub async fn knowledge() -> std::io::Result<Self> {
        Self::start(&services::knowledge::SERVICE).await
    }

    /// The design service.
    ///
    /// # Errors
    /// If there is no port to be had.
    pub async fn design() -> std::io::Result<Self> {
        Self::start(&services::design::SERVICE).await
    }

    /// The analytics service.
    ///
    /// # Errors
    /// If there is no port to be had.
    pub async fn analytics() -> std::io::Result<Self> {
        Self::start(&services::analytics::SERVICE).await
    }

    /// The marketplace service.
    ///
    /// # Errors
    /// If there is no port to be had.
    pub async fn marketplace() -> std::io::Result<Self> {
        Self::start(&services::marketplace::SERVICE).await
    }

    async fn start(definition: &'static Definition) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut store = Store::default();
        (definition.seed)(&mut store);
        let state = Mutex::new(State { store, ..State::default() });
        let shared = Arc::new(Shared { definition, state, ending: watch::Sender::new(false) });
        let line = Mutex::new(Line::Up(Listening::start(listener, &shared)));
        Ok(Self { shared, address, line })
    }

    /// The registry name: `user-service`.
    pub fn name(&self) -> &'static str {
        self.shared.definition.name
    }

    /// The port on the loopback interface.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The address without a base path.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address with the base path, as a client wants it.
    pub fn base_url(&self) -> String {
        format!("{}/api/v1", self.origin())
    }

    /// What happens to the next requests, one after the other; after them all is well again.
    pub fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    /// Takes the service down: connections break, and new ones are refused, until [`up`](Self::up).
    ///
    /// # Errors
    /// If the port was lost to another process.
    pub async fn down(&self) -> std::io::Result<()> {
        match self.swap(Line::Moving) {
            Line::Up(listening) => listening.end().await,
            // Down already: nothing else can be at the port.
            other => {
                self.swap(other);
                return Ok(());
            }
        }
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.address)?;
        self.swap(Line::Down(socket));
        Ok(())
    }

    /// Brings the service back at the same port, with all that it held.
    ///
    /// # Errors
    /// If the port was lost to another process.
    pub fn up(&self) -> std::io::Result<()> {
        let line = match self.swap(Line::Moving) {
            Line::Down(socket) => Line::Up(Listening::start(socket.listen(64)?, &self.shared)),
            other => other,
        };
        self.swap(line);
        Ok(())
    }

    fn swap(&self, line: Line) -> Line {
        std::mem::replace(&mut *self.line.lock().unwrap_or_else(PoisonError::into_inner), line)
    }

    /// What was received so far, faults included, in its order.
    pub fn received(&self) -> Vec<Received> {
        self.state().log.clone()
    }

    /// How many requests for an operation were received so far.
    pub fn count(&self, operation: &str) -> usize {
        self.state().log.iter().filter(|received| received.operation == Some(operation)).count()
    }

    /// What the service holds: the row of a table, null if there is none.
    pub fn held(&self, table: &str, id: i64) -> Value {
        self.state().store.get(table, id).cloned().unwrap_or_default()
    }

    /// The names of all operations that it serves.
    pub fn operations(&self) -> Vec<&'static str> {
        self.shared.definition.routes.iter().copied().flatten().map(|route| route.operation).collect()
    }

    /// Takes the list of what was wrong with the requests so far.
    pub fn violations(&self) -> Vec<String> {
        std::mem::take(&mut self.state().violations)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl fmt::Debug for FakeService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FakeService")
            .field("name", &self.name())
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for FakeService {
    fn drop(&mut self) {
        // Requests under way are given up with the tasks that answer them; those that hang hear of it.
        self.shared.ending.send_replace(true);
        let violations = self.violations();
        // A second panic would hide the first.
        if !std::thread::panicking() {
            assert!(
                violations.is_empty(),
                "the fake {} was sent what nobody may send:\n  {}",
                self.name(),
                violations.join("\n  ")
            );
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From a request to its answer.
    async fn serve(&self, request: Request<Incoming>) -> Result<Response<Outgoing>, GivenUp> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| GivenUp)?.to_bytes();
        let request_id = head.headers.get("x-request-id").and_then(|id| id.to_str().ok());
        let request_id = request_id.unwrap_or("11111111-2222-4333-8444-555555555555").to_owned();
        let checked = check(self.definition, &head, &body, request_id).await;
        let fault = {
            let mut state = self.state();
            for violation in &checked.violations {
                state.violate(&head, violation);
            }
            state.log.push(Received {
                operation: checked.route.map(|route| route.operation),
                method: head.method.to_string(),
                path: head.uri.path().to_owned(),
                query: head.uri.query().unwrap_or_default().to_owned(),
                headers: head.headers.clone(),
                body,
            });
            state.faults.pop_front().unwrap_or(Fault::None)
        };
        let mut cut = None;
        match &fault {
            Fault::Close => return Err(GivenUp),
            Fault::Hang => {
                // An error of the watch means that the service is gone, which ends the wait as well.
                let _ = self.ending.subscribe().wait_for(|ending| *ending).await;
                return Err(GivenUp);
            }
            Fault::Slow(wait) => tokio::time::sleep(*wait).await,
            Fault::Answer { status, headers, body } => {
                let status = StatusCode::from_u16(*status).map_err(|_| GivenUp)?;
                let answer =
                    Answer { status, headers: headers.clone(), body: Bytes::from(body.clone()), in_pieces: false };
                return respond(answer, None);
            }
            Fault::CutBody(length) => cut = Some(*length),
            Fault::None | Fault::LoseAnswer => {}
        }
        let answer = match (checked.route, checked.ask) {
            (Some(route), Ok(ask)) => {
                let mut state = self.state();
                let answer = (route.handler)(&mut state.store, &ask).unwrap_or_else(|answer| answer);
                if answer.status.is_success() && !takes(&head.headers, answer.content_type()) {
                    let what =
                        format!("`accept` does not allow {}, which this operation answers", answer.content_type());
                    state.violate(&head, &what);
                }
                answer
            }
            (_, Err(answer)) => answer,
            (None, Ok(_)) => return Err(GivenUp),
        };
        if fault == Fault::LoseAnswer { Err(GivenUp) } else { respond(answer, cut) }
    }
}

impl Listening {
    /// Lets callers in.
    fn start(listener: TcpListener, shared: &Arc<Shared>) -> Self {
        let shared = Arc::clone(shared);
        let connections = Arc::new(Mutex::new(JoinSet::new()));
        let letting_in = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                letting_in.lock().unwrap_or_else(PoisonError::into_inner).spawn(async move {
                    let service = hyper::service::service_fn(|request| shared.serve(request));
                    // What ends a connection is told by what the client sees.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { accepting, connections }
    }

    /// Closes the listener and all connections; when it returns, they are closed.
    async fn end(mut self) {
        self.accepting.abort();
        // Both ends are wanted: that of the task, and that it was by this.
        let _ = (&mut self.accepting).await;
        let mut connections = std::mem::take(&mut *self.connections.lock().unwrap_or_else(PoisonError::into_inner));
        connections.shutdown().await;
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn respond(answer: Answer, cut: Option<usize>) -> Result<Response<Outgoing>, GivenUp> {
    let empty = matches!(answer.status, StatusCode::NO_CONTENT);
    let mut response = Response::new(Outgoing {
        rest: answer.body,
        piece: if answer.in_pieces { PIECE } else { usize::MAX },
        cut,
        flushed: false,
    });
    *response.status_mut() = answer.status;
    for (name, value) in answer.headers {
        response
            .headers_mut()
            .append(HeaderName::from_static(name), HeaderValue::from_str(&value).map_err(|_| GivenUp)?);
    }
    if empty {
        *response.body_mut() = Outgoing { rest: Bytes::new(), piece: usize::MAX, cut: None, flushed: false };
    }
    Ok(response)
}

/// The body of an answer.
struct Outgoing {
    rest: Bytes,
    piece: usize,
    /// After how many bytes it breaks off.
    cut: Option<usize>,
    /// Whether what comes before the break was sent.
    flushed: bool,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = GivenUp;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, GivenUp>>> {
        if self.cut == Some(0) {
            if self.flushed {
                return Poll::Ready(Some(Err(GivenUp)));
            }
            // What waits is sent while the next piece is waited for; an error at once would take it along.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let size = self.rest.len().min(self.piece).min(self.cut.unwrap_or(usize::MAX));
        self.cut = self.cut.map(|cut| cut - size);
        let piece = self.rest.split_to(size);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.cut != Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// The connection is given up.
#[derive(Debug)]
struct GivenUp;

impl fmt::Display for GivenUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the fake gave this connection up")
    }
}

impl std::error::Error for GivenUp {}
