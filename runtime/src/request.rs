//! How is a request put together from an operation and its parameters?

use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;

use crate::body::Body;
use crate::call::{Call, Options, Read, Ready};
use crate::client::Client;
use crate::encode::parameter::Parameter;
use crate::encode::path::{Path, PathBuilder};
use crate::encode::query::{Query, Style};
use crate::encode::{self};
use crate::error::Error;
use crate::json::{self, Encode};
use crate::multipart::FormData;
use crate::operation::{Method, Operation};
use crate::random;
use crate::reply::Reply;
use crate::stream::{EventText, Events, Framing, Items};

/// A request being put together. The first thing that cannot be sent is kept and told when the call is awaited.
#[must_use = "a request does nothing until it becomes a call that is awaited"]
pub struct Request<'c> {
    client: &'c Client,
    path: PathBuilder,
    query: Query,
    problem: Option<String>,
    /// On the heap from the beginning, since it goes through many hands.
    plan: Box<Plan>,
}

/// A request put together: all that does not differ between attempts.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) operation: &'static Operation,
    /// That of the operation, or of a look at what it began.
    pub(crate) method: Method,
    pub(crate) template: &'static str,
    pub(crate) path: Path,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) cookies: Vec<String>,
    pub(crate) body: Body,
    pub(crate) mode: Mode,
    pub(crate) options: Options,
}

impl Plan {
    /// Whether it may be sent again after it may have been processed.
    pub(crate) fn is_idempotent(&self) -> bool {
        if self.method == self.operation.method { self.operation.is_idempotent() } else { self.method.is_idempotent() }
    }
}

/// How much of the reply belongs to the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// All of it: the body is read within the attempt.
    Buffered,
    /// Its head: a successful body is handed on as it comes.
    Streaming,
    /// Its head too, and what is handed on may have to be asked for again.
    Resumable,
    /// A health check: one attempt past the breaker, and any status is an answer.
    Check,
}

impl Client {
    /// Begins a request for an operation.
    pub fn request(&self, operation: &'static Operation) -> Request<'_> {
        Request {
            client: self,
            path: PathBuilder::new(operation.template),
            query: Query::default(),
            problem: None,
            plan: Box::new(Plan {
                operation,
                method: operation.method,
                template: operation.template,
                path: Path::none(),
                query: String::new(),
                headers: HeaderMap::new(),
                cookies: Vec::new(),
                body: Body::empty(),
                mode: Mode::Buffered,
                options: Options::default(),
            }),
        }
    }
}

impl<'c> Request<'c> {
    /// Fills a `{name}` of the path.
    pub fn path(self, name: &'static str, value: &dyn Parameter) -> Self {
        self.path_styled(name, Style::Form, value)
    }

    /// Fills a `{name}` of the path in a style.
    pub fn path_styled(mut self, name: &'static str, style: Style, value: &dyn Parameter) -> Self {
        let result = self.path.set(name, style, value.parameter());
        self.keep(result);
        self
    }

    /// Adds a query parameter in the default style: `form`, exploded.
    pub fn query(self, name: &str, value: &dyn Parameter) -> Self {
        self.query_styled(name, Style::Form, value)
    }

    /// Adds a query parameter in a style.
    pub fn query_styled(mut self, name: &str, style: Style, value: &dyn Parameter) -> Self {
        let result = self.query.add(name, style, value.parameter());
        self.keep(result);
        self
    }

    /// Adds a query parameter in a style, reserved characters as they are.
    pub fn query_reserved(mut self, name: &str, style: Style, value: &dyn Parameter) -> Self {
        let result = self.query.add_reserved(name, style, value.parameter());
        self.keep(result);
        self
    }

    /// Adds a header.
    pub fn header(self, name: &str, value: &dyn Parameter) -> Self {
        self.header_styled(name, Style::Form, value)
    }

    /// Adds a header in a style.
    pub fn header_styled(mut self, name: &str, style: Style, value: &dyn Parameter) -> Self {
        match encode::header::parameter(name, style == Style::Exploded, value.parameter()) {
            Ok(Some((name, value))) => {
                self.plan.headers.append(name, value);
            }
            Ok(None) => {}
            Err(problem) => self.keep(Err(problem)),
        }
        self
    }

    /// Adds a cookie.
    pub fn cookie(mut self, name: &str, value: &dyn Parameter) -> Self {
        match encode::header::cookie(name, value.parameter()) {
            Ok(cookie) => self.plan.cookies.extend(cookie),
            Err(problem) => self.keep(Err(problem)),
        }
        self
    }

    /// Sends a value as JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.json_as("application/json", value)
    }

    /// Sends a value as JSON, if there is one.
    pub fn optional_json<T: Serialize + ?Sized>(self, value: Option<&T>) -> Self {
        match value {
            Some(value) => self.json(value),
            None => self,
        }
    }

    /// Sends a value as JSON under another media type.
    pub fn json_as<T: Serialize + ?Sized>(self, media_type: &str, value: &T) -> Self {
        let written = serde_json::to_vec(value).map_err(|_| "the body cannot be written as JSON".to_owned());
        self.written(media_type, written)
    }

