//! What came back, and how is it read?

use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::again::Again;
use crate::error::{Brief, Context, Error, ErrorKind, Phase, Sent};
use crate::gate::Hold;
use crate::json::{self, Decode, Slot};
use crate::resilience::pace::{BodyRatePolicy, Pace};
use crate::transport::IncomingBody;

/// The value of a call, with the status and the headers it came with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response<T> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The value.
    pub value: T,
}

/// A reply as generated code reads it.
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: ReplyBody,
    pub(crate) about: About,
    /// What is given back once the body has been read.
    pub(crate) hold: Option<Box<Hold>>,
    /// The request, where it may have to be made again.
    pub(crate) again: Option<Box<Again>>,
}

pub(crate) enum ReplyBody {
    Whole(Bytes),
    Streamed(IncomingBody),
}

/// What an error about this reply is to say, and how its body is to be read.
#[derive(Clone)]
pub(crate) struct About {
    pub(crate) context: Context,
    pub(crate) attempts: u32,
    pub(crate) started: Instant,
    pub(crate) idle: Duration,
    /// On the heap, so that replies of which none is asked are no larger for it.
    pub(crate) rate: Option<Box<BodyRatePolicy>>,
    pub(crate) max_body: usize,
    pub(crate) max_error_body: usize,
}

impl About {
    pub(crate) fn tell(&self, error: Error) -> Error {
        error.with_context(&self.context, self.attempts, self.started.elapsed())
    }
}

impl Reply {
    /// The status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body as JSON, whatever the media type says: the document promises it. An empty body is read as `null`.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Decode`] if the body is not what `T` is.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        self.by(json::serde_text)
    }

    /// The error for a body that is something else than what was asked for.
    pub(crate) fn not_asked_for(self, got: &str, asked: &str) -> Error {
        let bytes = self.whole().unwrap_or_default();
        self.undecodable(&bytes, format!("the body is {}, and {asked} was asked for", got.escape_debug()))
    }

    fn undecodable(&self, bytes: &Bytes, complaint: String) -> Error {
        let complaint =
            if bytes.is_empty() { "the body is empty where a value was promised".to_owned() } else { complaint };
        // A copy of its start: a slice would keep the whole body alive with the error.
        let start = Bytes::copy_from_slice(&bytes[..bytes.len().min(self.about.max_error_body)]);
        let reply = FailedReply::new(self.status, self.headers.clone(), start);
        self.about.tell(Error::decode(complaint).with_reply(reply))
    }

    /// As [`Reply::json`], of a type that is read without serde.
    ///
    /// # Errors
    /// As [`Reply::json`].
    pub fn read<T: Decode>(self) -> Result<T, Error> {
        json::answer(self)
    }

    /// As [`Reply::json`], into a place.
    pub(crate) fn fill(self, place: &mut dyn Slot) -> Result<(), Error> {
        let bytes = self.whole()?;
        json::fill(told(&bytes), place).map_err(|fault| self.undecodable(&bytes, fault.to_string()))
    }

    /// As [`Reply::json`], by a function that says what is wrong with a text.
    ///
    /// # Errors
    /// As [`Reply::json`].
    pub fn by<T>(self, read: fn(&[u8]) -> Result<T, String>) -> Result<T, Error> {
        let bytes = self.whole()?;
        read(told(&bytes)).map_err(|complaint| self.undecodable(&bytes, complaint))
    }

    /// The body as XML of this form.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Decode`] if the body is not XML, or not what `T` is.
    #[cfg(feature = "xml")]
    pub fn xml<T: DeserializeOwned>(self, root: &crate::xml::XmlRoot) -> Result<T, Error> {
        let bytes = self.whole()?;
        from_xml(root, &bytes).map_err(|complaint| self.undecodable(&bytes, complaint))
    }

    /// No value, whatever the body: an empty one is as good as any.
    ///
    /// # Errors
    /// None; the signature is that of the other readers.
    #[allow(clippy::unnecessary_wraps)]
    pub fn empty(self) -> Result<(), Error> {
        Ok(())
    }

    /// The body as text; bytes that are not UTF-8 become replacement characters.
    ///
    /// # Errors
    /// If the body was not read whole.
    pub fn text(self) -> Result<String, Error> {
        let bytes = self.whole()?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The body as it is.
    ///
    /// # Errors
    /// If the body was not read whole.
    pub fn bytes(self) -> Result<Bytes, Error> {
        self.whole()
    }

    /// The error for a status that the document does not speak of.
    pub fn unexpected(self) -> Error {
        let body = self.whole().unwrap_or_default();
        let error = Error::new(
            ErrorKind::Decode,
            Phase::Decode,
            Sent::Received,
            format!("the status {} is not one the document promises", self.status),
        );
        let about = self.about;
        about.tell(error.with_reply(FailedReply::new(self.status, self.headers, body)))
    }

    fn whole(&self) -> Result<Bytes, Error> {
        match &self.body {
            ReplyBody::Whole(bytes) => Ok(bytes.clone()),
            ReplyBody::Streamed(_) => {
                Err(self.about.tell(Error::decode("the reply is being streamed and was not read whole")))
            }
        }
    }
}

