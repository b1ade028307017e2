//! How is the same request made once more?

use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::call::Options;
use crate::client::{Client, Stage};
use crate::engine;
use crate::error::Error;
use crate::operation::Operation;
use crate::reply::Reply;
use crate::request::Plan;
use crate::resilience::policy::Policy;
use crate::transport::BoxFuture;

/// A request that can be made again: for the next page, for the rest of a stream, for another look at a task.
#[derive(Clone)]
pub(crate) struct Again {
    pub(crate) client: Client,
    operation: &'static Operation,
    plan: Box<Plan>,
    options: Options,
}

impl Again {
    pub(crate) fn new(client: &Client, operation: &'static Operation, plan: &Plan, options: &Options) -> Self {
        Self { client: client.clone(), operation, plan: Box::new(plan.clone()), options: options.clone() }
    }

    /// The policy of its calls, as far as the call or the client says.
    pub(crate) fn policy(&self) -> &Policy {
        self.options.policy.as_deref().unwrap_or(&self.client.inner.policy)
    }

    /// Whether making it again does no harm by itself.
    pub(crate) fn is_harmless(&self) -> bool {
        self.operation.is_idempotent() && self.plan.body.is_replayable()
    }

    /// Sends another header the next time, or none.
    pub(crate) fn set_header(&mut self, name: &HeaderName, value: Option<HeaderValue>) {
        self.options.headers.remove(name);
        self.options.headers.extend(value.map(|value| (name.clone(), value)));
    }

    /// Makes it, after a while. Nothing is sent if the client is closed meanwhile.
    pub(crate) fn call(&self, after: Duration) -> BoxFuture<'static, Result<Reply, Error>> {
        let Self { client, operation, plan, options } = self.clone();
        Box::pin(async move {
            if !after.is_zero() {
                engine::until(&client.inner, Stage::Closing, tokio::time::sleep(after)).await;
            }
            engine::execute(&client, operation, Ok(plan), options).await
        })
    }
}

impl fmt::Debug for Again {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Again").field("operation", &self.operation.name).finish_non_exhaustive()
    }
}
