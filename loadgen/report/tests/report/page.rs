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
    let runs = [
        report,
        simulated::report_of("p2p, slow", 1.7),
        simulated::report_of("p2p, fast", 0.8),
    ];
    let report = &runs[0];
    let comparison = loadgen_report::Comparison::of(&runs);
    print!("{}", comparison.text());
    fs::write(folder.join("comparison.html"), comparison.html()).unwrap();
    print!("{}", loadgen_report::summary(report));
}
