//! Which processor each shard runs on.

use anyhow::bail;
use broker_config::NodeConfig;
use broker_config::value::{Auto, CpuList};

/// The processor of each shard, in the order of the shards.
///
/// `available` are those that the process may use. With more shards than processors some share one.
pub(crate) fn assign(node: &NodeConfig, available: &[usize]) -> anyhow::Result<Vec<usize>> {
    let chosen: Vec<usize> = match &node.cpus {
        Auto::Auto => available.to_vec(),
        Auto::Of(CpuList(cpus)) => cpus.iter().map(|cpu| usize::from(*cpu)).collect(),
    };
    if let Some(cpu) = chosen.iter().find(|cpu| !available.contains(cpu)) {
        bail!(
            "`node.cpus` names processor {cpu}, which this process may not use; it may use {available:?}"
        );
    }
    let shards = match node.shards {
        Auto::Auto => chosen.len().min(wire_message::SHARDS_MAX),
        Auto::Of(shards) => usize::from(shards),
    };
    Ok(chosen.into_iter().cycle().take(shards).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(shards: &str, cpus: &str) -> NodeConfig {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let pairs = [
            pair("SKEIN__NODE__SHARDS", shards),
            pair("SKEIN__NODE__CPUS", cpus),
        ];
        broker_config::load(None, pairs).unwrap().config.node
    }

    #[test]
    fn one_shard_for_each_processor_by_default() {
        assert_eq!(
            assign(&node("auto", "auto"), &[0, 2, 5]).unwrap(),
            [0, 2, 5]
        );
        assert_eq!(
            assign(&node("auto", "2-5"), &[1, 2, 3, 4, 5]).unwrap(),
            [2, 3, 4, 5]
        );
    }

    #[test]
    fn shards_take_turns_on_few_processors() {
        assert_eq!(
            assign(&node("5", "auto"), &[0, 1]).unwrap(),
            [0, 1, 0, 1, 0]
        );
        assert_eq!(assign(&node("1", "auto"), &[3, 4]).unwrap(), [3]);
    }

    #[test]
    fn a_processor_that_is_not_ours_is_refused() {
        let error = assign(&node("auto", "\"0,9\""), &[0, 1])
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("`node.cpus` names processor 9"),
            "{error}"
        );
    }
}