    /// Sends a value as XML.
    #[cfg(feature = "xml")]
    pub fn xml<T: Serialize + ?Sized>(self, media_type: &str, root: &crate::xml::XmlRoot, value: &T) -> Self {
        let written = serde_json::to_value(value).map(|value| crate::xml::write(root, &value).into_bytes());
        self.written(media_type, written.map_err(|_| "the body cannot be written".to_owned()))
    }

    /// As [`Request::json`], of a value that is written without serde.
    pub fn write<T: Encode + ?Sized>(self, value: &T) -> Self {
        self.write_as("application/json", value)
    }

    /// As [`Request::json_as`], of a value that is written without serde.
    pub fn write_as<T: Encode + ?Sized>(self, media_type: &str, value: &T) -> Self {
        self.written(media_type, json::body(value).map_err(|_| "the body cannot be written as JSON".to_owned()))
    }

    /// Sends a value as `application/x-www-form-urlencoded`.
    pub fn form<T: Serialize + ?Sized>(self, value: &T) -> Self {
        let written = serde_urlencoded::to_string(value)
            .map(String::into_bytes)
            .map_err(|_| "the body cannot be written as a form: its fields must be scalars".to_owned());
        self.written("application/x-www-form-urlencoded", written)
    }

    /// Sends a multipart form.
    pub fn multipart(mut self, form: FormData) -> Self {
        match form.finish(&random::boundary()) {
            Ok((media_type, body)) => self.body(&media_type, body),
            Err(problem) => {
                self.keep(Err(problem));
                self
            }
        }
    }

    /// Sends a text.
    pub fn text(self, media_type: &str, text: String) -> Self {
        self.body(media_type, text)
    }

    /// Sends a body.
    pub fn body(mut self, media_type: &str, body: impl Into<Body>) -> Self {
        self.set_body(media_type, body.into());
        self
    }

    fn written(mut self, media_type: &str, written: Result<Vec<u8>, String>) -> Self {
        match written {
            Ok(bytes) => self.set_body(media_type, bytes.into()),
            Err(problem) => self.keep(Err(problem)),
        }
        self
    }

    fn set_body(&mut self, media_type: &str, mut body: Body) {
        let own = body.content_type.take();
        let media_type = own.as_deref().unwrap_or(media_type);
        match HeaderValue::from_str(media_type) {
            Ok(media_type) => {
                self.plan.headers.insert(header::CONTENT_TYPE, media_type);
                self.plan.body = body;
            }
            Err(_) => self.keep(Err("the media type of the body is not a header value".to_owned())),
        }
    }

    /// The call whose reply is read into memory, then by this function.
    pub fn answering<T>(self, read: fn(Reply) -> Result<T, Error>) -> Call<'c, T> {
        Call::new(self.ready(Mode::Buffered), Read::By(read))
    }

    /// The call whose reply is read as it comes, by what this function makes of it.
    pub fn streaming<T>(self, read: fn(Reply) -> Result<T, Error>) -> Call<'c, T> {
        Call::new(self.ready(Mode::Streaming), Read::By(read))
    }

    /// The call whose reply is a stream of events; `read` says what their data is.
    pub fn events<T: 'static>(self, read: fn(&EventText) -> Result<Option<T>, String>) -> Call<'c, Events<T>> {
        Call::new(self.ready(Mode::Resumable), Read::knowing(move |reply| Events::from_reply(reply, read)))
    }

    /// The call whose reply is a stream of JSON values; `read` reads one.
    pub fn items<T: 'static>(self, framing: Framing, read: fn(&[u8]) -> Result<T, String>) -> Call<'c, Items<T>> {
        let read = Read::knowing(move |reply| Ok(Items::from_reply(reply, framing, read)));
        Call::new(self.ready(Mode::Streaming), read)
    }

    pub(crate) fn checking<T: 'static>(self, read: fn(Reply) -> Result<T, Error>) -> Call<'c, T> {
        Call::new(self.ready(Mode::Check), Read::By(read))
    }

    /// Takes another path than the operation's.
    pub(crate) fn at(mut self, template: &'static str) -> Self {
        self.path = PathBuilder::new(template);
        self.plan.template = template;
        self
    }

    /// All of a call but how its reply is read, which knows no type.
    fn ready(mut self, mode: Mode) -> Ready<'c> {
        let (client, operation) = (self.client, self.plan.operation);
        let built = match self.problem.take() {
            Some(problem) => Err(problem),
            None => self.path.finish(),
        };
        let plan = match built {
            Ok(path) => {
                (self.plan.path, self.plan.query, self.plan.mode) = (path, self.query.text, mode);
                Ok(self.plan)
            }
            Err(problem) => Err(Error::build(problem)),
        };
        Ready { client, operation, plan }
    }

    fn keep(&mut self, result: Result<(), String>) {
        if let Err(problem) = result {
            self.problem.get_or_insert(problem);
        }
    }
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Request").field("operation", &self.plan.operation.name).finish_non_exhaustive()
    }
}
