//! What is known of a call before its first attempt, and is it fit to be made?

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use crate::auth::Credential;
use crate::call::Options;
use crate::client::Inner;
use crate::encode;
use crate::encode::base::BaseUrl;
use crate::encode::query::redacted;
use crate::endpoint::Endpoint;
use crate::error::{Context, Error};
use crate::operation::{Operation, SchemeKind};
use crate::random;
use crate::request::{Mode, Plan};
use crate::resilience::policy::Policy;
use crate::trace::Trace;

/// How long a health check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// A call of which all is known that does not differ between attempts.
pub(crate) struct Prepared {
    pub(crate) plan: Box<Plan>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) context: Context,
    pub(crate) target: BaseUrl,
    /// The address without what credentials add to its query.
    pub(crate) address: http::Uri,
    /// The address as logs show it.
    pub(crate) shown: String,
    pub(crate) chosen: Vec<(SchemeKind, Credential)>,
    pub(crate) repeatable: bool,
    /// The trace that its attempts belong to, if they tell.
    pub(crate) trace: Option<Trace>,
}

/// Where one attempt of a call goes, and how that is shown.
pub(crate) struct Aim<'c> {
    pub(crate) target: Cow<'c, BaseUrl>,
    pub(crate) address: http::Uri,
    pub(crate) shown: Cow<'c, str>,
    pub(crate) context: Cow<'c, Context>,
}

impl Prepared {
    /// The way to an endpoint; without one, or for the service's first, what was prepared.
    pub(crate) fn aim(&self, endpoint: Option<&Endpoint>) -> Result<Aim<'_>, Error> {
        let same = endpoint.is_none_or(|endpoint| endpoint.base.origin == self.target.origin);
        let Some(endpoint) = endpoint.filter(|_| !same) else {
            return Ok(Aim {
                target: Cow::Borrowed(&self.target),
                address: self.address.clone(),
                shown: Cow::Borrowed(&self.shown),
                context: Cow::Borrowed(&self.context),
            });
        };
        let own_path = self.plan.operation.base_path.is_some();
        let path = if own_path { &self.target.path } else { &endpoint.base.path };
        let target = BaseUrl { origin: endpoint.base.origin.clone(), path: path.clone() };
        let context = Context { origin: target.origin.clone(), ..self.context.clone() };
        Ok(Aim {
            address: address(&target, &self.plan, &self.plan.query).map_err(Error::build)?,
            shown: Cow::Owned(shown_url(&target, &self.plan, &self.chosen)),
            target: Cow::Owned(target),
            context: Cow::Owned(context),
        })
    }
}

pub(crate) fn context(
    client: &Inner,
    operation: &'static Operation,
    template: &'static str,
    origin: &Arc<str>,
) -> Context {
    Context {
        method: operation.method.as_str(),
        template,
        operation: operation.name,
        service: client.service.name,
        origin: origin.clone(),
    }
}

pub(crate) fn prepare(client: &Inner, plan: Result<Box<Plan>, Error>, mut options: Options) -> Result<Prepared, Error> {
    let mut plan = plan?;
    let operation = plan.operation;
    let policy = policy(client, &plan, &mut options)?;
    let target = target(client, operation)?;
    let at_home = target.origin == client.base.origin || client.trusted.contains(&target.origin);
    let chosen = client.credentials.choose(client.service, operation, [&options.headers, &client.headers])?;
    if !chosen.is_empty() && !at_home {
        return Err(Error::config(format!(
            "this operation is served by {} and needs a credential, which goes to another origin only if ClientBuilder::send_credentials_to names it",
            target.origin
        )));
    }
    let repeatable = headers(client, &mut plan, options, at_home)? || operation.is_idempotent();
    // Found out now rather than in the loop: the address is the same each time, but for a key in the query.
    let address = address(&target, &plan, &plan.query).map_err(Error::build)?;
    let shown = shown_url(&target, &plan, &chosen);
    let context = context(client, operation, plan.template, &target.origin);
    let trace = (client.trace && at_home).then(|| Trace::of(&plan.headers));
    Ok(Prepared { plan, policy, context, target, address, shown, chosen, repeatable, trace })
}

