//! Does what the engine wants done.

use core::ops::Range;

use shard_engine::limits::REQUESTS_PER_PEER_MAX;
use shard_engine::{Answer, ConnectionKey, Entry, Output};
use wire_message::ShardId;
use wire_mqtt::PacketId;

use super::connection::{Closing, Connection, State};
use super::{CLOSE_GRACE, Driver};
use crate::defect::Defect;
use crate::outside::Outside;
use crate::rings::Cargo;
use crate::violation::{Checked, Violation, ensure};

/// Bytes of a PUBLISH without its payload.
const HEADER_BYTES_MAX: usize = 256;

/// Bytes that may wait for a client above what the engine goes by: one answer.
const ANSWER_BYTES_MAX: usize = 256;

impl Driver {
    /// Takes all outputs, in order.
    pub(super) fn perform(&mut self, outside: &mut Outside) -> Checked {
        let mut outputs = core::mem::take(&mut self.outputs);
        for output in outputs.actions.drain(..) {
            outside.moved += 1;
            match output {
                Output::Answer { to, answer } => self.answer(to, answer, outside)?,
                Output::Ask(request, read) => self.ask(request, read, outside)?,
                Output::Close { connection } => self.close(connection, outside)?,
                Output::Control(control) => self.tell_control(*control, outside),
                Output::Durable { to, through } => self.tell_durable(to, through, outside),
                Output::HandOver {
                    connection,
                    to,
                    adoption,
                } => {
                    let gone = self.void(connection)?;
                    let is_unused = gone.unsent.is_empty();
                    ensure(is_unused, "contract", || {
                        "sent before it was handed over".into()
                    })?;
                    outside.stats.handed_over += 1;
                    outside.note(format_args!(
                        "shard {}: {:?} goes to {to}",
                        self.shard, gone.link
                    ));
                    let cargo = Cargo {
                        link: gone.link,
                        rest: gone.rest,
                    };
                    let entry = Entry::Adopt(adoption);
                    self.push(to, entry, Some(Box::new(cargo)), outside)?;
                }
                Output::Push { to, entry } => self.push_or_spoil(to, entry, outside)?,
                Output::Resume { connection } => self.resume(connection, outside)?,
                Output::Send {
                    connection,
                    range,
                    packet_id,
                } => {
                    self.send(connection, &outputs.bytes, range, packet_id, outside)?;
                }
                Output::SendPayload {
                    connection,
                    message,
                } => {
                    self.append(connection, message.payload(), outside)?;
                }
                Output::Store(batch) => self.submit(batch, outside)?,
            }
        }
        outputs.clear();
        self.outputs = outputs;
        Ok(())
    }

    /// A connection's key is void from here on.
    fn void(&mut self, key: ConnectionKey) -> Result<Connection, Violation> {
        self.connections
            .remove(&key)
            .ok_or_else(|| Violation::new("contract", format!("{key:?} is void and was named")))
    }

    fn named(&mut self, key: ConnectionKey) -> Result<&mut Connection, Violation> {
        self.connections
            .get_mut(&key)
            .ok_or_else(|| Violation::new("contract", format!("{key:?} is void and was named")))
    }

    fn answer(&mut self, to: ShardId, answer: Answer, outside: &mut Outside) -> Checked {
        let (now, rng) = (outside.now, &mut outside.rng);
        let held = outside.rings.answer(self.shard, to, answer, now, rng);
        ensure(held <= REQUESTS_PER_PEER_MAX, "bounds", || {
            format!("{held} answers in a ring")
        })
    }

    fn close(&mut self, key: ConnectionKey, outside: &mut Outside) -> Checked {
        let gone = self.void(key)?;
        outside.note(format_args!("shard {}: closes {:?}", self.shard, gone.link));
        if outside.strikes(Defect::CloseForgotten, 500) {
            outside.stats.harmed += 1;
            return Ok(());
        }
        outside.watches.closed(gone.link);
        outside.links[gone.link].detached_at = Some(outside.now);
        let until = outside.now + CLOSE_GRACE;
        self.closing.push(Closing {
            link: gone.link,
            unsent: gone.unsent,
            until,
        });
        Ok(())
    }

