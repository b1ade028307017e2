//! How does a stream of JSON values become typed items?

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use http::HeaderMap;

use crate::error::Error;
use crate::reply::{About, Download, Reply, too_large};

/// How the values of a stream are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// A value on each line: JSON Lines, NDJSON.
    Lines,
    /// Each value between a record separator and the end of a line (RFC 7464).
    Sequence,
}

/// A stream of JSON values of type `T`.
///
/// It may last as long as it likes, but not be silent for longer than
/// [`Policy::idle_timeout`](crate::Policy::idle_timeout), and a value may be as large as
/// [`Policy::max_body`](crate::Policy::max_body). A value that is not what was promised is an error in its place, and the
/// stream goes on. There is no way to go on where such a stream broke off: that is an error, and its end. Dropping it
/// closes the connection.
pub struct Items<T> {
    download: Download,
    framing: Framing,
    part: Vec<u8>,
    ready: VecDeque<Result<Vec<u8>, &'static str>>,
    about: About,
    done: bool,
    read: fn(&[u8]) -> Result<T, String>,
}

impl<T> Items<T> {
    pub(crate) fn from_reply(reply: Reply, framing: Framing, read: fn(&[u8]) -> Result<T, String>) -> Self {
        let about = reply.about.clone();
        let download = Download::of_parts(reply);
        Self { download, framing, part: Vec::new(), ready: VecDeque::new(), about, done: false, read }
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.download.headers()
    }

    fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        let mark = match self.framing {
            Framing::Lines => b'\n',
            Framing::Sequence => 0x1E,
        };
        while let Some(end) = bytes.iter().position(|byte| *byte == mark) {
            let (part, rest) = bytes.split_at(end);
            self.grow(part)?;
            self.cut();
            bytes = &rest[1..];
        }
        self.grow(bytes)
    }

    fn grow(&mut self, part: &[u8]) -> Result<(), Error> {
        if self.part.len() + part.len() > self.about.max_body {
            return Err(self.about.tell(too_large(self.about.max_body)));
        }
        self.part.extend_from_slice(part);
        Ok(())
    }

    /// What has come since the last mark is a value, or nothing.
    fn cut(&mut self) {
        let part = std::mem::take(&mut self.part);
        let trimmed = part.trim_ascii();
        if trimmed.is_empty() {
            return;
        }
        // A number without an end of line may have lost its last digits (RFC 7464, section 2.4).
        let whole = match self.framing {
            Framing::Lines => true,
            Framing::Sequence => part.ends_with(b"\n") || matches!(trimmed.last(), Some(b'}' | b']' | b'"')),
        };
        self.ready.push_back(if whole { Ok(trimmed.to_vec()) } else { Err("the value was cut off") });
    }
}

impl<T> Items<T> {
    /// The next value; `None` at the end. The same as the [`Stream`], for those who have no trait for it in scope.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    fn item(&self, said: Result<Vec<u8>, &'static str>) -> Result<T, Error> {
        let read = said.map_err(str::to_owned).and_then(|text| (self.read)(&text));
        read.map_err(|complaint| self.about.tell(Error::decode(format!("a value of the stream: {complaint}"))))
    }
}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(said) = this.ready.pop_front() {
                return Poll::Ready(Some(this.item(said)));
            }
            if this.done {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut this.download).poll_next(context)) {
                Some(Ok(bytes)) => {
                    if let Err(error) = this.feed(&bytes) {
                        this.done = true;
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                Some(Err(error)) => {
                    this.done = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    this.done = true;
                    this.cut();
                }
            }
        }
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Items")
            .field("framing", &self.framing)
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}
