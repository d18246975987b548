//! Few to many, many to few, and many to groups that share.

use super::{build, stages};
use crate::{Options, Plan, PlanError};

/// `publishers` topics, and `subscribers` that get all of them.
///
/// # Errors
///
/// [`PlanError`].
pub fn fan_out(options: &Options, publishers: u32, subscribers: u32) -> Result<Plan, PlanError> {
    let filter = build::wildcard(options, "fan-out/${r}/+");
    fan("fan-out", options, publishers, subscribers, &filter)
}

/// `publishers` topics, and few `subscribers` that get all of them by a wildcard.
///
/// # Errors
///
/// [`PlanError`].
pub fn fan_in(options: &Options, publishers: u32, subscribers: u32) -> Result<Plan, PlanError> {
    let filter = build::wildcard(options, "fan-in/${r}/#");
    fan("fan-in", options, publishers, subscribers, &filter)
}

/// `publishers` topics, and `subscribers` in `groups` shared groups: each group gets each message
/// once.
///
/// # Errors
///
/// [`PlanError`].
pub fn shared(
    options: &Options,
    publishers: u32,
    subscribers: u32,
    groups: u32,
) -> Result<Plan, PlanError> {
    build::at_least("shared", "groups", 1, groups)?;
    build::at_least("shared", "subscribers", groups, subscribers)?;
    let filter = build::wildcard(options, "shared/${r}/+");
    let filter = format!("$share/g${{i%{groups}}}/{filter}");
    fan("shared", options, publishers, subscribers, &filter)
}

fn fan(
    scenario: &'static str,
    options: &Options,
    publishers: u32,
    subscribers: u32,
    filter: &str,
) -> Result<Plan, PlanError> {
    build::at_least(scenario, "publishers", 1, publishers)?;
    build::at_least(scenario, "subscribers", 1, subscribers)?;
    let groups = vec![
        build::subscribers(options, "subscribers", subscribers, filter),
        build::publishers(options, publishers, &format!("{scenario}/${{r}}/${{i}}")),
    ];
    let mut all = vec![
        stages::connect(options, "connect subscribers", &[0], subscribers),
        stages::connect(options, "connect publishers", &[1], publishers),
    ];
    all.extend(stages::publish(options, &[1]));
    all.push(stages::disconnect(2));
    build::plan(scenario, options, groups, all)
}
