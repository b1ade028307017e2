//! Is a service there, and is it ready?

use bytes::Bytes;
use http::StatusCode;

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::operation::{Method, Operation};
use crate::reply::Reply;

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
