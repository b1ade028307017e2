//! How are the values of plain types held against rules?

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use serde_json::Value;

use super::rule::{self, Limit, Measured, Rule};
use super::{Found, Validate};
use crate::{Nullable, Secret};

impl Validate for str {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        rule::text(self, rules, found);
    }
}

impl Validate for String {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        rule::text(self, rules, found);
    }
}

impl Validate for Secret {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        rule::text(self.expose(), rules, found);
    }
}

impl Validate for bool {
    fn holds(&self, _: &'static [Rule], _: &mut Found) {}
}

impl Validate for () {
    fn holds(&self, _: &'static [Rule], _: &mut Found) {}
}

/// Bytes travel as a text, of which nothing is demanded.
impl Validate for u8 {
    fn holds(&self, _: &'static [Rule], _: &mut Found) {}
}

macro_rules! whole {
    ($($type:ty),*) => {
        $(
            impl Measured for $type {
                fn against(self, limit: Limit) -> Option<Ordering> {
                    match limit {
                        Limit::Whole(limit) => Some(i128::from(self).cmp(&limit)),
                        // Beyond 2^53 a limit with a fraction is whole, too.
                        #[allow(clippy::cast_precision_loss, clippy::cast_lossless)]
                        Limit::Real(limit) => (self as f64).partial_cmp(&limit),
                    }
                }

                fn is_multiple_of(self, limit: Limit) -> bool {
                    match limit {
                        Limit::Whole(limit) => limit == 0 || i128::from(self) % limit == 0,
                        #[allow(clippy::cast_precision_loss, clippy::cast_lossless)]
                        Limit::Real(_) => (self as f64).is_multiple_of(limit),
                    }
                }
            }

            impl Validate for $type {
                fn holds(&self, rules: &'static [Rule], found: &mut Found) {
                    rule::number(*self, rules, found);
                }
            }
        )*
    };
}

whole!(i32, i64, u32, u64);

impl Measured for f64 {
    fn against(self, limit: Limit) -> Option<Ordering> {
        self.partial_cmp(&limit.real())
    }

    /// As near as decimal fractions come in binary: `0.3` is a multiple of `0.1`.
    fn is_multiple_of(self, limit: Limit) -> bool {
        let unit = limit.real();
        let quotient = self / unit;
        unit == 0.0 || !quotient.is_finite() || (quotient - quotient.round()).abs() <= 1e-9 * quotient.abs().max(1.0)
    }
}

impl Validate for f64 {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        rule::number(*self, rules, found);
    }
}

impl Validate for f32 {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        // As it is written: `0.1` is 0.1, and not what its bits are in twice as many.
        if let Ok(number) = self.to_string().parse::<f64>() {
            rule::number(number, rules, found);
        }
    }
}

#[cfg(feature = "decimal")]
mod decimal {
    use rust_decimal::Decimal;
    use rust_decimal::prelude::ToPrimitive as _;

    use super::{Found, Limit, Measured, Ordering, Rule, Validate, rule};

    fn limit(limit: Limit) -> Option<Decimal> {
        match limit {
            Limit::Whole(whole) => Decimal::try_from_i128_with_scale(whole, 0).ok(),
            Limit::Real(real) => real.to_string().parse().ok(),
        }
    }

    /// How many digits of a fraction a double surely keeps.
    const KEPT: usize = 15;

    impl Measured for Decimal {
        fn against(self, bound: Limit) -> Option<Ordering> {
            let text = bound.to_string();
            if matches!(bound, Limit::Real(_)) && text.bytes().filter(u8::is_ascii_digit).count() > KEPT {
                // The document's own digits are lost; what is equal to it as a double is not beyond it.
                return self.to_f64()?.partial_cmp(&bound.real());
            }
            limit(bound).map(|bound| self.cmp(&bound))
        }

        fn is_multiple_of(self, unit: Limit) -> bool {
            limit(unit).and_then(|unit| self.checked_rem(unit)).is_none_or(|rest| rest.is_zero())
        }
    }

    impl Validate for Decimal {
        fn holds(&self, rules: &'static [Rule], found: &mut Found) {
            rule::number(*self, rules, found);
        }
    }
}

/// Types that travel as a text of a form of their own.
#[allow(unused_macros)] // which there are is for features to say
macro_rules! texts {
    ($($type:ty),*) => {
        $(
            impl Validate for $type {
                fn holds(&self, rules: &'static [Rule], found: &mut Found) {
                    if !rules.is_empty() {
                        rule::text(&self.to_string(), rules, found);
                    }
                }
            }
        )*
    };
}

#[cfg(feature = "jiff")]
texts!(jiff::Timestamp, jiff::civil::Date);
#[cfg(feature = "uuid")]
texts!(uuid::Uuid);

impl<T: Validate + ?Sized> Validate for &T {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        T::holds(self, rules, found);
    }

