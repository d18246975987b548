//! A start: everything that is stored goes to the engines of those shards that own it now.
//!
//! This thread reads and deals; one thread for each shard takes its share in. Shares come in rounds:
//! in each, a shard takes in its sessions, passes on to every other shard what that must know of
//! them, and waits for the same from all others. So what an engine sees, and in which order, is the
//! same at every start from the same store.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use shard_engine::{Engine, Restored};
use shard_topics::TopicKey;
use store_model::{Answer, Read, StoredDelayed, StoredSession, WallClock};
use store_rocks::Database;
use wire_message::{ClientId, Instant, Message, Seed, ShardId};

use super::restored::Found;
use crate::limits::{ROUND_RECORDS, ROUNDS_AHEAD_MAX};
use crate::start_error::StartError;

/// What one shard takes in during a round.
#[derive(Debug, Default)]
struct Share {
    sessions: Vec<StoredSession>,
    retained: Vec<Arc<Message>>,
    delayed: Vec<StoredDelayed>,
}

/// Reads everything and gives it to `engines`, which are those of all shards in their order.
pub(crate) fn restore(
    database: &Database,
    clock: WallClock,
    seed: Seed,
    engines: &mut [Engine],
    now: Instant,
) -> Result<Found, StartError> {
    let count = engines.len();
    let (deals, shares): (Vec<_>, Vec<_>) = engines
        .iter()
        .map(|_| mpsc::sync_channel(ROUNDS_AHEAD_MAX))
        .unzip();
    thread::scope(|scope| {
        for ((engine, shares), peers) in engines.iter_mut().zip(shares).zip(Peers::mesh(count)) {
            let name = format!("restore-{}", peers.own.0);
            thread::Builder::new()
                .name(name)
                .spawn_scoped(scope, move || take_in(engine, &shares, &peers, now))
                .map_err(|error| StartError::Thread(error.to_string()))?;
        }
        let mut dealer = Dealer {
            database,
            clock,
            seed,
            deals,
            round: (0..count).map(|_| Share::default()).collect(),
            records: 0,
            found: Found::default(),
        };
        dealer.deal_everything()?;
        Ok(dealer.found)
    })
}

/// The end of a round of one shard, towards all others.
struct Peers {
    own: ShardId,
    /// The other shards in their order.
    others: Vec<Peer>,
}

/// Another shard: what goes to it and what comes from it.
struct Peer {
    shard: ShardId,
    to: SyncSender<Vec<Restored>>,
    from: Receiver<Vec<Restored>>,
}

impl Peers {
    /// Channels between all shards, with room for one round: all of a shard's are empty when it comes
    /// to its next one.
    fn mesh(count: usize) -> Vec<Self> {
        let shards = (0..=u8::MAX).map(ShardId).take(count);
        let mut peers: Vec<_> = shards
            .map(|own| Self {
                own,
                others: Vec::new(),
            })
            .collect();
        for low in 0..count {
            for high in low + 1..count {
                let (up, from_low) = mpsc::sync_channel(1);
                let (down, from_high) = mpsc::sync_channel(1);
                let (lower, higher) = (peers[low].own, peers[high].own);
                peers[low].others.push(Peer {
                    shard: higher,
                    to: up,
                    from: from_high,
                });
                peers[high].others.push(Peer {
                    shard: lower,
                    to: down,
                    from: from_low,
                });
            }
        }
        for one in &mut peers {
            one.others.sort_by_key(|peer| peer.shard);
        }
        peers
    }
}

