//! How are absent, null and present told apart?

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that may be left out, be `null`, or be there: three states that mean three things to a `PATCH`.
///
/// As a field it wants `#[serde(default, skip_serializing_if = "Nullable::is_absent")]`.
///
/// ```
/// use sinew_runtime::Nullable;
/// let clear: Nullable<String> = None.into();
/// assert!(clear.is_null());
/// assert_eq!(Nullable::from(7).value(), Some(&7));
/// assert!(Nullable::<u8>::default().is_absent());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nullable<T> {
    /// The key is not there at all.
    #[default]
    Absent,
    /// The key is there, and its value is `null`.
    Null,
    /// The key is there with a value.
    Present(T),
}

impl<T> Nullable<T> {
    /// Whether the key is left out.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the value is an explicit `null`.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether there is a value.
    pub const fn is_present(&self) -> bool {
        matches!(self, Self::Present(_))
    }

    /// The same state over a reference.
    pub const fn as_ref(&self) -> Nullable<&T> {
        match self {
            Self::Absent => Nullable::Absent,
            Self::Null => Nullable::Null,
            Self::Present(value) => Nullable::Present(value),
        }
    }

    /// The value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The value by itself, if there is one.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Changes the value, keeps the state.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Nullable<U> {
        match self {
            Self::Absent => Nullable::Absent,
            Self::Null => Nullable::Null,
            Self::Present(value) => Nullable::Present(change(value)),
        }
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Present(value)
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Present)
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // An absent value that is not skipped has no better spelling than `null`.
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Present(value) => serializer.serialize_some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Being called at all means that the key is there, so `None` can only be `null`.
        Option::deserialize(deserializer).map(Self::from)
    }
}
