//! Which traits does a generated type get without spelling them out?

/// What both kinds of texts have in common: they are written as `as_str` says.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_text {
    ($type:ty) => {
        impl ::core::fmt::Display for $type {
            #[inline]
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl ::core::convert::AsRef<str> for $type {
            #[inline]
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl $crate::generated::json::Encode for $type {
            #[inline]
            fn write(&self, to: &mut $crate::generated::json::Writer) {
                to.string(self.as_str());
            }
        }

        $crate::generated::json::serde!($type);

        impl $crate::generated::Parameter for $type {
            #[inline]
            fn parameter(&self) -> $crate::generated::ParameterValue {
                $crate::generated::Parameter::parameter(self.as_str())
            }
        }
    };
}

/// Gives a type that is an open set of texts the traits of a text.
///
/// The type has `fn as_str(&self) -> &str`, `From<&str>` and `From<String>`; it gets `Display`, `FromStr` (which cannot
/// fail: an unknown text is kept), `AsRef<str>`, its form in JSON, `Serialize`, `Deserialize` and `Parameter`.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_string_enum {
    ($type:ty) => {
        $crate::__sinew_text!($type);

        impl ::core::str::FromStr for $type {
            type Err = ::core::convert::Infallible;

            // Not `Self::Err`, which may be a variant.
            #[inline]
            fn from_str(text: &str) -> ::core::result::Result<Self, ::core::convert::Infallible> {
                ::core::result::Result::Ok(<Self as ::core::convert::From<&str>>::from(text))
            }
        }

        impl $crate::generated::json::Blank for $type {
            #[inline]
            fn blank() -> Self {
                <Self as ::core::convert::From<&str>>::from("")
            }
        }

        impl $crate::generated::json::Slot for $type {
            #[inline]
            fn fill(
                &mut self,
                from: &mut $crate::generated::json::Reader<'_>,
            ) -> ::core::result::Result<(), $crate::generated::json::Fault> {
                *self = <Self as ::core::convert::From<&str>>::from(&*from.string()?);
                ::core::result::Result::Ok(())
            }
        }
    };
}

/// Gives a type that is a closed set of texts the traits of a text.
///
/// The type is `Copy` and has `ALL: &'static [Self]` and `const fn as_str(self) -> &'static str`; it gets `Display`, `FromStr`,
/// `AsRef<str>`, its form in JSON, `Serialize`, `Deserialize` and `Parameter`. The variant is one to stand in a place until
/// its value is read.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_closed_enum {
    ($type:ident $variant:ident) => {
        $crate::__sinew_text!($type);

        impl $crate::generated::private::Words for $type {
            const WORDS: &'static [&'static str] = &{
                let mut words = [""; <$type>::ALL.len()];
                let mut at = 0;
                while at < words.len() {
                    words[at] = <$type>::ALL[at].as_str();
                    at += 1;
                }
                words
            };
        }

        impl ::core::str::FromStr for $type {
            type Err = $crate::UnlistedWord;

            // Not `Self::Err`, which may be a variant.
            #[inline]
            fn from_str(text: &str) -> ::core::result::Result<Self, $crate::UnlistedWord> {
                let words = <Self as $crate::generated::private::Words>::WORDS;
                ::core::result::Result::Ok(Self::ALL[$crate::UnlistedWord::unless_listed(words, text)?])
            }
        }

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
                *self = Self::ALL[from.listed(<Self as $crate::generated::private::Words>::WORDS)?];
                ::core::result::Result::Ok(())
            }
        }
    };
}

/// A text that is not one of those that a type lists.
///
/// Types of this kind are those of which the document lists one word, and those that `client.toml` says to be exhaustive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlistedWord(String);

/// The words of a type that is a closed set of texts, each at the place of its variant in `ALL`: what looks for one needs no
/// code of its own for each type.
#[doc(hidden)]
pub trait Words {
    /// The words.
    const WORDS: &'static [&'static str];
}

impl UnlistedWord {
    /// Where a word stands among those that are listed.
    #[doc(hidden)]
    pub fn unless_listed(words: &[&str], word: &str) -> Result<usize, Self> {
        words.iter().position(|listed| *listed == word).ok_or_else(|| {
            let listed: Vec<String> = words.iter().map(|listed| format!("`{listed}`")).collect();
            Self(format!("unknown variant `{word}`, expected {}", listed.join(", ")))
        })
    }
}

impl std::fmt::Display for UnlistedWord {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for UnlistedWord {}

/// Makes any type that serialises a `Parameter`: its JSON scalars are text, arrays lists, objects objects.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_json_parameter {
    ($type:ty) => {
        impl $crate::generated::Parameter for $type {
            #[inline]
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

pub use __sinew_closed_enum as closed_enum;
pub use __sinew_json_parameter as json_parameter;
pub use __sinew_string_enum as string_enum;
