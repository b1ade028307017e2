//! What is known of a call before its first attempt, and is it fit to be made?

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::time::Instant;

use crate::auth::{AllChosen, Chosen};
use crate::client::Inner;
use crate::encode;
use crate::encode::base::BaseUrl;
use crate::encode::query::redacted;
use crate::endpoint::Endpoint;
use crate::error::{Context, Error};
use crate::operation::{Operation, SchemeKind};
use crate::random;
use crate::redirect::Redirects;
use crate::request::{Mode, Plan};
use crate::resilience::policy::Policy;
use crate::trace::Trace;

/// How long a health check may take.
pub(crate) const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// A call of which all is known that does not differ between attempts.
pub(crate) struct Prepared<'c> {
    pub(crate) plan: Box<Plan>,
    pub(crate) context: Context,
    pub(crate) target: Cow<'c, BaseUrl>,
    pub(crate) chosen: AllChosen<'c>,
    pub(crate) repeatable: bool,
    /// Whether it carries an idempotency key.
    pub(crate) keyed: bool,
    /// The trace that its attempts belong to, if they tell. On the heap, so that calls without one are no larger for it.
    pub(crate) trace: Option<Box<Trace>>,
    /// Whether its attempts say something of themselves, if the client lets any.
    pub(crate) tells: bool,
    /// What it does not go beyond, whatever its policy says.
    pub(crate) limit: Option<Instant>,
    given: &'c Policy,
    own: Option<Box<Policy>>,
    /// Headers of the client; those of the operation and of the call are the plan's.
    common: Option<&'c HeaderMap>,
    user_agent: &'c HeaderValue,
    accept: HeaderValue,
    pub(crate) redirects: &'c Redirects,
    /// Whether compressed answers are asked for and read; who asks by hand reads by hand.
    #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
    pub(crate) compressed: bool,
}

impl Prepared<'_> {
    /// How hard it is tried.
    pub(crate) fn policy(&self) -> &Policy {
        self.own.as_deref().unwrap_or(self.given)
    }

    /// The headers of a request to somebody who is not to know who asks.
    pub(crate) fn anonymous_headers(&self, with_body: bool) -> HeaderMap {
        let mut few = HeaderMap::with_capacity(3);
        few.insert(header::USER_AGENT, self.user_agent.clone());
        few.insert(header::ACCEPT, self.accept.clone());
        #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
        if self.compressed {
            few.insert(header::ACCEPT_ENCODING, crate::compressed::ACCEPTED);
        }
        if let Some(media_type) = self.plan.headers.get(header::CONTENT_TYPE).filter(|_| with_body) {
            few.insert(header::CONTENT_TYPE, media_type.clone());
        }
        few
    }

    /// The headers of one attempt without its credentials: client, operation, call, each over the one before. Made
    /// anew for each, since an attempt uses them up.
    pub(crate) fn headers(&self) -> HeaderMap {
        let own = &self.plan.headers;
        let common = self.common.filter(|common| !common.is_empty());
        // Two of ours, and a few that credentials, cookies and traces add.
        let mut all = HeaderMap::with_capacity(own.len() + common.map_or(0, HeaderMap::len) + 4);
        if !own.contains_key(header::USER_AGENT) {
            all.insert(header::USER_AGENT, self.user_agent.clone());
        }
        for (name, value) in common.into_iter().flatten() {
            if !own.contains_key(name) {
                all.insert(name, value.clone());
            }
        }
        if !own.contains_key(header::ACCEPT) {
            all.insert(header::ACCEPT, self.accept.clone());
        }
        #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
        if self.compressed {
            all.insert(header::ACCEPT_ENCODING, crate::compressed::ACCEPTED);
        }
        for (name, value) in own {
            all.append(name, value.clone());
        }
        all
    }
}

/// Where one attempt of a call goes, and how that is shown.
pub(crate) struct Aim<'c> {
    /// Where, and how errors say so, if that is another origin than the service's first.
    elsewhere: Option<Box<(BaseUrl, Context)>>,
    endpoint: Option<&'c Endpoint>,
    call: &'c Prepared<'c>,
    shown: OnceLock<Box<str>>,
}

