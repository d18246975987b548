//! Replays the fuzz corpus of the index.
#![expect(clippy::disallowed_methods, reason = "reads the corpus")]

use std::path::Path;

#[path = "../fuzz/operations.rs"]
mod operations;

#[test]
fn the_index_agrees_with_a_list_on_the_whole_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/index");
    let files = std::fs::read_dir(&corpus).expect("the corpus is in the repository");
    let mut count = 0;
    for file in files {
        let path = file.expect("the folder is readable").path();
        operations::run(&std::fs::read(&path).expect("the file is readable"));
        count += 1;
    }
    assert!(count > 50, "{count} inputs");
}
