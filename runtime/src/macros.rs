//! Which traits does a generated type get without spelling them out?

/// Gives a type that is an open set of texts the traits of a text.
///
/// The type has `fn as_str(&self) -> &str`, `From<&str>` and `From<String>`; it gets `Display`, `FromStr` (which cannot
/// fail: an unknown text is kept), `AsRef<str>`, `Serialize`, `Deserialize` and `Parameter`.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_string_enum {
    ($type:ty) => {
        impl ::core::fmt::Display for $type {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl ::core::str::FromStr for $type {
            type Err = ::core::convert::Infallible;

            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                ::core::result::Result::Ok(<Self as ::core::convert::From<&str>>::from(text))
            }
        }

        impl ::core::convert::AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl $crate::generated::private::serde::Serialize for $type {
            fn serialize<S>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error>
            where
                S: $crate::generated::private::serde::Serializer,
            {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::generated::private::serde::Deserialize<'de> for $type {
            fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
            where
                D: $crate::generated::private::serde::Deserializer<'de>,
            {
                let text = <::std::string::String as $crate::generated::private::serde::Deserialize<'de>>::deserialize(
                    deserializer,
                )?;
                ::core::result::Result::Ok(<Self as ::core::convert::From<::std::string::String>>::from(text))
            }
        }

        impl $crate::generated::Parameter for $type {
            fn parameter(&self) -> $crate::generated::ParameterValue {
                $crate::generated::ParameterValue::Text(self.as_str().to_owned())
            }
        }
    };
}

/// Makes any type that serialises a `Parameter`: its JSON scalars are text, arrays lists, objects objects.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_json_parameter {
    ($type:ty) => {
        impl $crate::generated::Parameter for $type {
            fn parameter(&self) -> $crate::generated::ParameterValue {
                match $crate::generated::private::serde_json::to_value(self) {
                    ::core::result::Result::Ok(value) => $crate::generated::ParameterValue::from_json(value),
                    ::core::result::Result::Err(_) => $crate::generated::ParameterValue::Invalid(
                        ::std::string::String::from("the value cannot be written as JSON"),
                    ),
                }
            }
        }
    };
}

pub use __sinew_json_parameter as json_parameter;
pub use __sinew_string_enum as string_enum;
