//! Where does chance come from?

use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers for jitter: `SplitMix64`, seeded once per client, so that clients started together do not retry together.
#[derive(Debug)]
pub(crate) struct Random(AtomicU64);

impl Random {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(seed()))
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        let mut mixed = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// 64 bits from the operating system's chance, by way of the standard library's hash keys: `SipHash` under a secret key,
/// which differs for each state made.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// 128 bits as hexadecimal digits.
fn token() -> u128 {
    (u128::from(seed()) << 64) | u128::from(seed())
}

/// An id of a trace: 128 bits, not all zero.
pub(crate) fn trace_id() -> u128 {
    token().max(1)
}

/// An id of a span: 64 bits, not all zero.
pub(crate) fn span_id() -> u64 {
    seed().max(1)
}

/// A boundary that no content can hold but by a chance of one in 2^128.
pub(crate) fn boundary() -> String {
    format!("sinew-{:032x}", token())
}

/// A random UUID (version 4), the customary form of an idempotency key.
pub(crate) fn key() -> String {
    let bits = (token() & !(0xF << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{bits:032x}");
    let mut key = String::with_capacity(36);
    for (index, digit) in digits.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            key.push('-');
        }
        // Writing to a String cannot fail.
        let _ = key.write_char(digit);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_random_uuids() {
        let key = key();
        assert_eq!(key.len(), 36);
        assert_eq!(&key[14..15], "4", "{key}");
        assert!(matches!(&key[19..20], "8" | "9" | "a" | "b"), "{key}");
        assert_ne!(key, super::key());
        assert_ne!(boundary(), boundary());
    }
}
