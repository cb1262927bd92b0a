#![no_main]

#[allow(dead_code)]
#[path = "../../tests/rust/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::index(data));
