//! Does a value keep within the bounds that the document states?
//!
//! Decoding never asks: a service that sends one character too many breaks nobody. Who wants to know calls
//! [`Validate::validate`], which generated crates have with their feature `validate`.

mod found;
mod pattern;
mod rule;
mod values;

pub use found::Found;
pub use rule::{Limit, Rule};

use serde::Serialize;

/// Values whose document says more of them than their type can hold: lengths, ranges, patterns.
///
/// ```
/// use sinew_runtime::{Validate, generated::{Found, Rule}};
///
/// struct Order {
///     number: String,
/// }
/// # impl serde::Serialize for Order {
/// #     fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
/// #         to.collect_map([("number", &self.number)])
/// #     }
/// # }
/// // What a generated crate says of its types.
/// impl Validate for Order {
///     fn parts(&self, found: &mut Found) {
///         found.field("number", &self.number, &[Rule::MinLength(1)]);
///     }
/// }
///
/// let violations = Order { number: String::new() }.validate().unwrap_err();
/// assert_eq!(violations.to_string(), "`/number` must have at least 1 character");
/// ```
pub trait Validate: Serialize {
    /// Tells everything that the document would not have so.
    ///
    /// The value is looked at as it would be sent. Words that an enumeration does not list are no violation: they are how
    /// a service grows.
    ///
    /// # Errors
    /// All violations, each with its path.
    fn validate(&self) -> Result<(), Violations> {
        let mut found = Found::default();
        self.parts(&mut found);
        found.finish()
    }

    /// Holds the value against what is said where it is mentioned.
    #[doc(hidden)]
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        found.written(self, rules);
    }

    /// Holds the value and its parts against what their types say.
    #[doc(hidden)]
    fn parts(&self, found: &mut Found) {
        let _ = found;
    }
}

/// Everything in a value that the document would not have so: at least one violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// The violations, in the order of the fields.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.0.iter()
    }
}

impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'v> IntoIterator for &'v Violations {
    type Item = &'v Violation;
    type IntoIter = std::slice::Iter<'v, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl std::fmt::Display for Violations {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (position, violation) in self.0.iter().enumerate() {
            formatter.write_str(if position == 0 { "" } else { "; " })?;
            violation.fmt(formatter)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// One thing that the document would not have so. It names the rule and never the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    path: String,
    keyword: &'static str,
    message: String,
}

impl Violation {
    /// Where the value stands, as a JSON pointer (RFC 6901): `/items/0/name`, or empty for the whole.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The keyword of JSON Schema that is violated: `minLength`.
    pub fn keyword(&self) -> &'static str {
        self.keyword
    }

    /// What must be so: `must have at least 1 character`.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.path.as_str() {
            "" => write!(formatter, "the value {}", self.message),
            path => write!(formatter, "`{path}` {}", self.message),
        }
    }
}

/// Types that say nothing of their values beyond what they are.
#[doc(hidden)]
#[macro_export]
macro_rules! __sinew_nothing_to_check {
    ($($type:ty),* $(,)?) => {
        $( impl $crate::Validate for $type {} )*
    };
}

pub use __sinew_nothing_to_check as nothing_to_check;
