//! How do types that are read and written here meet serde?

use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::ser::{Error as _, Serializer};

use super::transcode::{Json, transcribe};
use super::{Decode, Encode, Fault, Reader, Refused};
use crate::error::json_complaint;

/// Reads a type from any deserializer that tells what it holds: what it holds becomes JSON, and that is read.
///
/// # Errors
/// Those of the deserializer, or if there is another value.
pub fn deserialize<'de, D: Deserializer<'de>, T: Decode>(deserializer: D) -> Result<T, D::Error> {
    deserialize_by(deserializer, T::read)
}

/// As [`deserialize`], of a value that is read by a function.
pub(crate) fn deserialize_by<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: fn(&mut Reader<'_>) -> Result<T, Fault>,
) -> Result<T, D::Error> {
    let text = transcribe(deserializer)?;
    // Lines of that text mean nothing to anybody; the deserializer knows where it stands.
    read(&mut Reader::new(&text, &Refused::default())).map_err(D::Error::custom)
}

/// Writes a value to any serializer: it becomes JSON, and what that holds is handed on, in its order.
///
/// # Errors
/// Those of the serializer, or if a value has no form in JSON.
pub fn serialize<S: Serializer>(value: &dyn Encode, serializer: S) -> Result<S::Ok, S::Error> {
    let text = super::write(value).map_err(S::Error::custom)?;
    serde::Serialize::serialize(&Json(&text), serializer)
}

impl Reader<'_> {
    /// Reads a value as serde does.
    ///
    /// # Errors
    /// If serde cannot.
    pub fn serde<T: DeserializeOwned>(&mut self) -> Result<T, Fault> {
        let before = self.clone();
        T::deserialize(&mut serde_json::Deserializer::from_str(self.raw()?)).map_err(|error| {
            let complaint = json_complaint(&error);
            // Its place is one within the part; the fault says it within the whole.
            let what = complaint.rfind(" at line ").map_or(complaint.as_str(), |at| &complaint[..at]);
            before.fault(what.to_owned())
        })
    }
}

/// Gives a type that is read and written as JSON serde's traits.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_json_serde {
    ($type:ty) => {
        impl $crate::generated::private::serde::Serialize for $type {
            #[inline]
            fn serialize<S: $crate::generated::private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::generated::private::serialize(self, serializer)
            }
        }

        impl<'de> $crate::generated::private::serde::Deserialize<'de> for $type {
            #[inline]
            fn deserialize<D: $crate::generated::private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::generated::private::deserialize(deserializer)
            }
        }
    };
}

/// Gives a struct its form in JSON: each field with its name, with the adapter that reads and writes it (`as naive_utc`), and
/// with `=> kept` where it is written even as `null`; behind the fields, the one that keeps what no other does.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_json_record {
    ($type:ident {
        $($field:ident $name:literal $(as $adapter:ident)? $(=> $kept:ident)?),* $(,)?
    } $(, $rest:ident $(as $others:ident)?)?) => {
        impl $crate::generated::json::Blank for $type {
            #[inline]
            fn blank() -> Self {
                Self {
                    $($field: $crate::generated::json::blank(),)*
                    $($rest: $crate::generated::json::blank(),)?
                }
            }
        }

        impl $crate::generated::json::Slot for $type {
            #[inline]
            fn fill(
                &mut self,
                from: &mut $crate::generated::json::Reader<'_>,
            ) -> ::core::result::Result<(), $crate::generated::json::Fault> {
                from.object(
                    &[$($name),*],
                    &mut [$($(&mut $crate::generated::$adapter::field)? (&mut self.$field)),*],
                    $crate::__sinew_json_rest!($($(&mut $crate::generated::$others::field)? (&mut self.$rest))?),
                )
            }
        }

        impl $crate::generated::json::Encode for $type {
            #[inline]
            fn write(&self, to: &mut $crate::generated::json::Writer) {
                to.object(
                    &[$($name),*],
                    &[$($(&$crate::generated::json::$kept)? ($(&$crate::generated::$adapter::field)? (&self.$field))),*],
                    $crate::__sinew_json_rest!($($(&$crate::generated::$others::field)? (&self.$rest))?),
                );
            }
        }

        $crate::__sinew_json_serde!($type);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_json_rest {
    () => {
        ::core::option::Option::None
    };
    ($rest:expr) => {
        ::core::option::Option::Some($rest)
    };
}

/// Lets a type that serde reads and writes be part of those that are read and written as JSON.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_by_serde {
    ($type:ty) => {
        impl $crate::generated::json::Decode for $type {
            #[inline]
            fn read(
                from: &mut $crate::generated::json::Reader<'_>,
            ) -> ::core::result::Result<Self, $crate::generated::json::Fault> {
                from.serde()
            }
        }

        impl $crate::generated::json::Decode for ::std::boxed::Box<$type> {
            #[inline]
            fn read(
                from: &mut $crate::generated::json::Reader<'_>,
            ) -> ::core::result::Result<Self, $crate::generated::json::Fault> {
                from.serde()
            }
        }

        impl $crate::generated::json::Encode for $type {
            #[inline]
            fn write(&self, to: &mut $crate::generated::json::Writer) {
                to.serde(self);
            }
        }
    };
}
