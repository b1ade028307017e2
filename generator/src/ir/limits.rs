//! What bounds values without changing what they are?

use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde_json::Number;

/// Bounds of values, each of which concerns only values of its own kind. `None` and empty mean "not said".
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The smallest number.
    pub minimum: Option<Number>,
    /// The greatest number.
    pub maximum: Option<Number>,
    /// What numbers are greater than.
    pub exclusive_minimum: Option<Number>,
    /// What numbers are smaller than.
    pub exclusive_maximum: Option<Number>,
    /// What numbers are multiples of, each of them.
    pub multiples: Vec<Number>,
    /// The fewest characters of a text.
    pub min_length: Option<u64>,
    /// The most characters of a text.
    pub max_length: Option<u64>,
    /// What texts match, each of them.
    pub patterns: Vec<Pattern>,
    /// The fewest items of a list.
    pub min_items: Option<u64>,
    /// The most items of a list.
    pub max_items: Option<u64>,
    /// Whether no item of a list comes twice.
    pub unique_items: bool,
    /// The fewest entries of an object.
    pub min_properties: Option<u64>,
    /// The most entries of an object.
    pub max_properties: Option<u64>,
    /// Fields that demand others, each with those that it demands.
    pub needs: Vec<(String, Vec<String>)>,
    /// What bounds the keys of an object.
    pub keys: Option<Box<Limits>>,
}

/// A regular expression of ECMA-262. Where it stands is for those who cannot read it: two are the same wherever they stand.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The expression.
    pub text: String,
    /// Its place in the document.
    pub place: String,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// The bounds of a type or a mention. Most have none, and those take no more room than a pointer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Bounds(Option<Box<Limits>>);

impl Deref for Bounds {
    type Target = Limits;

    fn deref(&self) -> &Limits {
        static NONE: Limits = Limits::NONE;
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl From<Limits> for Bounds {
    fn from(limits: Limits) -> Self {
        Self((!limits.is_empty()).then(|| Box::new(limits)))
    }
}

impl Bounds {
    /// Adds what else holds: of two bounds the narrower.
    pub fn narrow(&mut self, other: &Limits) {
        if !other.is_empty() {
            self.0.get_or_insert_default().narrow(other);
        }
    }
}

impl Limits {
    /// No bounds.
    const NONE: Self = Self {
        minimum: None,
        maximum: None,
        exclusive_minimum: None,
        exclusive_maximum: None,
        multiples: Vec::new(),
        min_length: None,
        max_length: None,
        patterns: Vec::new(),
        min_items: None,
        max_items: None,
        unique_items: false,
        min_properties: None,
        max_properties: None,
        needs: Vec::new(),
        keys: None,
    };

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// Adds what else holds: of two bounds the narrower.
    pub fn narrow(&mut self, other: &Self) {
        number(&mut self.minimum, other.minimum.as_ref(), |new, known| new > known);
        number(&mut self.exclusive_minimum, other.exclusive_minimum.as_ref(), |new, known| new > known);
        number(&mut self.maximum, other.maximum.as_ref(), |new, known| new < known);
        number(&mut self.exclusive_maximum, other.exclusive_maximum.as_ref(), |new, known| new < known);
        self.min_length = self.min_length.max(other.min_length);
        self.min_items = self.min_items.max(other.min_items);
        self.min_properties = self.min_properties.max(other.min_properties);
        self.max_length = least(self.max_length, other.max_length);
        self.max_items = least(self.max_items, other.max_items);
        self.max_properties = least(self.max_properties, other.max_properties);
        self.unique_items |= other.unique_items;
        each(&mut self.multiples, &other.multiples);
        each(&mut self.needs, &other.needs);
        each(&mut self.patterns, &other.patterns);
        match (&mut self.keys, &other.keys) {
            (Some(keys), Some(other)) => keys.narrow(other),
            (keys @ None, Some(other)) => *keys = Some(other.clone()),
            (_, None) => {}
        }
    }
}

/// Numbers of a document are compared as doubles: it is the rare one beyond 2^53 that this takes for equal.
fn number(known: &mut Option<Number>, new: Option<&Number>, narrower: impl Fn(f64, f64) -> bool) {
    let Some(new) = new else { return };
    let replace = match (known.as_ref().and_then(Number::as_f64), new.as_f64()) {
        (Some(known), Some(new)) => narrower(new, known),
        (known, _) => known.is_none(),
    };
    if replace {
        *known = Some(new.clone());
    }
}

fn least(known: Option<u64>, new: Option<u64>) -> Option<u64> {
    match (known, new) {
        (Some(known), Some(new)) => Some(known.min(new)),
        (known, new) => known.or(new),
    }
}

fn each<T: Clone + PartialEq>(known: &mut Vec<T>, new: &[T]) {
    for new in new {
        if !known.contains(new) {
            known.push(new.clone());
        }
    }
}
