//! How do values become JSON, and JSON values, with no code made twice?
//!
//! serde compiles the reading of a type once for each format, in each crate that reads it: for an API of a thousand types that
//! is most of what its users wait for. Here a type says in one line each where its fields lie, and what walks over the text is
//! compiled once, in this crate. serde's two traits come from that, so that a generated type is at home wherever
//! serde is spoken.
//!
//! ```
//! use sinew_runtime::generated::json;
//!
//! // What the generator writes:
//! #[derive(Debug, PartialEq)]
//! struct User { id: i64, name: Option<String> }
//!
//! json::record!(User { id "id", name "name" });
//!
//! let user: User = serde_json::from_str(r#"{"id": 7, "later": true}"#).unwrap();
//! assert_eq!(user, User { id: 7, name: None });
//! assert_eq!(serde_json::to_string(&user).unwrap(), r#"{"id":7}"#);
//! ```
//!
//! # Where it is compiled
//!
//! A client has a thousand types, and most of its users need a few. What reads and writes one is `#[inline]`, and so is compiled where
//! the client is called, if it is used at all. Of what is inline the compiler makes a copy in each of its units (sixteen, in
//! an optimised build) that refers to it, with the dropping of all that lies within. A generic method goes to the unit of its type's module,
//! a generic function to that of its own module. So all reading and writing goes through generic functions of this module
//! (`answer`, `body`, `read`), and what is behind them is inline to the last: one unit holds it all, once.

#[cfg(test)]
mod beside_serde;
pub(crate) mod bridge;
mod fault;
mod number;
mod reader;
#[cfg(test)]
mod tests;
mod text;
mod through;
mod transcode;
mod tuples;
mod values;
mod writer;

pub use crate::{__sinew_by_serde as by_serde, __sinew_json_record as record, __sinew_json_serde as serde};
pub use fault::Fault;
pub(crate) use reader::Refused;
pub use reader::{Reader, Rest};
pub use through::{BySerde, Kept, Present, Through, by_serde, kept};
pub use writer::{Others, Writer};

use crate::error::Error;
use crate::reply::Reply;

/// A place that a JSON value is read into.
pub trait Slot {
    /// Reads the value that comes next into this place, which is [blank](Blank::blank).
    ///
    /// # Errors
    /// If what comes is not JSON, or not a value of this type.
    fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault>;

    /// Whether the place may stay blank, as that of an optional field.
    fn optional(&self) -> bool {
        false
    }
}

/// A type of which there is something to stand in a place until its value is read.
pub trait Blank: Slot + Sized {
    /// What stands there. No caller ever sees it, unless it is what an absent value means.
    fn blank() -> Self;
}

/// A type whose values are read from JSON.
#[diagnostic::on_unimplemented(note = "a type that only serde knows is read with `Reply::json` and `Reader::serde`")]
pub trait Decode: Sized {
    /// Reads the value that comes next.
    ///
    /// # Errors
    /// If what comes is not JSON, or not a value of this type.
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault>;

    /// Reads the value that comes next to the end of a list.
    ///
    /// # Errors
    /// As [`Decode::read`].
    fn append(list: &mut Vec<Self>, from: &mut Reader<'_>) -> Result<(), Fault> {
        list.push(Self::read(from)?);
        Ok(())
    }

    /// Reads the body of a reply.
    ///
    /// # Errors
    /// Of kind [`Decode`](crate::ErrorKind::Decode) if the body is not a value of this type.
    fn answer(reply: Reply) -> Result<Self, Error> {
        reply.by(text)
    }
}

impl<T: Blank> Decode for T {
    #[inline]
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut value = T::blank();
        value.fill(from)?;
        Ok(value)
    }

    #[inline]
    fn append(list: &mut Vec<Self>, from: &mut Reader<'_>) -> Result<(), Fault> {
        // Filled where it lies: a large item is not moved once it is read.
        list.push(T::blank());
        match list.last_mut() {
            Some(item) => item.fill(from),
            None => Ok(()),
        }
    }

    #[inline]
    fn answer(reply: Reply) -> Result<Self, Error> {
        let mut value = T::blank();
        match reply.fill(&mut value) {
            Ok(()) => Ok(value),
            Err(error) => Err(error),
        }
    }
}

/// A value that is written as JSON.
pub trait Encode {
    /// Writes the value.
    fn write(&self, to: &mut Writer);

    /// Whether a field of this value is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// [`Blank::blank`] of whatever type is wanted.
pub fn blank<T: Blank>() -> T {
    T::blank()
}

/// Reads a text.
///
/// # Errors
/// If the text is not UTF-8, not JSON, or not a value of this type: saying which field, and where.
pub fn read<T: Decode>(text: &[u8]) -> Result<T, Fault> {
    read_by(text, T::read)
}

/// Reads a text, and says what is wrong with it.
///
/// # Errors
/// As [`read`].
pub fn text<T: Decode>(text: &[u8]) -> Result<T, String> {
    read(text).map_err(|fault| fault.to_string())
}

/// As [`text`], of a type that only serde knows.
///
/// # Errors
/// As [`read`].
pub fn serde_text<T: serde::de::DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    serde_json::from_slice(text).map_err(|error| crate::error::json_complaint(&error))
}

/// As [`read`], of a value that is read by a function.
pub(crate) fn read_by<T>(text: &[u8], read: fn(&mut Reader<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
    let refused = Refused::default();
    let mut reader = Reader::new(utf8(text)?, &refused);
    let value = read(&mut reader).map_err(|fault| fault.within(text))?;
    reader.end().map_err(|fault| fault.within(text))?;
    Ok(value)
}

/// As [`read`], into a place: that knows no type, and so is compiled once.
pub(crate) fn fill(text: &[u8], place: &mut dyn Slot) -> Result<(), Fault> {
    let refused = Refused::default();
    let mut reader = Reader::new(utf8(text)?, &refused);
    place.fill(&mut reader).and_then(|()| reader.end()).map_err(|fault| fault.within(text))
}

fn utf8(text: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(text).map_err(|error| Fault::new("the text is not UTF-8", error.valid_up_to()).within(text))
}

/// Reads the body of a reply. A function, and not a method, for the sake of where it is compiled.
///
/// # Errors
/// As [`Decode::answer`].
pub(crate) fn answer<T: Decode>(reply: Reply) -> Result<T, Error> {
    T::answer(reply)
}

/// The body that a value becomes. A function for the same sake.
///
/// # Errors
/// If a value within has no form in JSON.
pub(crate) fn body<T: Encode + ?Sized>(value: &T) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer::new();
    value.write(&mut writer);
    writer.finish().map(String::into_bytes)
}

/// Writes a value.
///
/// # Errors
/// If a value within has no form in JSON.
pub(crate) fn write(value: &dyn Encode) -> Result<String, Fault> {
    let mut writer = Writer::new();
    value.write(&mut writer);
    writer.finish()
}
