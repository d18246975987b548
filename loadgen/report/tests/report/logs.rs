//! The `HdrHistogram` log that other tools are tried on (`test_hdr_log.py`) is what is written today.

use loadgen_report::{HdrLogs, Tally, histogram};

/// A log of three seconds: a thousand values of 1 to 1,000 us, a single one of a second, and none.
fn logs() -> HdrLogs {
    let mut logs = HdrLogs::new(1_764_076_800_250, "loadgen p2p");
    let mut tally = Tally::default();
    for microseconds in 1..=1000 {
        tally.intended.saturating_record(microseconds * 1000);
    }
    logs.push("measure", 2.0, 1.0, &tally);
    let mut tally = Tally::default();
    tally.intended.saturating_record(1_000_000_000);
    logs.push("measure", 3.0, 1.0, &tally);
    logs.push("measure", 4.0, 0.5, &Tally::default());
    logs
}

#[test]
fn the_kept_log_is_as_written_today() {
    let logs = logs();
    let (name, text) = logs.files().next().expect("there is one log");
    assert_eq!(name, "measure.intended.hlog");
    let kept = include_str!("golden/measure.intended.hlog");
    assert_eq!(kept.lines().count(), text.lines().count());
    for (kept, written) in kept.lines().zip(text.lines()) {
        let halves = |line: &str| {
            let (head, histogram) = line.rsplit_once(',').unwrap_or((line, ""));
            (head.to_owned(), histogram::decode(histogram).ok())
        };
        // The bytes are the compressor's business, what they hold is ours.
        assert_eq!(halves(kept), halves(written));
    }
}
