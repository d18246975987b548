//! All that the gate measures.

use wire_message::Qos;

use super::build::{Program, Target};
use super::callgrind::Operations;
use super::memory::Held;
use super::pairs::Traffic;
use super::source::{Method, Source};

/// The release broker.
const BROKER: Program = Program {
    package: "broker-server",
    target: Target::Bin("skein"),
};

/// The engine without sockets; see the head of the file for what it can do.
const ENGINE: Program = Program {
    package: "shard-engine",
    target: Target::Bench("publish_cost"),
};

/// The table of topics.
const TOPICS: Program = Program {
    package: "shard-topics",
    target: Target::Bench("lookup_cost"),
};

/// The codec.
const CODEC: Program = Program {
    package: "wire-mqtt",
    target: Target::Example("publish_cost"),
};

/// The load generator without sockets.
const GENERATOR: Program = Program {
    package: "loadgen-work",
    target: Target::Bench("message_cost"),
};

/// A fan-out's subscribers, as the benchmark is told.
const FAN_OUT: u64 = 100;

/// Everything, in the order in which it is shown: what costs least to measure comes first.
pub(crate) fn sources() -> Vec<Source> {
    let mut sources = codec();
    sources.extend(topics());
    sources.extend(engine());
    sources.extend(generator());
    sources.extend(system_calls());
    sources.extend(memory());
    sources
}

fn codec() -> Vec<Source> {
    let source = |name, arguments| counted(name, "packet", CODEC, arguments);
    vec![
        source("decode-publish-v4", &["decode"]),
        source("decode-publish-v5", &["decode5"]),
        source("decode-publish-v5-properties", &["properties"]),
        source("encode-delivery-v4", &["encode"]),
        source("encode-delivery-v5", &["encode5"]),
    ]
}

fn topics() -> Vec<Source> {
    let source = |name, arguments| counted(name, "look-up", TOPICS, arguments);
    vec![
        source("look-up-exact", &["exact"]),
        source("look-up-wildcard", &["wildcard"]),
        source("look-up-cached", &["cached"]),
    ]
}

fn engine() -> Vec<Source> {
    let source = |name, arguments| {
        let mut source = counted(name, "message", ENGINE, arguments);
        if let Method::Counted { marked, .. } = &mut source.method {
            *marked = true;
        }
        source
    };
    let mut fan_out = source("fan-out-qos0", &["--subscribers", "100", "--messages"]);
    fan_out.thing = "delivery";
    if let Method::Counted { operations, .. } = &mut fan_out.method {
        *operations = Operations {
            few: 100,
            many: 1_100,
            outcomes: FAN_OUT,
        };
    }
    let mut connect = source("connect", &["--connects"]);
    connect.thing = "client that comes and goes";
    vec![
        source("publish-qos0-v4", &["--version", "4", "--messages"]),
        source("publish-qos0", &["--messages"]),
        source("publish-qos1", &["--qos", "1", "--messages"]),
        source("publish-qos2", &["--qos", "2", "--messages"]),
        source(
            "publish-qos0-v4-to-other-shard",
            &["--version", "4", "--shards", "2", "--messages"],
        ),
        source(
            "publish-qos0-to-other-shard",
            &["--shards", "2", "--messages"],
        ),
        source(
            "publish-qos1-to-other-shard",
            &["--shards", "2", "--qos", "1", "--messages"],
        ),
        source(
            "publish-qos2-to-other-shard",
            &["--shards", "2", "--qos", "2", "--messages"],
        ),
        fan_out,
        source("batch-of-20-qos0", &["--batch", "20", "--messages"]),
        source(
            "batch-of-20-qos0-to-other-shard",
            &["--batch", "20", "--shards", "2", "--messages"],
        ),
        source(
            "batch-of-20-qos1",
            &["--batch", "20", "--qos", "1", "--messages"],
        ),
        source(
            "batch-of-20-qos2",
            &["--batch", "20", "--qos", "2", "--messages"],
        ),
        source("fan-in-qos0", &["--publishers", "50", "--messages"]),
        source(
            "stored-qos1",
            &["--stored", "1", "--qos", "1", "--messages"],
        ),
        source(
            "stored-qos2",
            &["--stored", "1", "--qos", "2", "--messages"],
        ),
        source(
            "stored-qos1-to-other-shard",
            &["--stored", "1", "--shards", "2", "--qos", "1", "--messages"],
        ),
        connect,
    ]
}

fn generator() -> Vec<Source> {
    let source = |name, arguments| counted(name, "message", GENERATOR, arguments);
    vec![
        source("generator-qos0", &["--messages"]),
        source("generator-qos1", &["--qos", "1", "--messages"]),
    ]
}

fn system_calls() -> Vec<Source> {
    let source = |name, pairs, burst, qos, rounds_many| Source {
        name,
        thing: "message",
        method: Method::SystemCalls {
            broker: BROKER,
            traffic: Traffic {
                pairs,
                burst,
                qos,
                rounds_few: 20,
                rounds_many,
            },
        },
    };
    vec![
        source("one-at-a-time-qos0", 1, 1, Qos::AtMostOnce, 1_520),
        source("one-at-a-time-qos1", 1, 1, Qos::AtLeastOnce, 820),
        source("burst-of-20-qos0", 1, 20, Qos::AtMostOnce, 520),
        source("fifty-pairs-qos0", 50, 1, Qos::AtMostOnce, 120),
    ]
}

fn memory() -> Vec<Source> {
    let source = |name, thing, held| Source {
        name,
        thing,
        method: Method::Memory {
            broker: BROKER,
            held,
        },
    };
    vec![
        source("idle-connection", "connection", Held::Connection),
        source(
            "idle-connection-with-subscription",
            "connection",
            Held::ConnectionWithSubscription,
        ),
        source("subscription", "subscription", Held::Subscription),
        source(
            "subscription-with-wildcard",
            "subscription",
            Held::SubscriptionWithWildcard,
        ),
    ]
}

/// A program that counts for itself.
fn counted(
    name: &'static str,
    thing: &'static str,
    program: Program,
    arguments: &'static [&'static str],
) -> Source {
    Source {
        name,
        thing,
        method: Method::Counted {
            program,
            arguments,
            operations: Operations {
                few: 1_000,
                many: 11_000,
                outcomes: 1,
            },
            marked: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_figure_has_a_name_of_its_own_that_is_a_key_of_toml() {
        let mut names = BTreeSet::new();
        for figure in sources().iter().flat_map(Source::figures) {
            let is_key = |character: char| character.is_ascii_alphanumeric() || character == '-';
            assert!(figure.name.chars().all(is_key), "{}", figure.name);
            assert!(
                names.insert(figure.name.clone()),
                "{} is there twice",
                figure.name
            );
        }
        assert!(names.contains("publish-qos0-instructions"), "{names:?}");
    }
}
