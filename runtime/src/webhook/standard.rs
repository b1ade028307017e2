//! Was this signed by who has the secret? Standard Webhooks, symmetric (`v1`): <https://www.standardwebhooks.com>.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use sha2::Sha256;

use super::{VerifyWebhook, WebhookError};
use crate::secret::Secret;

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// How far the sender's clock may be from ours, unless told otherwise.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Checks signatures of Standard Webhooks: the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, HMAC
/// with SHA-256 (`v1`). Signatures with asymmetric keys (`v1a`) are passed over.
///
/// A delivery may have several signatures, and a receiver several secrets, while secrets are being exchanged: one that
/// fits is enough. Signatures are compared in constant time.
#[derive(Clone)]
pub struct StandardWebhooks {
    keys: Vec<Hmac<Sha256>>,
    tolerance: Duration,
}

impl StandardWebhooks {
    /// A verifier with a secret as the sender shows it: Base64, with `whsec_` before it or without.
    ///
    /// # Errors
    /// [`WebhookError::Secret`] if it is no Base64, or empty.
    pub fn new(secret: impl Into<Secret>) -> Result<Self, WebhookError> {
        Self { keys: Vec::new(), tolerance: TOLERANCE }.and_secret(secret)
    }

    /// Another secret that may have been used, while secrets are being exchanged.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn and_secret(mut self, secret: impl Into<Secret>) -> Result<Self, WebhookError> {
        let secret = secret.into();
        let text = secret.expose().trim();
        let bytes = STANDARD
            .decode(text.strip_prefix("whsec_").unwrap_or(text))
            .map_err(|_| WebhookError::Secret("it is not Base64"))?;
        if bytes.is_empty() {
            return Err(WebhookError::Secret("it is empty"));
        }
        // HMAC takes keys of any length; that it cannot fail is not in its type.
        let key = Hmac::new_from_slice(&bytes).map_err(|_| WebhookError::Secret("it has no fit length"))?;
        self.keys.push(key);
        Ok(self)
    }

    /// How far the time of signing may be from now, either way. Default: five minutes.
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// As [`VerifyWebhook::verify`], at another time than now.
    ///
    /// # Errors
    /// As there.
    pub fn verify_at(&self, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Result<(), WebhookError> {
        let id = header(headers, ID)?;
        let timestamp = header(headers, TIMESTAMP)?;
        let signatures = header(headers, SIGNATURE)?;
        if id.is_empty() {
            return Err(WebhookError::MalformedHeader(ID));
        }
        let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = timestamp.parse().ok().filter(|_| digits).ok_or(WebhookError::MalformedHeader(TIMESTAMP))?;
        let signed = SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_secs(seconds))
            .ok_or(WebhookError::MalformedHeader(TIMESTAMP))?;
        let apart = now.duration_since(signed).unwrap_or_else(|ahead| ahead.duration());
        if apart > self.tolerance {
            return Err(WebhookError::OutsideTolerance(apart));
        }
        for signature in signatures.split(' ').filter_map(|one| one.strip_prefix("v1,")) {
            let Ok(signature) = STANDARD.decode(signature) else { continue };
            if self.keys.iter().any(|key| mac(key, id, timestamp, body).verify_slice(&signature).is_ok()) {
                return Ok(());
            }
        }
        Err(WebhookError::WrongSignature)
    }

    /// The `webhook-signature` of a delivery under the first secret: for tests of one's own receiver.
    pub fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let signature = self.keys.first().map(|key| mac(key, id, &timestamp.to_string(), body).finalize().into_bytes());
        format!("v1,{}", signature.map(|bytes| STANDARD.encode(bytes)).unwrap_or_default())
    }
}

impl VerifyWebhook for StandardWebhooks {
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), WebhookError> {
        self.verify_at(headers, body, SystemTime::now())
    }
}

impl fmt::Debug for StandardWebhooks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StandardWebhooks")
            .field("secrets", &self.keys.len())
            .field("tolerance", &self.tolerance)
            .finish()
    }
}

/// What is signed: the identifier, the time and the body, with dots between.
fn mac(key: &Hmac<Sha256>, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac
}

fn header<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h str, WebhookError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(WebhookError::MissingHeader(name))?;
    match (values.next(), value.to_str()) {
        (None, Ok(value)) => Ok(value),
        // Of two, nobody knows which was signed.
        _ => Err(WebhookError::MalformedHeader(name)),
    }
}
