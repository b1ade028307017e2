//! How are values read and written that JSON has no type for?
//!
//! Each adapter is a module for `#[serde(with = "…")]`, and works through `Option`, `Nullable`, `Vec`, `BTreeMap` and
//! `Box`, since [`Adapted`] does.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::nullable::Nullable;

/// A field that may be left out, of values of which `null` is one: `null` is then `Some`, and only what is left out is `None`.
///
/// As a field it wants `#[serde(default, skip_serializing_if = "Option::is_none", with = "present")]`.
pub mod present {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes a value that is there.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer, T: Serialize>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    /// Reads a value that is there.
    ///
    /// # Errors
    /// Those of the deserializer, or if there is another value.
    pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        T::deserialize(deserializer).map(Some)
    }
}

/// A type that is read and written by the adapter `A`, itself or deep inside.
pub trait Adapted<A>: Sized {
    /// Writes the value.
    ///
    /// # Errors
    /// Those of the serializer, or if the value has no such form.
    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads a value.
    ///
    /// # Errors
    /// Those of the deserializer, or if there is another value.
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// A value on its way out.
struct Out<'a, A, T>(&'a T, PhantomData<A>);

impl<A, T: Adapted<A>> Serialize for Out<'_, A, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.encode(serializer)
    }
}

/// A value on its way in.
struct In<A, T>(T, PhantomData<A>);

impl<'de, A, T: Adapted<A>> Deserialize<'de> for In<A, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::decode(deserializer).map(|value| Self(value, PhantomData))
    }
}

impl<A, T: Adapted<A>> Adapted<A> for Option<T> {
    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(|value| Out(value, PhantomData)).serialize(serializer)
    }

    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<In<A, T>>::deserialize(deserializer)?.map(|read| read.0))
    }
}

impl<A, T: Adapted<A>> Adapted<A> for Nullable<T> {
    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(|value| Out(value, PhantomData)).serialize(serializer)
    }

    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Nullable::<In<A, T>>::deserialize(deserializer)?.map(|read| read.0))
    }
}

impl<A, T: Adapted<A>> Adapted<A> for Vec<T> {
    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|value| Out(value, PhantomData)))
    }

    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<In<A, T>>::deserialize(deserializer)?.into_iter().map(|read| read.0).collect())
    }
}

impl<A, T: Adapted<A>> Adapted<A> for BTreeMap<String, T> {
    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (key, Out(value, PhantomData))))
    }

    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::<String, In<A, T>>::deserialize(deserializer)?
            .into_iter()
            .map(|(key, read)| (key, read.0))
            .collect())
    }
}

impl<A, T: Adapted<A>> Adapted<A> for Box<T> {
    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::encode(self, serializer)
    }

    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::decode(deserializer).map(Box::new)
    }
}

macro_rules! adapter {
    ($(#[$doc:meta])* $module:ident) => {
        $(#[$doc])*
        pub mod $module {
            /// The adapter, as a name for [`Adapted`](super::Adapted).
            #[derive(Clone, Copy, Debug)]
            pub enum Adapter {}

            /// Writes a value.
            ///
            /// # Errors
            /// Those of the serializer, or if the value has no such form.
            pub fn serialize<S, T>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
            where
                S: serde::Serializer,
                T: super::Adapted<Adapter>,
            {
                value.encode(serializer)
            }

            /// Reads a value.
            ///
            /// # Errors
            /// Those of the deserializer, or if there is another value.
            pub fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
            where
                D: serde::Deserializer<'de>,
                T: super::Adapted<Adapter>,
            {
                T::decode(deserializer)
            }

            /// Reads a value that is in memory already.
            ///
            /// # Errors
            /// If there is another value.
            pub fn from_value<T: super::Adapted<Adapter>>(value: serde_json::Value) -> Result<T, serde_json::Error> {
                T::decode(value)
            }
        }
    };
}

adapter! {
    /// Bytes as base64: written in the standard alphabet with padding, read in either alphabet with or without.
    base64
}

adapter! {
    /// Bytes as base64 for URLs (RFC 4648, section 5): written without padding, read as [`base64`] is.
    base64url
}

impl Adapted<base64::Adapter> for Vec<u8> {
    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use ::base64::Engine as _;
        serializer.serialize_str(&::base64::engine::general_purpose::STANDARD.encode(self))
    }

    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_base64(deserializer)
    }
}

