//! How is a request that a service sends by itself read, once it is known who sent it?

mod standard;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use http::HeaderMap;

use crate::error::Brief;

pub use standard::StandardWebhooks;

/// Tells whether a request comes from whom it says.
///
/// [`StandardWebhooks`] is one; a service with a scheme of its own wants another:
///
/// ```
/// use http::HeaderMap;
/// use sinew_runtime::{VerifyWebhook, WebhookError};
///
/// /// A shared secret in a header. (Compare in constant time in earnest.)
/// struct Shared(&'static str);
/// impl VerifyWebhook for Shared {
///     fn verify(&self, headers: &HeaderMap, _body: &[u8]) -> Result<(), WebhookError> {
///         match headers.get("x-secret") {
///             Some(said) if said == self.0 => Ok(()),
///             Some(_) => Err(WebhookError::WrongSignature),
///             None => Err(WebhookError::MissingHeader("x-secret")),
///         }
///     }
/// }
/// ```
pub trait VerifyWebhook {
    /// `Ok` if the headers prove that the body is the sender's, byte for byte.
    ///
    /// # Errors
    /// Why they do not.
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), WebhookError>;
}

/// A request that a service sends by itself, with a body of type `T`: a `static` of the generated crate.
///
/// ```
/// use http::HeaderMap;
/// use sinew_runtime::{StandardWebhooks, Webhook, WebhookError};
///
/// # #[derive(serde::Deserialize)] struct Invoice { total: u32 }
/// # use sinew_runtime::generated::json;
/// static INVOICE_PAID: Webhook<Invoice> = Webhook::new("invoicePaid", json::serde_text); // the generated crate has it
///
/// fn received(headers: &HeaderMap, body: &[u8]) -> Result<u32, WebhookError> {
///     let sender = StandardWebhooks::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
///     let invoice = INVOICE_PAID.receive(&sender, headers, body)?;
///     Ok(invoice.total)
/// }
/// ```
pub struct Webhook<T> {
    name: &'static str,
    read: fn(&[u8]) -> Result<T, String>,
}

impl<T> Webhook<T> {
    /// A request by its name in the document, and what reads its body or says what is wrong with it.
    pub const fn new(name: &'static str, read: fn(&[u8]) -> Result<T, String>) -> Self {
        Self { name, read }
    }

    /// Its name in the document.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Reads what was delivered, after the sender has been checked. The body must be as it came: parsed and written again,
    /// it is another one.
    ///
    /// A delivery may come more than once: remember the `webhook-id` of those that were dealt with.
    ///
    /// # Errors
    /// [`WebhookError::Body`] if the body is not what the document says, else as the verifier's.
    pub fn receive(&self, sender: &dyn VerifyWebhook, headers: &HeaderMap, body: &[u8]) -> Result<T, WebhookError> {
        sender.verify(headers, body)?;
        self.read_unverified(body)
    }

    /// Reads what was delivered, whoever sent it.
    ///
    /// # Errors
    /// [`WebhookError::Body`] if the body is not what the document says.
    pub fn read_unverified(&self, body: &[u8]) -> Result<T, WebhookError> {
        (self.read)(body).map_err(WebhookError::Body)
    }
}

impl<T> fmt::Debug for Webhook<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Webhook({:?})", self.name)
    }
}

/// Why a delivery is not taken. Nothing of the body, of a signature or of a secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookError {
    /// The secret of the verifier is none.
    Secret(&'static str),
    /// A header is not there.
    MissingHeader(&'static str),
    /// A header is there and not of its form.
    MalformedHeader(&'static str),
    /// The delivery was signed longer ago, or further in the future, than is tolerated.
    OutsideTolerance(Duration),
    /// No signature is that of the body.
    WrongSignature,
    /// The body is not what the document says.
    Body(String),
}

impl fmt::Display for WebhookError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(why) => write!(formatter, "the webhook secret cannot be used: {why}"),
            Self::MissingHeader(name) => write!(formatter, "the header `{name}` is missing"),
            Self::MalformedHeader(name) => write!(formatter, "the header `{name}` is malformed"),
            Self::OutsideTolerance(by) => {
                write!(formatter, "signed {} away from now, which is more than is tolerated", Brief(*by))
            }
            Self::WrongSignature => formatter.write_str("no signature fits the body"),
            Self::Body(complaint) => write!(formatter, "the body is not what the document says: {complaint}"),
        }
    }
}

impl std::error::Error for WebhookError {}
