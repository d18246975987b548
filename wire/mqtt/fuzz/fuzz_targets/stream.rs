//! Any bytes as a stream, cut anywhere.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wire_mqtt_fuzz::stream(bytes));
