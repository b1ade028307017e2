//! Which pool of connections does a request go through?
//!
//! Connections are kept by name, so a request that is pinned to an address goes through a pool in which its name leads
//! there.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Extensions, Uri};
use tokio::time::Instant;

use super::address::{AddressPolicy, Names};
use super::{PinnedAddress, TransportError, TransportFailure};
use crate::error::{Error, Sent};

/// After so long without a request an address has left the service, and its connections are idle no more.
const PIN_IDLE: Duration = Duration::from_secs(120);

/// The pools of a transport. `T` is one pool, cheap to clone.
pub(crate) struct Pools<T> {
    usual: T,
    addresses: AddressPolicy,
    make: Box<dyn Fn(Names) -> Result<T, Error> + Send + Sync>,
    pinned: Mutex<Vec<Pinned<T>>>,
}

struct Pinned<T> {
    host: Arc<str>,
    address: SocketAddr,
    pool: T,
    used: Instant,
}

impl<T: Clone> Pools<T> {
    /// Makes the usual pool at once.
    pub(crate) fn new(
        addresses: AddressPolicy,
        make: impl Fn(Names) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let usual = make(Names { policy: addresses, pin: None })?;
        Ok(Self { usual, addresses, make: Box::new(make), pinned: Mutex::default() })
    }

    /// The pool for a request.
    pub(crate) fn of(&self, uri: &Uri, extensions: &Extensions) -> Result<T, TransportError> {
        let host = uri.host().unwrap_or_default();
        self.addresses.check_host(host).map_err(refused)?;
        match extensions.get() {
            None => Ok(self.usual.clone()),
            Some(PinnedAddress(address)) => self.pinned(host, *address).map_err(refused),
        }
    }

    fn pinned(&self, host: &str, address: SocketAddr) -> Result<T, Error> {
        let now = Instant::now();
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = pinned.iter_mut().find(|one| one.address == address && *one.host == *host) {
            found.used = now;
            return Ok(found.pool.clone());
        }
        pinned.retain(|one| now.saturating_duration_since(one.used) < PIN_IDLE);
        let host: Arc<str> = host.into();
        let pool = (self.make)(Names { policy: self.addresses, pin: Some((host.clone(), address)) })?;
        pinned.push(Pinned { host, address, pool: pool.clone(), used: now });
        Ok(pool)
    }
}

impl<T> fmt::Debug for Pools<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pools").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

fn refused(error: impl Into<crate::error::BoxError>) -> TransportError {
    TransportError::new(TransportFailure::Refused, Sent::NotSent, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn addresses_that_nobody_asks_for_are_let_go() {
        let pools =
            Pools::new(AddressPolicy::default(), |names| Ok(names.pin.map(|(_, address)| address))).expect("a pool");
        let pin = |host: &str, last| {
            let address = SocketAddr::from(([127, 0, 0, last], 80));
            assert_eq!(pools.pinned(host, address).expect("a pool"), Some(address));
        };
        let count = || pools.pinned.lock().expect("not poisoned").len();
        pin("users.test", 1);
        pin("users.test", 1);
        pin("others.test", 1);
        assert_eq!(count(), 2, "one for a name at an address");
        tokio::time::advance(Duration::from_secs(119)).await;
        pin("users.test", 1);
        tokio::time::advance(Duration::from_secs(2)).await;
        pin("users.test", 2);
        assert_eq!(count(), 2, "the name that nobody used is gone");
    }
}
