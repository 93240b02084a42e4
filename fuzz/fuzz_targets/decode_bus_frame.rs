//! Any bytes as a frame of another node.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| moim_fuzz::decode_bus_frame(input));
