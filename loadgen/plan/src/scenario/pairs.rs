//! Each publisher has one subscriber.

use super::{build, stages};
use crate::{Options, Plan, PlanError};

/// `pairs` publishers, each with one subscriber of its own.
///
/// # Errors
///
/// [`PlanError`].
pub fn p2p(options: &Options, pairs: u32) -> Result<Plan, PlanError> {
    build::at_least("p2p", "pairs", 1, pairs)?;
    let topic = "p2p/${r}/${i}";
    let filter = options.topic.as_ref().map_or(topic, |topic| topic.as_str());
    let groups = vec![
        build::subscribers(options, "subscribers", pairs, filter),
        build::publishers(options, pairs, topic),
    ];
    let mut all = vec![
        stages::connect(options, "connect subscribers", &[0], pairs),
        stages::connect(options, "connect publishers", &[1], pairs),
    ];
    all.extend(stages::publish(options, &[1]));
    all.push(stages::disconnect(2));
    build::plan("p2p", options, groups, all)
}
