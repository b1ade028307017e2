//! Which addresses may be connected to?
//!
//! Checked on the address that is connected to, after its name was resolved: a name that resolves to something else the
//! second time (DNS rebinding) gains nothing, and neither do the many spellings of 127.0.0.1.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(feature = "hyper")]
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dns_lookup::{AddrInfoHints, LookupError, LookupErrorKind, SockType, getaddrinfo};
use tokio::sync::Semaphore;

use super::networks::Networks;
use crate::error::Error;

/// Which addresses a client may connect to. For a client whose address comes from outside (a user's webhook, a document
/// that is not one's own): such an address must not lead into one's own network.
///
/// It holds what is connected to, literal or by name, after the name was resolved. Not so behind a proxy, so both together are refused.
///
/// ```
/// # use sinew_runtime::{AddressPolicy, ClientBuilder, generated::{Client, Service}};
/// # static SERVICE: Service = Service::new("user-service", "http://10.20.0.7");
/// let own = AddressPolicy::only(["10.20.0.0/16", "2001:db8:7::/48"])?;
/// let client: Client = ClientBuilder::new(&SERVICE).addresses(own).build()?;
/// # Ok::<_, sinew_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressPolicy {
    /// All: the service is where the operator says it is.
    #[default]
    Any,
    /// Those of the public internet only: no loopback, private, link-local or shared address, none of a cloud's
    /// metadata service, and none that embeds such a one.
    Public,
    /// Those of these networks only.
    Only(Networks),
}

impl AddressPolicy {
    /// The addresses of these networks only: `10.20.0.0/16`, `2001:db8::/32`, or one address.
    ///
    /// # Errors
    /// As [`Networks::parse`].
    pub fn only(networks: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, Error> {
        Networks::parse(networks).map(Self::Only)
    }

    /// Whether an address may be connected to.
    pub fn allows(&self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Public => match address {
                IpAddr::V4(address) => is_public_v4(address),
                IpAddr::V6(address) => is_public_v6(address),
            },
            Self::Only(networks) => networks.contains(address),
        }
    }

    /// Refuses a host that is an address itself: no resolver is asked for those. Tells whether it is a name.
    pub(crate) fn check_host(&self, host: &str) -> Result<bool, AddressRefused> {
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(address) if !self.allows(address) => Err(AddressRefused),
            literal => Ok(literal.is_err()),
        }
    }
}

/// Where names lead: to what the operating system says, or for one of them to an address that was told, and in any case
/// to none that the policy refuses.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) pin: Option<(Arc<str>, SocketAddr)>,
    pub(crate) lookups: Arc<Lookups>,
}

/// How many lookups of a client may be under way at once. Each holds a thread that nothing can call back, for as long as a
/// name server is silent; who waits for its turn and gives up leaves nothing behind.
const LOOKUPS: usize = 16;

/// The lookups of a client, and what may come of them. Shared: transports hand around a copy of all that connects for each
/// request, in futures that must not grow.
#[derive(Debug)]
pub(crate) struct Lookups {
    pub(crate) policy: AddressPolicy,
    turns: Arc<Semaphore>,
    begun: AtomicUsize,
}

impl Lookups {
    pub(crate) fn new(policy: AddressPolicy) -> Self {
        Self { policy, turns: Arc::new(Semaphore::new(LOOKUPS)), begun: AtomicUsize::new(0) }
    }

    /// How many names have been asked for so far.
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::Acquire)
    }

    async fn addresses(&self, name: String) -> io::Result<Vec<SocketAddr>> {
        let turn = self.turns.clone().acquire_owned().await.map_err(io::Error::other)?;
        let asked = tokio::task::spawn_blocking(move || {
            // Held until the system has answered, whether or not anybody still waits for that.
            let _turn = turn;
            look_up(&name)
        });
        asked.await.map_err(io::Error::other)?
    }
}

