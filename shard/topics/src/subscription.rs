//! One session's subscription to one filter.

use core::num::NonZeroU32;

use wire_message::Qos;

/// The index of a session in its shard's table.
///
/// Without generation: a session takes its subscriptions out before its place is given away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionIndex(pub u32);

/// When a SUBSCRIBE asks for retained messages.
///
/// # Specification
///
/// MQTT 5.0 section 3.8.3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RetainHandling {
    /// At every SUBSCRIBE.
    #[default]
    Always = 0,
    /// Only if the subscription is new.
    IfNew = 1,
    /// Not at all.
    Never = 2,
}

/// What a session asked for with a filter, and what it was granted. Copied by value; stored in 1
/// byte plus the identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the standard's"
)]
pub struct Subscription {
    /// The highest quality of service of deliveries, as granted.
    pub qos: Qos,
    /// The session's own publishes are not delivered to it.
    pub no_local: bool,
    /// Deliveries keep the RETAIN flag of the publish.
    pub retain_as_published: bool,
    /// When retained messages are sent.
    pub retain_handling: RetainHandling,
    /// Taken with `$exclusive/`: a claim at the topic's owner goes with it.
    pub exclusive: bool,
    /// Its session is stored: acknowledgements wait for it, see [`crate::Mark::Persistent`].
    pub persistent: bool,
    /// The subscription identifier, 1 to 268,435,455.
    pub identifier: Option<NonZeroU32>,
}

/// A session and its subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subscriber {
    /// Who.
    pub session: SessionIndex,
    /// What it asked for.
    pub subscription: Subscription,
}

impl Subscription {
    /// All but the identifier in one byte.
    pub(crate) fn pack(self) -> u8 {
        self.qos.bits()
            | u8::from(self.no_local) << 2
            | u8::from(self.retain_as_published) << 3
            | (self.retain_handling as u8) << 4
            | u8::from(self.exclusive) << 6
            | u8::from(self.persistent) << 7
    }

    /// The inverse of [`Self::pack`]; an `identifier` of zero is none.
    #[inline]
    pub(crate) fn unpack(options: u8, identifier: u32) -> Self {
        Self {
            identifier: NonZeroU32::new(identifier),
            ..UNPACKED[usize::from(options)]
        }
    }

    const fn unpack_options(options: u8) -> Self {
        let qos = match options & 3 {
            0 => Qos::AtMostOnce,
            1 => Qos::AtLeastOnce,
            _ => Qos::ExactlyOnce,
        };
        let retain_handling = match options >> 4 & 3 {
            0 => RetainHandling::Always,
            1 => RetainHandling::IfNew,
            _ => RetainHandling::Never,
        };
        Self {
            qos,
            no_local: options & 4 != 0,
            retain_as_published: options & 8 != 0,
            retain_handling,
            exclusive: options & 64 != 0,
            persistent: is_persistent(options),
            identifier: None,
        }
    }
}

/// Whether packed options are of a stored session.
pub(crate) const fn is_persistent(options: u8) -> bool {
    options & 128 != 0
}

/// What every byte of options stands for: a delivery reads it at once.
static UNPACKED: [Subscription; 256] = {
    let mut unpacked = [Subscription::unpack_options(0); 256];
    let mut options = 0_u8;
    while options < u8::MAX {
        options += 1;
        unpacked[options as usize] = Subscription::unpack_options(options);
    }
    unpacked
};
