//! Which traits does a generated list of numbers or of values get without spelling them out?

/// Gives a type that is an open set of whole numbers the traits of a number.
///
/// The type is `Copy` and has `const fn get(self) -> i64` and `From<i64>`; it gets `Display`, `From` it for `i64`, its form in
/// JSON, `Serialize`, `Deserialize` and `Parameter`.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_integer_enum {
    ($type:ty) => {
        $crate::__sinew_integer!($type);

        impl $crate::generated::json::Blank for $type {
            #[inline]
            fn blank() -> Self {
                <Self as ::core::convert::From<i64>>::from(0)
            }
        }

        impl $crate::generated::json::Slot for $type {
            #[inline]
            fn fill(
                &mut self,
                from: &mut $crate::generated::json::Reader<'_>,
            ) -> ::core::result::Result<(), $crate::generated::json::Fault> {
                *self = <Self as ::core::convert::From<i64>>::from(from.value()?);
                ::core::result::Result::Ok(())
            }
        }
    };
}

/// Gives a type that is a closed set of whole numbers the traits of a number.
///
/// The type is `Copy` and has `ALL: &'static [Self]` and `const fn get(self) -> i64`; it gets what an open one gets, and refuses
/// other numbers. The variant is one to stand in a place until its value is read.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_closed_integer_enum {
    ($type:ident $variant:ident) => {
        $crate::__sinew_integer!($type);

        impl $crate::generated::json::Blank for $type {
            #[inline]
            fn blank() -> Self {
                Self::$variant
            }
        }

        impl $crate::generated::json::Slot for $type {
            #[inline]
            fn fill(
                &mut self,
                from: &mut $crate::generated::json::Reader<'_>,
            ) -> ::core::result::Result<(), $crate::generated::json::Fault> {
                let value: i64 = from.value()?;
                *self = Self::ALL.iter().copied().find(|listed| listed.get() == value).ok_or_else(|| {
                    from.unlisted(&mut Self::ALL.iter().map(|listed| ::std::string::ToString::to_string(&listed.get())))
                })?;
                ::core::result::Result::Ok(())
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
            #[inline]
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.get(), formatter)
            }
        }

        impl ::core::convert::From<$type> for i64 {
            #[inline]
            fn from(listed: $type) -> Self {
                listed.get()
            }
        }

        impl $crate::generated::json::Encode for $type {
            #[inline]
            fn write(&self, to: &mut $crate::generated::json::Writer) {
                $crate::generated::json::Encode::write(&self.get(), to);
            }
        }

        $crate::generated::json::serde!($type);

        impl $crate::generated::Parameter for $type {
            #[inline]
            fn parameter(&self) -> $crate::generated::ParameterValue {
                $crate::generated::ParameterValue::Text(::std::string::ToString::to_string(&self.get()))
            }
        }
    };
}

/// Gives a type that is an open set of values of several kinds its form in JSON.
///
/// The type has `fn to_value(&self) -> serde_json::Value` and `From<serde_json::Value>`; it gets that form, `Serialize`, `Deserialize` and
/// `Parameter`.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_value_enum {
    ($type:ty) => {
        $crate::__sinew_value!($type);

        impl $crate::generated::json::Blank for $type {
            #[inline]
            fn blank() -> Self {
                <Self as ::core::convert::From<_>>::from($crate::generated::private::serde_json::Value::Null)
            }
        }

        impl $crate::generated::json::Slot for $type {
            #[inline]
            fn fill(
                &mut self,
                from: &mut $crate::generated::json::Reader<'_>,
            ) -> ::core::result::Result<(), $crate::generated::json::Fault> {
                *self =
                    <Self as ::core::convert::From<$crate::generated::private::serde_json::Value>>::from(from.value()?);
                ::core::result::Result::Ok(())
            }
        }
    };
}

/// Gives a type that is a closed set of values its form in JSON.
///
/// The type is `Copy` and has `ALL: &'static [Self]` and `fn to_value(&self) -> serde_json::Value`; it gets what an open one gets,
/// and refuses other values. The variant is one to stand in a place until its value is read.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_closed_value_enum {
    ($type:ident $variant:ident) => {
        $crate::__sinew_value!($type);

        impl $crate::generated::json::Blank for $type {
            #[inline]
            fn blank() -> Self {
                Self::$variant
            }
        }

        impl $crate::generated::json::Slot for $type {
            #[inline]
            fn fill(
                &mut self,
                from: &mut $crate::generated::json::Reader<'_>,
            ) -> ::core::result::Result<(), $crate::generated::json::Fault> {
                let value: $crate::generated::private::serde_json::Value = from.value()?;
                *self = Self::ALL.iter().copied().find(|listed| listed.to_value() == value).ok_or_else(|| {
                    from.unlisted(
                        &mut Self::ALL.iter().map(|listed| ::std::string::ToString::to_string(&listed.to_value())),
                    )
                })?;
                ::core::result::Result::Ok(())
            }
        }
    };
}

/// What both kinds of values have in common.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_value {
    ($type:ty) => {
        impl $crate::generated::json::Encode for $type {
            #[inline]
            fn write(&self, to: &mut $crate::generated::json::Writer) {
                $crate::generated::json::Encode::write(&self.to_value(), to);
            }
        }

        $crate::generated::json::serde!($type);

        impl $crate::generated::Parameter for $type {
            #[inline]
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