    fn parts(&self, found: &mut Found) {
        T::parts(self, found);
    }
}

impl<T: Validate + ?Sized> Validate for Box<T> {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        T::holds(self, rules, found);
    }

    fn parts(&self, found: &mut Found) {
        T::parts(self, found);
    }
}

/// What is not there breaks no rule.
impl<T: Validate> Validate for Option<T> {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        if let Some(value) = self {
            value.holds(rules, found);
        }
    }

    fn parts(&self, found: &mut Found) {
        if let Some(value) = self {
            value.parts(found);
        }
    }
}

impl<T: Validate> Validate for Nullable<T> {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        if let Some(value) = self.value() {
            value.holds(rules, found);
        }
    }

    fn parts(&self, found: &mut Found) {
        if let Some(value) = self.value() {
            value.parts(found);
        }
    }
}

impl<T: Validate> Validate for Vec<T> {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        rule::items(self.len(), || unique(self), rules, found);
        for rule in rules {
            match *rule {
                Rule::Each(rules) => each(self, rules, found),
                Rule::At(position, rules) => {
                    if let Some(item) = self.get(position) {
                        found.inside(&position.to_string(), |found| item.holds(rules, found));
                    }
                }
                _ => {}
            }
        }
    }

    fn parts(&self, found: &mut Found) {
        for (position, item) in self.iter().enumerate() {
            found.inside(&position.to_string(), |found| item.parts(found));
        }
    }
}

macro_rules! tuples {
    ($(($($name:ident $at:tt),+))*) => {$(
        impl<$($name: Validate),+> Validate for ($($name,)+) {
            fn holds(&self, rules: &'static [Rule], found: &mut Found) {
                for rule in rules {
                    match *rule {
                        Rule::UniqueItems => found.written(self, &[Rule::UniqueItems]),
                        $(Rule::At($at, rules) => found.inside(stringify!($at), |found| self.$at.holds(rules, found)),)+
                        _ => {}
                    }
                }
            }

            fn parts(&self, found: &mut Found) {
                $(found.inside(stringify!($at), |found| self.$at.parts(found));)+
            }
        }
    )*};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
}

fn each<T: Validate>(items: &[T], rules: &'static [Rule], found: &mut Found) {
    for (position, item) in items.iter().enumerate() {
        found.inside(&position.to_string(), |found| item.holds(rules, found));
    }
}

/// Whether no item is there twice. Two are the same if they are written the same.
fn unique<T: Serialize>(items: &[T]) -> bool {
    let mut known = HashSet::with_capacity(items.len());
    items.iter().filter_map(|item| serde_json::to_string(item).ok()).all(|written| known.insert(written))
}

impl<T: Validate> Validate for BTreeMap<String, T> {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        rule::keys(&self.keys(), |key| self.contains_key(key), rules, found);
        for rule in rules {
            if let Rule::Each(rules) = *rule {
                for (key, value) in self {
                    found.inside(key, |found| value.holds(rules, found));
                }
            }
        }
    }

    fn parts(&self, found: &mut Found) {
        for (key, value) in self {
            found.inside(key, |found| value.parts(found));
        }
    }
}

/// A value of any type keeps the rules of the type it has.
impl Validate for Value {
    fn holds(&self, rules: &'static [Rule], found: &mut Found) {
        match self {
            Self::Null | Self::Bool(_) => {}
            Self::String(text) => rule::text(text, rules, found),
            Self::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(whole), _, _) => rule::number(whole, rules, found),
                (_, Some(whole), _) => rule::number(whole, rules, found),
                (_, _, Some(real)) => rule::number(real, rules, found),
                _ => {}
            },
            Self::Array(items) => items.holds(rules, found),
            Self::Object(fields) => {
                rule::keys(&fields.keys(), |key| fields.contains_key(key), rules, found);
                for rule in rules {
                    if let Rule::Each(rules) = *rule {
                        for (key, value) in fields {
                            found.inside(key, |found| value.holds(rules, found));
                        }
                    }
                }
            }
        }
    }
}
