//! Does a document that is a tree, and bent here and there, make the generator panic, hang or overflow?
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use sinew_fuzz::mutate::{Dice, mutate};

fuzz_target!(|document: &[u8]| sinew_fuzz::exercise(document));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if let Ok(mut document) = serde_json::from_slice(&data[..size]) {
        mutate(&mut document, &mut Dice::new(u64::from(seed)));
        let bent = document.to_string();
        if bent.len() <= max_size {
            data[..bent.len()].copy_from_slice(bent.as_bytes());
            return bent.len();
        }
    }
    // What is no tree (yet), or too large, is bent as bytes.
    fuzzer_mutate(data, size, max_size)
});