impl Prepared<'_> {
    /// The way to an endpoint; without one, or for the service's first, what was prepared.
    pub(crate) fn aim<'a>(&'a self, endpoint: Option<&'a Endpoint>) -> Aim<'a> {
        let endpoint = endpoint.or(self.plan.options.endpoint());
        let elsewhere = endpoint.filter(|endpoint| !endpoint.base.is_beside(&self.target)).map(|endpoint| {
            let own_path = self.plan.operation.base_path.is_some();
            let target = if own_path { endpoint.base.with_path(&self.target.path) } else { endpoint.base.clone() };
            let context = Context { origin: target.origin.clone(), ..self.context.clone() };
            Box::new((target, context))
        });
        Aim { elsewhere, endpoint, call: self, shown: OnceLock::new() }
    }
}

impl Aim<'_> {
    pub(crate) fn target(&self) -> &BaseUrl {
        self.elsewhere.as_ref().map_or(&self.call.target, |elsewhere| &elsewhere.0)
    }

    /// Where to connect, if that has been found out.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.endpoint.and_then(|endpoint| endpoint.address)
    }

    pub(crate) fn context(&self) -> &Context {
        self.elsewhere.as_ref().map_or(&self.call.context, |elsewhere| &elsewhere.1)
    }

    /// The address, with what the attempt's credentials add to the query.
    pub(crate) fn address(&self, keys: &[String]) -> Result<http::Uri, &'static str> {
        let Plan { path, query, .. } = &*self.call.plan;
        if keys.is_empty() {
            return self.target().join(&path.path, query);
        }
        let mut query = query.clone();
        for pair in keys {
            if !query.is_empty() {
                query.push('&');
            }
            query.push_str(pair);
        }
        self.target().join(&path.path, &query)
    }

    /// The address as logs show it. Written when a log first asks for it.
    pub(crate) fn shown(&self) -> &str {
        self.shown.get_or_init(|| shown_url(self.target(), &self.call.plan, &self.call.chosen).into())
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

pub(crate) fn prepare(client: &Inner, plan: Result<Box<Plan>, Error>) -> Result<Box<Prepared<'_>>, Error> {
    let mut plan = plan?;
    let operation = plan.operation;
    let (given, own) = policy(client, &mut plan)?;
    let target = target(client, operation)?;
    let at_home = target.is_beside(&client.base) || client.trusted.contains(&target.origin);
    let chosen =
        client.credentials.choose(client.service, operation, [plan.options.headers(), Some(&client.headers)])?;
    if !chosen.is_empty() && !at_home {
        return Err(Error::config(format!(
            "this operation is served by {} and needs a credential, which goes to another origin only if ClientBuilder::send_credentials_to names it",
            target.origin
        )));
    }
    if client.require_tls {
        let own = at_home.then_some(&client.headers);
        let headers = [Some(&plan.headers), plan.options.headers(), own].into_iter().flatten();
        client.check_overheard(&target, !chosen.is_empty(), headers)?;
    }
    // The client's own headers may hold a key that another origin must not see.
    let common = at_home.then_some(&client.headers);
    let keyed = headers(common, &mut plan)?;
    if at_home {
        client.said.identify(common, &mut plan.headers);
    }
    let repeatable = keyed || plan.is_idempotent();
    let accept = accept(operation)?;
    // Found out now rather than in the loop: the path is the same each time.
    BaseUrl::check(&plan.path.path).map_err(Error::build)?;
    let context = context(client, operation, plan.template, &target.origin);
    let context = Context { method: plan.method.as_str(), ..context };
    let trace = (client.trace && at_home).then(|| Box::new(Trace::of([Some(&plan.headers), common])));
    let tells = at_home && !client.said.is_empty();
    let limit = plan.options.deadline();
    #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
    let compressed = client.compressed
        && !plan.headers.contains_key(header::ACCEPT_ENCODING)
        && !client.headers.contains_key(header::ACCEPT_ENCODING);
    let (user_agent, redirects) = (&client.user_agent, &client.redirects);
    // On the heap by itself, so that the future of the call is not made around it and then moved.
    Ok(Box::new(Prepared {
        plan,
        context,
        target,
        chosen,
        repeatable,
        keyed,
        trace,
        tells,
        limit,
        given,
        own,
        common,
        user_agent,
        accept,
        redirects,
        #[cfg(any(feature = "gzip", feature = "zstd", feature = "brotli"))]
        compressed,
    }))
}

