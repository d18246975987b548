//! The steady path of a message allocates nothing.

#[path = "../benches/publish_cost/lane.rs"]
mod lane;

use allocation_counter::measure;
use lane::{Lane, LaneSettings};
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
