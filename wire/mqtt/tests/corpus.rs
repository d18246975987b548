//! Runs the fuzz targets over their corpora.

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is the library of the fuzz targets, too")]
mod targets;

use std::path::Path;

/// Runs `target` over each file in its corpus; how many there were.
#[expect(clippy::disallowed_methods, reason = "the corpus is files")]
fn replay(name: &str, target: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let entries = std::fs::read_dir(&folder).expect("the corpus is committed");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let inputs = paths.map(|path| std::fs::read(path).expect("the corpus can be read"));
    inputs.map(|input| target(&input)).count()
}

#[test]
fn the_corpus_of_decode_holds() {
    assert!(replay("decode", targets::decode) > 50);
}

#[test]
fn the_corpus_of_stream_holds() {
    assert!(replay("stream", targets::stream) > 20);
}
