//! A message on its way to one client.

use std::sync::Arc;

use wire_message::{Message, Qos};

const NO_GROUP: u32 = u32::MAX;

/// Bits of [`Delivery::record`] that are not the number.
const SHARED: u64 = 1 << 63;
const FLIGHT: u64 = 1 << 62;
const NUMBER: u64 = FLIGHT - 1;

/// A message for one session, with what is particular to this delivery: 32 bytes.
///
/// Queued and unacknowledged messages are of this form. One subscription identifier, the usual
/// number, needs no memory of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    message: Arc<Message>,
    more: Option<Box<More>>,
    /// The record's number and its two flags; 0: there is none.
    record: u64,
    group: u32,
    /// The first subscription identifier (28 bits), RETAIN, quality of service.
    packed: u32,
}

/// What few deliveries have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct More {
    /// Identifiers after the first.
    ids: Vec<u32>,
    /// That of the record.
    priority: u8,
}

/// Where a delivery is stored, within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The message's number, from 1, below 2^62.
    pub number: u64,
    /// The priority under which it was queued.
    pub priority: u8,
    /// Whether its message stands apart because other sessions have it too.
    pub is_shared: bool,
    /// Whether its packet id has a record of its own.
    pub has_flight: bool,
}

impl Delivery {
    /// A delivery of `message` at `qos`, which is never above what the subscription was granted.
    #[must_use]
    pub fn new(message: Arc<Message>, qos: Qos, retain: bool) -> Self {
        let packed = u32::from(retain) << 2 | u32::from(qos.bits());
        Self {
            message,
            more: None,
            record: 0,
            group: NO_GROUP,
            packed,
        }
    }

    /// With the identifiers of the subscriptions that matched, each 1 to 268,435,455.
    #[must_use]
    pub fn with_subscription_ids(mut self, ids: &[u32]) -> Self {
        let (first, more) = ids
            .split_first()
            .map_or((0, ids), |(first, more)| (*first, more));
        self.packed = self.packed & 0xf | first << 4;
        if !more.is_empty() {
            self.more.get_or_insert_default().ids = more.to_vec();
        }
        self
    }

    /// With where it is stored.
    #[must_use]
    pub fn with_record(mut self, record: Record) -> Self {
        debug_assert!(record.number & !NUMBER == 0, "numbers are below 2^62");
        let shared = if record.is_shared { SHARED } else { 0 };
        let flight = if record.has_flight { FLIGHT } else { 0 };
        self.record = record.number & NUMBER | shared | flight;
        if record.priority != 0 {
            self.more.get_or_insert_default().priority = record.priority;
        }
        self
    }

    /// Its packet id has a record of its own from here on.
    pub const fn set_flight(&mut self) {
        self.record |= FLIGHT;
    }

    /// With the shared subscription's group that the message came through: the number that the
    /// topic index gave the group, below `u32::MAX`.
    #[must_use]
    pub const fn with_group(mut self, group: u32) -> Self {
        self.group = group;
        self
    }

    /// The message.
    #[must_use]
    pub const fn message(&self) -> &Arc<Message> {
        &self.message
    }

    /// Quality of service of this delivery.
    #[must_use]
    pub fn qos(&self) -> Qos {
        match self.packed & 3 {
            0 => Qos::AtMostOnce,
            1 => Qos::AtLeastOnce,
            _ => Qos::ExactlyOnce,
        }
    }

    /// The RETAIN flag of this delivery.
    #[must_use]
    pub const fn retain(&self) -> bool {
        self.packed & 4 != 0
    }

    /// The identifiers of the subscriptions that matched, in the order given.
    pub fn subscription_ids(&self) -> impl Iterator<Item = u32> {
        let first = self.packed >> 4;
        let more = self.more.as_deref().map_or(&[][..], |more| &more.ids);
        (first != 0)
            .then_some(first)
            .into_iter()
            .chain(more.iter().copied())
    }

    /// The group it came through, if it came through one.
    #[must_use]
    pub fn group(&self) -> Option<u32> {
        (self.group != NO_GROUP).then_some(self.group)
    }

    /// Where it is stored, if it is.
    #[must_use]
    pub fn record(&self) -> Option<Record> {
        let number = self.record & NUMBER;
        (number != 0).then(|| Record {
            number,
            priority: self.more.as_deref().map_or(0, |more| more.priority),
            is_shared: self.record & SHARED != 0,
            has_flight: self.record & FLIGHT != 0,
        })
    }

    /// The group is gone: nobody else is to get this.
    pub(crate) const fn forget_group(&mut self) {
        self.group = NO_GROUP;
    }

    /// The message itself.
    #[must_use]
    pub fn into_message(self) -> Arc<Message> {
        self.message
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use wire_message::{Expiry, Instant, MessageRef, PublisherId, TopicRef};

    use super::*;

    /// A message to tell from others by its payload.
    pub(crate) fn message(topic: &str, number: u32, expiry: Expiry) -> Arc<Message> {
        let message = MessageRef {
            topic: TopicRef::new(topic).expect("a valid topic"),
            payload: &number.to_be_bytes(),
            properties: &[],
            qos: Qos::ExactlyOnce,
            retain: false,
            expiry,
            received_at: Instant::ZERO,
            publisher: PublisherId(1),
        };
        Arc::new(message.to_message())
    }

    /// The number that [`message`] was given.
    pub(crate) fn number(delivery: &Delivery) -> u32 {
        let payload = delivery.message().payload().try_into().expect("four bytes");
        u32::from_be_bytes(payload)
    }

    #[test]
    fn thirty_two_bytes() {
        assert_eq!(size_of::<Delivery>(), 32);
    }

    #[test]
    fn remembers_where_it_is_stored() {
        let delivery = Delivery::new(message("a", 1, Expiry::NEVER), Qos::AtLeastOnce, false);
        assert_eq!(delivery.record(), None);
        for priority in [0, 1, 255] {
            for is_shared in [false, true] {
                let mut record = Record {
                    number: NUMBER,
                    priority,
                    is_shared,
                    has_flight: false,
                };
                let mut stored = delivery.clone().with_record(record);
                assert_eq!(stored.record(), Some(record));
                stored.set_flight();
                record.has_flight = true;
                assert_eq!(stored.record(), Some(record));
                let ids = stored.with_subscription_ids(&[1, 2]);
                assert_eq!(ids.record(), Some(record));
                assert!(ids.subscription_ids().eq([1, 2]));
            }
        }
    }

    #[test]
    fn gives_back_what_it_was_made_of() {
        let message = message("a", 1, Expiry::NEVER);
        for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
            for retain in [false, true] {
                for ids in [&[][..], &[1], &[0x0fff_ffff], &[7, 0x0fff_ffff, 1]] {
                    let delivery =
                        Delivery::new(message.clone(), qos, retain).with_subscription_ids(ids);
                    assert_eq!((delivery.qos(), delivery.retain()), (qos, retain));
                    assert!(delivery.subscription_ids().eq(ids.iter().copied()));
                    assert_eq!(delivery.group(), None);
                    assert_eq!(delivery.with_group(0).group(), Some(0));
                }
            }
        }
    }
}
