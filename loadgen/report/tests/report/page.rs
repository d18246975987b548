//! The page of a run, as text and in a browser.

use std::fs;
use std::path::Path;

use loadgen_report::html;

use crate::simulated;

#[test]
fn writes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let report = simulated::report();
    fs::write(folder.join("page.html"), html(&report)).unwrap();
    print!("{}", loadgen_report::summary(&report));
}
