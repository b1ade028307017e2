//! What does the error of a transport mean?
//!
//! hyper, h2 and rustls are below both built-in transports, so what went wrong is read from the types of their errors,
//! wherever they stand in the chain of causes.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};

use super::address::AddressRefused;
use super::{TransportError, TransportFailure};
use crate::body::RequestBodyError;
use crate::error::{BoxError, Sent};

/// What an error means before there was an answer. `connect`: no connection could be made. `started`: whether anything
/// of the body was asked for, if there is one.
pub(crate) fn classify(error: impl Into<BoxError>, connect: bool, started: Option<&AtomicBool>) -> TransportError {
    let error = error.into();
    if connect {
        let failure = match () {
            () if has::<AddressRefused>(&*error, |_| true) => TransportFailure::Refused,
            () if has::<rustls::Error>(&*error, |_| true) => TransportFailure::Tls,
            () => TransportFailure::Connect,
        };
        return TransportError::new(failure, Sent::NotSent, error);
    }
    if has::<h2::Error>(&*error, gave_back) {
        return TransportError::new(TransportFailure::Unprocessed, Sent::NotSent, error);
    }
    // A request with a body of which nothing was asked for has not been sent whole, so it was not processed.
    let untouched = started.is_some_and(|started| !started.load(Ordering::Acquire));
    let sent = if untouched { Sent::NotSent } else { Sent::MaybeSent };
    let failure = match () {
        () if has::<RequestBodyError>(&*error, |_| true) => TransportFailure::RequestBody,
        () => TransportFailure::Broken,
    };
    TransportError::new(failure, sent, error)
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