/// One shard's thread: takes in what it is dealt, until there is no more or another shard's thread has
/// ended early.
fn take_in(engine: &mut Engine, shares: &Receiver<Share>, peers: &Peers, now: Instant) {
    for share in shares {
        let mut told: Vec<Vec<Restored>> = peers.others.iter().map(|_| Vec::new()).collect();
        for session in share.sessions {
            for (to, restored) in engine.restore_session(&session, now) {
                match peers.others.binary_search_by_key(&to, |peer| peer.shard) {
                    Ok(place) => told[place].push(restored),
                    Err(_) => engine.restore_for(peers.own, &restored),
                }
            }
        }
        for (peer, told) in peers.others.iter().zip(told) {
            if peer.to.send(told).is_err() {
                return;
            }
        }
        for peer in &peers.others {
            let Ok(told) = peer.from.recv() else {
                return;
            };
            for restored in told {
                engine.restore_for(peer.shard, &restored);
            }
        }
        for message in share.retained {
            engine.restore_retained(message, now);
        }
        for delayed in share.delayed {
            engine.restore_delayed(delayed, now);
        }
    }
}

/// Reads in the order of keys, and deals to the owners.
struct Dealer<'a> {
    database: &'a Database,
    clock: WallClock,
    seed: Seed,
    deals: Vec<SyncSender<Share>>,
    /// What the shards get next.
    round: Vec<Share>,
    /// Records in it.
    records: usize,
    found: Found,
}

impl Dealer<'_> {
    fn deal_everything(&mut self) -> Result<(), StartError> {
        self.deal_sessions()?;
        self.deal_retained()?;
        self.deal_delayed()?;
        self.deal()
    }

    fn deal_sessions(&mut self) -> Result<(), StartError> {
        let mut after = None;
        loop {
            let read = Read::Sessions { after };
            let Answer::Sessions(chunk) = self.database.read(&read, self.clock) else {
                return Err(unreadable("sessions"));
            };
            self.found.damaged += chunk.damaged;
            for session in chunk.sessions {
                self.found.sessions += 1;
                self.found.subscriptions += session.subscriptions.len() as u64;
                self.records += 1 + session.subscriptions.len();
                let home = ClientId::home(session.client.as_str(), self.round.len(), self.seed);
                self.round[home.index()].sessions.push(session);
            }
            self.deal_if_enough()?;
            match chunk.after {
                None => return Ok(()),
                more => after = more,
            }
        }
    }

    fn deal_retained(&mut self) -> Result<(), StartError> {
        let mut after = None;
        loop {
            let Answer::Retained(chunk) = self.database.read(&Read::Retained { after }, self.clock)
            else {
                return Err(unreadable("retained messages"));
            };
            self.found.damaged += chunk.damaged;
            for message in chunk.messages {
                self.found.retained += 1;
                self.records += 1;
                let key = TopicKey::new(message.topic(), self.seed);
                let owner = key.owner(self.round.len());
                self.round[owner.index()].retained.push(message);
            }
            self.deal_if_enough()?;
            match chunk.after {
                None => return Ok(()),
                more => after = more,
            }
        }
    }

    fn deal_delayed(&mut self) -> Result<(), StartError> {
        let mut after = None;
        loop {
            let Answer::Delayed(chunk) = self.database.read(&Read::Delayed { after }, self.clock)
            else {
                return Err(unreadable("delayed messages"));
            };
            self.found.damaged += chunk.damaged;
            for delayed in chunk.messages {
                self.found.delayed += 1;
                self.records += 1;
                let shards = self.round.len() as u64;
                let owner = usize::try_from(delayed.key.number.0 % shards);
                let owner = owner.expect("it is less than the number of shards");
                self.round[owner].delayed.push(delayed);
            }
            self.deal_if_enough()?;
            match chunk.after {
                None => return Ok(()),
                more => after = more,
            }
        }
    }

    fn deal_if_enough(&mut self) -> Result<(), StartError> {
        if self.records < ROUND_RECORDS {
            return Ok(());
        }
        self.deal()
    }

    /// Gives every shard its share of the round, an empty one too.
    fn deal(&mut self) -> Result<(), StartError> {
        self.records = 0;
        for (share, deal) in self.round.iter_mut().zip(&self.deals) {
            let share = core::mem::take(share);
            deal.send(share)
                .map_err(|_| StartError::Thread("one that reads the store ended early".into()))?;
        }
        Ok(())
    }
}

fn unreadable(what: &str) -> StartError {
    StartError::Store(format!(
        "the {what} in the store can't be read, see the log"
    ))
}
