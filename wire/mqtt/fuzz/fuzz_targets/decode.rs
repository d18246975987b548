#![no_main]
//! Any bytes as one packet.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wire_mqtt_fuzz::decode(bytes));
