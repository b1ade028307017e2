//! Does any sequence of bytes make the generator panic, hang or overflow?
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|document: &[u8]| sinew_fuzz::exercise(document));
