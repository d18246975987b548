//! The MQTT codec: bytes to packets and back, one packet model for MQTT 3.1, 3.1.1 and 5.0.
//!
//! Decoding borrows everything from the input and copies nothing; what it returns was checked by
//! every rule of the standard that one packet alone can break. Rules that need a session's state
//! (packet ids in use, topic aliases, quotas) are not here. Nothing allocates, except that
//! encoding appends to the caller's buffer.
//!
//! Start with [`frame`], which finds a packet in a stream, then [`Packet::decode`] and
//! [`Packet::encode`]; a broker's fast path is [`Publish::decode`] and [`forward`].
//!
//! Invariants: no input panics; [`frame`] looks at no more than five bytes; a packet that decodes
//! encodes again, and decodes to an equal one.

#![warn(clippy::indexing_slicing)]

mod ack;
mod auth;
mod connack;
mod connect;
mod disconnect;
mod encode;
mod error;
pub mod forward;
mod frame;
mod packet;
mod packet_id;
mod packet_type;
mod plain;
mod property;
mod publish;
mod reader;
mod reason_code;
mod sink;
mod suback;
mod subscribe;
mod unsubscribe;
mod varint;
mod version;

pub use ack::{Ack, AckKind, encode_ack};
pub use auth::{Auth, AuthProperties};
pub use connack::{Connack, ConnackProperties};
pub use connect::{Connect, ConnectProperties, Will, WillProperties, connect_version};
pub use disconnect::{Disconnect, DisconnectProperties};
pub use error::{DecodeError, EncodeError};
pub use frame::{Frame, frame};
pub use packet::Packet;
pub use packet_id::PacketId;
pub use packet_type::PacketType;
pub use plain::{PLAIN_ACK_BYTES, PlainPublish, plain_ack};
pub use property::{
    PayloadFormat, ReasonProperties, SubscriptionIds, SubscriptionIdsIter, UserProperties,
    UserPropertiesIter,
};
pub use publish::{Publish, PublishProperties};
pub use reason_code::ReasonCode;
pub use suback::{ReasonCodes, ReasonCodesIter, Suback, Unsuback};
pub use subscribe::{
    FilterRequest, FilterRequests, FilterRequestsIter, RetainHandling, Subscribe,
    SubscribeProperties,
};
pub use unsubscribe::{Filters, FiltersIter, Unsubscribe};
pub use varint::{VARINT_MAX, varint_size};
pub use version::{Side, Version};
