//! What happened in a round, in the order in which one thread saw and did it.

use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use wire_message::Qos;

/// A client, by its place in [`History::clients`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientId(pub(crate) usize);

/// A message, by its place in [`History::messages`]; later ones of a publisher have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MessageId(pub(crate) u32);

/// A client as the audit must know it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) name: String,
    /// How long its session outlives a connection.
    pub(crate) expiry: Duration,
}

/// How a message is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An empty message that ends a retained one.
    Clear,
    /// Published by the broker so much after it took the message.
    Delayed(Duration),
    /// Not to be delivered later than this after it was sent.
    Expiring(Duration),
    Plain,
    Retained,
    /// Published by the broker so much after it lost the client.
    Will(Duration),
}

/// A message as its publisher made it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) publisher: ClientId,
    /// Where subscribers see it.
    pub(crate) topic: Rc<str>,
    pub(crate) qos: Qos,
    pub(crate) kind: Kind,
}

/// A message as a subscriber's application saw it.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// `None` if the payload is none of this round's.
    pub(crate) message: Option<MessageId>,
    pub(crate) topic: Rc<str>,
    pub(crate) qos: Qos,
    /// Sent because it was retained when the client subscribed.
    pub(crate) retain: bool,
    /// Without a payload.
    pub(crate) empty: bool,
    /// The subscription identifiers.
    pub(crate) identifiers: Vec<u32>,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The connection ended, whoever ended it.
    Closed(ClientId),
    /// CONNACK came.
    Connected { client: ClientId, present: bool },
    /// CONNECT was written.
    Connecting { client: ClientId, clean: bool },
    /// The application was given a message.
    Delivered(ClientId, Delivery),
    /// The broker broke the rules of the protocol, or refused what it must accept.
    Fault(ClientId, String),
    /// The broker was ended; its log is not to be trusted from here on.
    Killed,
    /// The client has seen all retained messages that there are for it.
    Looked(ClientId),
    /// The client begins to look at all retained messages.
    Looking(ClientId),
    /// PUBLISH, or CONNECT with a will, was written, for the first time or again.
    Sent(MessageId),
    /// The broker listens.
    Started { shards: u32 },
    /// SUBACK came.
    Subscribed(ClientId, Rc<str>),
    /// SUBSCRIBE was written; `identifier` 0 for none.
    Subscribing {
        client: ClientId,
        filter: Rc<str>,
        qos: Qos,
        identifier: u32,
    },
    /// PUBACK or PUBREC came: the broker answers for the message.
    Taken(MessageId),
    /// UNSUBACK came.
    Unsubscribed(ClientId, Rc<str>),
    /// UNSUBSCRIBE was written.
    Unsubscribing(ClientId, Rc<str>),
    /// A will that will not be published: CONNACK came after its client said goodbye.
    Withdrawn(MessageId),
}

/// A round from its begin.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) clients: Vec<Client>,
    pub(crate) messages: Vec<Message>,
    /// With the time since the round began, which never goes back.
    pub(crate) events: Vec<(Duration, Event)>,
}

impl History {
    pub(crate) fn client(&self, id: ClientId) -> &Client {
        self.clients
            .get(id.0)
            .expect("ids are given by the history")
    }

    pub(crate) fn message(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(usize::try_from(id.0).ok()?)
    }

    pub(crate) fn add_client(&mut self, client: Client) -> ClientId {
        self.clients.push(client);
        ClientId(self.clients.len() - 1)
    }

    pub(crate) fn add_message(&mut self, message: Message) -> MessageId {
        let id = u32::try_from(self.messages.len()).expect("a round has few messages");
        self.messages.push(message);
        MessageId(id)
    }

    /// Every event, a line each.
    pub(crate) fn whole(&self) -> String {
        let lines = self
            .events
            .iter()
            .map(|(at, event)| format!("{:9.3} s  {event:?}\n", at.as_secs_f64()));
        lines.collect()
    }

    /// All that concerns a message and one of its receivers, a line each.
    pub(crate) fn life(&self, message: Option<MessageId>, client: Option<ClientId>) -> String {
        let mut lines = String::new();
        for (at, event) in &self.events {
            let concerns = match event {
                Event::Killed | Event::Started { .. } => true,
                Event::Sent(id) | Event::Taken(id) | Event::Withdrawn(id) => message == Some(*id),
                Event::Delivered(id, delivery) => {
                    client == Some(*id) && message.is_some() && delivery.message == message
                }
                Event::Closed(id)
                | Event::Connected { client: id, .. }
                | Event::Connecting { client: id, .. }
                | Event::Fault(id, _)
                | Event::Looked(id)
                | Event::Looking(id)
                | Event::Subscribed(id, _)
                | Event::Subscribing { client: id, .. }
                | Event::Unsubscribed(id, _)
                | Event::Unsubscribing(id, _) => client == Some(*id),
            };
            if concerns {
                // A String takes everything.
                let _ = writeln!(lines, "    {:9.3} s  {event:?}", at.as_secs_f64());
            }
        }
        lines
    }
}
