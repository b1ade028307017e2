//! Which pool of connections does a request go through?
//!
//! Connections are kept by name, so a request that is pinned to an address goes through a pool in which its name leads
//! there.
//!
//! A pool is not kept for ever: one that is always busy would never see that its name leads elsewhere by now, and one that
//! came through an outage may hold connections of which only this end does not know that they are dead.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use http::uri::Authority;
use http::{Extensions, Uri};
use tokio::time::Instant;

use super::address::{AddressPolicy, Lookups, Names};
use super::settings::{Proxies, Settings};
use super::{PinnedAddress, TransportError, TransportFailure};
use crate::error::{Error, Sent};

/// After so long without a request an address has left the service, and its connections are idle no more.
const PIN_IDLE: Duration = Duration::from_secs(120);

/// The age of the usual pool is looked at with each so manyth request: a clock costs more than all else here.
const LOOK_EVERY: usize = 16;

/// The pools of a transport. `T` is one pool, cheap to clone.
pub(crate) struct Pools<T> {
    usual: RwLock<(T, Instant)>,
    used: AtomicUsize,
    most_age: Duration,
    direct: bool,
    lookups: Arc<Lookups>,
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
        settings: &Settings,
        make: impl Fn(Names) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let most_age = settings.pool_age;
        let lookups = Arc::new(Lookups::new(settings.addresses.clone()));
        let usual = make(Names { pin: None, lookups: lookups.clone() })?;
        Ok(Self {
            usual: RwLock::new((usual, Instant::now())),
            used: AtomicUsize::new(0),
            most_age,
            direct: matches!(settings.proxies, Proxies::None),
            lookups,
            make: Box::new(make),
            pinned: Mutex::default(),
        })
    }

    /// Whether a request went over a connection that was there before: each connection to a name begins with a lookup, and
    /// there was none since. Where it went to an address, or through a proxy, nobody knows.
    pub(crate) fn kept(&self, authority: Option<&Authority>, begun: usize) -> bool {
        let named = authority
            .is_some_and(|authority| self.lookups.policy.check_host(authority.host()).is_ok_and(|named| named));
        named && self.direct && begun == self.lookups.begun()
    }

    /// Makes all connections anew; those in use are left to finish what they do.
    pub(crate) fn renew(&self) {
        self.pinned.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.renew_older(Duration::ZERO);
    }

    fn renew_older(&self, age: Duration) {
        let now = Instant::now();
        let old = |made: Instant| now.saturating_duration_since(made) >= age;
        if !old(self.usual.read().unwrap_or_else(PoisonError::into_inner).1) {
            return;
        }
        let Ok(pool) = self.make(None) else { return };
        let mut usual = self.usual.write().unwrap_or_else(PoisonError::into_inner);
        // Of two that came at the same time one is enough.
        if old(usual.1) {
            *usual = (pool, now);
        }
    }

    fn make(&self, pin: Option<(Arc<str>, SocketAddr)>) -> Result<T, Error> {
        (self.make)(Names { pin, lookups: self.lookups.clone() })
    }

    /// The pool for a request, and what [`kept`](Self::kept) is to be asked with.
    pub(crate) fn of(&self, uri: &Uri, extensions: &Extensions) -> Result<(T, usize), TransportError> {
        if self.lookups.policy != AddressPolicy::Any {
            self.lookups.policy.check_host(uri.host().unwrap_or_default()).map_err(refused)?;
        }
        let begun = self.lookups.begun();
        let pool = match extensions.get() {
            None => {
                if self.used.fetch_add(1, Ordering::Relaxed) % LOOK_EVERY == LOOK_EVERY - 1 {
                    self.renew_older(self.most_age);
                }
                self.usual.read().unwrap_or_else(PoisonError::into_inner).0.clone()
            }
            Some(PinnedAddress(address)) => self.pinned(uri.host().unwrap_or_default(), *address).map_err(refused)?,
        };
        Ok((pool, begun))
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
        let pool = self.make(Some((host.clone(), address)))?;
        pinned.push(Pinned { host, address, pool: pool.clone(), used: now });
        Ok(pool)
    }
}

impl<T> fmt::Debug for Pools<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pools").field("addresses", &self.lookups.policy).finish_non_exhaustive()
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
            Pools::new(&Settings::default(), |names| Ok(names.pin.map(|(_, address)| address))).expect("a pool");
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
        pools.renew();
        assert_eq!(count(), 0, "and so are all when they are made anew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pool_is_replaced_when_it_is_old_or_has_seen_an_outage() {
        let made = Arc::new(AtomicUsize::new(0));
        let number = made.clone();
        let mut settings = Settings::default();
        settings.pool_age = Duration::from_secs(60);
        let pools = Pools::new(&settings, move |_| Ok(number.fetch_add(1, Ordering::SeqCst))).expect("a pool");
        let uri = Uri::from_static("http://users.test/");
        let ask = || (0..LOOK_EVERY).map(|_| pools.of(&uri, &Extensions::new()).expect("a pool").0).last();
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(ask(), Some(0));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(ask(), Some(1));
        assert_eq!(ask(), Some(1), "the new one is not old");
        pools.renew();
        assert_eq!((ask(), made.load(Ordering::SeqCst)), (Some(2), 3));
    }
}
