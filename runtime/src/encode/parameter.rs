//! What text does a value become in a path, a query, a header or a cookie?

use std::collections::BTreeMap;

use crate::nullable::Nullable;
use crate::secret::Secret;

/// What a parameter's value is made of, before any style is chosen.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterValue {
    /// Nothing: the parameter is left out.
    Absent,
    /// One scalar.
    Text(String),
    /// One scalar that logs and errors must not show.
    Secret(String),
    /// Several values in order.
    List(Vec<ParameterValue>),
    /// Named values in order.
    Object(Vec<(String, ParameterValue)>),
    /// A value that cannot be a parameter, and why. The reason must not quote the value.
    Invalid(String),
}

impl std::fmt::Debug for ParameterValue {
    // A value may be anything a user typed, so only its shape is shown.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Absent => "Absent",
            Self::Text(_) => "Text(***)",
            Self::Secret(_) => "Secret(***)",
            Self::List(_) => "List(***)",
            Self::Object(_) => "Object(***)",
            Self::Invalid(_) => "Invalid",
        })
    }
}

impl ParameterValue {
    /// A JSON value as a parameter: scalars are text, `null` is absent.
    pub fn from_json(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Absent,
            serde_json::Value::Bool(value) => Self::Text(value.to_string()),
            serde_json::Value::Number(value) => Self::Text(value.to_string()),
            serde_json::Value::String(value) => Self::Text(value),
            serde_json::Value::Array(values) => Self::List(values.into_iter().map(Self::from_json).collect()),
            serde_json::Value::Object(fields) => {
                Self::Object(fields.into_iter().map(|(name, value)| (name, Self::from_json(value))).collect())
            }
        }
    }

    /// The scalars of this value in order, with object properties as name, value, name, value: OpenAPI's
    /// `simple` style and `form` without explode.
    ///
    /// The flag tells whether one of them is secret.
    pub(crate) fn flatten(self) -> Result<Option<(Vec<String>, bool)>, String> {
        let mut secret = false;
        let mut texts = Vec::new();
        match self {
            Self::Absent => return Ok(None),
            Self::List(values) => {
                for value in values {
                    texts.extend(value.scalar(&mut secret)?);
                }
            }
            Self::Object(fields) => {
                for (name, value) in fields {
                    if let Some(value) = value.scalar(&mut secret)? {
                        texts.push(name);
                        texts.push(value);
                    }
                }
            }
            scalar => texts.extend(scalar.scalar(&mut secret)?),
        }
        Ok(Some((texts, secret)))
    }

    /// An object as the list of its pairs, `name=value`: OpenAPI's `simple` style with explode.
    pub(crate) fn paired(self) -> Self {
        let Self::Object(fields) = self else { return self };
        let pair = |(name, value): (String, Self)| match value {
            Self::Text(text) => Self::Text(format!("{name}={text}")),
            Self::Secret(text) => Self::Secret(format!("{name}={text}")),
            other => other,
        };
        Self::List(fields.into_iter().map(pair).collect())
    }

    /// This value as one scalar; `secret` is set if it is one.
    pub(crate) fn scalar(self, secret: &mut bool) -> Result<Option<String>, String> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Secret(text) => {
                *secret = true;
                Ok(Some(text))
            }
            Self::List(_) | Self::Object(_) => {
                Err("a list or an object stands where this style allows only a scalar".to_owned())
            }
            Self::Invalid(reason) => Err(reason),
        }
    }
}

/// A value that can stand in a path, a query, a header, a cookie or a form field.
pub trait Parameter {
    /// What the value is made of.
    fn parameter(&self) -> ParameterValue;
}

macro_rules! by_display {
    ($($type:ty),*) => {$(
        impl Parameter for $type {
            fn parameter(&self) -> ParameterValue {
                ParameterValue::Text(self.to_string())
            }
        }
    )*};
}
by_display!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, bool, char);

macro_rules! by_float {
    ($($type:ty),*) => {$(
        impl Parameter for $type {
            fn parameter(&self) -> ParameterValue {
                if self.is_finite() {
                    ParameterValue::Text(self.to_string())
                } else {
                    ParameterValue::Invalid("a number that is not finite cannot be sent".to_owned())
                }
            }
        }
    )*};
}
by_float!(f32, f64);

