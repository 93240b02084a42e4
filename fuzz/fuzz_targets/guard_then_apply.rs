//! Any updates, one after another, to one document.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| moim_fuzz::guard_then_apply(input));