/// The text of a body: one that is empty says as much as `null`.
fn told(bytes: &Bytes) -> &[u8] {
    if bytes.is_empty() { b"null" } else { bytes }
}

impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// A value from its XML; the complaint quotes nothing of it.
#[cfg(feature = "xml")]
fn from_xml<T: DeserializeOwned>(root: &crate::xml::XmlRoot, bytes: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the body is XML in another encoding than UTF-8".to_owned())?;
    let value = crate::xml::read(root.shape, text)?;
    serde_json::from_value(value).map_err(|error| crate::error::json_complaint(&error))
}

/// A reply whose status is not a success, as a documented failure is decoded from it.
#[derive(Clone)]
pub struct FailedReply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl FailedReply {
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { status, headers, body }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    pub(crate) fn status_code(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body, capped.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as JSON, if it is that.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as XML of this form, if it is that.
    #[cfg(feature = "xml")]
    pub fn xml<T: DeserializeOwned>(&self, root: &crate::xml::XmlRoot) -> Option<T> {
        from_xml(root, &self.body).ok()
    }

    /// The body as JSON of a type that is read without serde, if it is that.
    pub fn read<T: Decode>(&self) -> Option<T> {
        self.by(json::text)
    }

    /// The body as what a function reads in it, if it is that.
    pub fn by<T>(&self, read: fn(&[u8]) -> Result<T, String>) -> Option<T> {
        read(&self.body).ok()
    }

    /// The body as text, if it is UTF-8.
    pub fn text(&self) -> Option<String> {
        String::from_utf8(self.body.to_vec()).ok()
    }
}

impl fmt::Debug for FailedReply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FailedReply")
            .field("status", &self.status)
            .field("len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A reply whose body is read as it comes: a [`Stream`] of [`Bytes`], or an [`AsyncRead`] through
/// [`Download::into_async_read`].
///
/// The call's timeouts ended with the head of the reply. The body may take as long as it likes, but not be silent for
/// longer than [`Policy::idle_timeout`](crate::Policy::idle_timeout), and where [`Policy::body_rate`](crate::Policy::body_rate) says so it must
/// bring something while it is waited for. Dropping it closes the connection.
pub struct Download {
    status: StatusCode,
    headers: HeaderMap,
    body: IncomingBody,
    about: About,
    /// Runs only while a chunk is being waited for, so that a slow reader is not taken for a slow service.
    silence: Option<Pin<Box<Sleep>>>,
    /// What it brings, if that must be something; and when that is judged.
    pace: Option<(Pace, Option<Pin<Box<Sleep>>>)>,
    done: bool,
    hold: Option<Box<Hold>>,
}

impl Download {
    /// The download that a reply is.
    ///
    /// # Errors
    /// None; the signature is that of the other readers.
    #[allow(clippy::unnecessary_wraps)]
    pub fn from_reply(reply: Reply) -> Result<Self, Error> {
        let pace = reply.about.rate.as_deref().map(|rate| (Pace::new(*rate), None));
        Ok(Self { pace, ..Self::of_parts(reply) })
    }

    /// A body of parts that come when there are some, and so need not bring anything for a while.
    pub(crate) fn of_parts(reply: Reply) -> Self {
        let body: IncomingBody = match reply.body {
            ReplyBody::Streamed(body) => body,
            ReplyBody::Whole(bytes) => Box::pin(Once(Some(bytes))),
        };
        let Reply { status, headers, about, hold, .. } = reply;
        Self { status, headers, body, about, silence: None, pace: None, done: false, hold }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The name of the file, from `content-disposition`: only its last component, so that it names no other folder.
    pub fn name(&self) -> Option<String> {
        let text = self.headers.get(header::CONTENT_DISPOSITION)?;
        crate::disposition::file_name(text.as_bytes())
    }

    /// The length in bytes, if the service told it.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> Option<u64> {
        self.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// The media type.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }

    /// The whole body in memory, up to [`Policy::max_body`](crate::Policy::max_body).
    ///
    /// # Errors
    /// Of kind [`ErrorKind::TooLarge`] if there is more, or as the stream's.
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        let mut whole = Vec::new();
        while let Some(chunk) = std::future::poll_fn(|context| Pin::new(&mut self).poll_next(context)).await {
            let chunk = chunk?;
            if whole.len().saturating_add(chunk.len()) > self.about.max_body {
                return Err(self.about.tell(too_large(self.about.max_body)));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.into())
    }

    /// The body as an [`AsyncRead`], for `tokio::io::copy`. Errors arrive as [`std::io::Error`] with ours inside.
    pub fn into_async_read(self) -> DownloadReader {
        DownloadReader { download: self, chunk: Bytes::new() }
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Download")
            .field("status", &self.status)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The media type without its parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let said = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(said.split(';').next().unwrap_or(said).trim().to_ascii_lowercase())
}

/// The error for a body beyond the cap.
pub(crate) fn too_large(cap: usize) -> Error {
    Error::new(ErrorKind::TooLarge, Phase::Body, Sent::Received, format!("the reply is larger than {cap} bytes"))
}

impl Stream for Download {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.done {
            return Poll::Ready(None);
        }
        let error = match this.body.as_mut().poll_next(context) {
            Poll::Ready(next) => {
                this.silence = None;
                if let (Some((pace, judged)), Some(Ok(chunk))) = (&mut this.pace, &next) {
                    pace.came(chunk.len(), Instant::now());
                    *judged = None;
                }
                match next {
                    Some(Ok(chunk)) => return Poll::Ready(Some(Ok(chunk))),
                    None => {
                        this.done = true;
                        this.hold = None;
                        return Poll::Ready(None);
                    }
                    Some(Err(error)) => Error::new(
                        ErrorKind::Transport,
                        Phase::Body,
                        Sent::Received,
                        format!("the body broke off: {}", error.cause()),
                    )
                    .with_source(error),
                }
            }
            Poll::Pending => {
                let idle = this.about.idle;
                let silence = this.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
                let detail = if silence.as_mut().poll(context).is_ready() {
                    format!("the body was silent for {}", Brief(idle))
                } else {
                    ready!(poll_pace(&mut this.pace, context));
                    let slow = |rate: &BodyRatePolicy| (rate.least, Brief(rate.over));
                    let (least, over) = this.about.rate.as_deref().map(slow).unwrap_or_default();
                    format!("the body brought less than {least} bytes a second over {over}")
                };
                Error::new(ErrorKind::Timeout, Phase::Body, Sent::Received, detail)
            }
        };
        this.done = true;
        this.hold = None;
        Poll::Ready(Some(Err(this.about.tell(error))))
    }
}

/// Ready once a body that is being waited for has brought too little.
fn poll_pace(pace: &mut Option<(Pace, Option<Pin<Box<Sleep>>>)>, context: &mut TaskContext<'_>) -> Poll<()> {
    let Some((pace, judged)) = pace else { return Poll::Pending };
    loop {
        let span = judged.get_or_insert_with(|| Box::pin(tokio::time::sleep(pace.waits(Instant::now()))));
        ready!(span.as_mut().poll(context));
        if pace.is_too_slow(Instant::now()) {
            return Poll::Ready(());
        }
        *judged = None;
    }
}

/// A [`Download`] as an [`AsyncRead`].
#[derive(Debug)]
pub struct DownloadReader {
    download: Download,
    chunk: Bytes,
}

impl AsyncRead for DownloadReader {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        while this.chunk.is_empty() {
            match ready!(Pin::new(&mut this.download).poll_next(context)) {
                Some(Ok(chunk)) => this.chunk = chunk,
                Some(Err(error)) => return Poll::Ready(Err(std::io::Error::other(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let size = this.chunk.len().min(buffer.remaining());
        buffer.put_slice(&this.chunk.split_to(size));
        Poll::Ready(Ok(()))
    }
}

/// A body that is there already.
struct Once(Option<Bytes>);

impl Stream for Once {
    type Item = Result<Bytes, crate::transport::TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
