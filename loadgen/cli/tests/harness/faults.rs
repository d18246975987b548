//! What goes wrong between publisher and subscriber is found and ends with exit code 2.

use serde_json::Value;

use crate::harness::{Harm, Relay, loadgen};
use crate::server;

/// One in ten messages comes to harm on its way; the checks of the report, and how many they were.
#[track_caller]
fn checks(harm: Harm, options: &str, code: i32) -> (Value, u64) {
    let server = server();
    let relay = Relay::start(server.address(), harm, 10, 7);
    let words =
        format!("p2p --pairs 3 -r 600 --json - --warm-up 0 --duration 1s --drain 500ms {options}");
    let report = loadgen(&words, relay.address()).report(code);
    assert_eq!(report["verdict"] == "violated", code == 2, "{report}");
    let harmed = relay.harmed();
    // About one in ten of 600.
    assert!(harmed >= 20, "{harmed}");
    (report["checks"].clone(), harmed)
}

fn count(checks: &Value, name: &str) -> u64 {
    checks[name].as_u64().unwrap()
}

#[test]
fn a_lossy_relay_is_caught_as_loss() {
    let (checks, harmed) = checks(Harm::Drop, "-q 0", 2);
    let lost = count(&checks, "lost");
    assert_eq!(lost, harmed, "{checks}");
    assert_eq!(
        count(&checks, "expected") - count(&checks, "delivered"),
        lost
    );
    assert_eq!(count(&checks, "reordered") + count(&checks, "corrupt"), 0);
    assert!(
        checks["violations"].to_string().contains("lost"),
        "{checks}"
    );
}

#[test]
fn a_swapping_relay_is_caught_as_reordering() {
    let (checks, harmed) = checks(Harm::Swap, "-q 0", 2);
    assert_eq!(count(&checks, "reordered"), harmed, "{checks}");
    // The last message of a subscriber may wait for one to overtake it, and none comes.
    assert!(count(&checks, "lost") <= 3, "{checks}");
    assert_eq!(count(&checks, "corrupt"), 0, "{checks}");
}

#[test]
fn a_corrupting_relay_is_caught_as_corruption() {
    let (checks, harmed) = checks(Harm::Corrupt, "-q 0", 2);
    assert_eq!(count(&checks, "corrupt"), harmed, "{checks}");
    assert_eq!(count(&checks, "reordered"), 0, "{checks}");
}

#[test]
fn a_doubling_relay_is_caught_at_quality_of_service_0() {
    let (checks, harmed) = checks(Harm::Double, "-q 0", 2);
    assert_eq!(count(&checks, "duplicates"), harmed, "{checks}");
    assert_eq!(count(&checks, "lost"), 0, "{checks}");
}

#[test]
fn what_is_allowed_is_counted_and_no_violation() {
    let (checks, harmed) = checks(Harm::Drop, "-q 0 --allow loss", 0);
    assert_eq!(count(&checks, "lost"), harmed, "{checks}");
}
