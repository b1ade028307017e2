//! What can a document demand of a value beyond its type?

use super::{Found, pattern};

/// A demand of JSON Schema (2020-12, validation vocabulary, section 6). It concerns values of its own JSON type alone.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // each variant is the keyword of its name
pub enum Rule {
    MinLength(u64),
    MaxLength(u64),
    /// A pattern: as this crate reads it, and as the document writes it.
    Pattern(&'static str, &'static str),
    Minimum(Limit),
    Maximum(Limit),
    ExclusiveMinimum(Limit),
    ExclusiveMaximum(Limit),
    MultipleOf(Limit),
    MinItems(u64),
    MaxItems(u64),
    UniqueItems,
    MinProperties(u64),
    MaxProperties(u64),
    /// `dependentRequired`: who has the first has the others.
    Needs(&'static str, &'static [&'static str]),
    /// Rules of each item of a list, or of each value of a map.
    Each(&'static [Rule]),
    /// Rules of the item at a position of a list.
    At(usize, &'static [Rule]),
    /// `propertyNames`: rules of each key of a map.
    Keys(&'static [Rule]),
}

/// A number that bounds others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// Without a fraction.
    Whole(i128),
    /// With one.
    Real(f64),
}

impl Limit {
    /// The nearest binary number.
    #[allow(clippy::cast_precision_loss)] // beyond 2^53 binary numbers are whole and far apart: the bound is as near as they come
    pub(super) fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(whole) => whole.fmt(formatter),
            Self::Real(real) => real.fmt(formatter),
        }
    }
}

/// How a number compares with limits.
pub(super) trait Measured: Copy {
    /// Below, at or above the limit; `None` where they cannot be compared.
    fn against(self, limit: Limit) -> Option<std::cmp::Ordering>;

    /// Whether it is a whole multiple of the limit.
    fn is_multiple_of(self, limit: Limit) -> bool;
}

/// Holds a text against rules.
pub(super) fn text(text: &str, rules: &[Rule], found: &mut Found) {
    let mut length = None;
    let mut length = || *length.get_or_insert_with(|| text.chars().count() as u64);
    for rule in rules {
        match *rule {
            Rule::MinLength(least) if length() < least => {
                found.tell("minLength", format!("must have at least {}", counted(least, "character")));
            }
            Rule::MaxLength(most) if length() > most => {
                found.tell("maxLength", format!("must have at most {}", counted(most, "character")));
            }
            Rule::Pattern(read, written) if !pattern::matches(read, text) => {
                found.tell("pattern", format!("must match `{written}`"));
            }
            _ => {}
        }
    }
}

/// Holds a number against rules.
pub(super) fn number(number: impl Measured, rules: &[Rule], found: &mut Found) {
    use std::cmp::Ordering::{Equal, Greater, Less};
    for rule in rules {
        match *rule {
            Rule::Minimum(least) if number.against(least) == Some(Less) => {
                found.tell("minimum", format!("must be at least {least}"));
            }
            Rule::Maximum(most) if number.against(most) == Some(Greater) => {
                found.tell("maximum", format!("must be at most {most}"));
            }
            Rule::ExclusiveMinimum(below) if matches!(number.against(below), Some(Less | Equal)) => {
                found.tell("exclusiveMinimum", format!("must be more than {below}"));
            }
            Rule::ExclusiveMaximum(above) if matches!(number.against(above), Some(Greater | Equal)) => {
                found.tell("exclusiveMaximum", format!("must be less than {above}"));
            }
            Rule::MultipleOf(unit) if !number.is_multiple_of(unit) => {
                found.tell("multipleOf", format!("must be a multiple of {unit}"));
            }
            _ => {}
        }
    }
}

/// Holds the length of a list against rules.
pub(super) fn items(count: usize, unique: impl Fn() -> bool, rules: &[Rule], found: &mut Found) {
    let count = count as u64;
    for rule in rules {
        match *rule {
            Rule::MinItems(least) if count < least => {
                found.tell("minItems", format!("must have at least {}", counted(least, "item")));
            }
            Rule::MaxItems(most) if count > most => {
                found.tell("maxItems", format!("must have at most {}", counted(most, "item")));
            }
            Rule::UniqueItems if !unique() => found.tell("uniqueItems", "must not have an item twice".to_owned()),
            _ => {}
        }
    }
}

/// Holds the keys of an object against rules.
pub(super) fn keys<'k>(
    keys: &(impl Iterator<Item = &'k String> + Clone),
    has: impl Fn(&str) -> bool,
    rules: &[Rule],
    found: &mut Found,
) {
    let count = || keys.clone().count() as u64;
    for rule in rules {
        match *rule {
            Rule::MinProperties(least) if count() < least => {
                found.tell("minProperties", format!("must have at least {}", entries(least)));
            }
            Rule::MaxProperties(most) if count() > most => {
                found.tell("maxProperties", format!("must have at most {}", entries(most)));
            }
            Rule::Needs(key, needed) if has(key) => {
                for needed in needed.iter().filter(|needed| !has(needed)) {
                    found.tell("dependentRequired", format!("must have `{needed}`, since it has `{key}`"));
                }
            }
            Rule::Keys(rules) => {
                for key in keys.clone() {
                    found.inside(key, |found| text(key, rules, found));
                }
            }
            _ => {}
        }
    }
}

fn counted(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

fn entries(count: u64) -> String {
    format!("{count} {}", if count == 1 { "entry" } else { "entries" })
}
