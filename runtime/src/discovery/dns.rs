//! Which instances does the name service know?

use std::error::Error as StdError;
use std::fmt;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{Resolver, TokioResolver};

use super::{Discovered, Discovery, Instance};
use crate::all::all;
use crate::transport::BoxFuture;

/// The addresses of a name, and how long they hold.
type Addresses = (Vec<SocketAddr>, Duration);

/// How long one name server is waited for, and how often it is asked.
const TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;
/// What an answer holds for at least and at most, unless something else is said.
const LEAST: Duration = Duration::from_secs(5);
const MOST: Duration = Duration::from_secs(60);

/// The name service as a [`Discovery`]: all addresses of a name (Kubernetes' headless services), or `SRV` records
/// (RFC 2782: Consul, Kubernetes' named ports) with their ports, priorities and weights. What an answer holds for is its
/// smallest TTL, within bounds.
///
/// ```
/// use sinew_runtime::{ClientBuilder, Dns};
/// # use sinew_runtime::generated::{Client, Service};
/// # static SERVICE: Service = Service::new("user-service", "");
/// # fn build() -> Result<(), sinew_runtime::Error> {
/// // All pods of a headless service.
/// let client: Client = ClientBuilder::new(&SERVICE)
///     .base_url("http://users.default.svc.cluster.local:8001/api/v1")
///     .discovery(Dns::hosts())
///     .build()?;
/// // Ports from the records; `Host` is `users.service.consul`.
/// let client: Client = ClientBuilder::new(&SERVICE)
///     .base_url("http://users.service.consul/api/v1")
///     .discovery(Dns::srv("_http._tcp.users.service.consul"))
///     .build()?;
/// # Ok(()) }
/// ```
pub struct Dns {
    srv: Option<String>,
    servers: Vec<SocketAddr>,
    least: Duration,
    most: Duration,
    resolver: OnceLock<TokioResolver>,
}

impl Dns {
    /// The `A` and `AAAA` records of the host of the client's address.
    pub fn hosts() -> Self {
        Self { srv: None, servers: Vec::new(), least: LEAST, most: MOST, resolver: OnceLock::new() }
    }

    /// The `SRV` records of a name. The client's address must then have no port of its own.
    pub fn srv(name: impl Into<String>) -> Self {
        Self { srv: Some(name.into()), ..Self::hosts() }
    }

    /// Asks these name servers instead of the system's.
    pub fn name_servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.servers = servers.into_iter().collect();
        self
    }

    /// An answer holds for so long at least and at most, whatever its TTL. Default: 5 s and 60 s.
    pub fn hold_between(mut self, least: Duration, most: Duration) -> Self {
        (self.least, self.most) = (least, most.max(least));
        self
    }

    fn resolver(&self) -> Result<&TokioResolver, NetError> {
        if let Some(resolver) = self.resolver.get() {
            return Ok(resolver);
        }
        let mut builder = if self.servers.is_empty() {
            TokioResolver::builder_tokio()?
        } else {
            let server = |address: &SocketAddr| {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = address.port();
                    connection
                });
                NameServerConfig::new(address.ip(), true, connections.into())
            };
            let servers = self.servers.iter().map(server).collect();
            let config = ResolverConfig::from_parts(None, Vec::new(), servers);
            Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        // How long answers hold is our own business.
        options.cache_size = 0;
        options.timeout = TIMEOUT;
        options.attempts = ATTEMPTS;
        let resolver = builder.build()?;
        Ok(self.resolver.get_or_init(|| resolver))
    }

    async fn addresses(&self, host: &str, port: u16) -> Result<Addresses, NetError> {
        match self.resolver()?.lookup_ip(host).await {
            Ok(found) => {
                let hold = found.as_lookup().answers().iter().map(|record| record.ttl).min().unwrap_or(0);
                let addresses = found.iter().map(|ip| SocketAddr::new(ip, port)).collect();
                Ok((addresses, Duration::from_secs(hold.into())))
            }
            // There is no such name, or it has no address: that is an answer.
            Err(error) if error.is_no_records_found() => Ok((Vec::new(), Duration::ZERO)),
            Err(error) => Err(error),
        }
    }

    async fn services(&self, name: &str) -> Result<(Vec<Instance>, Duration), NetError> {
        let found = match self.resolver()?.srv_lookup(name).await {
            Ok(found) => found,
            Err(error) if error.is_no_records_found() => return Ok((Vec::new(), Duration::ZERO)),
            Err(error) => return Err(error),
        };
        let mut hold = Duration::MAX;
        let mut services = Vec::new();
        for record in found.answers() {
            hold = hold.min(Duration::from_secs(record.ttl.into()));
            if let RData::SRV(srv) = &record.data {
                // A target of `.` says that there is no such service (RFC 2782).
                if !srv.target.is_root() {
                    services.push((srv.target.to_utf8(), srv.port, srv.priority, srv.weight));
                }
            }
        }
        let mut lookups: Vec<BoxFuture<'_, Result<Addresses, NetError>>> = Vec::new();
        for (target, port, ..) in &services {
            lookups.push(Box::pin(self.addresses(target, *port)));
        }
        let targets = all(lookups).await;
        let mut instances = Vec::new();
        let mut failed = None;
        for ((_, _, priority, weight), target) in services.iter().zip(targets) {
            match target {
                Ok((addresses, held)) => {
                    hold = if addresses.is_empty() { hold } else { hold.min(held) };
                    let instance = |address| Instance { address, priority: *priority, weight: *weight };
                    instances.extend(addresses.into_iter().map(instance));
                }
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            // Some are better than none, and the next answer comes soon.
            Some(_) if !instances.is_empty() => Ok((instances, Duration::ZERO)),
            Some(error) => Err(error),
            None => Ok((instances, hold)),
        }
    }
}

impl Discovery for Dns {
    fn discover<'d>(
        &'d self,
        host: &'d str,
        port: u16,
    ) -> BoxFuture<'d, Result<Discovered, Box<dyn StdError + Send + Sync>>> {
        Box::pin(async move {
            let (instances, hold) = match &self.srv {
                Some(name) => self.services(name).await?,
                None => {
                    let (addresses, hold) = self.addresses(host, port).await?;
                    (addresses.into_iter().map(Instance::new).collect(), hold)
                }
            };
            Ok(Discovered { instances, hold: hold.clamp(self.least, self.most) })
        })
    }
}

impl fmt::Debug for Dns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Dns")
            .field("srv", &self.srv)
            .field("servers", &self.servers)
            .field("least", &self.least)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}
