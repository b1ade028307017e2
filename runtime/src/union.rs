//! Which variant of a union is a JSON value?

use std::fmt;

use serde_json::Value;

use crate::json::{Fault, Reader};

/// A set of JSON types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct JsonTypes(u8);

impl JsonTypes {
    /// No type.
    pub const NONE: Self = Self(0);
    /// `null`
    pub const NULL: Self = Self(1);
    /// `true` and `false`
    pub const BOOLEAN: Self = Self(2);
    /// Numbers written without fraction and exponent.
    pub const INTEGER: Self = Self(4);
    /// Numbers, integers among them.
    pub const NUMBER: Self = Self(8);
    /// Texts.
    pub const STRING: Self = Self(16);
    /// Arrays.
    pub const ARRAY: Self = Self(32);
    /// Objects.
    pub const OBJECT: Self = Self(64);
    /// Every type.
    pub const ANY: Self = Self(127);

    /// Both sets together.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a value is of one of these types.
    pub fn allow(self, value: &Value) -> bool {
        let types = match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if number.is_f64() => Self::NUMBER,
            Value::Number(_) => Self::INTEGER.or(Self::NUMBER),
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        };
        self.0 & types.0 != 0
    }
}

impl std::ops::BitOr for JsonTypes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl fmt::Debug for JsonTypes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];
        formatter
            .debug_set()
            .entries(NAMES.iter().enumerate().filter(|(bit, _)| self.0 & (1 << bit) != 0).map(|(_, name)| name))
            .finish()
    }
}

/// One variant of a union, as far as a value can be known by it.
#[derive(Clone, Copy, Debug)]
pub struct UnionArm {
    name: &'static str,
    types: JsonTypes,
    required: &'static [&'static str],
    properties: &'static [&'static str],
    constants: Constants,
    values: &'static [&'static str],
}

/// The texts that properties may have, by property.
type Constants = &'static [(&'static str, &'static [&'static str])];

impl UnionArm {
    /// An arm with a name for errors and the JSON types its values have.
    pub const fn new(name: &'static str, types: JsonTypes) -> Self {
        Self { name, types, required: &[], properties: &[], constants: &[], values: &[] }
    }

    /// The keys an object must have.
    pub const fn required(mut self, keys: &'static [&'static str]) -> Self {
        self.required = keys;
        self
    }

    /// The keys an object may have, the required ones among them.
    pub const fn properties(mut self, keys: &'static [&'static str]) -> Self {
        self.properties = keys;
        self
    }

    /// The texts that properties may have: each a `const` or a closed `enum`. A value that has the property with another
    /// text is not of this arm.
    pub const fn constants(mut self, constants: Constants) -> Self {
        self.constants = constants;
        self
    }

    /// The texts that the value itself may be, for an arm that is a closed set of texts.
    pub const fn values(mut self, texts: &'static [&'static str]) -> Self {
        self.values = texts;
        self
    }

    /// How well a value fits: own properties present (what is not its own would be lost), constants matched, required keys. Or
    /// why it does not.
    fn score(&self, value: &Value) -> Result<(usize, usize, usize), String> {
        if !self.types.allow(value) {
            return Err("another JSON type".to_owned());
        }
        let mut matched = 0;
        if !self.values.is_empty() {
            if !self.values.iter().any(|text| is(value, text)) {
                return Err("not one of its values".to_owned());
            }
            matched += 1;
        }
        let Value::Object(fields) = value else { return Ok((0, matched, 0)) };
        for (key, texts) in self.constants {
            match fields.get(*key) {
                Some(found) if texts.iter().any(|text| is(found, text)) => matched += 1,
                Some(_) => return Err(format!("`{key}` is not one of its values")),
                None => {}
            }
        }
        if let Some(key) = self.required.iter().find(|key| !fields.contains_key(**key)) {
            return Err(format!("`{key}` is missing"));
        }
        let present = self.properties.iter().filter(|key| fields.contains_key(**key)).count();
        Ok((present, matched, self.required.len()))
    }
}

