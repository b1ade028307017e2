//! How is an operation called by its name, with JSON in and JSON out?
//!
//! Generated crates implement [`ByName`] with their feature `by-name`. Arguments are decoded into the types that the typed
//! method takes, and its answer is encoded again: what goes over the wire is what the typed method sends and reads.

use std::fmt;
use std::pin::Pin;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Map;
pub use serde_json::Value;

use crate::body::Body;
use crate::builder::ClientBuilder;
use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, json_complaint};
use crate::json::Encode;
use crate::multipart::Part;
use crate::reply::{Download, Response};
use crate::stream::{Events, Items, ServerEvent};
use crate::transport::BoxFuture;

/// A client whose operations can be called by their names: what a command line or a test driver needs.
///
/// ```
/// # use sinew_runtime::by_name::{ByName, Failed};
/// # async fn example(client: impl ByName) -> Result<(), Failed> {
/// let arguments = serde_json::json!({ "user_id": 7, "body": { "name": "Ada" } });
/// let answer = client.call("update_user", arguments).await?;
/// println!("{} {}", answer.status, answer.value);
/// # Ok(()) }
/// ```
pub trait ByName: From<Client> {
    /// A builder for the client.
    fn builder() -> ClientBuilder<Self>;

    /// The operations that can be called, by name.
    fn operations() -> Vec<NamedOperation>;

    /// Calls an operation: the method of this name, with its parameters under their names on the wire and what it sends
    /// under `body`. Where parameters of two places share a name, they are told apart as `query.id` and `header.id`.
    ///
    /// What can be sent as several media types is sent as the first, unless `body.media_type` names another.
    /// An answer that may come as several is the usual one, unless `answer.media_type` names another.
    /// Values are as JSON writes them; bytes are a text or `{"base64": …}`, which may have `content_type`
    /// beside it, and in a form `file_name`, too. Awaiting the call fails with an error of kind [`Build`](crate::ErrorKind::Build), and nothing
    /// is sent, where the name is unknown, or an argument is missing, unknown or of another type.
    fn call<'c>(&'c self, operation: &str, arguments: Value) -> Calling<'c>;
}

/// What is known of an operation without calling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedOperation {
    /// The name to call it by.
    pub name: &'static str,
    /// The method and the path of its document: `GET /users/{user_id}`.
    pub route: &'static str,
    /// The arguments that must be given.
    pub required: &'static [&'static str],
    /// The arguments that may be left out.
    pub optional: &'static [&'static str],
}

/// A call by name on its way.
pub type Calling<'c> = BoxFuture<'c, Result<Answer, Failed>>;

/// What an operation answered.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers as they came, those that are no text left out.
    pub headers: Vec<(String, String)>,
    /// The value, decoded and encoded again; bytes are `{"media_type": …, "base64": …}`, or `text` where they are that.
    pub value: Value,
}

impl fmt::Debug for Answer {
    // What a service answers may be anybody's secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why an operation did not answer.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failed {
    /// The error of the typed method.
    pub error: Error,
    /// The failure that the document promises for the status, decoded and encoded again.
    pub failure: Option<Value>,
}

impl Failed {
    /// The failure as JSON: what happened, and what the service said.
    pub fn to_json(&self) -> Value {
        let error = &self.error;
        serde_json::json!({
            "kind": error.kind().as_str(),
            "message": error.to_string(),
            "status": error.status().map(|status| status.as_u16()),
            "headers": error.headers().map(headers),
            "failure": self.failure,
            "body": error.body().map(|body| content(body, error.headers())),
        })
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, failure: None }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

/// The arguments of a call, taken one by one.
#[derive(Debug)]
pub struct Arguments {
    /// What complaints call them: nothing, or the argument that they are within.
    within: String,
    values: Map<String, Value>,
}

impl Arguments {
    /// The arguments of an operation: an object, or `null` where there are none.
    pub fn new(values: Value) -> Result<Self, Error> {
        Self::of(String::new(), values)
    }

    fn of(within: String, values: Value) -> Result<Self, Error> {
        match values {
            Value::Object(values) => Ok(Self { within, values }),
            Value::Null => Ok(Self { within, values: Map::new() }),
            _ if within.is_empty() => Err(Error::build("the arguments are not an object")),
            _ => Err(Error::build(format!("argument `{}` is not an object", within.trim_end_matches('.')))),
        }
    }

    /// An argument that must be given.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Error> {
        let value = self.values.remove(name).ok_or_else(|| self.missing(name))?;
        self.decode(name, value)
    }

