//! What does a service know about one of its operations?

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::answer::{Answer, Handled, Manners};
use crate::store::Store;

/// What answers a request that is in order.
pub(crate) type Handler = fn(&mut Store, &Ask) -> Handled;

/// A service: what it is called, what it serves, what it holds to begin with.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) manners: Manners,
    pub(crate) routes: &'static [&'static [Route]],
    pub(crate) seed: fn(&mut Store),
    /// Who a credential is, or why it is none.
    pub(crate) caller: fn(Option<&str>) -> Result<Caller, Answer>,
}

/// An operation of a service, as data.
#[derive(Debug)]
pub(crate) struct Route {
    /// The name that the generated client has for it.
    pub(crate) operation: &'static str,
    pub(crate) method: &'static str,
    /// The whole path, with `{names}`.
    pub(crate) path: &'static str,
    /// The shape of the query.
    pub(crate) query: &'static str,
    /// Header parameters, beside those that every request may have.
    pub(crate) headers: &'static [&'static str],
    pub(crate) auth: Auth,
    pub(crate) payload: Payload,
    pub(crate) accept: Accept,
    pub(crate) handler: Handler,
}

/// Whether an operation wants a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auth {
    /// None; to send one is a violation.
    None,
    /// A caller.
    Caller,
    /// A caller with the role `admin`.
    Admin,
}

/// What an operation wants as a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    None,
    Json(&'static str),
    Form(&'static str),
    Multipart(&'static str),
}

/// What an operation wants in `Accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accept {
    /// A range that its answers fall into.
    Any,
    /// The platform's own media type, else 406.
    Vendor,
}

impl Route {
    const fn new(method: &'static str, operation: &'static str, path: &'static str, handler: Handler) -> Self {
        Self {
            operation,
            method,
            path,
            query: "",
            headers: &[],
            auth: Auth::None,
            payload: Payload::None,
            accept: Accept::Any,
            handler,
        }
    }

    pub(crate) const fn get(operation: &'static str, path: &'static str, handler: Handler) -> Self {
        Self::new("GET", operation, path, handler)
    }

    pub(crate) const fn post(operation: &'static str, path: &'static str, handler: Handler) -> Self {
        Self::new("POST", operation, path, handler)
    }

    pub(crate) const fn put(operation: &'static str, path: &'static str, handler: Handler) -> Self {
        Self::new("PUT", operation, path, handler)
    }

    pub(crate) const fn patch(operation: &'static str, path: &'static str, handler: Handler) -> Self {
        Self::new("PATCH", operation, path, handler)
    }

    pub(crate) const fn delete(operation: &'static str, path: &'static str, handler: Handler) -> Self {
        Self::new("DELETE", operation, path, handler)
    }

    pub(crate) const fn query(mut self, shape: &'static str) -> Self {
        self.query = shape;
        self
    }

    pub(crate) const fn headers(mut self, names: &'static [&'static str]) -> Self {
        self.headers = names;
        self
    }

    pub(crate) const fn caller(mut self) -> Self {
        self.auth = Auth::Caller;
        self
    }

    pub(crate) const fn admin(mut self) -> Self {
        self.auth = Auth::Admin;
        self
    }

    pub(crate) const fn json(mut self, shape: &'static str) -> Self {
        self.payload = Payload::Json(shape);
        self
    }

    pub(crate) const fn form(mut self, shape: &'static str) -> Self {
        self.payload = Payload::Form(shape);
        self
    }

    pub(crate) const fn multipart(mut self, shape: &'static str) -> Self {
        self.payload = Payload::Multipart(shape);
        self
    }

    pub(crate) const fn vendor(mut self) -> Self {
        self.accept = Accept::Vendor;
        self
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The subject of the token: an e-mail address on the user service, elsewhere an id as text.
    pub(crate) subject: String,
    pub(crate) admin: bool,
}

/// A request that is in order.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) path: Vec<(&'static str, String)>,
    pub(crate) query: Map<String, Value>,
    pub(crate) body: Map<String, Value>,
    /// The file of a multipart body.
    pub(crate) upload: Option<Upload>,
    pub(crate) caller: Option<Caller>,
    pub(crate) headers: HeaderMap,
    pub(crate) manners: Manners,
    pub(crate) request_id: String,
}

/// A file that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

impl Ask {
    /// A number of the path; the check has seen to it that it is one.
    pub(crate) fn id(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or_default()
    }

    /// A text of the path, decoded.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A number of the query, or its default.
    pub(crate) fn number(&self, name: &str, default: i64) -> i64 {
        self.query.get(name).and_then(Value::as_i64).unwrap_or(default)
    }

    /// A text of the query, or its default.
    pub(crate) fn word<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.query.get(name).and_then(Value::as_str).unwrap_or(default)
    }

    /// A field of the body, null if it was left out.
    pub(crate) fn field(&self, name: &str) -> Value {
        self.body.get(name).cloned().unwrap_or_default()
    }

    /// The caller's subject, empty if nobody asked by name.
    pub(crate) fn subject(&self) -> &str {
        self.caller.as_ref().map_or("", |caller| &caller.subject)
    }

    /// The caller's id, 0 if the subject is none.
    pub(crate) fn caller_id(&self) -> i64 {
        self.subject().parse().unwrap_or_default()
    }

    /// 500 in the service's own shape.
    pub(crate) fn fail(&self) -> Answer {
        self.manners.fail(&self.request_id)
    }
}
