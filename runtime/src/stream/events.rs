//! How does a stream of server-sent events become typed, and go on where it broke off?

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::decoder::{Decoder, Dispatched};
use crate::again::Again;
use crate::error::{Error, ErrorKind, json_complaint};
use crate::json::Decode;
use crate::reply::{About, Download, Reply, media_type, too_large};
use crate::transport::BoxFuture;

static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The data that ends a stream of JSON. It is no JSON itself, so no event can be meant by it.
const DONE: &str = "[DONE]";

/// An event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerEvent<T> {
    /// Its type; `message` if the stream said none.
    pub kind: String,
    /// The last identifier that the stream said, if it said any.
    pub id: Option<String>,
    /// What it tells.
    pub data: T,
}

impl<T: Decode> ServerEvent<T> {
    /// Reads the data as JSON, as [`ServerEvent::json`] does, of a type that is read without serde.
    #[doc(hidden)]
    pub fn read(said: &EventText) -> Result<Option<T>, String> {
        if said.0.data == DONE { Ok(None) } else { crate::json::text(said.0.data.as_bytes()).map(Some) }
    }
}

impl<T: DeserializeOwned> ServerEvent<T> {
    /// Reads the data as JSON. `[DONE]`, which is none, ends the stream.
    #[doc(hidden)]
    pub fn json(said: &EventText) -> Result<Option<T>, String> {
        if said.0.data == DONE {
            return Ok(None);
        }
        serde_json::from_str(&said.0.data).map(Some).map_err(|error| json_complaint(&error))
    }

    /// Reads the event as an object with the fields `event`, `id` and `data` (OpenAPI 3.2, "Sequential Media Types").
    #[doc(hidden)]
    pub fn whole(said: &EventText) -> Result<Option<T>, String> {
        let Dispatched { kind, data, id } = said.0.clone();
        if data == DONE {
            return Ok(None);
        }
        let fields = [("event", kind), ("id", id)].into_iter().filter(|(_, text)| !text.is_empty());
        let mut object: serde_json::Map<String, Value> =
            fields.map(|(name, text)| (name.to_owned(), Value::String(text))).collect();
        let parsed = serde_json::from_str::<Value>(&data).ok().filter(|value| !value.is_string());
        object.insert("data".to_owned(), Value::String(data));
        // The data is a text, unless the type wants what the text says.
        let as_text = serde_json::from_value(Value::Object(object.clone()));
        let read = match (as_text, parsed) {
            (Err(_), Some(parsed)) => {
                object.insert("data".to_owned(), parsed);
                serde_json::from_value(Value::Object(object))
            }
            (read, _) => read,
        };
        read.map(Some).map_err(|error| json_complaint(&error))
    }
}

impl ServerEvent<String> {
    /// Leaves the data as it is.
    #[doc(hidden)]
    #[allow(clippy::unnecessary_wraps)]
    pub fn text(said: &EventText) -> Result<Option<String>, String> {
        Ok(Some(said.0.data.clone()))
    }
}

/// An event that was not read yet.
#[doc(hidden)]
#[derive(Debug)]
pub struct EventText(Dispatched);

/// When a stream that ended connects again by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reconnect {
    /// Never: the error, or the end, is the caller's.
    Never,
    /// Where it broke off or fell silent and nothing is lost by it: the request may be repeated, and the stream said
    /// where it is, or nothing yet.
    #[default]
    WhenSafe,
    /// Whenever it ends, as a browser does, also where the service ended it, until it answers with status 204.
    Always,
}

/// A stream of server-sent events, each with data of type `T`.
///
/// It connects again by itself as [`Reconnect`] says, with `Last-Event-ID`, after what the stream asked for (`retry`) or
/// the policy's back-off, whichever is longer, and at most [`Policy::attempts`](crate::Policy::attempts) times without an
/// event in between; each connection is a call like any other, with its retries, its deadline and the circuit breaker. A
/// stream may last as long as it likes, but not be silent for longer than
/// [`Policy::idle_timeout`](crate::Policy::idle_timeout); a comment breaks the silence too. An event may be as large as
/// [`Policy::max_body`](crate::Policy::max_body).
///
/// Data that is not what was promised is an error in place of that event, and the stream goes on. Where the data is JSON,
/// the text `[DONE]` ends the stream. Dropping the stream closes the connection.
///
/// ```
/// # use sinew_runtime::{Call, Error, Events};
/// # async fn example(call: Call<'_, Events<u32>>) -> Result<(), Error> {
/// let mut ticks = call.await?;
/// while let Some(tick) = ticks.next().await {
///     let tick = tick?;
///     println!("{}: {}", tick.kind, tick.data);
/// }
/// # Ok(()) }
/// ```
pub struct Events<T> {
    state: State,
    decoder: Decoder,
    ready: VecDeque<Dispatched>,
    read: fn(&EventText) -> Result<Option<T>, String>,
    again: Option<Box<Again>>,
    reconnect: Reconnect,
    /// Whether there was an event yet.
    delivered: bool,
    /// Connections since the last event.
    fruitless: u32,
    waited: Duration,
    about: About,
    status: StatusCode,
    headers: HeaderMap,
}

