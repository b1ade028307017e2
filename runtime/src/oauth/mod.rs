//! How are tokens fetched, kept and renewed? OAuth 2.0 (RFC 6749), with the token endpoint as given or as `OpenID` Connect
//! Discovery finds it.

mod exchange;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::auth::TokenSource;
use crate::encode::base::BaseUrl;
use crate::error::Error;
use crate::random::Random;
use crate::secret::Secret;
use crate::transport::Transport;

/// A token is renewed when between a tenth and a fifth of its life is left: early, so that no call waits for it at the end, and
/// spread, so that instances started together do not renew together.
const EARLY: (u32, u32) = (10, 5);

/// How long a renewal that failed is left alone while the token still holds.
const PAUSE: Duration = Duration::from_secs(10);

/// Where tokens come from: the address of a token endpoint, or an `OpenID` provider that tells it.
///
/// ```
/// use sinew_runtime::TokenEndpoint;
/// let known = TokenEndpoint::from("https://login.example.org/oauth/token");
/// let found = TokenEndpoint::openid("https://login.example.org");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenEndpoint {
    pub(crate) url: String,
    pub(crate) discovered: bool,
}

impl TokenEndpoint {
    /// The one that a provider's `/.well-known/openid-configuration` names. It must name this issuer, and an endpoint that is
    /// `https` if the issuer is, and not out of the house in plain if the issuer is not.
    pub fn openid(issuer: impl Into<String>) -> Self {
        Self { url: issuer.into(), discovered: true }
    }
}

impl From<&str> for TokenEndpoint {
    fn from(url: &str) -> Self {
        Self { url: url.to_owned(), discovered: false }
    }
}

impl From<String> for TokenEndpoint {
    fn from(url: String) -> Self {
        Self { url, discovered: false }
    }
}

/// An OAuth 2.0 grant: fetched when a call first needs a token, kept for its life, renewed before its end, by one call at a time.
///
/// A token is fetched within the attempt that needs it, over the client's own transport; nothing goes on in the background. When a
/// service refuses a token (401), it is renewed once and the attempt made again at once. With a refresh token, that one is used, and
/// the grant itself when it is no longer taken.
///
/// ```
/// use sinew_runtime::{OAuth, TokenSource};
/// let source: TokenSource = OAuth::client_credentials("https://login.example.org/token", "id", "secret")
///     .scope("read write")
///     .into();
/// ```
#[derive(Clone)]
pub struct OAuth {
    endpoint: TokenEndpoint,
    grant: Grant,
    client: Option<(String, Secret)>,
    in_body: bool,
    parameters: Vec<(String, String)>,
}

#[derive(Clone)]
enum Grant {
    Client,
    Password(String, Secret),
}

impl OAuth {
    /// The client's own credentials (RFC 6749, 4.4).
    pub fn client_credentials(
        endpoint: impl Into<TokenEndpoint>,
        id: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> Self {
        let client = Some((id.into(), secret.into()));
        Self { endpoint: endpoint.into(), grant: Grant::Client, client, in_body: false, parameters: Vec::new() }
    }

    /// A user's name and password (RFC 6749, 4.3), for services that know no better.
    pub fn password(endpoint: impl Into<TokenEndpoint>, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        let grant = Grant::Password(user.into(), password.into());
        Self { endpoint: endpoint.into(), grant, client: None, in_body: false, parameters: Vec::new() }
    }

    /// The client that asks, where the grant is a user's.
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        self.client = Some((id.into(), secret.into()));
        self
    }

    /// What the token is to be good for: names with blanks between.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.parameter("scope", scope)
    }

    /// Another parameter of the token request, such as `audience`.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Sends the client's credentials in the body of the token request, not as `Authorization: Basic` (RFC 6749, 2.3.1).
    pub fn credentials_in_body(mut self) -> Self {
        self.in_body = true;
        self
    }
}