impl Adapted<base64url::Adapter> for Vec<u8> {
    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use ::base64::Engine as _;
        serializer.serialize_str(&::base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self))
    }

    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_base64(deserializer)
    }
}

/// Bytes from base64 in either alphabet, with padding or without.
fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    use ::base64::Engine as _;
    use ::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &::base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let text = String::deserialize(deserializer)?;
    let standard: String = text
        .chars()
        .filter(|character| !matches!(character, '\r' | '\n'))
        .map(|character| match character {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    LENIENT.decode(standard).map_err(|_| D::Error::custom("the text is not base64"))
}

#[cfg(feature = "jiff")]
mod time {
    use super::{Adapted, Deserialize, Deserializer, Serializer};
    use jiff::Timestamp;
    use serde::de::Error as _;

    adapter! {
        /// Timestamps as RFC 3339 demands: with an offset, or `Z`.
        timestamp
    }

    adapter! {
        /// Timestamps that may lack their offset and are then read as UTC: `2026-11-23T08:32:58.250115`, or with a blank
        /// in place of the `T`. Written with `Z`.
        naive_utc
    }

    impl Adapted<timestamp::Adapter> for Timestamp {
        fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }

        fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            let Some(timestamp) = parse(&text) else {
                let hint = if naive(&text).is_some() {
                    "the timestamp has no offset; to read such ones as UTC, say in client.toml: [types] naive-timestamps = \"utc\""
                } else {
                    "the text is not an RFC 3339 timestamp"
                };
                return Err(D::Error::custom(hint));
            };
            Ok(timestamp)
        }
    }

    impl Adapted<naive_utc::Adapter> for Timestamp {
        fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }

        fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            parse(&text).or_else(|| naive(&text)).ok_or_else(|| D::Error::custom("the text is not a timestamp"))
        }
    }

    fn parse(text: &str) -> Option<Timestamp> {
        text.parse().ok()
    }

    /// A timestamp without an offset, as UTC. A date alone is none.
    fn naive(text: &str) -> Option<Timestamp> {
        if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
            return None;
        }
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    }
}
#[cfg(feature = "jiff")]
pub use time::{naive_utc, timestamp};

#[cfg(feature = "decimal")]
mod decimal {
    use super::{Adapted, Deserialize, Deserializer, Serialize, Serializer};
    use rust_decimal::Decimal;
    use serde::de::Error as _;

    adapter! {
        /// Decimals as JSON texts: `"12.50"`, which loses nothing. A number is read too.
        decimal_text
    }

    adapter! {
        /// Decimals as JSON numbers: `12.5`, as the document says. JSON's numbers are read as binary floating point,
        /// with some 15 digits kept. A text is read too.
        decimal_number
    }

    impl Adapted<decimal_text::Adapter> for Decimal {
        fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }

        fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            read(deserializer)
        }
    }

    impl Adapted<decimal_number::Adapter> for Decimal {
        fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let text = self.normalize().to_string();
            // A whole number is written as one where it fits, so that no fraction appears in `3`.
            if let Ok(whole) = text.parse::<i64>() {
                return serializer.serialize_i64(whole);
            }
            let number: f64 = text.parse().map_err(|_| serde::ser::Error::custom("the decimal is not a number"))?;
            number.serialize(serializer)
        }

        fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            read(deserializer)
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            _ => return Err(D::Error::custom("a decimal is a number or a text")),
        };
        let read = if text.contains(['e', 'E']) { Decimal::from_scientific(&text) } else { text.parse() };
        read.map_err(|_| D::Error::custom("the text is not a decimal number"))
    }
}
#[cfg(feature = "decimal")]
pub use decimal::{decimal_number, decimal_text};
