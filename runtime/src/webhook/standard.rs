//! Was this signed by who has the secret? Standard Webhooks, symmetric (`v1`) and not (`v1a`): <https://www.standardwebhooks.com>.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{VerifyWebhook, WebhookError};
use crate::secret::Secret;

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// How far the sender's clock may be from ours, unless told otherwise.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Checks signatures of Standard Webhooks: the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, HMAC
/// with SHA-256 (`v1`) under a shared secret, Ed25519 (`v1a`) under the sender's public key.
///
/// A delivery may have several signatures, and a receiver several secrets, while secrets are being exchanged: one that
/// fits is enough. Signatures are compared in constant time.
///
/// ```
/// use sinew_runtime::StandardWebhooks;
///
/// let shared = StandardWebhooks::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let public = StandardWebhooks::new("whpk_PLMYFsikSOkLtvWaOhpvC+vqoPojD20bVj0HEg5Dm0s=")?;
/// # Ok::<(), sinew_runtime::WebhookError>(())
/// ```
#[derive(Clone)]
pub struct StandardWebhooks {
    keys: Vec<Key>,
    tolerance: Duration,
}

/// What a signature is checked against.
#[derive(Clone)]
enum Key {
    Shared(Hmac<Sha256>),
    /// A point of Ed25519 (RFC 8032, section 5.1.5).
    Public([u8; POINT]),
}

const POINT: usize = 32;

/// What stands before the point where a key is written as `SubjectPublicKeyInfo` (RFC 8410, section 4), as some senders show theirs.
const KEY_INFO: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl StandardWebhooks {
    /// A verifier with a secret as the sender shows it: Base64, with `whsec_` before it or without; or with a public key,
    /// `whpk_` before it.
    ///
    /// # Errors
    /// [`WebhookError::Secret`] if it is no Base64, empty, or a public key of another length than Ed25519's.
    pub fn new(secret: impl Into<Secret>) -> Result<Self, WebhookError> {
        Self { keys: Vec::new(), tolerance: TOLERANCE }.and_secret(secret)
    }

    /// Another secret or public key that may have been used, while secrets are being exchanged.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn and_secret(mut self, secret: impl Into<Secret>) -> Result<Self, WebhookError> {
        let secret = secret.into();
        let text = secret.expose().trim();
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| WebhookError::Secret("it is not Base64"));
        if let Some(text) = text.strip_prefix("whpk_") {
            let bytes = decode(text)?;
            let point = bytes.strip_prefix(&KEY_INFO).unwrap_or(&bytes);
            let point = point.try_into().map_err(|_| WebhookError::Secret("it is no public key of Ed25519"))?;
            self.keys.push(Key::Public(point));
            return Ok(self);
        }
        let bytes = Zeroizing::new(decode(text.strip_prefix("whsec_").unwrap_or(text))?);
        if bytes.is_empty() {
            return Err(WebhookError::Secret("it is empty"));
        }
        // HMAC takes keys of any length; that it cannot fail is not in its type.
        let key = Hmac::new_from_slice(&bytes).map_err(|_| WebhookError::Secret("it has no fit length"))?;
        self.keys.push(Key::Shared(key));
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
        let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        let fits = |version: &str, signature: &[u8]| {
            self.keys.iter().any(|key| match (key, version) {
                (Key::Shared(key), "v1") => mac(key, &signed).verify_slice(signature).is_ok(),
                (Key::Public(point), "v1a") => {
                    UnparsedPublicKey::new(&ED25519, point).verify(&signed.concat(), signature).is_ok()
                }
                _ => false,
            })
        };
        let mut stated = signatures.split(' ').filter_map(|one| one.split_once(','));
        let fitting = stated.any(|(version, text)| STANDARD.decode(text).is_ok_and(|bytes| fits(version, &bytes)));
        if fitting { Ok(()) } else { Err(WebhookError::WrongSignature) }
    }

    /// The `webhook-signature` of a delivery under the first secret: for tests of one's own receiver. With public keys alone nobody
    /// can sign, and what comes fits nothing.
    pub fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let secret = self.keys.iter().find_map(|key| match key {
            Key::Shared(key) => Some(key),
            Key::Public(_) => None,
        });
        let timestamp = timestamp.to_string();
        let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        let signature = secret.map(|key| mac(key, &signed).finalize().into_bytes());
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

/// The code of what is signed: the identifier, the time and the body, with dots between.
fn mac(key: &Hmac<Sha256>, signed: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in signed {
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
