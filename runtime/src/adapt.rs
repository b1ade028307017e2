//! How are values read and written that JSON has no type for?
//!
//! Each adapter is a module: a field says `as timestamp` in `json::record!`, or `#[serde(with = "timestamp")]` where serde
//! reads it. All work through `Option`, `Nullable`, `Vec`, `BTreeMap` and `Box`, since [`Adapted`] does.

use std::collections::BTreeMap;

use crate::json::{Fault, Reader, Writer};
use crate::nullable::Nullable;

/// A field that may be left out, of values of which `null` is one: `null` is then `Some`, and only what is left out is `None`.
///
/// For serde it wants `#[serde(default, skip_serializing_if = "Option::is_none", with = "present")]`.
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

    /// The field on its way in or out.
    pub fn field<T>(field: T) -> crate::json::Present<T> {
        crate::json::Present::new(field)
    }
}

/// A type that is read and written by the adapter `A`, itself or deep inside.
pub trait Adapted<A>: Sized {
    /// Reads the value that comes next.
    ///
    /// # Errors
    /// If there is another value.
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault>;

    /// Writes the value.
    fn write(&self, to: &mut Writer);

    /// Whether a field of this value is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

impl<A, T: Adapted<A>> Adapted<A> for Option<T> {
    #[inline]
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        if from.null() { Ok(None) } else { T::read(from).map(Some) }
    }

    #[inline]
    fn write(&self, to: &mut Writer) {
        match self {
            Some(value) => value.write(to),
            None => to.null(),
        }
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<A, T: Adapted<A>> Adapted<A> for Nullable<T> {
    #[inline]
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        if from.null() { Ok(Self::Null) } else { T::read(from).map(Self::Present) }
    }

    #[inline]
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Present(value) => value.write(to),
            Self::Absent | Self::Null => to.null(),
        }
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.is_absent()
    }
}

impl<A, T: Adapted<A>> Adapted<A> for Vec<T> {
    #[inline]
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut list = Self::new();
        from.items(&mut |from| T::read(from).map(|item| list.push(item)))?;
        Ok(list)
    }

    #[inline]
    fn write(&self, to: &mut Writer) {
        to.list(self.len(), &mut |at, to| self[at].write(to));
    }
}

impl<A, T: Adapted<A>> Adapted<A> for BTreeMap<String, T> {
    #[inline]
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut map = Self::new();
        from.entries(&mut |key, from| {
            map.insert(key.to_owned(), T::read(from)?);
            Ok(())
        })?;
        Ok(map)
    }

    #[inline]
    fn write(&self, to: &mut Writer) {
        to.map(self.iter(), Adapted::write);
    }
}

impl<A, T: Adapted<A>> Adapted<A> for Box<T> {
    #[inline]
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        T::read(from).map(Self::new)
    }

    #[inline]
    fn write(&self, to: &mut Writer) {
        (**self).write(to);
    }
}

macro_rules! adapter {
    ($(#[$doc:meta])* $module:ident) => {
        $(#[$doc])*
        pub mod $module {
            use crate::json::{Through, bridge};

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
                bridge::serialize(&Through::<Adapter, &T>::new(value), serializer)
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
                bridge::deserialize_by(deserializer, T::read)
            }

            /// The field on its way in or out, as its adapter has it.
            pub fn field<T>(field: T) -> Through<Adapter, T> {
                Through::new(field)
            }

            /// Reads the value that comes next.
            ///
            /// # Errors
            /// If there is another value.
            pub fn read<T: super::Adapted<Adapter>>(
                from: &mut crate::json::Reader<'_>,
            ) -> Result<T, crate::json::Fault> {
                T::read(from)
            }

            /// Reads a text.
            ///
            /// # Errors
            /// What is wrong with it, and where.
            pub fn text<T: super::Adapted<Adapter>>(text: &[u8]) -> Result<T, String> {
                crate::json::read_by(text, T::read).map_err(|fault| fault.to_string())
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
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        from_base64(from)
    }

    fn write(&self, to: &mut Writer) {
        use ::base64::Engine as _;
        to.string(&::base64::engine::general_purpose::STANDARD.encode(self));
    }
}

/// Writes what a value is shown as.
#[cfg(any(feature = "jiff", feature = "decimal"))]
fn shown(value: &dyn std::fmt::Display, to: &mut Writer) {
    to.string(&value.to_string());
}

impl Adapted<base64url::Adapter> for Vec<u8> {
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        from_base64(from)
    }

    fn write(&self, to: &mut Writer) {
        use ::base64::Engine as _;
        to.string(&::base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self));
    }
}

/// Bytes from base64 in either alphabet, with padding or without.
fn from_base64(from: &mut Reader<'_>) -> Result<Vec<u8>, Fault> {
    use ::base64::Engine as _;
    use ::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &::base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    from.parsed("the text is not base64", |text| {
        let standard: Vec<u8> = text
            .bytes()
            .filter(|byte| !matches!(byte, b'\r' | b'\n'))
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                other => other,
            })
            .collect();
        LENIENT.decode(standard).ok()
    })
}

#[cfg(feature = "jiff")]
mod time {
    use super::{Adapted, Fault, Reader, Writer, shown};
    use jiff::Timestamp;

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
        fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
            let before = from.clone();
            let text = from.string()?;
            text.parse().map_err(|_| {
                before.fault(if naive(&text).is_some() {
                    "the timestamp has no offset; to read such ones as UTC, say in client.toml: [types] naive-timestamps = \"utc\""
                } else {
                    "the text is not an RFC 3339 timestamp"
                })
            })
        }

        fn write(&self, to: &mut Writer) {
            shown(self, to);
        }
    }

    impl Adapted<naive_utc::Adapter> for Timestamp {
        fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
            from.parsed("the text is not a timestamp", |text| text.parse().ok().or_else(|| naive(text)))
        }

        fn write(&self, to: &mut Writer) {
            shown(self, to);
        }
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
    use std::str::FromStr as _;

    use super::{Adapted, Fault, Reader, Writer, shown};
    use rust_decimal::Decimal;

    adapter! {
        /// Decimals as JSON texts: `"12.50"`. A number is read too.
        decimal_text
    }

    adapter! {
        /// Decimals as JSON numbers: `12.5`, digit for digit as they are written. A text is read too.
        decimal_number
    }

    impl Adapted<decimal_text::Adapter> for Decimal {
        fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
            read(from)
        }

        fn write(&self, to: &mut Writer) {
            shown(self, to);
        }
    }

    impl Adapted<decimal_number::Adapter> for Decimal {
        fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
            read(from)
        }

        fn write(&self, to: &mut Writer) {
            // What a decimal is shown as is a number of JSON's grammar; `3.00` is the whole number `3`.
            to.raw(&self.normalize().to_string());
        }
    }

    /// A decimal, to its last digit. Of a fraction of more than 28 places the last are rounded.
    fn read(from: &mut Reader<'_>) -> Result<Decimal, Fault> {
        let before = from.clone();
        let text = match from.peek() {
            Some(b'"') => from.string()?,
            _ => from.number("a decimal, as a number or a text")?.into(),
        };
        let read =
            if text.contains(['e', 'E']) { Decimal::from_scientific_lossy(&text) } else { Decimal::from_str(&text) };
        read.map_err(|_| before.fault("not a decimal number of at most 28 digits"))
    }
}
#[cfg(feature = "decimal")]
pub use decimal::{decimal_number, decimal_text};