    /// An argument that may be left out.
    pub fn optional<T: DeserializeOwned + Default>(&mut self, name: &str) -> Result<T, Error> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Ok(T::default()),
            Some(value) => self.decode(name, value),
        }
    }

    /// A body of bytes or of text.
    pub fn body(&mut self, name: &str) -> Result<Body, Error> {
        self.optional_body(name)?.ok_or_else(|| self.missing(name))
    }

    /// A body of bytes or of text that may be left out.
    pub fn optional_body(&mut self, name: &str) -> Result<Option<Body>, Error> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let body = Body::from(self.bytes(name, &value)?);
                let said = value.get("content_type").and_then(Value::as_str);
                Ok(Some(match said {
                    Some(media_type) => body.content_type(media_type),
                    None => body,
                }))
            }
        }
    }

    /// Which of several media types the body is to be sent as: the first, unless `body.media_type` names another.
    pub fn media_type(&mut self, known: &[&str]) -> Result<usize, Error> {
        let named: Option<String> = self.optional("body.media_type")?;
        let Some(named) = named else { return Ok(0) };
        let essence = |text: &str| text.split(';').next().unwrap_or(text).trim().to_ascii_lowercase();
        let found = known.iter().position(|known| essence(known) == essence(&named));
        found.ok_or_else(|| Error::build(format!("argument `body.media_type` is none of {}", known.join(", "))))
    }

    /// Which of several media types is asked for beside the usual one: that which `answer.media_type` names.
    pub fn accept(&mut self, known: &[&str]) -> Result<Option<usize>, Error> {
        let named: Option<String> = self.optional("answer.media_type")?;
        let Some(named) = named else { return Ok(None) };
        let found = known.iter().position(|known| known.eq_ignore_ascii_case(named.trim()));
        let found =
            found.ok_or_else(|| Error::build(format!("argument `answer.media_type` is none of {}", known.join(", "))));
        found.map(Some)
    }

    /// A file of a form.
    pub fn part(&mut self, name: &str) -> Result<Part, Error> {
        self.optional_part(name)?.ok_or_else(|| self.missing(name))
    }

    /// A file of a form that may be left out.
    pub fn optional_part(&mut self, name: &str) -> Result<Option<Part>, Error> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => self.read_part(name, &value).map(Some),
        }
    }

    /// Several files of a form under one name.
    pub fn parts(&mut self, name: &str) -> Result<Vec<Part>, Error> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(values)) => values.iter().map(|value| self.read_part(name, value)).collect(),
            Some(value) => Ok(vec![self.read_part(name, &value)?]),
        }
    }

    /// The parts of a form.
    pub fn form(&mut self, name: &str) -> Result<Self, Error> {
        let value = self.values.remove(name).ok_or_else(|| self.missing(name))?;
        Self::of(format!("{name}."), value)
    }

    /// The parts of a form that may be left out.
    pub fn optional_form(&mut self, name: &str) -> Result<Option<Self>, Error> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Self::of(format!("{name}."), value).map(Some),
        }
    }

    /// Ends the taking: what is left over is a mistake.
    pub fn finish(self) -> Result<(), Error> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(name) => Err(Error::build(format!(
                "there is no argument `{}{}`",
                self.within.escape_debug(),
                name.escape_debug()
            ))),
        }
    }

    fn missing(&self, name: &str) -> Error {
        Error::build(format!("argument `{}{name}` is missing", self.within))
    }

    fn decode<T: DeserializeOwned>(&self, name: &str, value: Value) -> Result<T, Error> {
        serde_json::from_value(value)
            .map_err(|error| Error::build(format!("argument `{}{name}`: {}", self.within, json_complaint(&error))))
    }

    fn read_part(&self, name: &str, value: &Value) -> Result<Part, Error> {
        let mut part = Part::bytes(self.bytes(name, value)?);
        if let Some(file_name) = value.get("file_name").and_then(Value::as_str) {
            part = part.file_name(file_name);
        }
        if let Some(media_type) = value.get("content_type").and_then(Value::as_str) {
            part = part.content_type(media_type);
        }
        Ok(part)
    }

    fn bytes(&self, name: &str, value: &Value) -> Result<Bytes, Error> {
        let complain = |said: &str| Error::build(format!("argument `{}{name}`: {said}", self.within));
        if let Some(text) = value.as_str().or_else(|| value.get("text").and_then(Value::as_str)) {
            return Ok(Bytes::copy_from_slice(text.as_bytes()));
        }
        let encoded = value.get("base64").and_then(Value::as_str);
        let encoded = encoded.ok_or_else(|| complain("bytes are a text or `{\"base64\": …}`"))?;
        STANDARD.decode(encoded).map(Bytes::from).map_err(|_| complain("not Base64"))
    }
}

/// The documented failure in an error, encoded again.
pub type ReadFailure = fn(&Error) -> Option<Value>;

/// Calls an operation whose answer is a value.
pub fn value<T: Serialize + Send + 'static, P>(call: Call<'_, T, P>, failure: ReadFailure) -> Calling<'_> {
    chosen(call, |value| to_json(&value), failure)
}

/// Calls an operation whose answer is read by a function.
pub fn chosen<T: Send + 'static, P>(
    call: Call<'_, T, P>,
    read: impl FnOnce(T) -> Value + Send + 'static,
    failure: ReadFailure,
) -> Calling<'_> {
    let answered = call.response();
    Box::pin(async move {
        match answered.await {
            Ok(response) => Ok(Answer {
                status: response.status.as_u16(),
                headers: headers(&response.headers),
                value: read(response.value),
            }),
            Err(error) => Err(failed(error, failure)),
        }
    })
}