/// The policy of one call: what the call says, else what its operation says, else the client's. It is copied only if
/// something differs.
fn policy(client: &Inner, plan: &Plan, options: &mut Options) -> Result<Arc<Policy>, Error> {
    let own = options.policy.take();
    let listed = client.policies.get(plan.operation.name).filter(|_| own.is_none());
    let operation = (own.is_none() && listed.is_none()).then_some(plan.operation);
    let given = listed.unwrap_or(&client.policy);
    let mut policy = own.map_or_else(|| Cow::Borrowed(&**given), |policy| Cow::Owned(*policy));
    if let Some(attempts) = operation.and_then(|operation| operation.attempts) {
        policy.to_mut().attempts = attempts;
    }
    if let Some(timeout) = operation.and_then(|operation| operation.attempt_timeout) {
        let policy = policy.to_mut();
        policy.attempt_timeout = timeout;
        // An operation that may take longer than a whole call may otherwise is meant to get its time.
        policy.total_timeout = policy.total_timeout.max(timeout);
    }
    if plan.mode == Mode::Check {
        let policy = policy.to_mut();
        policy.attempts = 1;
        policy.attempt_timeout = CHECK_TIMEOUT;
    }
    if let Some(timeout) = options.attempt_timeout {
        policy.to_mut().attempt_timeout = timeout;
    }
    if let Some(timeout) = options.timeout {
        policy.to_mut().total_timeout = timeout;
    }
    match policy {
        // Those of the client were checked when it was built.
        Cow::Borrowed(_) => Ok(given.clone()),
        Cow::Owned(policy) => {
            policy.validate().map_err(|invalid| Error::build(invalid.to_string()).with_source(invalid))?;
            Ok(Arc::new(policy))
        }
    }
}

/// The whole address of a request.
pub(crate) fn address(target: &BaseUrl, plan: &Plan, query: &str) -> Result<http::Uri, String> {
    let url = target.join(&plan.path.path, query)?;
    http::Uri::try_from(url).map_err(|_| "the address of the request is too long".to_owned())
}

/// Where an operation is served.
fn target(client: &Inner, operation: &Operation) -> Result<BaseUrl, Error> {
    match (operation.server, operation.base_path) {
        (Some(server), _) => {
            BaseUrl::parse(server).map_err(|reason| Error::build(format!("the operation's own server: {reason}")))
        }
        (None, Some(path)) => {
            Ok(BaseUrl { origin: client.base.origin.clone(), path: path.trim_end_matches('/').into() })
        }
        (None, None) => Ok(client.base.clone()),
    }
}

/// Completes the headers: client, operation, call, each over the one before. Tells whether there is an idempotency key.
fn headers(client: &Inner, plan: &mut Plan, options: Options, at_home: bool) -> Result<bool, Error> {
    // The client's own headers may hold a key that another origin must not see.
    let mut headers = if at_home { client.headers.clone() } else { HeaderMap::new() };
    headers.entry(header::USER_AGENT).or_insert_with(|| client.user_agent.clone());
    let accept = HeaderValue::from_str(plan.operation.accept)
        .map_err(|_| Error::build("the operation's `accept` is not a header value"))?;
    headers.insert(header::ACCEPT, accept);
    merge(&mut headers, std::mem::take(&mut plan.headers));
    merge(&mut headers, options.headers);
    let declared = plan.operation.idempotency_header;
    let name = encode::header::name(declared.unwrap_or("idempotency-key")).map_err(Error::build)?;
    if let Some(key) = options.idempotency_key {
        headers.insert(name.clone(), key);
    } else if declared.is_some() && !headers.contains_key(&name) {
        // Made once for the call and the same over its attempts: that is what makes them one.
        let key = HeaderValue::from_str(&random::key())
            .map_err(|_| Error::build("the idempotency key is not a header value"))?;
        headers.insert(name.clone(), key);
    }
    let keyed = headers.contains_key(&name);
    plan.headers = headers;
    Ok(keyed)
}

/// Lays headers over others: a name that comes anew replaces all values it had.
fn merge(headers: &mut HeaderMap, over: HeaderMap) {
    for name in over.keys() {
        headers.remove(name);
    }
    let mut current = None;
    for (name, value) in over {
        current = name.or(current);
        if let Some(name) = &current {
            headers.append(name.clone(), value);
        }
    }
}

fn shown_url(target: &BaseUrl, plan: &Plan, chosen: &[(SchemeKind, Credential)]) -> String {
    let mut shown = target.text();
    shown.push_str(&plan.path.shown);
    let mut mark = '?';
    if !plan.query.is_empty() {
        shown.push(mark);
        shown.push_str(&redacted(&plan.query));
        mark = '&';
    }
    for (kind, _) in chosen {
        if let SchemeKind::KeyQuery(name) = kind {
            shown.push(mark);
            encode::percent(name, &mut shown);
            shown.push_str("=***");
            mark = '&';
        }
    }
    shown
}
