//! Is a service there, and is it ready?

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use tokio::time::Instant;

use crate::all::all;
use crate::builder::ClientBuilder;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
use crate::builder::built_in;
use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::operation::{Method, Operation, Service};
use crate::prepare::CHECK_TIMEOUT;
use crate::registry::ServiceRegistry;
use crate::reply::Reply;
use crate::resilience::deadline::Deadline;
use crate::resilience::policy::Policy;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
use crate::transport::settings::Settings;
use crate::transport::{BoxFuture, Transport};

static HEALTH: Operation = Operation::new("health", Method::Get, "/health").base_path("/").accept("*/*");
static READY: Operation = Operation::new("ready", Method::Get, "/ready").base_path("/").accept("*/*");

/// What a service said about itself. Any answer is one: an unhealthy service that says so is no error.
///
/// A check is tried once, within 2 s; it neither asks the circuit breaker nor counts for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Whether the status was a success.
    pub ok: bool,
    /// The status.
    pub status: StatusCode,
    /// The first 4 KiB of the body.
    pub body: Bytes,
}

impl Health {
    /// The body as JSON, if it is that.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

fn read(reply: Reply) -> Result<Health, Error> {
    let status = reply.status;
    Ok(Health { ok: status.is_success(), status, body: reply.bytes()? })
}

impl Client {
    /// Asks the health path of the service, from the root of its origin.
    pub fn health(&self) -> Call<'_, Health> {
        self.check(&HEALTH, self.service().health)
    }

    /// Asks the readiness path of the service, from the root of its origin.
    pub fn ready(&self) -> Call<'_, Health> {
        self.check(&READY, self.service().ready)
    }

    fn check(&self, operation: &'static Operation, path: &'static str) -> Call<'_, Health> {
        self.request(operation).at(path).checking(read)
    }
}

impl Client {
    /// Asks the health path of every endpoint of the service, all at the same time.
    pub async fn health_each(&self) -> Vec<Checked> {
        self.check_each(&HEALTH, self.service().health).await
    }

    /// Asks the readiness path of every endpoint of the service, all at the same time.
    pub async fn ready_each(&self) -> Vec<Checked> {
        self.check_each(&READY, self.service().ready).await
    }

    async fn check_each(&self, operation: &'static Operation, path: &'static str) -> Vec<Checked> {
        let mut checks: Vec<BoxFuture<'_, Checked>> = Vec::new();
        self.inner.home.ready(Deadline::after(Instant::now(), CHECK_TIMEOUT)).await;
        for endpoint in self.inner.home.endpoints() {
            let call = self.check(operation, path).to(endpoint.clone());
            checks.push(Box::pin(async move {
                let (base_url, address) = (endpoint.base.text(), endpoint.address);
                Checked { service: self.service().name.to_owned(), base_url, address, result: call.await }
            }));
        }
        all(checks).await
    }
}

/// What one endpoint of a service said about itself, or why it said nothing.
#[derive(Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The name of the service.
    pub service: String,
    /// The address of the endpoint.
    pub base_url: String,
    /// Where it was asked, if it was discovered.
    pub address: Option<SocketAddr>,
    /// What came of it.
    pub result: Result<Health, Error>,
}

impl Checked {
    /// Whether it is there and says that all is well.
    pub fn is_ok(&self) -> bool {
        self.result.as_ref().is_ok_and(|health| health.ok)
    }
}

/// The service that checks of a registry are made as: each result says which one was asked.
static REGISTERED: Service = Service::new("registered-service", "");

impl ServiceRegistry {
    /// Asks the health path of every endpoint of every service whose address is known, all at the same time, over the
    /// default transport. By service, and each once within 2 s.
    ///
    /// # Errors
    /// If there is no default transport. What goes wrong with a service is in its own result.
    #[cfg(any(feature = "reqwest", feature = "hyper"))]
    pub async fn health_all(&self) -> Result<Vec<Checked>, Error> {
        Ok(self.check_all(&HEALTH, "/health", built_in(&Settings::default())?).await)
    }

    /// Asks the readiness path of them, as [`health_all`](Self::health_all) does the health path.
    ///
    /// # Errors
    /// As `health_all`.
    #[cfg(any(feature = "reqwest", feature = "hyper"))]
    pub async fn ready_all(&self) -> Result<Vec<Checked>, Error> {
        Ok(self.check_all(&READY, "/ready", built_in(&Settings::default())?).await)
    }

    /// As `health_all`, over a transport of one's own.
    pub async fn health_all_over(&self, transport: impl Transport) -> Vec<Checked> {
        self.check_all(&HEALTH, "/health", Arc::new(transport)).await
    }

    /// As `ready_all`, over a transport of one's own.
    pub async fn ready_all_over(&self, transport: impl Transport) -> Vec<Checked> {
        self.check_all(&READY, "/ready", Arc::new(transport)).await
    }

    async fn check_all(
        &self,
        operation: &'static Operation,
        path: &'static str,
        transport: Arc<dyn Transport>,
    ) -> Vec<Checked> {
        let mut checks: Vec<BoxFuture<'_, Vec<Checked>>> = Vec::new();
        for service in self.list() {
            let builder = ClientBuilder::<Client>::new(&REGISTERED).base_urls(service.base_urls());
            let client = builder.policy(Policy::default()).shared_transport(transport.clone()).build();
            checks.push(Box::pin(async move {
                let name = || service.name().to_owned();
                match client {
                    Ok(client) => {
                        let mut checked = client.check_each(operation, path).await;
                        for one in &mut checked {
                            one.service = name();
                        }
                        checked
                    }
                    Err(error) => {
                        vec![Checked {
                            service: name(),
                            base_url: service.base_url(),
                            address: None,
                            result: Err(error),
                        }]
                    }
                }
            }));
        }
        all(checks).await.into_iter().flatten().collect()
    }
}