impl From<OAuth> for TokenSource {
    fn from(oauth: OAuth) -> Self {
        Self::oauth(Tokens::new(oauth))
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OAuth").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// A token, and how long it holds.
#[derive(Clone)]
struct Held {
    access: Secret,
    refresh: Option<Secret>,
    /// Unless the endpoint said nothing of it: then it holds until it is refused.
    expires: Option<Instant>,
    renew: Option<Instant>,
}

/// The tokens of a grant, shared by all clones of its source.
pub(crate) struct Tokens {
    oauth: OAuth,
    held: Mutex<Option<Held>>,
    /// One fetches at a time; the others wait for what it brings.
    fetching: tokio::sync::Mutex<()>,
    random: Random,
}

impl Tokens {
    fn new(oauth: OAuth) -> Arc<Self> {
        let fetching = tokio::sync::Mutex::new(());
        Arc::new(Self { oauth, held: Mutex::new(None), fetching, random: Random::new() })
    }

    /// Where they come from, if that is an address.
    pub(crate) fn endpoint(&self) -> Option<BaseUrl> {
        exchange::base(&self.oauth.endpoint.url).ok()
    }

    /// A token that holds, fetched if there is none.
    pub(crate) async fn token(&self, transport: &dyn Transport) -> Result<Secret, Error> {
        let now = Instant::now();
        let _turn = match self.held() {
            Some(held) if held.is_valid(now) => {
                if held.renew.is_none_or(|renew| now < renew) {
                    return Ok(held.access);
                }
                // Somebody else may be renewing it, and meanwhile this one holds.
                let Ok(turn) = self.fetching.try_lock() else { return Ok(held.access) };
                turn
            }
            _ => self.fetching.lock().await,
        };
        // While this one waited for its turn, another may have been there.
        let now = Instant::now();
        let held = self.held();
        if let Some(held) =
            held.as_ref().filter(|held| held.is_valid(now) && held.renew.is_none_or(|renew| now < renew))
        {
            return Ok(held.access.clone());
        }
        let refresh = held.as_ref().and_then(|held| held.refresh.clone());
        match self.fetch(transport, refresh).await {
            Ok(fetched) => {
                let access = fetched.access.clone();
                self.keep(Some(fetched));
                Ok(access)
            }
            // Early renewal failed: the token still holds, and another call will try.
            Err(error) => match held.filter(|held| held.is_valid(Instant::now())) {
                Some(mut held) => {
                    held.renew = Some(Instant::now() + PAUSE);
                    let access = held.access.clone();
                    self.keep(Some(held));
                    Ok(access)
                }
                None => Err(error),
            },
        }
    }

    /// A token was refused: the next one is fetched, unless it was already.
    pub(crate) fn refused(&self, access: &Secret) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = held.as_mut().filter(|held| held.access.expose() == access.expose()) {
            held.expires = Some(Instant::now());
        }
    }

    async fn fetch(&self, transport: &dyn Transport, refresh: Option<Secret>) -> Result<Held, Error> {
        let endpoint = exchange::endpoint(transport, &self.oauth.endpoint).await?;
        let answer = match &refresh {
            Some(refresh) => match exchange::refreshed(transport, &self.oauth, &endpoint, refresh).await {
                // It may have had its time: the grant itself is still there.
                Err(_) => exchange::granted(transport, &self.oauth, &endpoint).await?,
                Ok(answer) => answer,
            },
            None => exchange::granted(transport, &self.oauth, &endpoint).await?,
        };
        let now = Instant::now();
        let life = answer.life.filter(|life| *life < Duration::from_secs(u64::from(u32::MAX)));
        let renew = life.map(|life| {
            let (least, most) = (life / EARLY.0, life / EARLY.1);
            let share = u32::try_from(self.random.next() % 1000).unwrap_or_default();
            now + life.saturating_sub(least + most.saturating_sub(least) * share / 1000)
        });
        Ok(Held {
            access: answer.access,
            refresh: answer.refresh.or(refresh),
            expires: life.map(|life| now + life),
            renew,
        })
    }

    fn held(&self) -> Option<Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, held: Option<Held>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }
}

impl Held {
    fn is_valid(&self, now: Instant) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}
