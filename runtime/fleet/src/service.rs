//! What can a service bear, and what becomes of what it cannot?

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use sinew_runtime::{BoxFuture, IncomingBody, OutgoingBody, Sent, Transport, TransportError, TransportFailure};
use tokio::time::Instant;

use crate::Fleet;

/// Longer than this nobody waits in its queue: it says that it is too busy.
const QUEUE: Duration = Duration::from_secs(20);
/// How much longer it works on a request while only a part of it is back: 40 % of its capacity.
const BROWN: u32 = 5;
const OF: u32 = 2;

/// A service with so many workers and a queue. A request that was given up is worked on all the same: nobody tells.
#[derive(Clone)]
pub(crate) struct Played(Arc<Inner>);

struct Inner {
    fleet: Fleet,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    /// When each worker is free.
    free: BinaryHeap<Reverse<Instant>>,
    arrivals: Vec<u32>,
}

impl Played {
    pub(crate) fn new(fleet: Fleet) -> Self {
        let began = Instant::now();
        let free = (0..fleet.workers).map(|_| Reverse(began)).collect();
        Self(Arc::new(Inner { fleet, began, state: Mutex::new(State { free, arrivals: Vec::new() }) }))
    }

    /// Requests of each second.
    pub(crate) fn arrivals(&self) -> Vec<u32> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).arrivals.clone()
    }

    /// When a request that comes now is answered, and whether it is well; nothing if there is nobody.
    fn arrive(&self) -> Option<(Instant, bool)> {
        let Inner { fleet, began, state } = &*self.0;
        let now = Instant::now();
        let second = (now - *began).as_secs();
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let at = usize::try_from(second).unwrap_or(usize::MAX);
        if state.arrivals.len() <= at {
            state.arrivals.resize(at + 1, 0);
        }
        state.arrivals[at] += 1;
        if (fleet.outage..fleet.brown_out).contains(&second) {
            return None;
        }
        let brown = (fleet.brown_out..fleet.recovery).contains(&second);
        let work = if brown { fleet.work * BROWN / OF } else { fleet.work };
        let Reverse(free) = state.free.pop()?;
        let start = free.max(now);
        if start - now > QUEUE {
            state.free.push(Reverse(free));
            return Some((now, false));
        }
        state.free.push(Reverse(start + work));
        Some((start + work, true))
    }
}

impl Transport for Played {
    fn send(
        &self,
        _: http::Request<OutgoingBody>,
    ) -> BoxFuture<'_, Result<http::Response<IncomingBody>, TransportError>> {
        Box::pin(async move {
            let Some((answered, well)) = self.arrive() else {
                let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
                return Err(TransportError::new(TransportFailure::Connect, Sent::NotSent, refused));
            };
            tokio::time::sleep_until(answered).await;
            let mut reply = http::Response::new(Box::pin(One(Some(Bytes::from_static(b"1")))) as IncomingBody);
            if !well {
                *reply.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
            }
            Ok(reply)
        })
    }
}

struct One(Option<Bytes>);

impl Stream for One {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
