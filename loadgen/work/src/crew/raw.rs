//! The other side is a relay: a greeting of 16 bytes instead of CONNECT, one byte instead of CONNACK.

use wire_message::Qos;

use super::Crew;
use super::group::Form;
use crate::Out;

/// The first bytes of each connection.
const MAGIC: &[u8; 4] = b"RLY1";

/// The relay's answer.
pub(super) const ACCEPTED: u8 = 0x06;

const SINK: u8 = 0;
const SOURCE: u8 = 1;

impl Crew {
    /// Writes the greeting: magic, role, three zeros, channel, and of how many bytes each is
    /// acknowledged.
    pub(super) fn greet(&mut self, local: u32, out: &mut Out) {
        let (client, index) = self.number(local);
        let publisher = self.members[local as usize].publisher;
        let (role, entries, frame) = match publisher {
            None => (SINK, self.audience.of_client(client.0), 0),
            Some(at) => {
                let publisher = &self.publishers[at as usize];
                let form = self.groups[usize::from(publisher.group)].form.as_ref();
                let acknowledged = |form: &&Form| form.qos != Qos::AtMostOnce;
                let frame = form.filter(acknowledged).map_or(0, |form| {
                    let bytes = form.payload_bytes(publisher.stream, 0, self.plan.seed);
                    publisher.head.packet_bytes(bytes)
                });
                (SOURCE, self.audience.of_stream(publisher.stream), frame)
            }
        };
        // A pair has a channel of its own, all others share one.
        let entry = entries.first().map(|id| self.audience.entry(*id));
        let pair = entry.is_some_and(|entry| entry.clients.len() == 1 && entry.streams.len() == 1);
        let channel = if pair { index } else { 0 };
        out.bytes.extend_from_slice(MAGIC);
        out.bytes.extend_from_slice(&[role, 0, 0, 0]);
        out.bytes.extend_from_slice(&channel.to_le_bytes());
        out.bytes.extend_from_slice(&frame.to_le_bytes());
    }
}
