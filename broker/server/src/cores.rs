//! Which processor each shard runs on.

use anyhow::bail;
use broker_config::NodeConfig;
use broker_config::value::{Auto, CpuList};

/// One processor of so many is left to the kernel, the store and the control side by default.
const PROCESSORS_PER_RESERVED: usize = 16;

/// The processor of each shard, in the order of the shards.
///
/// `available` are those that the process may use. With more shards than processors some share one.
/// Unless the operator names the processors, or wants as many shards as there are, some processors
/// are left free: the first ones, which serve most interrupts.
pub(crate) fn assign(node: &NodeConfig, available: &[usize]) -> anyhow::Result<Vec<usize>> {
    let named: Option<Vec<usize>> = match &node.cpus {
        Auto::Auto => None,
        Auto::Of(CpuList(cpus)) => Some(cpus.iter().map(|cpu| usize::from(*cpu)).collect()),
    };
    let strange = named.iter().flatten().find(|cpu| !available.contains(cpu));
    if let Some(cpu) = strange {
        bail!(
            "`node.cpus` names processor {cpu}, which this process may not use; it may use {available:?}"
        );
    }
    let unreserved = &available[reserved(available.len())..];
    let shards = match (node.shards, &named) {
        (Auto::Auto, Some(named)) => named.len(),
        (Auto::Auto, None) => unreserved.len(),
        (Auto::Of(shards), _) => usize::from(shards),
    };
    let shards = shards.min(wire_message::SHARDS_MAX);
    let chosen = match named {
        Some(named) => named,
        None if shards <= unreserved.len() => unreserved.to_vec(),
        None => available.to_vec(),
    };
    Ok(chosen.into_iter().cycle().take(shards).collect())
}

/// How many of `processors` are left free: at least one of two or more.
fn reserved(processors: usize) -> usize {
    if processors < 2 {
        0
    } else {
        (processors / PROCESSORS_PER_RESERVED).max(1)
    }
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
    fn by_default_one_processor_of_sixteen_is_left_free() {
        let shards = |processors: usize| {
            let available: Vec<_> = (0..processors).collect();
            assign(&node("auto", "auto"), &available).unwrap()
        };
        assert_eq!(shards(1), [0]);
        assert_eq!(shards(2), [1]);
        assert_eq!(shards(4), [1, 2, 3]);
        assert_eq!(shards(31).len(), 30);
        assert_eq!(shards(64), (4..64).collect::<Vec<_>>());
        assert_eq!(assign(&node("auto", "auto"), &[0, 2, 5]).unwrap(), [2, 5]);
    }

    #[test]
    fn all_processors_that_are_named_get_a_shard() {
        assert_eq!(
            assign(&node("auto", "1-5"), &[1, 2, 3, 4, 5]).unwrap(),
            [1, 2, 3, 4, 5]
        );
    }

    #[test]
    fn as_many_shards_as_processors_get_one_each() {
        assert_eq!(assign(&node("2", "auto"), &[0, 1]).unwrap(), [0, 1]);
        assert_eq!(assign(&node("1", "auto"), &[3, 4]).unwrap(), [4]);
    }

    #[test]
    fn shards_take_turns_on_few_processors() {
        assert_eq!(
            assign(&node("5", "auto"), &[0, 1]).unwrap(),
            [0, 1, 0, 1, 0]
        );
        assert_eq!(assign(&node("3", "\"0,1\""), &[0, 1]).unwrap(), [0, 1, 0]);
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
