//! Which numbers are JSON's, and which fit?

use std::borrow::Cow;

use super::{Blank, Encode, Fault, Reader, Slot, Writer};

/// The length of the number that a text begins with (RFC 8259, section 6); none where it is not one.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && bytes[at] == b'0') {
        return None;
    }
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return None;
        }
        at += exponent;
    }
    Some(at)
}

/// A whole number that is written as another: `1.0`, `1e3`. To JSON Schema it is an integer (section 6.1.1 of its 2020-12
/// validation), and some languages write theirs so.
fn whole(written: &str) -> Option<Cow<'_, str>> {
    if written.contains(['e', 'E']) {
        let number: f64 = written.parse().ok()?;
        // Beyond 2^53 a double is not what was written.
        return (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0)
            .then(|| format!("{number:.0}").into());
    }
    let (whole, fraction) = written.split_once('.')?;
    fraction.bytes().all(|digit| digit == b'0').then_some(whole.into())
}

macro_rules! integers {
    ($($type:ident $fault:literal)*) => {$(
        impl Slot for $type {
            fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
                let before = from.clone();
                if let Some(number) = from.short_integer().and_then(|number| number.try_into().ok()) {
                    *self = number;
                    return Ok(());
                }
                *from = before.clone();
                let written = from.number(stringify!($type))?;
                match written.parse().ok().or_else(|| whole(written)?.parse().ok()) {
                    Some(number) => {
                        *self = number;
                        Ok(())
                    }
                    None => Err(before.fault($fault)),
                }
            }
        }

        number!($type);
    )*};
}

macro_rules! floats {
    ($($type:ident $fault:literal)*) => {$(
        impl Slot for $type {
            fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
                let before = from.clone();
                match from.number(stringify!($type))?.parse::<$type>() {
                    Ok(number) if number.is_finite() => {
                        *self = number;
                        Ok(())
                    }
                    _ => Err(before.fault($fault)),
                }
            }
        }

        number!($type);
    )*};
}

macro_rules! number {
    ($type:ident) => {
        impl Blank for $type {
            fn blank() -> Self {
                Self::default()
            }
        }

        impl Encode for $type {
            fn write(&self, to: &mut Writer) {
                to.serde(self);
            }
        }
    };
}

integers! {
    i8 "invalid value: number, expected i8"
    i16 "invalid value: number, expected i16"
    i32 "invalid value: number, expected i32"
    i64 "invalid value: number, expected i64"
    i128 "invalid value: number, expected i128"
    u8 "invalid value: number, expected u8"
    u16 "invalid value: number, expected u16"
    u32 "invalid value: number, expected u32"
    u64 "invalid value: number, expected u64"
    u128 "invalid value: number, expected u128"
}

floats! {
    f32 "number out of range"
    f64 "number out of range"
}
