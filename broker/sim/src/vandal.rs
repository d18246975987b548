//! A client that does not keep to the standard, and must not do harm to anybody but itself.

use wire_message::{Qos, ShardId, TopicRef};
use wire_mqtt::{Connect, Packet, PacketId, Publish, Version};

use crate::links::LinkId;
use crate::outside::Outside;

/// A client without a state of its own.
#[derive(Debug, Default)]
pub(crate) struct Vandal {
    link: Option<LinkId>,
    unsent: Vec<u8>,
    reads: bool,
}

impl Vandal {
    /// Does something; a new transport is to be accepted by the shard named.
    pub(crate) fn act(
        &mut self,
        number: usize,
        outside: &mut Outside,
    ) -> Option<(ShardId, LinkId)> {
        let Some(link) = self.link else {
            return outside
                .rng
                .chance(50)
                .then(|| self.connect(number, outside));
        };
        if self.reads {
            let mut ignored = Vec::new();
            outside.links[link]
                .down
                .read(&mut ignored, 1000, outside.now);
        }
        let sent = outside.links[link]
            .up
            .write(&self.unsent, outside.now, &mut outside.rng);
        self.unsent.drain(..sent);
        let is_over = outside.links[link].down.is_at_end(outside.now);
        if is_over || outside.rng.chance(10) {
            self.go(outside);
        } else if self.unsent.len() < 1_000 {
            self.misbehave(number, outside);
        }
        None
    }

    /// Goes without a word.
    pub(crate) fn go(&mut self, outside: &mut Outside) {
        if let Some(link) = self.link.take() {
            let now = outside.now;
            outside.links.close_by_client(link, now, &mut outside.rng);
        }
        self.unsent.clear();
    }

    fn connect(&mut self, number: usize, outside: &mut Outside) -> (ShardId, LinkId) {
        let link = outside
            .links
            .open(outside.plan.pipe_bytes, outside.plan.pipe_delay);
        let version = outside
            .rng
            .pick(&[Version::V31, Version::V311, Version::V5]);
        outside.history.begin_connection(None);
        outside.watches.open(link, None, version);
        self.link = Some(link);
        self.reads = outside.rng.chance(500);
        let id = format!("vandal-{number}");
        let connect = Packet::Connect(Connect::new(version, &id));
        connect
            .encode(version, &mut self.unsent)
            .expect("a CONNECT without anything is short");
        match outside.rng.below(8) {
            // A version that the watch does not expect would be decoded wrongly: only damage.
            0 => {
                let place = outside.rng.below(self.unsent.len());
                self.unsent.truncate(place);
            }
            1 => self.unsent.clear(),
            _ => {}
        }
        let shard = outside.rng.below(outside.plan.shards);
        (ShardId(u8::try_from(shard).expect("few shards")), link)
    }

    fn misbehave(&mut self, number: usize, outside: &mut Outside) {
        let rng = &mut outside.rng;
        match rng.below(20) {
            0 => self
                .unsent
                .extend((0..rng.below(40)).map(|_| rng.number().to_le_bytes()[0])),
            // A second CONNECT, [v5 3.1.0-2].
            1 => {
                let connect = Packet::Connect(Connect::new(Version::V311, "vandal"));
                connect
                    .encode(Version::V311, &mut self.unsent)
                    .expect("it is short");
            }
            // Reserved flags, packet id zero, QoS 3, a wildcard in a topic, a length without end.
            2 => self
                .unsent
                .extend([0x80, 0x06, 0x00, 0x01, 0x00, 0x01, b'a', 0x00]),
            3 => self
                .unsent
                .extend([0x82, 0x06, 0x00, 0x00, 0x00, 0x01, b'a', 0x00]),
            4 => self
                .unsent
                .extend([0x36, 0x05, 0x00, 0x01, b'a', 0x00, 0x01]),
            5 => self.unsent.extend([0x30, 0x03, 0x00, 0x01, b'#']),
            6 => self.unsent.extend([0x30, 0xff, 0xff, 0xff, 0xff, 0xff]),
            // Acknowledgements of what never was.
            7 => self
                .unsent
                .extend([0x40, 0x02, 0x00, 0x07, 0x62, 0x02, 0x00, 0x08]),
            8 => self
                .unsent
                .extend([0x50, 0x02, 0x00, 0x07, 0x70, 0x02, 0x00, 0x08]),
            // Many messages without an acknowledgement, [v5 3.3.4-9].
            9 => (1..200).for_each(|packet_id| self.publish(number, packet_id, Qos::ExactlyOnce)),
            10 => (1..50).for_each(|packet_id| self.publish(number, packet_id, Qos::AtLeastOnce)),
            // Much that must be answered.
            11 => (0..5_000).for_each(|_| self.unsent.extend([0xc0, 0x00])),
            _ => {}
        }
    }

    fn publish(&mut self, number: usize, packet_id: u16, qos: Qos) {
        let topic = format!("vandal/{number}");
        let topic = TopicRef::new(&topic).expect("the simulator's topics are valid");
        // Three bytes: no number of a message of the history.
        let mut publish = Publish::new(topic, b"bad");
        publish.qos = qos;
        publish.packet_id = PacketId::new(packet_id);
        let packet = Packet::Publish(publish);
        packet
            .encode(Version::V311, &mut self.unsent)
            .expect("it is short");
    }
}
