//! The file: what is read, what an update writes, what it refuses.

use super::super::figure::Kind;
use super::super::judge::judge;
use super::*;

const TEXT: &str = r#"
schema = 1

[figures.publish-instructions]
value = 877.5
unit = "instructions per message"
tolerance = 0.03
limit = 1000.0

[[history]]
date = "2026-01-01"
reason = "first"
compiler = "rustc 1"
changes = ["publish-instructions: 877.5 instructions per message"]
"#;

fn publish() -> Figure {
    Figure::new("publish", Kind::Instructions, "message")
}

fn updated(value: f64, reason: &str) -> Result<Baseline> {
    let mut baseline = Baseline::parse(TEXT)?;
    let row = judge(publish(), Ok(value), &baseline);
    baseline.update(&[row], &[], reason, "rustc 2")?;
    Ok(baseline)
}

#[test]
fn what_is_written_is_read_again() {
    let baseline = updated(901.0, "why").unwrap();
    let text = baseline.text().unwrap();
    assert!(text.starts_with("# What `perf gate`"), "{text}");
    let again = Baseline::parse(&text).unwrap();
    assert_eq!(again.figures, baseline.figures);
    assert_eq!(again.history.len(), 2);
}

#[test]
fn an_update_keeps_tolerance_and_limit_and_tells_why() {
    let baseline = updated(901.23, " the header is read twice ").unwrap();
    let allowed = &baseline.figures["publish-instructions"];
    assert!((allowed.value - 901.23).abs() < 1e-9);
    assert_eq!((allowed.tolerance, allowed.limit), (0.03, Some(1000.0)));
    let change = baseline.history.last().unwrap();
    assert_eq!(change.reason, "the header is read twice");
    assert_eq!(change.compiler, "rustc 2");
    let said = "publish-instructions: 877.5 -> 901.23 instructions per message (+2.7 %)";
    assert_eq!(change.changes, [said]);
}

#[test]
fn an_update_without_a_reason_is_refused() {
    let error = updated(901.0, "  ").unwrap_err();
    assert_eq!(error.to_string(), "an update needs a reason");
}

#[test]
fn an_update_above_the_limit_or_without_a_value_is_refused() {
    let error = updated(1001.0, "why").unwrap_err();
    assert!(error.to_string().contains("over its limit"), "{error}");
    let mut baseline = Baseline::parse(TEXT).unwrap();
    let row = judge(publish(), Err(anyhow::anyhow!("no valgrind")), &baseline);
    assert!(baseline.update(&[row], &[], "why", "rustc 2").is_err());
    assert_eq!(baseline.history.len(), 1);
}

#[test]
fn what_has_not_changed_leaves_no_trace() {
    let baseline = updated(877.9, "why").unwrap();
    assert_eq!(baseline.history.len(), 1);
    assert!((baseline.figures["publish-instructions"].value - 877.5).abs() < 1e-9);
}

#[test]
fn a_new_figure_gets_the_tolerance_of_its_kind() {
    let mut baseline = Baseline::default();
    let figure = Figure::new("publish", Kind::Allocations, "message");
    let row = judge(figure, Ok(0.0), &baseline);
    assert_eq!(baseline.update(&[row], &[], "first", "rustc 1").unwrap(), 1);
    let allowed = &baseline.figures["publish-allocations"];
    assert_eq!((allowed.tolerance, allowed.slack), (0.0, 0.01));
    assert!(allowed.most() < 1.0);
}

#[test]
fn a_figure_that_is_gone_is_stale_until_an_update_takes_it_out() {
    let mut baseline = Baseline::parse(TEXT).unwrap();
    let stale = baseline.stale(&[Figure::new("other", Kind::Bytes, "connection")]);
    assert_eq!(stale, ["publish-instructions"]);
    assert!(baseline.stale(&[publish()]).is_empty());
    assert_eq!(baseline.update(&[], &stale, "gone", "rustc 2").unwrap(), 1);
    assert!(baseline.figures.is_empty());
    let change = baseline.history.last().unwrap();
    assert_eq!(change.changes, ["publish-instructions is gone"]);
}

#[test]
fn a_file_with_what_it_should_not_hold_is_refused() {
    for (from, to) in [
        ("schema = 1", "schema = 2"),
        ("value = 877.5", "value = -1.0"),
        ("value = 877.5", "value = nan"),
        ("tolerance = 0.03", "tolerance = 0.03\ntolerence = 1.0"),
        ("tolerance = 0.03", ""),
    ] {
        let text = TEXT.replace(from, to);
        assert_ne!(text, TEXT);
        assert!(Baseline::parse(&text).is_err(), "{to}");
    }
}
