//! One message on its way to many sessions: encoded once for each form, copied at most once.

use std::sync::Arc;

use shard_session::Delivery;
use wire_message::{Instant, Message, MessageRef, Qos, TopicRef};
use wire_mqtt::forward::{self, Form};
use wire_mqtt::{PacketId, Version};

use crate::limits::SHARED_PAYLOAD_MIN;
use crate::persist::Taking;

/// Forms that most receivers share: 5.0 or older, quality of service, RETAIN.
const FORMS: usize = 12;

/// A message being delivered, with what was already done for other receivers.
#[derive(Debug)]
pub(crate) struct Parcel<'a> {
    message: MessageRef<'a>,
    owned: Option<Arc<Message>>,
    /// By version, quality of service and RETAIN; empty ones have no bytes.
    forms: [Encoded; FORMS],
    expiry_remaining_s: Option<u32>,
    /// What goes with it to shards that store it, if it must not be stored twice.
    pub(crate) taking: Option<Box<Taking>>,
    /// Whether a client waits for what is written of it.
    pub(crate) is_urgent: bool,
}

/// An encoded PUBLISH in the output's bytes; without its payload if that is shared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoded {
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Where in it the packet id stands; 0: nowhere.
    pub(crate) packet_id_at: u32,
    /// Bytes of the whole packet.
    pub(crate) packet_bytes: u32,
}

/// What is particular to a receiver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    /// Identifiers of the subscriptions that matched.
    pub(crate) ids: &'a [u32],
    /// The shared subscription that the message came through.
    pub(crate) group: Option<u32>,
    /// The hash of its group and filter; 0: none.
    pub(crate) group_hash: u64,
}

impl Wish<'_> {
    /// The delivery for a window or queue.
    pub(crate) fn delivery(&self, parcel: &mut Parcel<'_>) -> Delivery {
        let message = parcel.owned().clone();
        let delivery =
            Delivery::new(message, self.qos, self.retain).with_subscription_ids(self.ids);
        match self.group {
            Some(group) => delivery.with_group(group),
            None => delivery,
        }
    }
}

impl<'a> Parcel<'a> {
    /// A message that is still in the packet it came in.
    pub(crate) fn borrowed(message: MessageRef<'a>, now: Instant) -> Self {
        let expiry_remaining_s = message.expiry.remaining_s(now);
        Self {
            message,
            owned: None,
            forms: [Encoded::EMPTY; FORMS],
            expiry_remaining_s,
            taking: None,
            is_urgent: false,
        }
    }

    /// A message that others hold too.
    pub(crate) fn shared(message: &'a Arc<Message>, now: Instant) -> Self {
        Self {
            owned: Some(Arc::clone(message)),
            ..Self::borrowed((**message).as_ref(), now)
        }
    }

    /// The message.
    pub(crate) const fn message(&self) -> &MessageRef<'a> {
        &self.message
    }

    /// The message for somebody who keeps it; copied on the first call only.
    pub(crate) fn owned(&mut self) -> &Arc<Message> {
        self.owned
            .get_or_insert_with(|| Arc::new(self.message.to_message()))
    }

    /// Whether receivers share the payload instead of having it in their bytes.
    pub(crate) const fn has_shared_payload(&self) -> bool {
        self.message.payload.len() >= SHARED_PAYLOAD_MIN
    }

    /// The packet for receivers of `version` that wish `wish`, encoded on the first call only.
    pub(crate) fn encoded(
        &mut self,
        version: Version,
        wish: &Wish<'_>,
        bytes: &mut Vec<u8>,
    ) -> Encoded {
        if !wish.ids.is_empty() && version == Version::V5 {
            return self.encode(&self.form(version, wish), 0, bytes);
        }
        let number = usize::from(version == Version::V5) * 6
            + usize::from(wish.qos.bits()) * 2
            + usize::from(wish.retain);
        if self.forms[number].packet_bytes > 0 {
            return self.forms[number];
        }
        let encoded = self.encode(&self.form(version, wish), 0, bytes);
        self.forms[number] = encoded;
        encoded
    }

    /// The packet in a form that nobody else shares: with a topic alias, sent again, or without
    /// the first `mount` bytes of its topic, if there is a topic without them.
    pub(crate) fn encode(&self, form: &Form<'_>, mount: usize, bytes: &mut Vec<u8>) -> Encoded {
        let start = index(bytes.len());
        let mut message = self.message;
        let inner = message.topic.as_str().get(mount..).unwrap_or_default();
        if mount > 0
            && let Ok(topic) = TopicRef::new(inner)
        {
            message.topic = topic;
        }
        let forwarded = if self.has_shared_payload() {
            forward::encode_head(bytes, &message, form)
        } else {
            forward::encode(bytes, &message, form)
        };
        Encoded {
            start,
            end: index(bytes.len()),
            packet_id_at: forwarded.packet_id_at.unwrap_or(0),
            packet_bytes: forwarded.head + index(self.message.payload.len()),
        }
    }

    /// The form for a receiver, without packet id, alias and DUP.
    pub(crate) fn form<'f>(&self, version: Version, wish: &Wish<'f>) -> Form<'f> {
        Form {
            retain: wish.retain,
            subscription_ids: wish.ids,
            expiry_remaining_s: self.expiry_remaining_s,
            ..Form::new(version, wish.qos)
        }
    }
}

impl Encoded {
    const EMPTY: Self = Self {
        start: 0,
        end: 0,
        packet_id_at: 0,
        packet_bytes: 0,
    };

    /// Where to put which packet id, for the driver.
    pub(crate) fn patch(&self, id: Option<PacketId>) -> Option<(u32, PacketId)> {
        id.map(|id| (self.packet_id_at, id))
    }
}

/// A position in the output's bytes.
pub(crate) fn index(position: usize) -> u32 {
    u32::try_from(position).expect("one call of the engine makes less than 4 GiB of output")
}
