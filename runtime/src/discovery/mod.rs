//! Where is a service right now, if something else than a list knows?

#[cfg(feature = "dns")]
mod dns;
pub(crate) mod refresh;

use std::net::SocketAddr;
use std::time::Duration;

#[cfg(feature = "dns")]
pub use self::dns::Dns;
use crate::transport::BoxFuture;

/// Knows the instances of a service: a name server, a catalogue, a control plane. It is asked again whenever what it said
/// has run out and a call wants to go, in the background; what it said last is kept for as long as it has nothing newer.
///
/// ```
/// use sinew_runtime::{BoxFuture, Discovered, Discovery, Instance};
/// use std::time::Duration;
///
/// /// Always the same two.
/// struct Two;
/// impl Discovery for Two {
///     fn discover<'d>(
///         &'d self,
///         _: &'d str,
///         port: u16,
///     ) -> BoxFuture<'d, Result<Discovered, Box<dyn std::error::Error + Send + Sync>>> {
///         Box::pin(async move {
///             let at = |last| Instance::new(([10, 0, 0, last], port).into());
///             Ok(Discovered { instances: vec![at(1), at(2)], hold: Duration::from_secs(60) })
///         })
///     }
/// }
/// ```
pub trait Discovery: Send + Sync + 'static {
    /// The instances of the service at this host and port, as the address of the client has them. No instance at all is an
    /// answer too: it is told and not believed, as long as others are known.
    ///
    /// # Errors
    /// If nothing could be found out. The error must hold no secret.
    fn discover<'d>(
        &'d self,
        host: &'d str,
        port: u16,
    ) -> BoxFuture<'d, Result<Discovered, Box<dyn std::error::Error + Send + Sync>>>;
}

/// What was found out, and for how long it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// The instances. One that is there twice counts once.
    pub instances: Vec<Instance>,
    /// After this time it is asked again. Never sooner than after 100 ms.
    pub hold: Duration,
}

/// One instance of a service. Connections to it are made to its address, under the name of the service: `Host` and the
/// name that its certificate must have stay those of the client's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instance {
    /// Where it is.
    pub address: SocketAddr,
    /// Those with the lowest number are asked as long as any of them lets calls through (RFC 2782). Default: 0.
    pub priority: u16,
    /// How much it bears in comparison with others. Default: 1; 0 counts as 1.
    pub weight: u16,
}

impl Instance {
    /// An instance at an address.
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, priority: 0, weight: 1 }
    }
}
