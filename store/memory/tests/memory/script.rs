//! What shards might ask, by chance but in character: numbers are new, removals name what is there.

use std::num::NonZeroU32;
use std::sync::Arc;

use store_model::{
    Batch, Enqueue, EntryPlace, Flight, FlightStage, Home, Number, Numbers, Operation, Origin,
    PutSession, PutSubscription, PutWill, Queued, Receipt, Sequence, Subscription, UnixMillis,
};
use wire_message::{
    ClientId, Expiry, Instant, Message, MessageRef, PublisherId, Qos, ShardId, TopicName, TopicRef,
};
use wire_mqtt::PacketId;

/// A small generator, so that a failing seed is a whole reproduction.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        usize::try_from((mixed >> 20) % bound as u64).expect("below a usize")
    }
}

/// One shard's mind.
#[derive(Debug)]
pub(crate) struct Actor {
    shard: ShardId,
    numbers: Numbers,
    sessions: Vec<Number>,
    entries: Vec<EntryPlace>,
    delayed: Vec<(UnixMillis, Number)>,
    sequence: u64,
    payload: u32,
}

pub(crate) fn message(topic: &str, payload: &[u8]) -> Arc<Message> {
    let message = MessageRef {
        topic: TopicRef::new(topic).expect("valid"),
        payload,
        properties: &[],
        qos: Qos::ExactlyOnce,
        retain: false,
        expiry: Expiry::NEVER,
        received_at: Instant::ZERO,
        publisher: PublisherId(1),
    };
    Arc::new(message.to_message())
}

impl Actor {
    pub(crate) fn new(shard: ShardId, first: Number) -> Self {
        Self {
            shard,
            numbers: Numbers::new(first, shard),
            sessions: Vec::new(),
            entries: Vec::new(),
            delayed: Vec::new(),
            sequence: 0,
            payload: 0,
        }
    }

    pub(crate) fn batch(&mut self, dice: &mut Dice) -> Batch {
        self.sequence += 1;
        let mut operations = Vec::new();
        for _ in 0..dice.below(5) {
            self.operation(dice, &mut operations);
        }
        Batch {
            sequence: Sequence(self.sequence),
            operations,
            urgent: dice.below(2) == 0,
        }
    }

    fn message(&mut self, dice: &mut Dice) -> Arc<Message> {
        self.payload += 1;
        let topic = format!("{}/{}", self.shard, dice.below(3));
        message(&topic, &self.payload.to_be_bytes())
    }

    fn operation(&mut self, dice: &mut Dice, out: &mut Vec<Operation>) {
        let choice = dice.below(20);
        if self.sessions.is_empty() || choice == 0 {
            out.push(self.put_session());
            return;
        }
        let session = self.sessions[dice.below(self.sessions.len())];
        match choice {
            1 => out.push(put_subscription(session, dice)),
            2 => out.push(Operation::DropSubscription {
                session,
                filter: filter(dice),
            }),
            3 => out.push(Operation::PutWill(Box::new(PutWill {
                session,
                message: self.message(dice),
                expiry_s: None,
                delay_s: 3,
            }))),
            4 => out.push(Operation::DropWill { session }),
            5 => out.push(Operation::PutRetained(self.message(dice))),
            6 => {
                let topic = format!("{}/{}", self.shard, dice.below(3));
                let topic: TopicName = TopicRef::new(&topic).expect("valid").to_owned();
                out.push(Operation::DropRetained(topic));
            }
            7 => self.delay(dice, out),
            8 => self.exchange(session, dice, out),
            9 if dice.below(3) == 0 => {
                self.sessions.retain(|other| *other != session);
                self.entries.retain(|place| place.session != session);
                out.push(Operation::DropSession { session });
            }
            9..14 => self.remove(dice, out),
            _ => self.enqueue(dice, out),
        }
    }

