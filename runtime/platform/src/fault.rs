//! What can go wrong with a request, on purpose?

use std::time::Duration;

/// What happens to one request instead of, or before, its answer. See [`FakeService::next`](crate::FakeService::next).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: the request is answered as ever.
    None,
    /// The connection is closed when the request has been read; the request is not processed.
    Close,
    /// The request is processed, and the connection closed instead of answering: the reply is lost.
    LoseAnswer,
    /// No answer ever comes; the request is not processed.
    Hang,
    /// An answer with this status, content type and body; the request is not processed.
    Answer {
        /// The status.
        status: u16,
        /// The headers.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: String,
    },
    /// The request is processed, and the connection breaks after this many bytes of the answer's body.
    CutBody(usize),
    /// The request is answered as ever, after a while.
    Slow(Duration),
}

impl Fault {
    /// An answer with this status and the words of a proxy that has no service behind it.
    pub fn status(status: u16) -> Self {
        Self::text(status, "text/plain; charset=utf-8", "the fake was told to fail")
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self::text(status, "application/json", body)
    }

    /// An answer with a body of any type.
    pub fn text(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self::Answer { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    /// Adds a header to an answer; other faults stay as they are.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}