/// Whether a scalar is a text, or is written as it.
fn is(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Number(number) => number.to_string() == text,
        Value::Bool(found) => text == if *found { "true" } else { "false" },
        Value::Null => text == "null",
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// A value with what lies deeper left out: all that variants are told apart by. What an object holds deeper is an empty list,
/// which no text is.
fn surface(from: &mut Reader<'_>) -> Result<Value, Fault> {
    match from.peek() {
        Some(b'{') => {
            let mut fields = serde_json::Map::new();
            from.entries(&mut |key, from| {
                let value = match from.peek() {
                    Some(b'{' | b'[') => {
                        from.skip()?;
                        Value::Array(Vec::new())
                    }
                    _ => from.serde()?,
                };
                fields.insert(key.to_owned(), value);
                Ok(())
            })?;
            Ok(Value::Object(fields))
        }
        Some(b'[') => from.skip().map(|()| Value::Array(Vec::new())),
        _ => from.serde(),
    }
}

/// How long the reason may be why a value is not of one variant. It may hold those of the unions within, each of them.
const LONGEST_REASON: usize = 400;

/// A reason that is not too long.
fn shortened(mut why: String) -> String {
    if let Some((end, _)) = why.char_indices().nth(LONGEST_REASON) {
        why.truncate(end);
        why.push('…');
    }
    why
}

/// A union of a document: how its values are told apart.
#[derive(Clone, Copy, Debug)]
pub struct Union {
    arms: &'static [UnionArm],
    tag: Option<(&'static str, &'static [(&'static str, usize)])>,
    closed: bool,
}

impl Union {
    /// A union of arms in the order of the document. It is open: a value that is of no arm is kept.
    pub const fn new(arms: &'static [UnionArm]) -> Self {
        Self { arms, tag: None, closed: false }
    }

    /// A property that tells the arm, and which arm each of its texts is.
    pub const fn tag(mut self, property: &'static str, texts: &'static [(&'static str, usize)]) -> Self {
        self.tag = Some((property, texts));
        self
    }

    /// Makes a value that is of no arm an error.
    pub const fn closed(mut self) -> Self {
        self.closed = true;
        self
    }

    /// Reads a value: `place` is asked to read it as the variant it is of, by position; `usize::MAX` means none, and the value
    /// is to be kept.
    ///
    /// With a tag its text decides alone. Without, the arms whose types, constants and required keys fit are tried, the
    /// one that says most about the value first: by own properties present, then constants matched, then required keys,
    /// then the document's order.
    ///
    /// # Errors
    /// If the arm that the tag names cannot be read; or, in a closed union, if no arm can, saying why for each.
    pub fn read(
        &'static self,
        from: &mut Reader<'_>,
        place: &mut dyn FnMut(usize, &mut Reader<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let before = from.clone();
        let value = surface(from)?;
        if let Some((property, texts)) = self.tag {
            let arm = value.get(property).and_then(|found| texts.iter().find(|(text, _)| is(found, text)));
            *from = before.clone();
            return match arm {
                Some((text, index)) => {
                    place(*index, from).map_err(|fault| fault.because(&format!("`{property}` is `{text}`, and ")))
                }
                None if self.closed => {
                    let known: Vec<_> = texts.iter().map(|(text, _)| format!("`{text}`")).collect();
                    Err(before.fault(format!("`{property}` is none of {}", known.join(", "))))
                }
                None => place(usize::MAX, from),
            };
        }
        let mut candidates = Vec::new();
        let mut tried = Vec::new();
        for (index, arm) in self.arms.iter().enumerate() {
            match arm.score(&value) {
                Ok(score) => candidates.push((score, index)),
                Err(why) => tried.push((index, why)),
            }
        }
        // Stable, so that equals keep the document's order.
        candidates.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        for (_, index) in candidates {
            *from = before.clone();
            if let Some(why) = before.refused(self, index) {
                tried.push((index, why));
                continue;
            }
            match place(index, from) {
                Ok(()) => return Ok(()),
                Err(fault) => {
                    let why = shortened(fault.to_string());
                    before.refuse(self, index, why.clone());
                    tried.push((index, why));
                }
            }
        }
        *from = before;
        if !self.closed {
            return place(usize::MAX, from);
        }
        tried.sort_by_key(|(index, _)| *index);
        let reasons: Vec<_> =
            tried.iter().filter_map(|(index, why)| Some(format!("{}: {why}", self.arms.get(*index)?.name))).collect();
        Err(from.fault(format!("the value is of no variant ({})", reasons.join("; "))))
    }
}
