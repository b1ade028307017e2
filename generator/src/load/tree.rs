//! How does a parser's output become one tree, with nothing lost and nothing without measure?

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Map, Number, Value};

/// What a tree may cost, and what was noticed while it was built.
#[derive(Debug)]
pub(super) struct Watch {
    /// Bytes that may still be added. Only YAML aliases can make a tree much larger than its text.
    budget: Cell<usize>,
    /// Whether the budget was exceeded.
    pub(super) exhausted: Cell<bool>,
    /// Keys that occur twice in one mapping.
    pub(super) duplicates: RefCell<Vec<Duplicate>>,
    /// Whether `<<` merges mappings, as in YAML.
    merges: bool,
}

/// A key that occurs twice.
#[derive(Debug)]
pub(super) struct Duplicate {
    /// From the mapping outwards to the root: filled in while the builder returns, so that it costs nothing otherwise.
    pub(super) path: Vec<String>,
    /// The key.
    pub(super) key: String,
}

impl Watch {
    pub(super) fn new(text: &str, merges: bool) -> Self {
        Self {
            // Enough for every document that does not repeat itself by aliases, and for those that do so with sense.
            budget: Cell::new(16 * 1024 * 1024 + text.len().saturating_mul(8)),
            exhausted: Cell::new(false),
            duplicates: RefCell::new(Vec::new()),
            merges,
        }
    }

    fn spend<E: Error>(&self, bytes: usize) -> Result<(), E> {
        if let Some(rest) = self.budget.get().checked_sub(bytes + 1) {
            self.budget.set(rest);
            Ok(())
        } else {
            self.exhausted.set(true);
            Err(E::custom("the document grows without measure"))
        }
    }

    fn unwind(&self, from: usize, token: impl Fn() -> String) {
        for duplicate in self.duplicates.borrow_mut().iter_mut().skip(from) {
            duplicate.path.push(token());
        }
    }

    fn noticed(&self) -> usize {
        self.duplicates.borrow().len()
    }
}

/// Builds a [`Value`]. The depth is bounded by the parsers (both stop at 128 levels).
#[derive(Clone, Copy)]
pub(super) struct Builder<'a>(pub(super) &'a Watch);

impl<'de> DeserializeSeed<'de> for Builder<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Builder<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(Value::from(value))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Value, E> {
        #[allow(clippy::cast_precision_loss)] // JSON numbers beyond 64 bits are floats everywhere
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Value, E> {
        #[allow(clippy::cast_precision_loss)] // as above
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.0.spend(0)?;
        // YAML's `.nan` and `.inf` are no JSON numbers; their text is kept.
        Ok(Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.0.spend(value.len())?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        self.0.spend(value.len())?;
        Ok(Value::String(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    /// A YAML tag (`!thing value`): the value counts, the tag has no meaning here.
    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        let (_, content) = access.variant::<IgnoredAny>()?;
        content.newtype_variant_seed(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.0.spend(0)?;
        let mut list = Vec::new();
        loop {
            let noticed = self.0.noticed();
            let Some(element) = access.next_element_seed(self)? else {
                return Ok(Value::Array(list));
            };
            self.0.unwind(noticed, || list.len().to_string());
            list.push(element);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.0.spend(0)?;
        let mut map = Map::new();
        let mut merged: Vec<Value> = Vec::new();
        // Asked for as a text, a YAML key is given as it is written: `200`, `on`, `0755`.
        while let Some(key) = access.next_key::<String>()? {
            self.0.spend(key.len())?;
            let noticed = self.0.noticed();
            let value = access.next_value_seed(self)?;
            self.0.unwind(noticed, || key.clone());
            if self.0.merges && key == "<<" {
                match value {
                    Value::Array(list) => merged.extend(list),
                    other => merged.push(other),
                }
                continue;
            }
            match map.entry(key) {
                serde_json::map::Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                serde_json::map::Entry::Occupied(mut entry) => {
                    let duplicate = Duplicate { path: Vec::new(), key: entry.key().clone() };
                    self.0.duplicates.borrow_mut().push(duplicate);
                    // As every JSON parser does.
                    entry.insert(value);
                }
            }
        }
        for source in merged {
            let Value::Object(source) = source else {
                return Err(A::Error::custom("`<<` merges mappings, and this is none"));
            };
            for (key, value) in source {
                // What the mapping says itself wins, then what was merged first.
                map.entry(key).or_insert(value);
            }
        }
        Ok(Value::Object(map))
    }
}
