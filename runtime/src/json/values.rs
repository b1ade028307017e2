//! How are the types read and written that generated types are made of?

use std::collections::BTreeMap;

use serde_json::Value;

use super::reader::Rest;
use super::writer::Others;
use super::{Blank, Decode, Encode, Fault, Reader, Slot, Writer};
use crate::nullable::Nullable;
use crate::secret::Secret;

impl Slot for bool {
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        *self = from.boolean()?;
        Ok(())
    }
}

impl Blank for bool {
    fn blank() -> Self {
        false
    }
}

impl Encode for bool {
    fn write(&self, to: &mut Writer) {
        to.raw(if *self { "true" } else { "false" });
    }
}

impl Slot for String {
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        *self = from.string()?.into_owned();
        Ok(())
    }
}

impl Blank for String {
    fn blank() -> Self {
        Self::new()
    }
}

impl Encode for String {
    fn write(&self, to: &mut Writer) {
        to.string(self);
    }
}

impl Encode for str {
    fn write(&self, to: &mut Writer) {
        to.string(self);
    }
}

impl Slot for Secret {
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        *self = Self::new(from.string()?);
        Ok(())
    }
}

impl Blank for Secret {
    fn blank() -> Self {
        Self::default()
    }
}

impl Encode for Secret {
    fn write(&self, to: &mut Writer) {
        to.string(self.expose());
    }
}

impl Slot for () {
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        if from.null() { Ok(()) } else { Err(from.mismatch("null")) }
    }
}

impl Blank for () {
    fn blank() -> Self {}
}

impl Encode for () {
    fn write(&self, to: &mut Writer) {
        to.null();
    }
}

impl<T: Decode> Slot for Option<T> {
    #[inline]
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        if !from.null() {
            *self = Some(T::read(from)?);
        }
        Ok(())
    }

    #[inline]
    fn optional(&self) -> bool {
        true
    }
}

impl<T: Decode> Blank for Option<T> {
    #[inline]
    fn blank() -> Self {
        None
    }
}

impl<T: Encode> Encode for Option<T> {
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

impl<T: Decode> Slot for Nullable<T> {
    #[inline]
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        *self = if from.null() { Self::Null } else { Self::Present(T::read(from)?) };
        Ok(())
    }

    #[inline]
    fn optional(&self) -> bool {
        true
    }
}

impl<T: Decode> Blank for Nullable<T> {
    #[inline]
    fn blank() -> Self {
        Self::Absent
    }
}

impl<T: Encode> Encode for Nullable<T> {
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

impl<T: Blank> Slot for Box<T> {
    #[inline]
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        (**self).fill(from)
    }

    #[inline]
    fn optional(&self) -> bool {
        (**self).optional()
    }
}

impl<T: Blank> Blank for Box<T> {
    #[inline]
    fn blank() -> Self {
        Self::new(T::blank())
    }
}

impl<T: Encode + ?Sized> Encode for Box<T> {
    #[inline]
    fn write(&self, to: &mut Writer) {
        (**self).write(to);
    }

    #[inline]
    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    #[inline]
    fn write(&self, to: &mut Writer) {
        (**self).write(to);
    }

    #[inline]
    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }
}

impl<T: Slot + ?Sized> Slot for &mut T {
    #[inline]
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        (**self).fill(from)
    }

    #[inline]
    fn optional(&self) -> bool {
        (**self).optional()
    }
}

impl<T: Decode> Slot for Vec<T> {
    #[inline]
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        from.items(&mut |from| T::append(self, from))
    }
}

impl<T: Decode> Blank for Vec<T> {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }
}

impl<T: Encode> Encode for Vec<T> {
    #[inline]
    fn write(&self, to: &mut Writer) {
        self.as_slice().write(to);
    }
}

impl<T: Encode> Encode for [T] {
    #[inline]
    fn write(&self, to: &mut Writer) {
        to.list(self.len(), &mut |at, to| self[at].write(to));
    }
}

impl<T: Decode> Slot for BTreeMap<String, T> {
    #[inline]
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        from.entries(&mut |key, from| self.keep(key, from))
    }
}

