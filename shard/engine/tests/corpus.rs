//! The corpus of the fuzz target `connection`, played again, and a thousand scripts of chance.
#![allow(clippy::disallowed_methods, reason = "the corpus is files")]

#[path = "corpus/play.rs"]
mod play;

use std::fs;
use std::path::Path;

#[test]
fn the_corpus_is_harmless() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/connection");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the corpus lies beside the target")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no corpus in {}", folder.display());
    for file in files {
        let script = fs::read(&file).expect("a file of the corpus can be read");
        play::play(&script);
    }
}

#[test]
fn scripts_of_chance_are_harmless() {
    let mut state = 1_u64;
    for _ in 0..1_000 {
        let script: Vec<u8> = (0..300)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                state.to_be_bytes()[0]
            })
            .collect();
        play::play(&script);
    }
}
