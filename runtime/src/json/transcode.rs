//! How does what another format holds become JSON, and JSON what another format takes?

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Reader, Refused, Writer};

/// The JSON of what a deserializer holds.
pub(super) fn transcribe<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let mut writer = Writer::new();
    Transcript(&mut writer).deserialize(deserializer)?;
    writer.finish().map_err(D::Error::custom)
}

struct Transcript<'a>(&'a mut Writer);

impl<'de> DeserializeSeed<'de> for Transcript<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! plain {
    ($($method:ident $type:ty)*) => {$(
        fn $method<E>(self, value: $type) -> Result<(), E> {
            self.0.serde(&value);
            Ok(())
        }
    )*};
}

impl<'de> Visitor<'de> for Transcript<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value that JSON has a form for")
    }

    plain! { visit_bool bool visit_i64 i64 visit_u64 u64 visit_i128 i128 visit_u128 u128 visit_f64 f64 visit_str &str }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.raw("null");
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.0.raw("null");
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.open('[');
        // What stands before an item is written by the seed, since only then it is known that there is one.
        while items.next_element_seed(Item(self.0))?.is_some() {}
        self.0.close(']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.0.open('{');
        while let Some(key) = entries.next_key::<String>()? {
            self.0.key(&key);
            entries.next_value_seed(Transcript(self.0))?;
        }
        self.0.close('}');
        Ok(())
    }
}

struct Item<'a>(&'a mut Writer);

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.next();
        Transcript(self.0).deserialize(deserializer)
    }
}

/// A JSON text, which is written as what it holds.
pub(super) struct Json<'a>(pub(super) &'a str);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let refused = Refused::default();
        let mut reader = Reader::new(self.0, &refused);
        match reader.peek() {
            Some(b'{') => {
                let mut map = serializer.serialize_map(None)?;
                let mut refused = None;
                let read = reader.entries(&mut |key, reader| {
                    let value = Json(reader.raw()?);
                    map.serialize_entry(key, &value).map_err(|error| {
                        refused = Some(error);
                        reader.fault("refused")
                    })
                });
                refused.map_or(Ok(()), Err)?;
                read.map_err(S::Error::custom)?;
                map.end()
            }
            Some(b'[') => {
                let mut list = serializer.serialize_seq(None)?;
                let mut refused = None;
                let read = reader.items(&mut |reader| {
                    let item = Json(reader.raw()?);
                    list.serialize_element(&item).map_err(|error| {
                        refused = Some(error);
                        reader.fault("refused")
                    })
                });
                refused.map_or(Ok(()), Err)?;
                read.map_err(S::Error::custom)?;
                list.end()
            }
            Some(b'"') => serializer.serialize_str(&reader.string().map_err(S::Error::custom)?),
            Some(b'n') => serializer.serialize_none(),
            Some(b't' | b'f') => serializer.serialize_bool(reader.boolean().map_err(S::Error::custom)?),
            _ => {
                let number = reader.number("a value").map_err(S::Error::custom)?;
                if let Ok(number) = number.parse::<u64>() {
                    serializer.serialize_u64(number)
                } else if let Ok(number) = number.parse::<i64>() {
                    serializer.serialize_i64(number)
                } else {
                    serializer.serialize_f64(number.parse().map_err(|_| S::Error::custom("not a number"))?)
                }
            }
        }
    }
}
