//! What holds whatever the broker and the network do.

use proptest::collection::vec;
use proptest::prelude::*;
use wire_client::{Client, Event, Settings, State};
use wire_message::{Instant, Qos};
use wire_mqtt::{Connack, ConnackProperties, Connect, Packet, Version};

use crate::world::{World, message};

/// What a broker may say to a client that asked for nothing.
const STREAM: &[&[u8]] = &[
    &[0x30, 5, 0, 1, b't', 0, b'm'],
    &[0x32, 7, 0, 1, b't', 0, 7, 0, b'm'],
    &[0x34, 7, 0, 1, b't', 0, 8, 0, b'm'],
    &[0x62, 2, 0, 8],
    &[0xd0, 0],
    &[0x40, 2, 0, 1],
    &[0x50, 2, 0, 2],
    &[0x70, 2, 0, 2],
    &[0xe0, 1, 0x8b],
];

/// Two clients that face each other: PUBLISH and its acknowledgements look the same both ways.
struct Pair {
    ends: [Client; 2],
    /// Bytes on their way to each end.
    wires: [Vec<u8>; 2],
    /// What each end was delivered.
    delivered: [Vec<(Qos, u32)>; 2],
    /// What each end published so far.
    published: [Vec<(Qos, u32)>; 2],
    version: Version,
    connected_before: bool,
}

const NOW: Instant = Instant::ZERO;

impl Pair {
    fn new(version: Version) -> Self {
        let settings = Settings {
            inflight_max: 4,
            aliases_max: 1,
            ..Settings::default()
        };
        Self {
            ends: [Client::new(settings), Client::new(settings)],
            wires: [Vec::new(), Vec::new()],
            delivered: [Vec::new(), Vec::new()],
            published: [Vec::new(), Vec::new()],
            version,
            connected_before: false,
        }
    }

    /// Cuts the connection, and opens it again; what was on its way is lost.
    fn reconnect(&mut self) {
        let mut connect = Connect::new(self.version, "c");
        connect.clean_start = false;
        connect.properties.topic_alias_maximum = Some(1);
        let connack = Packet::Connack(Connack {
            session_present: self.connected_before && self.version != Version::V31,
            properties: ConnackProperties {
                topic_alias_maximum: Some(1),
                ..ConnackProperties::default()
            },
            ..Connack::default()
        });
        self.wires = [Vec::new(), Vec::new()];
        for end in 0..2 {
            let mut ignored = Vec::new();
            self.ends[end].connect(&connect, NOW, &mut ignored).unwrap();
        }
        for end in 0..2 {
            let mut bytes = Vec::new();
            connack.encode(self.version, &mut bytes).unwrap();
            self.receive(end, &bytes);
        }
        self.connected_before = true;
    }

    fn publish(&mut self, end: usize, qos: Qos) {
        let number = u32::try_from(self.published[end].len()).unwrap();
        let payload = number.to_be_bytes();
        let publish = message("t", &payload, qos);
        let out = &mut self.wires[1 - end];
        if self.ends[end].publish(&publish, NOW, out).is_ok() {
            self.published[end].push((qos, number));
        }
    }

    /// Hands over some of the bytes that are on their way to `end`.
    fn transfer(&mut self, end: usize, bytes: usize) {
        let size = bytes.min(self.wires[end].len());
        let bytes: Vec<u8> = self.wires[end].drain(..size).collect();
        self.receive(end, &bytes);
    }

    fn receive(&mut self, end: usize, bytes: &[u8]) {
        let delivered = &mut self.delivered[end];
        let out = &mut self.wires[1 - end];
        self.ends[end]
            .handle_input(bytes, NOW, out, |event| {
                if let Event::Delivered(delivery) = event {
                    let number = delivery.publish.payload.try_into().unwrap();
                    delivered.push((delivery.publish.qos, u32::from_be_bytes(number)));
                }
            })
            .expect("both ends keep to the rules");
    }

    fn settle(&mut self) {
        while self.wires.iter().any(|wire| !wire.is_empty()) {
            self.transfer(0, usize::MAX);
            self.transfer(1, usize::MAX);
        }
    }

    /// Every message of QoS 1 and 2 arrived, in order by QoS; of QoS 2 each once.
    fn check(&self) -> Result<(), TestCaseError> {
        for end in 0..2 {
            prop_assert_eq!(self.ends[end].unfinished(), 0);
            prop_assert_eq!(self.ends[end].state(), State::Connected);
            let of = |list: &[(Qos, u32)], wanted: Qos| {
                let fitting = list.iter().filter(|(qos, _)| *qos == wanted);
                fitting.map(|(_, number)| *number).collect::<Vec<_>>()
            };
            let (sent, came) = (&self.published[1 - end], &self.delivered[end]);
            prop_assert_eq!(of(came, Qos::ExactlyOnce), of(sent, Qos::ExactlyOnce));
            // What comes again comes in order, too: without what came before, it is what was sent.
            let mut first = Vec::new();
            for number in of(came, Qos::AtLeastOnce) {
                if !first.contains(&number) {
                    first.push(number);
                }
            }
            prop_assert_eq!(first, of(sent, Qos::AtLeastOnce));
            let at_most_once = of(came, Qos::AtMostOnce);
            prop_assert!(at_most_once.is_sorted_by(|a, b| a < b));
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Publish(usize, Qos),
    Transfer(usize, usize),
    Reconnect,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..2_usize, 0..3_u8)
            .prop_map(|(end, bits)| Step::Publish(end, Qos::from_bits(bits).unwrap())),
        10 => (0..2_usize, 1..40_usize).prop_map(|(end, bytes)| Step::Transfer(end, bytes)),
        1 => Just(Step::Reconnect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// However often the connection breaks, at whatever byte, each message of QoS 1 arrives, each
    /// of QoS 2 arrives once, all in order.
    #[test]
    fn messages_survive_broken_connections(steps in vec(step(), 0..120), level in 0..3) {
        let version = [Version::V31, Version::V311, Version::V5][usize::try_from(level).unwrap()];
        let mut pair = Pair::new(version);
        pair.reconnect();
        for step in steps {
            match step {
                Step::Publish(end, qos) => pair.publish(end, qos),
                Step::Transfer(end, bytes) => pair.transfer(end, bytes),
                Step::Reconnect => pair.reconnect(),
            }
        }
        pair.reconnect();
        pair.settle();
        pair.check()?;
    }

    /// How the network cuts the stream changes neither what is told nor what is written.
    #[test]
    fn cuts_change_nothing(order in vec(0..STREAM.len(), 0..20), cut in 1..20_usize) {
        let stream: Vec<u8> = order.iter().flat_map(|at| STREAM[*at]).copied().collect();
        let mut whole = World::connected(Version::V5, ConnackProperties::default());
        let mut pieces = World::connected(Version::V5, ConnackProperties::default());
        let result = whole.feed_bytes(&stream);
        let cut = stream.chunks(cut).find_map(|piece| pieces.feed_bytes(piece).err());
        prop_assert_eq!(result.err(), cut);
        prop_assert_eq!(whole.told, pieces.told);
        prop_assert_eq!(whole.out, pieces.out);
    }

    /// Random bytes never panic.
    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..100), level in 0..3) {
        let version = [Version::V31, Version::V311, Version::V5][usize::try_from(level).unwrap()];
        let mut world = World::connected(version, ConnackProperties::default());
        world.publish("t", b"m", Qos::ExactlyOnce);
        let _ = world.feed_bytes(&bytes);
        let closed = world.client.state() == State::Closed;
        prop_assert!(closed || world.client.ping(world.now, &mut world.out).is_ok());
    }
}