/// Calls an operation whose answer is bytes as they come, and gathers them.
pub fn download(call: Call<'_, Download>, failure: ReadFailure) -> Calling<'_> {
    gathered(
        call,
        failure,
        |chunk: Bytes, body: &mut Vec<u8>| body.extend_from_slice(&chunk),
        |body, headers| content(&body, Some(headers)),
    )
}

/// Calls an operation that answers a stream of values, and gathers them to its end.
pub fn items<T>(call: Call<'_, Items<T>>, failure: ReadFailure) -> Calling<'_>
where
    T: Serialize + DeserializeOwned + Send + 'static,
{
    gathered(call, failure, |item: T, values: &mut Vec<Value>| values.push(to_json(&item)), |values, _| values.into())
}

/// Calls an operation that answers server-sent events, and gathers them until the service ends the stream.
pub fn events<T: Serialize + Send + 'static>(call: Call<'_, Events<T>>, failure: ReadFailure) -> Calling<'_> {
    let event = |event: ServerEvent<T>, values: &mut Vec<Value>| {
        values.push(serde_json::json!({ "event": event.kind, "id": event.id, "data": to_json(&event.data) }));
    };
    gathered(call, failure, event, |values, _| values.into())
}

/// Calls an operation whose answer comes in pieces, and gathers them.
fn gathered<S, T, A>(
    call: Call<'_, S>,
    failure: ReadFailure,
    add: impl Fn(T, &mut A) + Send + 'static,
    end: impl FnOnce(A, &HeaderMap) -> Value + Send + 'static,
) -> Calling<'_>
where
    S: Stream<Item = Result<T, Error>> + Unpin + Send + 'static,
    A: Default + Send,
{
    Box::pin(async move {
        let Response { status, headers: sent, mut value } = match call.response().await {
            Ok(response) => response,
            Err(error) => return Err(failed(error, failure)),
        };
        let mut whole = A::default();
        while let Some(piece) = std::future::poll_fn(|context| Pin::new(&mut value).poll_next(context)).await {
            add(piece?, &mut whole);
        }
        Ok(Answer { status: status.as_u16(), headers: headers(&sent), value: end(whole, &sent) })
    })
}

/// Takes the arguments of one operation and makes its call.
pub type Shim<C> = for<'c> fn(&'c C, &mut Arguments) -> Result<Calling<'c>, Error>;

/// An operation with the function that calls it, as generated code lists it.
pub struct Entry<C> {
    operation: NamedOperation,
    shim: Shim<C>,
}

impl<C> Entry<C> {
    /// An operation by its name, its route, and the arguments that must and may be given.
    pub const fn new(
        name: &'static str,
        route: &'static str,
        shim: Shim<C>,
        required: &'static [&'static str],
        optional: &'static [&'static str],
    ) -> Self {
        Self { operation: NamedOperation { name, route, required, optional }, shim }
    }
}

impl<C> fmt::Debug for Entry<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.operation.fmt(formatter)
    }
}

/// What is known of the operations of a list.
pub fn operations<C>(entries: &[Entry<C>]) -> Vec<NamedOperation> {
    entries.iter().map(|entry| entry.operation).collect()
}

/// Calls the operation of a name.
pub fn dispatch<'c, C>(client: &'c C, entries: &[Entry<C>], operation: &str, arguments: Value) -> Calling<'c> {
    let known = entries.iter().find(|entry| entry.operation.name == operation);
    let known = known.ok_or_else(|| Error::build(format!("there is no operation `{}`", operation.escape_debug())));
    let calling = known.and_then(|entry| {
        let mut arguments = Arguments::new(arguments)?;
        let calling = (entry.shim)(client, &mut arguments)?;
        arguments.finish()?;
        Ok(calling)
    });
    calling.unwrap_or_else(|error| Box::pin(std::future::ready(Err(Failed::from(error)))))
}

/// What an operation without documented failures finds in an error.
pub fn no_failure(_: &Error) -> Option<Value> {
    None
}

/// A value as JSON, encoded by its own type.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// As [`to_json`], of a value that is written without serde.
pub fn written(value: &dyn Encode) -> Value {
    crate::json::write(value).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null)
}

fn failed(error: Error, failure: ReadFailure) -> Failed {
    let failure = failure(&error);
    Failed { error, failure }
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let readable = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    readable.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Bytes as JSON, with their media type.
fn content(bytes: &[u8], headers: Option<&HeaderMap>) -> Value {
    let media_type =
        headers.and_then(|headers| headers.get(header::CONTENT_TYPE)).and_then(|value| value.to_str().ok());
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::json!({ "media_type": media_type, "text": text }),
        Err(_) => serde_json::json!({ "media_type": media_type, "base64": STANDARD.encode(bytes) }),
    }
}