enum State {
    Open(Box<Download>),
    Connecting(BoxFuture<'static, Result<Reply, Error>>),
    Done,
}

impl<T> Events<T> {
    pub(crate) fn from_reply(
        mut reply: Reply,
        read: fn(&EventText) -> Result<Option<T>, String>,
    ) -> Result<Self, Error> {
        check(&reply)?;
        let again = reply.again.take();
        let (about, status, headers) = (reply.about.clone(), reply.status, reply.headers.clone());
        Ok(Self {
            state: State::Open(Box::new(Download::of_parts(reply))),
            decoder: Decoder::new(about.max_body, String::new()),
            ready: VecDeque::new(),
            read,
            again,
            reconnect: Reconnect::default(),
            delivered: false,
            fruitless: 0,
            waited: Duration::ZERO,
            about,
            status,
            headers,
        })
    }

    /// When to connect again. Default: [`Reconnect::WhenSafe`].
    pub fn reconnect(mut self, when: Reconnect) -> Self {
        self.reconnect = when;
        self
    }

    /// The next event; `None` at the end. The same as the [`Stream`], for those who have no trait for it in scope.
    pub async fn next(&mut self) -> Option<Result<ServerEvent<T>, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The status of the first reply.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The headers of the first reply.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Where the stream is, to go on from there later: give it to a call as the header `last-event-id`.
    pub fn last_event_id(&self) -> Option<&str> {
        Some(self.decoder.last_id.as_str()).filter(|id| !id.is_empty())
    }

    /// What an event says; `None` if it ends the stream.
    fn event(&self, said: Dispatched) -> Option<Result<ServerEvent<T>, Error>> {
        let kind = if said.kind.is_empty() { "message".to_owned() } else { said.kind.clone() };
        let id = Some(said.id.clone()).filter(|id| !id.is_empty());
        match (self.read)(&EventText(said)) {
            Ok(data) => data.map(|data| Ok(ServerEvent { kind, id, data })),
            Err(complaint) => Some(Err(self.about.tell(Error::decode(format!("the data of an event: {complaint}"))))),
        }
    }

    /// Connects again if it may: the state to go on in, or what is to be told.
    fn next_state(&mut self, error: Option<Error>) -> Result<State, Option<Error>> {
        let passing =
            error.as_ref().is_none_or(|error| matches!(error.kind(), ErrorKind::Transport | ErrorKind::Timeout));
        let Some(again) = self.again.as_mut() else { return Err(error) };
        let wanted = match self.reconnect {
            Reconnect::Never => false,
            Reconnect::WhenSafe => error.is_some() && (!self.delivered || !self.decoder.last_id.is_empty()),
            Reconnect::Always => true,
        };
        let policy = again.policy();
        if !wanted || !passing || !again.is_harmless() || self.fruitless >= policy.attempts {
            return Err(error);
        }
        let random = again.client.inner.random.next();
        let backoff = policy.backoff.delay(self.fruitless, self.waited, random);
        self.waited = backoff.max(self.decoder.retry.unwrap_or_default());
        self.fruitless += 1;
        if let Ok(id) = HeaderValue::from_bytes(self.decoder.last_id.as_bytes()) {
            again.set_header(&LAST_EVENT_ID, (!id.is_empty()).then_some(id));
        }
        Ok(State::Connecting(again.call(self.waited)))
    }
}

impl<T> Stream for Events<T> {
    type Item = Result<ServerEvent<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(said) = this.ready.pop_front() {
                (this.delivered, this.fruitless) = (true, 0);
                let event = this.event(said);
                if event.is_none() {
                    this.ready.clear();
                    this.state = State::Done;
                }
                return Poll::Ready(event);
            }
            let ended = match &mut this.state {
                State::Done => return Poll::Ready(None),
                State::Open(download) => match ready!(Pin::new(&mut **download).poll_next(context)) {
                    Some(Ok(bytes)) => match this.decoder.feed(&bytes, &mut this.ready) {
                        Ok(()) => continue,
                        Err(_) => Err(Some(this.about.tell(too_large(this.about.max_body)))),
                    },
                    Some(Err(error)) => this.next_state(Some(error)),
                    None => this.next_state(None),
                },
                State::Connecting(reply) => match ready!(reply.as_mut().poll(context)) {
                    Ok(reply) if reply.status == StatusCode::NO_CONTENT => Err(None),
                    Ok(reply) => match check(&reply).map(|()| Download::of_parts(reply)) {
                        Ok(download) => {
                            this.decoder.restart();
                            Ok(State::Open(Box::new(download)))
                        }
                        Err(error) => Err(Some(error)),
                    },
                    Err(error) => Err(Some(error)),
                },
            };
            match ended {
                Ok(state) => this.state = state,
                Err(error) => {
                    this.state = State::Done;
                    return Poll::Ready(error.map(Err));
                }
            }
        }
    }
}

impl<T> fmt::Debug for Events<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Events")
            .field("open", &matches!(self.state, State::Open(_)))
            .field("reconnect", &self.reconnect)
            .finish_non_exhaustive()
    }
}

/// Another media type is no event stream, whatever it holds.
fn check(reply: &Reply) -> Result<(), Error> {
    let said = media_type(&reply.headers);
    if said.as_deref().is_none_or(|said| said == "text/event-stream") {
        return Ok(());
    }
    let error = Error::decode("the reply is no event stream, going by its content type");
    Err(reply.about.tell(error))
}
