//! What is sent, and can it be sent again?

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, ReadBuf};

use crate::error::BoxError;

/// How much of a file is read at a time.
const FILE_CHUNK: usize = 64 * 1024;

type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>;

/// A stream that can be had once. It stays in its slot until its first byte is asked for, so that an attempt that
/// never got that far leaves it whole for the next one.
type Slot = Arc<Mutex<Option<ByteStream>>>;

/// The body of a request: bytes and files can be sent again after a failure, a stream only if nothing of it was read.
///
/// ```
/// use sinew_runtime::Body;
/// let text = Body::from("hello");
/// let file = Body::file("report.pdf");   // opened for each attempt, not before
/// ```
#[derive(Clone, Default)]
pub struct Body {
    pub(crate) segments: Vec<Segment>,
    pub(crate) content_type: Option<Box<str>>,
}

/// One piece of a body.
#[derive(Clone)]
pub(crate) enum Segment {
    Bytes(Bytes),
    File(PathBuf),
    Once { slot: Slot, len: Option<u64> },
}

impl Body {
    /// A body without a byte.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The content of a file, which is opened anew for each attempt and never held in memory whole.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::of(Segment::File(path.into()))
    }

    /// A stream of bytes. It can be sent once: after a failure the call is tried again only if nothing of it was read.
    pub fn stream<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        Self::once(Box::pin(Mapped(Box::pin(stream))), None)
    }

    /// A stream whose length is known, so that the request carries a `content-length`.
    pub fn sized_stream<S, B, E>(stream: S, len: u64) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        Self::once(Box::pin(Mapped(Box::pin(stream))), Some(len))
    }

    fn of(segment: Segment) -> Self {
        Self { segments: vec![segment], content_type: None }
    }

    /// Says what it is: `image/png`. This is sent in place of what the document says of the body, which may be a range such as
    /// `image/*` that leaves it to the caller.
    ///
    /// ```
    /// # use sinew_runtime::Body;
    /// let picture = Body::file("picture.png").content_type("image/png");
    /// ```
    #[must_use]
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into().into());
        self
    }

    fn once(stream: ByteStream, len: Option<u64>) -> Self {
        Self::of(Segment::Once { slot: Arc::new(Mutex::new(Some(stream))), len })
    }

    /// Whether the whole body can still be had: every one-shot stream is untouched.
    pub(crate) fn is_replayable(&self) -> bool {
        self.segments.iter().all(|segment| match segment {
            Segment::Bytes(_) | Segment::File(_) => true,
            Segment::Once { slot, .. } => lock(slot).is_some(),
        })
    }

    /// The body for one attempt: files are opened here.
    pub(crate) async fn open(&self) -> Result<OutgoingBody, std::io::Error> {
        let mut files = VecDeque::new();
        for segment in &self.segments {
            if let Segment::File(path) = segment {
                let file = tokio::fs::File::open(path).await?;
                let left = file.metadata().await?.len();
                files.push_back(Piece::File { file, left });
            }
        }
        Ok(self.with_files(files))
    }

    /// The same where there is no file to be opened.
    pub(crate) fn at_hand(&self) -> Option<OutgoingBody> {
        if self.segments.is_empty() {
            return Some(OutgoingBody { pieces: Vec::new(), len: Some(0), started: None });
        }
        let files = self.segments.iter().any(|segment| matches!(segment, Segment::File(_)));
        (!files).then(|| self.with_files(VecDeque::new()))
    }

    /// `files` are those of its segments, in their order.
    fn with_files(&self, mut files: VecDeque<Piece>) -> OutgoingBody {
        let mut pieces = Vec::with_capacity(self.segments.len());
        let mut len = Some(0_u64);
        for segment in &self.segments {
            let piece = match segment {
                Segment::Bytes(bytes) if bytes.is_empty() => None,
                Segment::Bytes(bytes) => Some(Piece::Bytes(bytes.clone())),
                Segment::File(_) => files.pop_front(),
                Segment::Once { slot, .. } => Some(Piece::Waiting(slot.clone())),
            };
            let size = match (segment, &piece) {
                (Segment::Once { len, .. }, _) => *len,
                (_, Some(Piece::File { left, .. })) => Some(*left),
                (_, Some(Piece::Bytes(bytes))) => Some(bytes.len() as u64),
                _ => Some(0),
            };
            len = len.zip(size).and_then(|(sum, size)| sum.checked_add(size));
            pieces.extend(piece);
        }
        pieces.reverse();
        let started = (len != Some(0)).then(Arc::default);
        OutgoingBody { pieces, len, started }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Body").field("segments", &self.segments.len()).finish_non_exhaustive()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::of(Segment::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

/// A lock whose holder never panics between two states, so a poisoned one is as good as any.
fn lock(slot: &Slot) -> std::sync::MutexGuard<'_, Option<ByteStream>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body of one attempt, as a transport sends it.
pub struct OutgoingBody {
    /// From the last to the first.
    pieces: Vec<Piece>,
    len: Option<u64>,
    /// Where there is something to send.
    started: Option<Arc<AtomicBool>>,
}

enum Piece {
    Bytes(Bytes),
    File {
        file: tokio::fs::File,
        left: u64,
    },
    Waiting(Slot),
    /// In a lock that is never waited for: it makes the body `Sync`, which a stream need not be.
    Stream(Mutex<ByteStream>),
}

impl OutgoingBody {
    /// The length in bytes, if it is known.
    pub fn len(&self) -> Option<u64> {
        self.len
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.len == Some(0)
    }

    /// Becomes true once a transport asks for the first byte: until then the service cannot have processed a request
    /// that has a body. None if there is nothing to ask for.
    pub(crate) fn started(&self) -> Option<Arc<AtomicBool>> {
        self.started.clone()
    }
}

impl fmt::Debug for OutgoingBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OutgoingBody").field("len", &self.len).finish_non_exhaustive()
    }
}