impl<T: Decode> Rest for BTreeMap<String, T> {
    #[inline]
    fn keep(&mut self, key: &str, from: &mut Reader<'_>) -> Result<(), Fault> {
        // Of a key that comes twice the last value counts, as it does for every map that serde reads.
        let value = T::read(from)?;
        self.insert(key.to_owned(), value);
        Ok(())
    }
}

impl<T: Decode> Blank for BTreeMap<String, T> {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }
}

impl<T: Encode> Encode for BTreeMap<String, T> {
    #[inline]
    fn write(&self, to: &mut Writer) {
        to.object(&[], &[], Some(self));
    }
}

impl<T: Encode> Others for BTreeMap<String, T> {
    #[inline]
    fn write_entries(&self, to: &mut Writer) {
        for (key, value) in self {
            to.key(key);
            value.write(to);
        }
    }
}

/// Types that are written as a text, as they are shown.
#[cfg(any(feature = "jiff", feature = "uuid"))]
macro_rules! texts {
    ($($type:ty = $blank:expr, $wrong:literal;)*) => {$(
        impl Slot for $type {
            fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
                *self = from.parsed($wrong, |text| text.parse().ok())?;
                Ok(())
            }
        }

        impl Blank for $type {
            fn blank() -> Self {
                $blank
            }
        }

        impl Encode for $type {
            fn write(&self, to: &mut Writer) {
                to.string(&self.to_string());
            }
        }
    )*};
}

#[cfg(feature = "jiff")]
texts! {
    jiff::civil::Date = Self::default(), "the text is not a date";
}
#[cfg(feature = "uuid")]
texts! {
    uuid::Uuid = Self::nil(), "the text is not a UUID";
}

/// A timestamp of a place that says no adapter has an offset, unless what it stands in says otherwise.
#[cfg(feature = "jiff")]
mod timestamp {
    use super::{Blank, Encode, Fault, Reader, Slot, Writer};
    use crate::adapt::{Adapted, naive_utc, timestamp};
    use jiff::Timestamp;

    impl Slot for Timestamp {
        fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
            *self = if from.has_naive_times() {
                <Self as Adapted<naive_utc::Adapter>>::read(from)?
            } else {
                <Self as Adapted<timestamp::Adapter>>::read(from)?
            };
            Ok(())
        }
    }

    impl Blank for Timestamp {
        fn blank() -> Self {
            Self::default()
        }
    }

    impl Encode for Timestamp {
        fn write(&self, to: &mut Writer) {
            to.string(&self.to_string());
        }
    }
}

/// A decimal of a place that says no adapter is a text, as `rust_decimal` has it.
#[cfg(feature = "decimal")]
mod decimal {
    use super::{Blank, Encode, Fault, Reader, Slot, Writer};
    use crate::adapt::{Adapted, decimal_text};
    use rust_decimal::Decimal;

    impl Slot for Decimal {
        fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
            *self = <Self as Adapted<decimal_text::Adapter>>::read(from)?;
            Ok(())
        }
    }

    impl Blank for Decimal {
        fn blank() -> Self {
            Self::default()
        }
    }

    impl Encode for Decimal {
        fn write(&self, to: &mut Writer) {
            <Self as Adapted<decimal_text::Adapter>>::write(self, to);
        }
    }
}

impl Slot for Value {
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        *self = match from.peek() {
            Some(b'{') => {
                let mut map = serde_json::Map::new();
                from.entries(&mut |key, from| {
                    let mut value = Self::Null;
                    value.fill(from)?;
                    map.insert(key.to_owned(), value);
                    Ok(())
                })?;
                Self::Object(map)
            }
            Some(b'[') => {
                let mut list = Vec::new();
                from.items(&mut |from| Self::append(&mut list, from))?;
                Self::Array(list)
            }
            Some(b'"') => Self::String(from.string()?.into_owned()),
            Some(b't' | b'f') => Self::Bool(from.boolean()?),
            Some(b'n') if from.null() => Self::Null,
            _ => {
                let before = from.clone();
                let number = from.number("a value")?;
                Self::Number(number.parse().map_err(|_| before.fault("number out of range"))?)
            }
        };
        Ok(())
    }
}

impl Blank for Value {
    fn blank() -> Self {
        Self::Null
    }
}

impl Encode for Value {
    fn write(&self, to: &mut Writer) {
        to.serde(self);
    }
}
