//! What the engines send, seen at the driver: every byte is decoded, whoever reads it.

use core::time::Duration;
use std::collections::BTreeMap;

use wire_message::{Instant, ShardId};
use wire_mqtt::{DecodeError, Frame, Packet, Publish, Side, Version, frame};

use crate::history::{ClientNumber, History, PublishId, number_in};
use crate::links::LinkId;
use crate::outside::{DISK_GRACE, Outside};
use crate::violation::{Checked, Violation, ensure};

/// A connection as the engines see it.
#[derive(Debug)]
struct Watch {
    client: Option<ClientNumber>,
    version: Version,
    sent: Vec<u8>,
    is_accepted: bool,
}

impl Watch {
    /// Decodes a whole packet.
    fn decode<'a>(&self, packet: &'a [u8]) -> Result<Packet<'a>, DecodeError> {
        let decoded = Packet::decode(packet, self.version, Side::Client);
        if self.client.is_some() || decoded.is_ok() {
            return decoded;
        }
        // The broker may not have understood what a vandal wanted to speak.
        let versions = [Version::V31, Version::V311, Version::V5];
        let other = versions.map(|version| Packet::decode(packet, version, Side::Client));
        other.into_iter().find(Result::is_ok).unwrap_or(decoded)
    }
}

/// How often a message was put into the ring from one shard to another, for plain subscriptions.
type Entries = BTreeMap<(PublishId, ShardId, ShardId), usize>;

/// All connections that no engine has closed, and what went through the rings.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    open: BTreeMap<LinkId, Watch>,
    current: BTreeMap<ClientNumber, LinkId>,
    entries: Entries,
}

impl Watches {
    /// A client connects.
    pub(crate) fn open(&mut self, link: LinkId, client: Option<ClientNumber>, version: Version) {
        let watch = Watch {
            client,
            version,
            sent: Vec::new(),
            is_accepted: false,
        };
        self.open.insert(link, watch);
    }

    /// The engine closed the connection, or was told that it is closed.
    pub(crate) fn closed(&mut self, link: LinkId) {
        let Some(watch) = self.open.remove(&link) else {
            return;
        };
        if let Some(client) = watch.client
            && self.current.get(&client) == Some(&link)
        {
            self.current.remove(&client);
        }
    }

    /// An entry with a message goes from one shard to another.
    pub(crate) fn entry(&mut self, from: ShardId, to: ShardId, payload: &[u8]) {
        if let Some(id) = number_in(payload) {
            *self.entries.entry((id, from, to)).or_default() += 1;
        }
    }

    /// The process ends: all connections are closed, and rings are gone.
    pub(crate) fn end_of_process(&mut self) {
        *self = Self::default();
    }

    /// How often each message went from one shard to another.
    pub(crate) const fn entries(&self) -> &Entries {
        &self.entries
    }

    fn check(
        &mut self,
        link: LinkId,
        bytes: &[u8],
        history: &History,
        now: Instant,
        grace: Duration,
    ) -> Checked {
        let Some(watch) = self.open.get_mut(&link) else {
            return Err(Violation::new(
                "contract",
                format!("bytes for {link:?}, which is closed"),
            ));
        };
        watch.sent.extend_from_slice(bytes);
        loop {
            let size = match frame(&watch.sent, u32::MAX) {
                Ok(Frame::More { .. }) => return Ok(()),
                Ok(Frame::Whole { size }) => size as usize,
                Err(error) => return Err(Violation::new("well_formed", error.to_string())),
            };
            let bytes: Vec<u8> = watch.sent.drain(..size).collect();
            let packet = watch.decode(&bytes).map_err(|error| {
                let text = format!("{error} for {link:?} of {:?}: {bytes:02x?}", watch.client);
                Violation::new("well_formed", text)
            })?;
            if let Packet::Connack(connack) = &packet {
                let is_first = !watch.is_accepted;
                ensure(is_first, "well_formed", || {
                    format!("two CONNACKs on {link:?}")
                })?;
                watch.is_accepted = !connack.reason.is_error();
                if let Some(client) = watch.client
                    && let Some(other) = self.current.insert(client, link)
                {
                    let text = format!("{client:?} has {other:?} and {link:?} at once");
                    return Err(Violation::new("takeover", text));
                }
            }
            // [v5 3.2.0-1]: CONNACK comes first; [v5 3.14.0-1]: no DISCONNECT before it.
            let is_in_turn = watch.is_accepted || matches!(packet, Packet::Connack(_));
            ensure(is_in_turn, "well_formed", || {
                format!("{packet:?} before CONNACK on {link:?}")
            })?;
            if let Packet::Publish(publish) = &packet {
                // What was sent before may be sent again.
                if !publish.dup {
                    is_alive(publish, link, history, now, grace)?;
                }
            }
        }
    }
}

/// A message is not sent after its life, [v5 3.3.2-5].
///
/// What is stored may wait for the disk when its delivery has begun already.
fn is_alive(
    publish: &Publish<'_>,
    link: LinkId,
    history: &History,
    now: Instant,
    grace: Duration,
) -> Checked {
    let message = number_in(publish.payload).and_then(|id| history.published.get(id.0));
    let Some(message) = message else {
        return Ok(());
    };
    let (Some(expiry_s), Some(accepted)) = (message.expiry_s, message.accepted) else {
        return Ok(());
    };
    // What was sent again is a new message to the broker, and began its life anew.
    if message.transmissions.len() > 1 {
        return Ok(());
    }
    let age = now.since(accepted);
    let is_alive = age < Duration::from_secs(u64::from(expiry_s)) + grace;
    ensure(is_alive, "expired", || {
        format!("{age:?} after it came, {link:?} gets {publish:?}, which was {message:?}")
    })
}

impl Outside {
    /// An engine sends bytes to a client.
    pub(crate) fn sent(&mut self, link: LinkId, bytes: &[u8]) -> Checked {
        let stored = self.storage.as_ref();
        let wait = self.plan.settings.store_wait_max + DISK_GRACE;
        let grace = stored.map_or(Duration::ZERO, |_| wait);
        self.watches
            .check(link, bytes, &self.history, self.now, grace)
    }
}
