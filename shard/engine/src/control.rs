//! What the engine and the control side tell each other.
//!
//! Rare by nature: each is boxed, and none is on the path of a message unless the settings ask
//! for outside authentication or authorization.

use core::net::SocketAddr;
use std::sync::Arc;

use wire_message::{ClientId, Message};
use wire_mqtt::{ReasonCode, Version};

use crate::counters::{Counters, Gauges};
use crate::key::ConnectionKey;
use crate::settings::ListenerId;

/// The control side's number for a question, given back in the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub u64);

/// Something the control side wants.
#[derive(Debug)]
pub enum ControlInput {
    /// The answer to [`ControlOutput::Authenticate`].
    Authenticated {
        /// Whose.
        connection: ConnectionKey,
        /// `Ok`, or why not: goes into CONNACK.
        verdict: Result<(), ReasonCode>,
    },
    /// The answer to [`ControlOutput::Authorize`].
    Authorized {
        /// Whose.
        connection: ConnectionKey,
        /// One for each question, in order: `Ok`, or why not.
        verdicts: Vec<Result<(), ReasonCode>>,
    },
    /// Disconnect a client, if it lives here.
    Kick {
        /// Who.
        client: ClientId,
        /// What a 5.0 client is told.
        reason: ReasonCode,
    },
    /// Publish in the broker's name, retained if the message says so. Never refused; if the
    /// backlog is full the message is dropped and counted.
    Publish(Arc<Message>),
    /// Report counters and gauges. Answered with [`ControlOutput::Report`].
    Report(QuestionId),
}

/// Something the control side is asked or told.
#[derive(Debug)]
pub enum ControlOutput {
    /// May this client connect? The connection waits, in its table entry only.
    Authenticate {
        /// The connection.
        connection: ConnectionKey,
        /// Who it says it is.
        credentials: Credentials,
    },
    /// May this client do these things? The connection waits, in its table entry only.
    Authorize {
        /// The connection.
        connection: ConnectionKey,
        /// Who.
        client: ClientId,
        /// What, in the order of the packet.
        wishes: Vec<Wish>,
    },
    /// The answer to [`ControlInput::Report`].
    Report {
        /// Whose.
        question: QuestionId,
        /// All counters since start.
        counters: Box<Counters>,
        /// All gauges now.
        gauges: Gauges,
    },
    /// Every client was told to go and all outputs are out: the answer to [`crate::Input::Stop`].
    Stopped,
}

/// Who a client says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The client id, assigned if it brought none.
    pub client: ClientId,
    /// User name, if any.
    pub username: Option<Box<str>>,
    /// Password, if any; never logged.
    pub password: Option<Box<[u8]>>,
    /// Protocol version.
    pub version: Version,
    /// The listener it came through.
    pub listener: ListenerId,
    /// The far end.
    pub peer: SocketAddr,
}

/// Something a client wants to do to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Publish to a topic.
    Publish(Box<str>),
    /// Subscribe to a filter, `$share/<group>/` included.
    Subscribe(Box<str>),
}
