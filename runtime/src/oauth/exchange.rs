//! What is said to a token endpoint, and what does it answer?

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{Grant, OAuth, TokenEndpoint};
use crate::auth;
use crate::body::{Body, OutgoingBody};
use crate::encode::base::BaseUrl;
use crate::error::{Error, ErrorKind, Phase, Sent};
use crate::secret::Secret;
use crate::transport::Transport;

/// No token and no configuration is larger.
const MAX_ANSWER: usize = 256 * 1024;

/// What a token endpoint gave.
pub(super) struct Answer {
    pub(super) access: Secret,
    pub(super) refresh: Option<Secret>,
    pub(super) life: Option<Duration>,
}

#[derive(Deserialize)]
struct Given {
    access_token: Secret,
    token_type: Option<String>,
    /// A number, or what some write instead: a text.
    expires_in: Option<Value>,
    refresh_token: Option<Secret>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
}

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    token_endpoint: String,
}

fn fail(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Credentials, Phase::Credentials, Sent::NotSent, detail)
}

/// The address of the token endpoint.
pub(super) async fn endpoint(transport: &dyn Transport, endpoint: &TokenEndpoint) -> Result<String, Error> {
    if !endpoint.discovered {
        return Ok(endpoint.url.clone());
    }
    let issuer = endpoint.url.trim_end_matches('/');
    let url = format!("{issuer}/.well-known/openid-configuration");
    let request = request(Method::GET, &url, Body::empty(), "the OpenID provider").await?;
    let (status, body) = send(transport, request, "the OpenID provider").await?;
    if status != StatusCode::OK {
        return Err(fail(format!("the OpenID provider answered {} for its configuration", status.as_u16())));
    }
    let found: Configuration =
        serde_json::from_slice(&body).map_err(|_| fail("the OpenID provider's configuration is none"))?;
    if found.issuer.trim_end_matches('/') != issuer {
        return Err(fail("the OpenID provider's configuration is that of another issuer"));
    }
    if issuer.starts_with("https:") && !found.token_endpoint.starts_with("https:") {
        return Err(fail("the OpenID provider names a token endpoint without TLS"));
    }
    let overheard = |url: &str| base(url).is_ok_and(|base| base.is_overheard());
    if overheard(&found.token_endpoint) && !overheard(issuer) {
        return Err(fail("the OpenID provider names a token endpoint elsewhere without TLS"));
    }
    Ok(found.token_endpoint)
}

/// A token for the grant itself.
pub(super) async fn granted(transport: &dyn Transport, oauth: &OAuth, endpoint: &str) -> Result<Answer, Error> {
    let pairs = match &oauth.grant {
        Grant::Client => vec![("grant_type", "client_credentials")],
        Grant::Password(user, password) => {
            vec![("grant_type", "password"), ("username", user), ("password", password.expose())]
        }
    };
    ask(transport, oauth, endpoint, pairs).await
}

/// A token for a refresh token.
pub(super) async fn refreshed(
    transport: &dyn Transport,
    oauth: &OAuth,
    endpoint: &str,
    refresh: &Secret,
) -> Result<Answer, Error> {
    let pairs = vec![("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
    ask(transport, oauth, endpoint, pairs).await
}

/// A text as it stands in a form. In its room at once, so that no piece of it stays behind in memory.
fn encoded(text: &str) -> Zeroizing<String> {
    let mut encoded = Zeroizing::new(String::with_capacity(3 * text.len()));
    encoded.extend(form_urlencoded::byte_serialize(text.as_bytes()));
    encoded
}

async fn ask(
    transport: &dyn Transport,
    oauth: &OAuth,
    endpoint: &str,
    mut pairs: Vec<(&str, &str)>,
) -> Result<Answer, Error> {
    pairs.extend(oauth.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let mut basic = None;
    match &oauth.client {
        Some((id, secret)) if oauth.in_body => {
            pairs.extend([("client_id", id.as_str()), ("client_secret", secret.expose())]);
        }
        Some((id, secret)) => {
            // Each encoded as in a form before they are put together (RFC 6749, 2.3.1).
            basic = Some(auth::basic(&encoded(id), &encoded(secret.expose())));
        }
        None => {}
    }
    // Room for all of it at once: what is outgrown would stay behind in memory.
    let room = pairs.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    let form = form_urlencoded::Serializer::new(String::with_capacity(room)).extend_pairs(pairs).finish();
    let form = Bytes::from_owner(Zeroizing::new(form.into_bytes()));
    let mut request = request(Method::POST, endpoint, form.into(), "the token endpoint").await?;
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    if let Some(basic) = basic {
        headers.insert(header::AUTHORIZATION, basic.map_err(|_| fail("the client's credentials cannot be written"))?);
    }
    let (status, body) = send(transport, request, "the token endpoint").await?;
    if !status.is_success() {
        // The code is one of a list; a description could quote what was sent.
        let code = serde_json::from_slice::<Refused>(&body).ok().map(|refused| refused.error);
        let plain =
            |code: &String| code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let code = code.filter(plain).map_or_else(String::new, |code| format!(": {code}"));
        return Err(fail(format!("the token endpoint answered {}{code}", status.as_u16())));
    }
    let given: Given =
        serde_json::from_slice(&body).map_err(|_| fail("what the token endpoint answered holds no access token"))?;
    if given.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(fail("the token endpoint gave a token of another type than `Bearer`"));
    }
    let life = given.expires_in.and_then(|life| {
        let seconds = life.as_f64().or_else(|| life.as_str()?.trim().parse().ok())?;
        Duration::try_from_secs_f64(seconds).ok()
    });
    Ok(Answer { access: given.access_token, refresh: given.refresh_token, life })
}

/// An address without its query.
pub(super) fn base(url: &str) -> Result<BaseUrl, &'static str> {
    BaseUrl::parse(url.split('?').next().unwrap_or(url))
}

async fn request(method: Method, url: &str, body: Body, whose: &str) -> Result<Request<OutgoingBody>, Error> {
    base(url).map_err(|reason| fail(format!("the address of {whose} cannot be used: {reason}")))?;
    let uri = Uri::try_from(url).map_err(|_| fail(format!("the address of {whose} cannot be used")))?;
    let body = body.open().await.map_err(|error| fail("the token request cannot be written").with_source(error))?;
    let mut request = Request::new(body);
    (*request.method_mut(), *request.uri_mut()) = (method, uri);
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    Ok(request)
}

async fn send(
    transport: &dyn Transport,
    request: Request<OutgoingBody>,
    whose: &str,
) -> Result<(StatusCode, Zeroizing<Vec<u8>>), Error> {
    let failed = |error: crate::transport::TransportError| {
        fail(format!("{whose} cannot be reached: {}", error.cause())).with_source(error)
    };
    let (head, mut body) = transport.send(request).await.map_err(failed)?.into_parts();
    let mut whole = Zeroizing::new(Vec::new());
    while let Some(chunk) = poll_fn(|context| body.as_mut().poll_next(context)).await {
        let chunk = chunk.map_err(failed)?;
        if whole.len() + chunk.len() > MAX_ANSWER {
            return Err(fail(format!("the answer of {whose} is too large")));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok((head.status, whole))
}
