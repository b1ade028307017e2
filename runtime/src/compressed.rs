//! What does a compressed body say?
//!
//! Decoded piece by piece, so that whoever counts the bytes counts those that will take up memory: a bomb of a few
//! kilobytes is found out at the cap and not after it went off.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_compression::tokio::bufread;
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};

use crate::error::Sent;
use crate::transport::{IncomingBody, TransportError, TransportFailure};

/// How much is decoded at a time.
const PIECE: usize = 16 * 1024;
/// The window that a zstd decoder must be able to hold, and the most that it gets: 8 MiB (RFC 9659).
#[cfg(feature = "zstd")]
const ZSTD_WINDOW_LOG: u32 = 23;

/// What is asked for, best first.
pub(crate) const ACCEPTED: HeaderValue = HeaderValue::from_static(match () {
    #[cfg(all(feature = "zstd", feature = "brotli", feature = "gzip"))]
    () => "zstd, br, gzip",
    #[cfg(all(feature = "zstd", feature = "brotli", not(feature = "gzip")))]
    () => "zstd, br",
    #[cfg(all(feature = "zstd", not(feature = "brotli"), feature = "gzip"))]
    () => "zstd, gzip",
    #[cfg(all(not(feature = "zstd"), feature = "brotli", feature = "gzip"))]
    () => "br, gzip",
    #[cfg(all(feature = "zstd", not(feature = "brotli"), not(feature = "gzip")))]
    () => "zstd",
    #[cfg(all(not(feature = "zstd"), feature = "brotli", not(feature = "gzip")))]
    () => "br",
    #[cfg(all(not(feature = "zstd"), not(feature = "brotli"), feature = "gzip"))]
    () => "gzip",
});

/// The body as it was before it was compressed, with headers that say so. What was not compressed, or in a way that was
/// not asked for, stays as it is.
pub(crate) fn decoded(status: StatusCode, headers: &mut HeaderMap, body: IncomingBody) -> IncomingBody {
    let empty = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0");
    if empty || matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED) {
        return body;
    }
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    let reader = StreamReader::new(Encoded(body));
    let body: IncomingBody = match encoding.as_deref() {
        #[cfg(feature = "gzip")]
        Some(b"gzip" | b"x-gzip") => {
            let mut decoder = bufread::GzipDecoder::new(reader);
            decoder.multiple_members(true);
            pieces(decoder)
        }
        #[cfg(feature = "brotli")]
        Some(b"br") => pieces(bufread::BrotliDecoder::new(reader)),
        #[cfg(feature = "zstd")]
        Some(b"zstd") => {
            let window = async_compression::zstd::DParameter::window_log_max(ZSTD_WINDOW_LOG);
            pieces(bufread::ZstdDecoder::with_params(reader, &[window]))
        }
        _ => return reader.into_inner().0,
    };
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    body
}

fn pieces(decoder: impl AsyncRead + Send + 'static) -> IncomingBody {
    Box::pin(Decoded(Box::pin(ReaderStream::with_capacity(decoder, PIECE))))
}

/// A body whose errors are those of a reader.
struct Encoded(IncomingBody);

impl Stream for Encoded {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.0.as_mut().poll_next(context).map(|next| next.map(|chunk| chunk.map_err(io::Error::other)))
    }
}

/// What was decoded, with the errors that it had as a body.
struct Decoded<S>(Pin<Box<S>>);

impl<S: Stream<Item = io::Result<Bytes>>> Stream for Decoded<S> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context).map(|next| next.map(|piece| piece.map_err(told)))
    }
}

fn told(error: io::Error) -> TransportError {
    match error.downcast::<TransportError>() {
        Ok(broken) => broken,
        // It ended too early, as a connection may; else it is not what its headers say, which another attempt mends not.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            TransportError::new(TransportFailure::Broken, Sent::Received, error)
        }
        Err(error) => TransportError::new(TransportFailure::Encoding, Sent::Received, error),
    }
}
