//! Consumers that read slowly, and others beside them.

use super::{build, stages};
use crate::{Options, Plan, PlanError, Reading};

/// One publisher, `fast` subscribers whose latency is measured, and `slow` ones that read no more
/// than `bytes_per_s` each.
///
/// What slow subscribers miss is no violation: brokers may drop what they can't keep.
///
/// # Errors
///
/// [`PlanError`].
pub fn slow(options: &Options, fast: u32, slow: u32, bytes_per_s: u64) -> Result<Plan, PlanError> {
    build::at_least("slow", "fast subscribers", 1, fast)?;
    build::at_least("slow", "slow subscribers", 1, slow)?;
    let filter = build::wildcard(options, "slow/${r}/+");
    let mut slowly = build::subscribers(options, "slow", slow, &filter);
    slowly.reading = Reading::BytesPerSecond(bytes_per_s);
    let groups = vec![
        build::subscribers(options, "fast", fast, &filter),
        slowly,
        build::publishers(options, 1, "slow/${r}/${i}"),
    ];
    let mut all = vec![
        stages::connect(
            options,
            "connect subscribers",
            &[0, 1],
            fast.saturating_add(slow),
        ),
        stages::connect(options, "connect publisher", &[2], 1),
    ];
    all.extend(stages::publish(options, &[2]));
    all.push(stages::disconnect(3));
    build::plan("slow", options, groups, all)
}
