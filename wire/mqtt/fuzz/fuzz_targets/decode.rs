//! Any bytes as one packet.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wire_mqtt_fuzz::decode(bytes));
