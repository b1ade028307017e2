//! What did a service receive?

use bytes::Bytes;
use http::HeaderMap;

/// A request as a service received it.
#[derive(Clone, Debug)]
pub struct Received {
    /// The operation that it is for, by the name that the generated client has for it; `None` if there is no such route.
    pub operation: Option<&'static str>,
    /// The method.
    pub method: String,
    /// The path, encoded as it was sent.
    pub path: String,
    /// The query, encoded as it was sent; empty if there was none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Received {
    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