/// The policy of one call: what the call says, else what its operation says, else the client's; and a changed one if
/// something differs from that.
fn policy<'c>(client: &'c Inner, plan: &mut Plan) -> Result<(&'c Policy, Option<Box<Policy>>), Error> {
    let mut own = plan.options.policy.take();
    let listed = if own.is_some() { None } else { client.policies.get(plan.operation.name) };
    let operation = (own.is_none() && listed.is_none()).then_some(plan.operation);
    let given: &Policy = listed.unwrap_or(&client.policy);
    if let Some(settings) = operation.map(|operation| operation.policy).filter(|settings| !settings.is_empty()) {
        let patched = given.clone().patched(settings);
        own = Some(Box::new(patched.map_err(|invalid| Error::build(invalid.to_string()).with_source(invalid))?));
    }
    let mut change = |to: &dyn Fn(&mut Policy)| to(own.get_or_insert_with(|| Box::new(given.clone())));
    if let Some(attempts) = operation.and_then(|operation| operation.attempts) {
        change(&|policy| policy.attempts = attempts);
    }
    if let Some(timeout) = operation.and_then(|operation| operation.attempt_timeout) {
        change(&|policy| {
            policy.attempt_timeout = timeout;
            // An operation that may take longer than a whole call may otherwise is meant to get its time.
            policy.total_timeout = policy.total_timeout.max(timeout);
        });
    }
    if plan.mode == Mode::Check {
        change(&|policy| (policy.attempts, policy.attempt_timeout, policy.patient) = (1, CHECK_TIMEOUT, false));
    }
    if let Some(timeout) = plan.options.attempt_timeout {
        // Who names it for this one call means it.
        change(&|policy| (policy.attempt_timeout, policy.patient) = (timeout, false));
    }
    if let Some(timeout) = plan.options.timeout {
        change(&|policy| policy.total_timeout = timeout);
    }
    // Those of the client were checked when it was built.
    if let Some(own) = &own {
        own.validate().map_err(|invalid| Error::build(invalid.to_string()).with_source(invalid))?;
    }
    Ok((given, own))
}

/// Where an operation is served.
fn target<'c>(client: &'c Inner, operation: &Operation) -> Result<Cow<'c, BaseUrl>, Error> {
    match (operation.server, operation.base_path) {
        (Some(server), _) => BaseUrl::parse(server)
            .map(Cow::Owned)
            .map_err(|reason| Error::build(format!("the operation's own server: {reason}"))),
        (None, Some(path)) => Ok(Cow::Owned(client.base.with_path(path))),
        (None, None) => Ok(Cow::Borrowed(&client.base)),
    }
}

/// What an operation asks for: mostly JSON, which is read as a header when this crate is compiled.
fn accept(operation: &Operation) -> Result<HeaderValue, Error> {
    const JSON: (&str, HeaderValue) = ("application/json", HeaderValue::from_static("application/json"));
    if operation.accept == JSON.0 {
        return Ok(JSON.1);
    }
    HeaderValue::from_maybe_shared(Bytes::from_static(operation.accept.as_bytes()))
        .map_err(|_| Error::build("the operation's `accept` is not a header value"))
}

/// Completes the plan's headers by the call's. Tells whether there is an idempotency key.
fn headers(common: Option<&HeaderMap>, plan: &mut Plan) -> Result<bool, Error> {
    const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
    let key = plan.options.seldom.as_mut().and_then(|said| {
        merge(&mut plan.headers, &mut said.headers);
        said.idempotency_key.take()
    });
    let declared = plan.operation.idempotency_header;
    let name = declared.map_or(Ok(IDEMPOTENCY_KEY), encode::header::name).map_err(Error::build)?;
    if let Some(key) = key {
        plan.headers.insert(name, key);
    } else if plan.headers.contains_key(&name) || common.is_some_and(|common| common.contains_key(&name)) {
    } else if declared.is_some() {
        // Made once for the call and the same over its attempts: that is what makes them one.
        let key = HeaderValue::from_str(&random::key())
            .map_err(|_| Error::build("the idempotency key is not a header value"))?;
        plan.headers.insert(name, key);
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// Lays headers over others: a name that comes anew replaces all values it had.
fn merge(headers: &mut HeaderMap, over: &mut HeaderMap) {
    if over.is_empty() {
        return;
    }
    let over = std::mem::take(over);
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

fn shown_url(target: &BaseUrl, plan: &Plan, chosen: &[Chosen<'_>]) -> String {
    let mut shown = target.text();
    shown.push_str(plan.path.shown());
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