/// Asks the operating system. By itself and not through `std`, which passes only the text of an error on: whether nobody
/// knows a name or nobody can tell for the moment is a code.
fn look_up(name: &str) -> io::Result<Vec<SocketAddr>> {
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    let found = getaddrinfo(Some(name), None, Some(hints)).map_err(lookup_error)?;
    found.map(|one| one.map(|one| one.sockaddr)).collect()
}

fn lookup_error(error: LookupError) -> io::Error {
    let kind = error.kind();
    let error = io::Error::from(error);
    match kind {
        LookupErrorKind::NoName | LookupErrorKind::NoData => io::Error::other(UnknownName(error)),
        _ => error,
    }
}

impl Names {
    async fn resolve(self, name: String) -> io::Result<Vec<SocketAddr>> {
        self.lookups.begun.fetch_add(1, Ordering::AcqRel);
        let all: Vec<_> = match self.pin.filter(|(pinned, _)| **pinned == *name) {
            Some((_, address)) => vec![address],
            None => self.lookups.addresses(name).await?,
        };
        let allowed: Vec<_> = all.iter().copied().filter(|address| self.lookups.policy.allows(address.ip())).collect();
        if allowed.is_empty() && !all.is_empty() {
            return Err(io::Error::other(AddressRefused));
        }
        Ok(allowed)
    }
}

/// Nobody knows the name: the name service said so, and will say so again.
#[derive(Debug)]
pub(crate) struct UnknownName(io::Error);

impl fmt::Display for UnknownName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for UnknownName {}

/// Of [the special-purpose registry](https://www.iana.org/assignments/iana-ipv4-special-registry), all that is not
/// globally reachable, and multicast.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        // Shared by carriers (RFC 6598), protocol assignments (RFC 6890), benchmarks (RFC 2544), 6to4 relays (RFC 7526).
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (b == 18 || b == 19))
        || (a, b, c) == (192, 88, 99))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [.., high, low] = segments;
    let embedded = || {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // Mapped, translated by NAT64 (RFC 6052), and the old compatible form, of which `::` and `::1` are cases.
        [0, 0, 0, 0, 0, 0xFFFF, ..] | [0x64, 0xFF9B, 0, 0, 0, 0, ..] => embedded(),
        [0, 0, 0, 0, 0, 0, ..] => false,
        // 6to4 holds the address of its router (RFC 3056).
        [0x2002, high, low, ..] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocol assignments, Teredo among them (RFC 2928), and documentation (RFC 3849, RFC 9637).
        [0x2001, second, ..] if second < 0x200 || second == 0xDB8 => false,
        [0x3FFF, second, ..] if second < 0x1000 => false,
        // Global unicast, and nothing else: neither unique local (fc00::/7) nor link-local (fe80::/10) nor multicast.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

/// An address that the policy does not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressRefused;

impl fmt::Display for AddressRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the address policy lets nobody connect there")
    }
}

impl std::error::Error for AddressRefused {}

#[cfg(feature = "reqwest")]
impl reqwest::dns::Resolve for Names {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let looked_up = self.clone().resolve(name.as_str().to_owned());
        Box::pin(async move { Ok(Box::new(looked_up.await?.into_iter()) as reqwest::dns::Addrs) })
    }
}

/// The future of a lookup.
#[cfg(feature = "hyper")]
type Lookup = Pin<Box<dyn Future<Output = io::Result<std::vec::IntoIter<SocketAddr>>> + Send>>;

#[cfg(feature = "hyper")]
impl tower_service::Service<hyper_util::client::legacy::connect::dns::Name> for Names {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Lookup;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), std::io::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: hyper_util::client::legacy::connect::dns::Name) -> Lookup {
        let looked_up = self.clone().resolve(name.as_str().to_owned());
        Box::pin(async move { Ok(looked_up.await?.into_iter()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        for refused in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "3fff::1",
        ] {
            let address = refused.parse().expect("an address");
            assert!(!AddressPolicy::Public.allows(address), "{refused}");
            assert!(AddressPolicy::Any.allows(address), "{refused}");
        }
        for public in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(AddressPolicy::Public.allows(public.parse().expect("an address")), "{public}");
        }
        assert!(AddressPolicy::Public.check_host("[::1]").is_err() && AddressPolicy::Public.check_host("::1").is_err());
        assert_eq!(AddressPolicy::Public.check_host("localhost"), Ok(true), "a name is for the resolver");
        assert_eq!(AddressPolicy::Any.check_host("[::1]"), Ok(false));
    }

