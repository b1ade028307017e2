//! What does the error of a transport mean?
//!
//! hyper, h2 and rustls are below both built-in transports, so what went wrong is read from the types of their errors,
//! wherever they stand in the chain of causes.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};

use super::address::{AddressRefused, UnknownName};
use super::{TransportError, TransportFailure};
use crate::body::RequestBodyError;
use crate::error::{BoxError, Sent};

/// What an error means before there was an answer. `connect`: no connection could be made. `kept`: the connection was not
/// made for this request. `started`: whether anything of the body was asked for, if there is one.
pub(crate) fn classify(
    error: impl Into<BoxError>,
    connect: bool,
    kept: bool,
    started: Option<&AtomicBool>,
) -> TransportError {
    let error = error.into();
    if connect {
        let failure = match () {
            () if has::<AddressRefused>(&*error, |_| true) => TransportFailure::Refused,
            () if has::<rustls::Error>(&*error, |_| true) => TransportFailure::Tls,
            () if has::<UnknownName>(&*error, |_| true) => TransportFailure::UnknownName,
            () => TransportFailure::Connect,
        };
        return TransportError::new(failure, Sent::NotSent, error);
    }
    // hyper cancels what it had no chance to write.
    if has::<h2::Error>(&*error, gave_back) || has::<hyper::Error>(&*error, hyper::Error::is_canceled) {
        return TransportError::new(TransportFailure::Unprocessed, Sent::NotSent, error);
    }
    // A request with a body of which nothing was asked for has not been sent whole, so it was not processed.
    let untouched = started.is_some_and(|started| !started.load(Ordering::Acquire));
    let sent = if untouched { Sent::NotSent } else { Sent::MaybeSent };
    let failure = match () {
        () if has::<RequestBodyError>(&*error, |_| true) => TransportFailure::RequestBody,
        () if kept && closed(&*error) => TransportFailure::Stale,
        () => TransportFailure::Broken,
    };
    TransportError::new(failure, sent, error)
}

/// Whether the other end closed the connection instead of answering. Of HTTP/2 it would have said so: there a connection
/// that breaks takes many requests with it, at whatever they are.
fn closed(error: &(dyn StdError + 'static)) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    let reset = |error: &std::io::Error| {
        matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected)
    };
    !has::<h2::Error>(error, |_| true)
        && (has::<hyper::Error>(error, hyper::Error::is_incomplete_message) || has::<std::io::Error>(error, reset))
}

/// Whether the service said of an HTTP/2 stream that it did not process it: by resetting it with `REFUSED_STREAM` (RFC
/// 9113, section 8.7), or by a graceful `GOAWAY` whose last stream came before it (section 6.8; h2 gives that error to
/// no other stream). A `GOAWAY` for cause, `ENHANCE_YOUR_CALM` above all, is a broken connection: it wants to be left alone.
fn gave_back(error: &h2::Error) -> bool {
    error.is_remote()
        && (error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)
            || error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR))
}

/// Whether there is a cause of a type of which something holds.
fn has<E: StdError + 'static>(error: &(dyn StdError + 'static), holds: impl Fn(&E) -> bool) -> bool {
    std::iter::successors(Some(error), |cause| deeper(*cause))
        .any(|cause| cause.downcast_ref::<E>().is_some_and(&holds))
}

/// The next cause. An `io::Error` that wraps another error passes on that one's source and hides the error itself,
/// which is the one that says most: hyper wraps the handshake's `io::Error` in another.
fn deeper<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => cause.source(),
    }
}

#[cfg(all(test, feature = "hyper"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_never_written_was_not_sent() {
        let (here, _there) = tokio::io::duplex(64);
        let io = hyper_util::rt::TokioIo::new(here);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake::<_, String>(io).await.expect("nothing is said yet");
        drop(connection);
        let error = sender.send_request(http::Request::new(String::new())).await.expect_err("nobody writes it");
        let error = classify(error, false, true, None);
        assert_eq!((error.failure, error.sent), (TransportFailure::Unprocessed, Sent::NotSent));
    }
}