#[cfg(feature = "jiff")]
by_display!(
    jiff::Timestamp,
    jiff::civil::Date,
    jiff::civil::Time,
    jiff::civil::DateTime,
    jiff::Span,
    jiff::SignedDuration
);
#[cfg(feature = "uuid")]
by_display!(uuid::Uuid);
#[cfg(feature = "decimal")]
by_display!(rust_decimal::Decimal);

/// The type of a schema that admits `null` alone.
impl Parameter for () {
    fn parameter(&self) -> ParameterValue {
        ParameterValue::Absent
    }
}

impl Parameter for str {
    fn parameter(&self) -> ParameterValue {
        ParameterValue::Text(self.to_owned())
    }
}

impl Parameter for String {
    fn parameter(&self) -> ParameterValue {
        ParameterValue::Text(self.clone())
    }
}

impl Parameter for Secret {
    fn parameter(&self) -> ParameterValue {
        ParameterValue::Secret(self.expose().to_owned())
    }
}

impl Parameter for serde_json::Value {
    fn parameter(&self) -> ParameterValue {
        ParameterValue::from_json(self.clone())
    }
}

/// A value of which only its own serialisation knows how it is written: JSON scalars are text, arrays lists, objects objects, and
/// `null` is absent.
#[derive(Debug, Clone, Copy)]
pub struct Serialized<T>(pub T);

impl<T: serde::Serialize> Parameter for Serialized<T> {
    fn parameter(&self) -> ParameterValue {
        match serde_json::to_value(&self.0) {
            Ok(value) => ParameterValue::from_json(value),
            Err(_) => ParameterValue::Invalid("the value cannot be written as JSON".to_owned()),
        }
    }
}

/// A value that is written as JSON, as a parameter with a media type of JSON is; `null` is absent.
#[derive(Debug, Clone, Copy)]
pub struct JsonText<T>(pub T);

impl<T: serde::Serialize> Parameter for JsonText<T> {
    fn parameter(&self) -> ParameterValue {
        match serde_json::to_string(&self.0) {
            Ok(text) if text == "null" => ParameterValue::Absent,
            Ok(text) => ParameterValue::Text(text),
            Err(_) => ParameterValue::Invalid("the value cannot be written as JSON".to_owned()),
        }
    }
}

impl<T: Parameter + ?Sized> Parameter for &T {
    fn parameter(&self) -> ParameterValue {
        (**self).parameter()
    }
}

impl<T: Parameter + ?Sized> Parameter for Box<T> {
    fn parameter(&self) -> ParameterValue {
        (**self).parameter()
    }
}

impl<T: Parameter> Parameter for Option<T> {
    fn parameter(&self) -> ParameterValue {
        self.as_ref().map_or(ParameterValue::Absent, Parameter::parameter)
    }
}

impl<T: Parameter> Parameter for Nullable<T> {
    /// `null` has no spelling in a URL, so it is left out as an absent value is.
    fn parameter(&self) -> ParameterValue {
        self.value().map_or(ParameterValue::Absent, Parameter::parameter)
    }
}

impl<T: Parameter> Parameter for [T] {
    fn parameter(&self) -> ParameterValue {
        ParameterValue::List(self.iter().map(Parameter::parameter).collect())
    }
}

impl<T: Parameter> Parameter for Vec<T> {
    fn parameter(&self) -> ParameterValue {
        self.as_slice().parameter()
    }
}

macro_rules! by_position {
    ($(($($name:ident $at:tt),+))*) => {$(
        impl<$($name: Parameter),+> Parameter for ($($name,)+) {
            fn parameter(&self) -> ParameterValue {
                ParameterValue::List(vec![$(self.$at.parameter()),+])
            }
        }
    )*};
}
by_position! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
}

impl<T: Parameter, const N: usize> Parameter for [T; N] {
    fn parameter(&self) -> ParameterValue {
        self.as_slice().parameter()
    }
}

impl<T: Parameter> Parameter for BTreeMap<String, T> {
    fn parameter(&self) -> ParameterValue {
        ParameterValue::Object(self.iter().map(|(name, value)| (name.clone(), value.parameter())).collect())
    }
}
