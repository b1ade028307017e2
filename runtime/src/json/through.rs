//! How do fields lie in a type that are written in another way than their type is?

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::Serialize;

use super::{Decode, Encode, Fault, Others, Reader, Rest, Slot, Writer};
use crate::adapt::Adapted;

/// A field that is read and written by the adapter `A`; a reference to it stands inside.
pub struct Through<A, T>(T, PhantomData<A>);

impl<A, T> Through<A, T> {
    /// The field by its adapter.
    pub(crate) fn new(field: T) -> Self {
        Self(field, PhantomData)
    }
}

impl<A, T: Adapted<A> + Slot> Slot for Through<A, &mut T> {
    #[inline]
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        *self.0 = T::read(from)?;
        Ok(())
    }

    #[inline]
    fn optional(&self) -> bool {
        self.0.optional()
    }
}

impl<A, T: Adapted<A>> Encode for Through<A, &T> {
    #[inline]
    fn write(&self, to: &mut Writer) {
        Adapted::write(self.0, to);
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.0.is_absent()
    }
}

impl<A, T: Adapted<A>> Encode for Through<A, &[T]> {
    #[inline]
    fn write(&self, to: &mut Writer) {
        to.list(self.0.len(), &mut |at, to| self.0[at].write(to));
    }
}

impl<A, T: Adapted<A>> Rest for Through<A, &mut BTreeMap<String, T>> {
    #[inline]
    fn keep(&mut self, key: &str, from: &mut Reader<'_>) -> Result<(), Fault> {
        let value = T::read(from)?;
        self.0.insert(key.to_owned(), value);
        Ok(())
    }
}

impl<A, T: Adapted<A>> Others for Through<A, &BTreeMap<String, T>> {
    #[inline]
    fn write_entries(&self, to: &mut Writer) {
        for (key, value) in self.0 {
            to.key(key);
            value.write(to);
        }
    }
}

/// A field that may be left out, of values of which `null` is one; a reference to it stands inside.
pub struct Present<T>(T);

impl<T> Present<T> {
    pub(crate) fn new(field: T) -> Self {
        Self(field)
    }
}

impl<T: Decode> Slot for Present<&mut Option<T>> {
    #[inline]
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
        *self.0 = Some(T::read(from)?);
        Ok(())
    }

    #[inline]
    fn optional(&self) -> bool {
        true
    }
}

impl<T: Encode> Encode for Present<&Option<T>> {
    #[inline]
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

/// A field that is there even where it is `null`.
pub struct Kept<T>(T);

/// The field, which is written as `null` where others would be left out.
pub fn kept<T: Encode>(field: T) -> Kept<T> {
    Kept(field)
}

impl<T: Encode> Encode for Kept<T> {
    #[inline]
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }
}

/// A value that only serde knows how to write.
pub struct BySerde<'a, T: ?Sized>(&'a T);

/// The value as serde writes it.
pub fn by_serde<T: Serialize + ?Sized>(value: &T) -> BySerde<'_, T> {
    BySerde(value)
}

impl<T: Serialize + ?Sized> Encode for BySerde<'_, T> {
    #[inline]
    fn write(&self, to: &mut Writer) {
        to.serde(self.0);
    }
}

impl<T: Rest + ?Sized> Rest for &mut T {
    #[inline]
    fn keep(&mut self, key: &str, from: &mut Reader<'_>) -> Result<(), Fault> {
        (**self).keep(key, from)
    }
}

impl<T: Others + ?Sized> Others for &T {
    #[inline]
    fn write_entries(&self, to: &mut Writer) {
        (**self).write_entries(to);
    }
}