    fn put_session(&mut self) -> Operation {
        let session = self.numbers.take();
        self.sessions.push(session);
        Operation::PutSession(Box::new(PutSession {
            session,
            client: ClientId::new(&format!("client-{}", session.0)),
            username: None,
            mount: "".into(),
            expiry_s: 60,
            detached_at: None,
        }))
    }

    fn delay(&mut self, dice: &mut Dice, out: &mut Vec<Operation>) {
        if !self.delayed.is_empty() && dice.below(2) == 0 {
            let (due, number) = self.delayed.swap_remove(dice.below(self.delayed.len()));
            out.push(Operation::DropDelayed { due, number });
            return;
        }
        let (number, due) = (self.numbers.take(), UnixMillis(dice.below(100) as u64));
        self.delayed.push((due, number));
        out.push(Operation::Delay {
            number,
            due,
            message: self.message(dice),
        });
    }

    /// Packet ids in either direction.
    fn exchange(&mut self, session: Number, dice: &mut Dice, out: &mut Vec<Operation>) {
        let packet_id = PacketId::new(u16::try_from(1 + dice.below(4)).expect("small"));
        let id = packet_id.expect("not zero");
        let origin = Origin {
            number: session,
            packet_id,
        };
        out.push(match dice.below(4) {
            0 => Operation::DropFlight {
                session,
                packet_id: id,
            },
            1 => Operation::PutFlight {
                session,
                packet_id: id,
                flight: Flight {
                    stage: FlightStage::Released,
                    rank: self.numbers.take(),
                },
            },
            2 => Operation::DropReceipt {
                origin,
                part: self.home(),
            },
            _ => Operation::PutReceipt {
                origin,
                part: self.home(),
                receipt: receipt(),
            },
        });
    }

    fn home(&self) -> Home {
        Home::new(self.shard, 3).expect("one of the three shards")
    }

    fn enqueue(&mut self, dice: &mut Dice, out: &mut Vec<Operation>) {
        let number = self.numbers.take();
        let mut sessions = self.sessions.clone();
        while sessions.len() > 1 && dice.below(3) > 0 {
            sessions.swap_remove(dice.below(sessions.len()));
        }
        let is_shared = sessions.len() > 1;
        let priority = u8::try_from(dice.below(2)).expect("small");
        let origin = Origin {
            number: sessions[0],
            packet_id: PacketId::new(9),
        };
        let receipt = (dice.below(4) == 0).then(|| (origin, self.home(), receipt()));
        let queued = |session: &Number| Queued {
            session: *session,
            priority,
            qos: Qos::ExactlyOnce,
            retain: false,
            packet_id: None,
            group: None,
            subscription_ids: vec![7],
        };
        let entries = sessions.iter().map(queued).collect();
        self.entries
            .extend(sessions.iter().map(|session| EntryPlace {
                session: *session,
                priority,
                number,
                is_shared,
            }));
        out.push(Operation::Enqueue(Box::new(Enqueue {
            number,
            message: self.message(dice),
            entries,
            receipt,
        })));
    }

    fn remove(&mut self, dice: &mut Dice, out: &mut Vec<Operation>) {
        if self.entries.is_empty() {
            return;
        }
        let place = self.entries.swap_remove(dice.below(self.entries.len()));
        out.push(Operation::Remove(place));
    }
}

const fn receipt() -> Receipt {
    Receipt {
        parts: 1,
        taken_at: UnixMillis(7),
    }
}

fn filter(dice: &mut Dice) -> Box<str> {
    format!("$share/g/{}/+", dice.below(3)).into()
}

fn put_subscription(session: Number, dice: &mut Dice) -> Operation {
    let subscription = Subscription {
        qos: Qos::AtLeastOnce,
        no_local: dice.below(2) == 0,
        retain_as_published: false,
        retain_handling: 1,
        exclusive: false,
        identifier: NonZeroU32::new(u32::try_from(dice.below(9)).expect("small")),
    };
    Operation::PutSubscription(Box::new(PutSubscription {
        session,
        filter: filter(dice),
        subscription,
    }))
}
