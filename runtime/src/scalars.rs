//! Which traits does a generated list of numbers or of values get without spelling them out?

/// Gives a type that is an open set of whole numbers the traits of a number.
///
/// The type is `Copy` and has `const fn get(self) -> i64` and `From<i64>`; it gets `Display`, `From` it for `i64`, `Serialize`,
/// `Deserialize` and `Parameter`.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_integer_enum {
    ($type:ty) => {
        $crate::__sinew_integer!($type);

        impl<'de> $crate::generated::private::serde::Deserialize<'de> for $type {
            fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
            where
                D: $crate::generated::private::serde::Deserializer<'de>,
            {
                let number = <i64 as $crate::generated::private::serde::Deserialize<'de>>::deserialize(deserializer)?;
                ::core::result::Result::Ok(<Self as ::core::convert::From<i64>>::from(number))
            }
        }
    };
}

/// Gives a type that is a closed set of whole numbers the traits of a number.
///
/// The type is `Copy` and has `ALL: &'static [Self]` and `const fn get(self) -> i64`; it gets what an open one gets, and refuses
/// other numbers.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_closed_integer_enum {
    ($type:ty) => {
        $crate::__sinew_integer!($type);

        impl<'de> $crate::generated::private::serde::Deserialize<'de> for $type {
            fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
            where
                D: $crate::generated::private::serde::Deserializer<'de>,
            {
                let number = <i64 as $crate::generated::private::serde::Deserialize<'de>>::deserialize(deserializer)?;
                Self::ALL.iter().copied().find(|listed| listed.get() == number).ok_or_else(|| {
                    <D::Error as $crate::generated::private::serde::de::Error>::custom(
                        $crate::generated::private::unlisted(
                            &number,
                            &mut Self::ALL.iter().map(|listed| ::std::string::ToString::to_string(&listed.get())),
                        ),
                    )
                })
            }
        }
    };
}

/// What both kinds of numbers have in common.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_integer {
    ($type:ty) => {
        impl ::core::fmt::Display for $type {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.get(), formatter)
            }
        }

        impl ::core::convert::From<$type> for i64 {
            fn from(listed: $type) -> Self {
                listed.get()
            }
        }

        impl $crate::generated::private::serde::Serialize for $type {
            fn serialize<S>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error>
            where
                S: $crate::generated::private::serde::Serializer,
            {
                serializer.serialize_i64(self.get())
            }
        }

        impl $crate::generated::Parameter for $type {
            fn parameter(&self) -> $crate::generated::ParameterValue {
                $crate::generated::ParameterValue::Text(::std::string::ToString::to_string(&self.get()))
            }
        }
    };
}

/// Gives a type that is an open set of values of several kinds its form in JSON.
///
/// The type has `fn to_value(&self) -> serde_json::Value` and `From<serde_json::Value>`; it gets `Serialize`, `Deserialize` and
/// `Parameter`.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_value_enum {
    ($type:ty) => {
        $crate::__sinew_value!($type);

        impl<'de> $crate::generated::private::serde::Deserialize<'de> for $type {
            fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
            where
                D: $crate::generated::private::serde::Deserializer<'de>,
            {
                <$crate::generated::private::serde_json::Value as $crate::generated::private::serde::Deserialize<'de>>::deserialize(
                    deserializer,
                )
                .map(<Self as ::core::convert::From<$crate::generated::private::serde_json::Value>>::from)
            }
        }
    };
}

/// Gives a type that is a closed set of values its form in JSON.
///
/// The type is `Copy` and has `ALL: &'static [Self]` and `fn to_value(&self) -> serde_json::Value`; it gets what an open one gets,
/// and refuses other values.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_closed_value_enum {
    ($type:ty) => {
        $crate::__sinew_value!($type);

        impl<'de> $crate::generated::private::serde::Deserialize<'de> for $type {
            fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
            where
                D: $crate::generated::private::serde::Deserializer<'de>,
            {
                let value =
                    <$crate::generated::private::serde_json::Value as $crate::generated::private::serde::Deserialize<'de>>::deserialize(
                        deserializer,
                    )?;
                Self::ALL.iter().copied().find(|listed| listed.to_value() == value).ok_or_else(|| {
                    <D::Error as $crate::generated::private::serde::de::Error>::custom($crate::generated::private::unlisted(
                        &value,
                        &mut Self::ALL.iter().map(|listed| ::std::string::ToString::to_string(&listed.to_value())),
                    ))
                })
            }
        }
    };
}

/// What both kinds of values have in common.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_value {
    ($type:ty) => {
        impl $crate::generated::private::serde::Serialize for $type {
            fn serialize<S>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error>
            where
                S: $crate::generated::private::serde::Serializer,
            {
                $crate::generated::private::serde::Serialize::serialize(&self.to_value(), serializer)
            }
        }

        impl $crate::generated::Parameter for $type {
            fn parameter(&self) -> $crate::generated::ParameterValue {
                $crate::generated::ParameterValue::from_json(self.to_value())
            }
        }
    };
}

pub use __sinew_closed_integer_enum as closed_integer_enum;
pub use __sinew_closed_value_enum as closed_value_enum;
pub use __sinew_integer_enum as integer_enum;
pub use __sinew_value_enum as value_enum;
