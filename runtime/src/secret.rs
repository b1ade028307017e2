//! How does a text stay out of every log and every `Debug`, and of memory that nobody uses any more?

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize as _;

/// A text that must not be seen: a password, a token, a key.
///
/// `Debug` and `Display` print `***`. Serialisation passes the text through, since a password that is sent is the
/// point of having one. [`Secret::expose`] is the one way to read it.
///
/// Its memory is overwritten when it is dropped, and so is that of the header values which credentials become, and of what is put together
/// on the way to those. What is not, as it is not ours: the text that a [`From<&str>`](From) copied or that was exposed,
/// a key that goes in a query or a cookie once it is part of an address or a request, a parameter or a body that holds a secret, what connections
/// have in their buffers and tables (hyper, h2 and rustls), the key of a webhook once it has become the state of an HMAC, and copies that the
/// operating system makes of memory.
///
/// ```
/// use sinew_runtime::Secret;
/// let password = Secret::from("correct horse");
/// assert_eq!(format!("{password} {password:?}"), "*** ***");
/// assert_eq!(password.expose(), "correct horse");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text itself, by value; from here on nobody wipes it.
    pub fn into_exposed(mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}
