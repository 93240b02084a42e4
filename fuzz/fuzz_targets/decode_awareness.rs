//! Any awareness payloads of several participants.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| moim_fuzz::decode_awareness(input));
