//! Runs the fuzz targets over their corpora.

#[path = "../fuzz/src/decode.rs"]
#[expect(
    unreachable_pub,
    reason = "it belongs to the library of the fuzz targets, too"
)]
mod decode;
#[path = "../fuzz/src/stream.rs"]
#[expect(
    unreachable_pub,
    reason = "it belongs to the library of the fuzz targets, too"
)]
mod stream;

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
    assert!(replay("decode", decode::decode) > 50);
}

#[test]
fn the_corpus_of_stream_holds() {
    assert!(replay("stream", stream::stream) > 20);
}