    #[test]
    fn a_list_of_networks_is_all_that_is_connected_to() {
        let only = AddressPolicy::only(["10.20.0.0/16", "::1"]).expect("networks");
        for (host, expected) in [
            ("10.20.0.1", Ok(false)),
            ("[::1]", Ok(false)),
            ("[::ffff:10.20.0.1]", Ok(false)),
            ("10.21.0.1", Err(AddressRefused)),
            ("127.0.0.1", Err(AddressRefused)),
            ("[::2]", Err(AddressRefused)),
            ("users.test", Ok(true)),
        ] {
            assert_eq!(only.check_host(host), expected, "{host}");
        }
    }

    #[tokio::test]
    async fn names_are_checked_once_resolved() {
        let names = |policy, pin| Names { pin, lookups: Arc::new(Lookups::new(policy)) };
        let error = names(AddressPolicy::Public, None).resolve("localhost".to_owned()).await.expect_err("loopback");
        assert!(error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<AddressRefused>), "{error}");
        let any = names(AddressPolicy::Any, None).resolve("localhost".to_owned()).await;
        assert!(any.is_ok_and(|all| !all.is_empty()));
        let pin = |text: &str| Some((Arc::from("users.test"), text.parse().expect("an address")));
        let told = names(AddressPolicy::Public, pin("8.8.8.8:1")).resolve("users.test".to_owned()).await;
        assert_eq!(told.ok(), Some(vec!["8.8.8.8:1".parse().expect("an address")]));
        let told = names(AddressPolicy::Public, pin("10.0.0.1:1")).resolve("users.test".to_owned()).await;
        told.expect_err("a private address is refused wherever it comes from");
        let only = || AddressPolicy::only(["10.0.0.0/30"]).expect("a network");
        let told = names(only(), pin("10.0.0.1:1")).resolve("users.test".to_owned()).await;
        assert_eq!(told.ok(), Some(vec!["10.0.0.1:1".parse().expect("an address")]));
        names(only(), pin("10.0.0.4:1")).resolve("users.test".to_owned()).await.expect_err("another network");
        names(only(), None).resolve("localhost".to_owned()).await.expect_err("loopback");
    }

    #[test]
    fn a_name_that_nobody_knows_is_told_from_one_that_nobody_can_tell() {
        let unknown =
            |error: &io::Error| error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<UnknownName>);
        // No host has an empty part in its name, so the system says this without asking anybody.
        let error = look_up("users..test").expect_err("no name");
        assert!(unknown(&error), "{error}");
        assert!(look_up("localhost").is_ok_and(|all| all.iter().any(|address| address.ip().is_loopback())));
        #[cfg(target_os = "linux")]
        for (code, expected) in [(-2, true), (-5, true), (-3, false), (-4, false), (-11, false)] {
            assert_eq!(unknown(&lookup_error(LookupError::new(code))), expected, "{code}");
        }
    }

    #[tokio::test]
    async fn lookups_wait_for_their_turn_and_give_it_back() {
        let lookups = Arc::new(Lookups::new(AddressPolicy::Any));
        let names = Names { pin: None, lookups: lookups.clone() };
        let taken = lookups.turns.clone().acquire_many_owned(16).await.expect("all turns");
        let mut waiting = Box::pin(names.clone().resolve("localhost".to_owned()));
        let polled = std::future::poll_fn(|context| std::task::Poll::Ready(waiting.as_mut().poll(context))).await;
        assert!(polled.is_pending());
        drop(waiting);
        drop(taken);
        names.resolve("localhost".to_owned()).await.expect("a turn");
        assert_eq!((lookups.turns.available_permits(), lookups.begun()), (16, 2));
    }
}
