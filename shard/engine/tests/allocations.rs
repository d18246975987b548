//! The steady path of a message allocates nothing.

#[path = "../benches/publish_cost/lane.rs"]
mod lane;

use allocation_counter::measure;
use lane::{Lane, LaneSettings};
use wire_message::Qos;
use wire_mqtt::Version;

#[test]
fn a_qos_0_publish_to_one_subscriber_of_the_same_shard_allocates_nothing() {
    for version in [Version::V311, Version::V5] {
        let mut lane = Lane::new(LaneSettings::new(version, 1));
        lane.run(1_000);
        let before = lane.delivered();
        let counted = measure(|| lane.run(10_000));
        assert_eq!(lane.delivered() - before, 10_000);
        assert_eq!(counted.count_total, 0, "{version:?}: {counted:?}");
    }
}

/// A message that goes to another shard is copied once, whatever its receivers there.
#[test]
fn a_publish_to_another_shard_allocates_the_message_and_nothing_else() {
    let mut lane = Lane::new(LaneSettings::new(Version::V5, 2));
    lane.run(1_000);
    let counted = measure(|| lane.run(10_000));
    assert!(counted.count_total <= 2 * 10_000, "{counted:?}");
}

/// What came at once goes at once.
#[test]
fn publishes_to_another_shard_that_come_together_allocate_for_all_of_them_once() {
    let mut lane = Lane::new(LaneSettings {
        batch: 50,
        ..LaneSettings::new(Version::V5, 2)
    });
    lane.run(1_000);
    let before = lane.delivered();
    let counted = measure(|| lane.run(10_000));
    assert_eq!(lane.delivered() - before, 10_000);
    assert!(counted.count_total <= 2 * 10_000 / 50, "{counted:?}");
}

/// A message of quality of service 1 or 2 is kept until it is acknowledged: two parts of one copy.
#[test]
fn a_message_that_is_kept_for_its_client_is_copied_once() {
    for qos in [Qos::AtLeastOnce, Qos::ExactlyOnce] {
        let mut lane = Lane::new(LaneSettings {
            qos,
            batch: 50,
            ..LaneSettings::new(Version::V311, 1)
        });
        lane.run(1_000);
        let before = lane.delivered();
        let counted = measure(|| lane.run(10_000));
        assert_eq!(lane.delivered() - before, 10_000);
        // Besides those, what windows that were empty need, for each batch.
        let most = 2 * 10_000 + 25 * 10_000 / 50;
        assert!(counted.count_total <= most, "{qos:?}: {counted:?}");
    }
}
