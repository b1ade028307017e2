//! How is the same request made once more?

use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue, header};
use tokio::time::Instant;

use crate::attempt::BODY_HEADERS;
use crate::body::Body;
use crate::client::Client;
use crate::engine;
use crate::error::{Context, Error};
use crate::operation::{Method, Operation};
use crate::prepare::context;
use crate::reply::Reply;
use crate::request::{Mode, Plan};
use crate::resilience::policy::Policy;
use crate::transport::BoxFuture;
use crate::within;

/// A request that can be made again: for the next page, for the rest of a stream, for another look at a task.
#[derive(Clone)]
pub(crate) struct Again {
    pub(crate) client: Client,
    operation: &'static Operation,
    plan: Box<Plan>,
}

impl Again {
    pub(crate) fn new(client: &Client, operation: &'static Operation, plan: Box<Plan>) -> Self {
        Self { client: client.clone(), operation, plan }
    }

    /// The policy of its calls, as far as the call or the client says.
    pub(crate) fn policy(&self) -> &Policy {
        self.plan.options.policy.as_deref().unwrap_or(&self.client.inner.policy)
    }

    /// Whether making it again does no harm by itself.
    pub(crate) fn is_harmless(&self) -> bool {
        self.plan.is_idempotent() && self.plan.body.is_replayable()
    }

    pub(crate) fn query(&self) -> &str {
        &self.plan.query
    }

    /// Asks with another query the next time.
    pub(crate) fn set_query(&mut self, query: String) {
        self.plan.query = query;
    }

    /// Asks what an address says, relative to the request's own, the next time: only at the same origin and below the same
    /// base path, for it came from outside and the credentials go along.
    pub(crate) fn set_address(&mut self, address: &str, what: &str) -> Result<(), String> {
        let base = &self.client.inner.base;
        let own = base.join(&self.plan.path.path, &self.plan.query)?;
        let next = url::Url::parse(&own.to_string()).and_then(|own| own.join(address));
        let next = next.map_err(|_| format!("the address of {what} is not a URL"))?;
        if next[..url::Position::BeforePath] != *base.origin {
            return Err(format!("{what} is at another origin"));
        }
        let path = next.path().strip_prefix(&*base.path).filter(|rest| rest.starts_with('/'));
        let path = path.ok_or_else(|| format!("{what} is not below the base path of the service"))?;
        path.clone_into(&mut self.plan.path.path);
        next.query().unwrap_or_default().clone_into(&mut self.plan.query);
        Ok(())
    }

    /// Asks for the state of what was begun the next time, with GET, at an address that the service gave.
    pub(crate) fn look_at(&mut self, address: &str) -> Result<(), String> {
        self.set_address(address, "what tells of the state")?;
        let plan = &mut self.plan;
        (plan.method, plan.template, plan.body) = (Method::Get, "{state}", Body::empty());
        for name in &BODY_HEADERS {
            plan.headers.remove(name);
        }
        if let Some(said) = &mut plan.options.seldom {
            for name in &BODY_HEADERS {
                said.headers.remove(name);
            }
            said.idempotency_key = None;
        }
        plan.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        Ok(())
    }

    /// Takes the body of a reply as part of the call, whatever the call does.
    pub(crate) fn read_whole(&mut self) {
        self.plan.mode = Mode::Buffered;
    }

    /// The address relative to the origin, as [`set_address`](Self::set_address) takes it.
    pub(crate) fn address(&self) -> String {
        let (base, plan) = (&self.client.inner.base.path, &self.plan);
        let mark = if plan.query.is_empty() { "" } else { "?" };
        format!("{base}{}{mark}{}", plan.path.path, plan.query)
    }

    /// An error about a request that was not made.
    pub(crate) fn tell(&self, error: Error) -> Error {
        let inner = &self.client.inner;
        let context = context(inner, self.operation, self.plan.template, &inner.base.origin);
        error.with_context(&Context { method: self.plan.method.as_str(), ..context }, 0, Duration::ZERO)
    }

    /// Sends another header the next time, or none.
    pub(crate) fn set_header(&mut self, name: &HeaderName, value: Option<HeaderValue>) {
        let headers = &mut self.plan.options.seldom().headers;
        headers.remove(name);
        headers.extend(value.map(|value| (name.clone(), value)));
    }

    /// Makes it, after a while. Nothing is sent if the client is closed meanwhile.
    pub(crate) fn call(&self, after: Duration) -> BoxFuture<'static, Result<Reply, Error>> {
        let Self { client, operation, plan } = self.clone();
        Box::pin(async move {
            if !after.is_zero() {
                // Who has no time for the wait is told so when the time is up.
                let limit = within::earlier(plan.options.deadline());
                let left = limit.map_or(after, |limit| limit.saturating_duration_since(Instant::now()));
                engine::sleep_or_close(&client.inner, after.min(left)).await;
            }
            engine::execute(&client, operation, Ok(plan)).await.map(|reply| *reply)
        })
    }
}

impl fmt::Debug for Again {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Again").field("operation", &self.operation.name).finish_non_exhaustive()
    }
}