impl http_body::Body for OutgoingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Some(started) = this.started.as_ref().filter(|_| !this.pieces.is_empty()) {
            started.store(true, Ordering::Release);
        }
        loop {
            let Some(piece) = this.pieces.last_mut() else { return Poll::Ready(None) };
            let next = match piece {
                Piece::Bytes(bytes) => {
                    let bytes = std::mem::take(bytes);
                    this.pieces.pop();
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Piece::File { file, left } => ready!(poll_file(file, left, context)).transpose(),
                Piece::Waiting(slot) => {
                    let Some(stream) = lock(slot).take() else {
                        let error = RequestBodyError("a one-shot body was sent before".into());
                        return Poll::Ready(Some(Err(error.into())));
                    };
                    *piece = Piece::Stream(Mutex::new(stream));
                    continue;
                }
                Piece::Stream(stream) => {
                    let stream = stream.get_mut().unwrap_or_else(PoisonError::into_inner);
                    ready!(stream.as_mut().poll_next(context))
                }
            };
            match next {
                Some(Ok(bytes)) if bytes.is_empty() => {}
                Some(next) => {
                    let next = next.map(Frame::data).map_err(|error| RequestBodyError(error).into());
                    return Poll::Ready(Some(next));
                }
                None => {
                    this.pieces.pop();
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let begun = self.started.as_ref().is_some_and(|started| started.load(Ordering::Acquire));
        self.len.filter(|_| !begun).map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// The body could not be read: the caller's side broke, not the service's. A type of its own, to be found again among
/// the causes of a transport's error.
#[derive(Debug)]
pub(crate) struct RequestBodyError(BoxError);

impl fmt::Display for RequestBodyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the body of the request could not be read")
    }
}

impl std::error::Error for RequestBodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// The next chunk of a file. It ends where the file ended when it was opened, so that a file that grows in between
/// cannot break the announced length; one that shrank is an error.
fn poll_file(
    file: &mut tokio::fs::File,
    left: &mut u64,
    context: &mut Context<'_>,
) -> Poll<Result<Option<Bytes>, BoxError>> {
    if *left == 0 {
        return Poll::Ready(Ok(None));
    }
    let size = usize::try_from(*left).map_or(FILE_CHUNK, |left| left.min(FILE_CHUNK));
    let mut chunk = vec![0; size];
    let mut buffer = ReadBuf::new(&mut chunk);
    ready!(Pin::new(file).poll_read(context, &mut buffer))?;
    let read = buffer.filled().len();
    if read == 0 {
        return Poll::Ready(Err("the file became shorter while it was sent".into()));
    }
    *left = left.saturating_sub(read as u64);
    chunk.truncate(read);
    Poll::Ready(Ok(Some(chunk.into())))
}

/// Any stream of byte-likes as a stream of bytes.
struct Mapped<S>(Pin<Box<S>>);

impl<S, B, E> Stream for Mapped<S>
where
    S: Stream<Item = Result<B, E>>,
    B: Into<Bytes>,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context).map(|next| next.map(|item| item.map(Into::into).map_err(Into::into)))
    }
}
