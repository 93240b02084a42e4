//! Any bytes as a frame of the wire.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| moim_fuzz::decode_frame(input));
