//! Any sequence of connections, packets, bytes, acknowledgements, losses and times: the engine
//! never panics and keeps its word to the driver, see `tests/corpus`.
#![no_main]

#[path = "../../tests/corpus/play.rs"]
mod play;

libfuzzer_sys::fuzz_target!(|script: &[u8]| play::play(script));