    fn resume(&mut self, key: ConnectionKey, outside: &mut Outside) -> Checked {
        if outside.strikes(Defect::ResumeForgotten, 100) {
            outside.stats.harmed += 1;
            return Ok(());
        }
        self.named(key)?.state = State::Again;
        Ok(())
    }

    /// Puts an entry into a ring; the engine has counted the room.
    pub(super) fn push(
        &mut self,
        to: ShardId,
        entry: Entry,
        cargo: Option<Box<Cargo>>,
        outside: &mut Outside,
    ) -> Checked {
        match &entry {
            Entry::Packets(packets) => {
                for message in packets.messages() {
                    outside.stats.entries += 1;
                    outside.watches.entry(self.shard, to, message.payload);
                }
            }
            Entry::Publish(publish) => {
                outside.stats.entries += 1;
                // Messages to groups go again when a member leaves.
                if publish.groups.is_none() {
                    outside
                        .watches
                        .entry(self.shard, to, publish.message.payload());
                }
            }
            Entry::Adopt(_)
            | Entry::ExclusiveClaim(..)
            | Entry::ExclusiveRelease(..)
            | Entry::InterestAdd(..)
            | Entry::InterestRemove(_)
            | Entry::Presence(_)
            | Entry::RetainedQuery(..)
            | Entry::RetainedStore(..)
            | Entry::RouteQuery(..) => {}
        }
        ensure(to != self.shard, "contract", || "an entry to itself".into())?;
        let (now, rng) = (outside.now, &mut outside.rng);
        let held = outside.rings.push(self.shard, to, (entry, cargo), now, rng);
        self.rooms[to.index()] = self.rooms[to.index()].saturating_sub(1);
        let capacity = outside.plan.ring_entries;
        ensure(held <= capacity, "bounds", || {
            format!("{held} entries in a ring of {capacity}")
        })
    }

    fn send(
        &mut self,
        key: ConnectionKey,
        bytes: &[u8],
        range: Range<u32>,
        packet_id: Option<(u32, PacketId)>,
        outside: &mut Outside,
    ) -> Checked {
        let range = range.start as usize..range.end as usize;
        outside.note(format_args!(
            "shard {}: {key:?} {range:?} {packet_id:?}",
            self.shard
        ));
        let mut copy = bytes[range].to_vec();
        if let Some((offset, id)) = packet_id {
            let offset = offset as usize;
            copy[offset..offset + 2].copy_from_slice(&id.value().to_be_bytes());
        }
        self.append(key, &copy, outside)
    }

    fn append(&mut self, key: ConnectionKey, bytes: &[u8], outside: &mut Outside) -> Checked {
        // Deliveries stop at the listener's limit and a packet, answers at twice that limit.
        let settings = &outside.plan.settings;
        let unsent_max = settings.listeners[0].unsent_bytes_max as usize;
        let packet_max = settings.mqtt.connect.packet_bytes_max as usize;
        let mut limit = 2 * unsent_max + packet_max + ANSWER_BYTES_MAX;
        if outside.storage.is_some() {
            // What waits for the disk leaves at once: a window of messages.
            let window = usize::from(settings.mqtt.connect.inflight_max);
            limit += window * (outside.plan.payload_bytes_max as usize + HEADER_BYTES_MAX);
        }
        let connection = self.named(key)?;
        let link = connection.link;
        connection.unsent.extend_from_slice(bytes);
        let unsent = connection.unsent.len();
        ensure(unsent <= limit, "bounds", || {
            format!("{unsent} bytes wait for {link:?}")
        })?;
        if outside.strikes(Defect::BytesLost, 5) {
            outside.stats.harmed += 1;
            let connection = self.named(key)?;
            connection.unsent.truncate(unsent - bytes.len());
            return Ok(());
        }
        outside.sent(link, bytes)
    }
}
