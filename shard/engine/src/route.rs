//! From a topic to shards, and from there to sessions.

mod resolve;

pub(crate) use self::resolve::Resolving;

use std::sync::Arc;

use shard_topics::{GroupRoute, Lookup, Pending, Pick, Route, TopicKey};
use store_model::Operation;
use wire_message::{Instant, Message, MessageRef, Qos, ShardId, ShardSet};

use crate::backlog::ItemKey;
use crate::engine::Engine;
use crate::entry::{Answer, Entry, GroupPick, GroupPicks, Publish};
use crate::key::ConnectionKey;
use crate::output::{Output, Outputs};
use crate::parcel::Parcel;
use crate::persist::Waits;

/// Who waits for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiter {
    /// A connection whose front packet is a PUBLISH.
    Connection(ConnectionKey),
    /// A publish of the engine itself.
    Item(ItemKey),
}

/// Which subscriptions a publish is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All that match.
    All,
    /// One shared subscription, by its hash, whose last pick did not keep the message.
    Group(u64),
}

/// What became of a publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Routed {
    /// It is on its way to everybody; whether there was anybody, and what must be durable before
    /// it is acknowledged.
    Sent(bool, Waits),
    /// Nothing was done: stored sessions are to get it, and the store is behind.
    Behind,
    /// Nothing was done: there is no room in the ring to this shard.
    NoRoom(ShardId),
    /// Nothing was done: the owners must be asked.
    Unknown,
}

impl Engine {
    /// Sends a message to all shards and sessions that want it, or does nothing.
    ///
    /// `held` is a route that was asked for this very message.
    pub(crate) fn route(
        &mut self,
        parcel: &mut Parcel<'_>,
        held: Option<&Pending>,
        scope: Scope,
        now: Instant,
        out: &mut Outputs,
    ) -> Routed {
        let key = TopicKey::new(parcel.message().topic, self.place.seed);
        let mut matches = core::mem::take(&mut self.matches);
        matches.clear();
        let routed = match held {
            Some(held) => {
                matches.extend_from_slice(self.routes.local_matches(key, &self.index));
                self.send_along(parcel, held.route(), &matches, scope, now, out)
            }
            None => match self
                .routes
                .lookup(key, &self.place.epochs, &self.interest, &self.index)
            {
                Lookup::Ask(_) => Routed::Unknown,
                Lookup::Known { route, local } => {
                    matches.extend_from_slice(local);
                    self.clients.counters.route_hits += 1;
                    let here = self.place.shard;
                    let is_plain = scope == Scope::All && route.groups.is_empty();
                    if is_plain && route.shards.is_only(here) && route.persistent.is_empty() {
                        // The usual case on one core: nothing of the route is needed any more.
                        let before = self.clients.journal.operations();
                        let any = self.deliver_plain(parcel, &matches, false, now, out);
                        Routed::Sent(any, self.waits_since(before))
                    } else {
                        let route = route.clone();
                        self.send_along(parcel, &route, &matches, scope, now, out)
                    }
                }
            },
        };
        self.matches = matches;
        routed
    }

    /// Sends a message along a known route.
    fn send_along(
        &mut self,
        parcel: &mut Parcel<'_>,
        route: &Route,
        matches: &[shard_topics::FilterId],
        scope: Scope,
        now: Instant,
        out: &mut Outputs,
    ) -> Routed {
        let here = self.place.shard;
        let picks = self.pick_shards(parcel.message(), &route.groups, scope);
        let plain = scope == Scope::All;
        let mut targets = if plain { route.shards } else { ShardSet::EMPTY };
        for (shard, _) in &picks {
            targets.insert(*shard);
        }
        let mut storing = if plain {
            route.persistent
        } else {
            ShardSet::EMPTY
        };
        if self.clients.journal.is_on() {
            // Whether members of groups are stored is known to their shards only.
            for (shard, _) in &picks {
                storing.insert(*shard);
            }
        }
        if parcel.message().qos == Qos::AtMostOnce {
            storing = ShardSet::EMPTY;
        } else if !storing.is_empty() && self.clients.journal.is_congested() {
            return Routed::Behind;
        }
        if let Some(full) = targets
            .iter()
            .find(|to| *to != here && !self.links.has_room(*to))
        {
            self.clients.counters.ring_full += 1;
            return Routed::NoRoom(full);
        }
        if let Some(taking) = parcel.taking.as_mut() {
            taking.receipt.parts = u16::try_from(storing.iter().count()).unwrap_or(u16::MAX);
        }
        let mut waits = Waits::NONE;
        for shard in targets.iter() {
            let stored = storing.contains(shard);
            let picked = picks
                .iter()
                .filter(|(to, _)| *to == shard)
                .map(|(_, pick)| *pick);
            let picked: Vec<GroupPick> = picked.collect();
            let plain = plain && route.shards.contains(shard);
            if shard == here {
                let before = self.clients.journal.operations();
                self.deliver_here(parcel, matches, (plain, stored), &picked, now, out);
                waits.join(&self.waits_since(before));
                continue;
            }
            let groups = (!picked.is_empty()).then(|| Box::new(GroupPicks(picked)));
            let message = Arc::clone(parcel.owned());
            self.clients.counters.messages_forward += 1;
            let entry = Entry::Publish(Publish {
                message,
                groups,
                taking: parcel.taking.clone().filter(|_| stored),
                plain,
                stored,
                urgent: parcel.is_urgent,
            });
            let number = self.links.push_now(shard, entry, out);
            if stored {
                waits.add(shard, number);
            }
        }
        Routed::Sent(!targets.is_empty(), waits)
    }

    /// Delivers to sessions of this shard, some of which may be stored; leaves a receipt if the
    /// message must not be stored twice.
    fn deliver_here(
        &mut self,
        parcel: &mut Parcel<'_>,
        matches: &[shard_topics::FilterId],
        (plain, stored): (bool, bool),
        picked: &[GroupPick],
        now: Instant,
        out: &mut Outputs,
    ) {
        let taking = parcel.taking.take();
        if let Some(taking) = taking.as_ref().filter(|_| stored) {
            self.clients.begin_taking(&taking.skip);
        }
        if plain {
            self.deliver_plain(parcel, matches, stored, now, out);
        }
        // Which member got it before a crash is not known; twice is better than never.
        self.clients.end_skipping();
        self.deliver_to_groups(parcel, matches, picked, now, out);
        if let Some(taking) = taking.as_ref().filter(|_| stored) {
            self.write_receipt(taking);
        }
        parcel.taking = taking;
    }

    /// What must be durable for what was written down here since there were `before` operations.
    pub(crate) fn waits_since(&self, before: u64) -> Waits {
        if self.clients.journal.operations() == before {
            Waits::NONE
        } else {
            self.clients.waits_written()
        }
    }

    /// Picks a shard for each shared subscription.
    fn pick_shards(
        &mut self,
        message: &MessageRef<'_>,
        groups: &[GroupRoute],
        scope: Scope,
    ) -> Vec<(ShardId, GroupPick)> {
        let mut picks = Vec::new();
        for group in groups {
            if let Scope::Group(only) = scope
                && only != group.hash
            {
                continue;
            }
            let pick = self.pick(message, &group.group);
            if let Some(shard) = self.cursors.pick_shard(group, &pick) {
                let online = group.shards.iter().any(|members| members.online > 0);
                picks.push((
                    shard,
                    GroupPick {
                        hash: group.hash,
                        online,
                    },
                ));
            }
        }
        picks
    }

    /// What a pick for this message and group depends on.
    pub(crate) fn pick(&mut self, message: &MessageRef<'_>, group: &str) -> Pick {
        Pick {
            strategy: self.clients.settings.shared.strategy_of(group),
            local: self.place.shard,
            client: message.publisher.0,
            topic: self.place.seed.hash(message.topic.as_str().as_bytes()),
            random: self.random.next(),
        }
    }

    /// A message that another shard sent to sessions of this one.
    pub(crate) fn forwarded(
        &mut self,
        from: ShardId,
        publish: Publish,
        now: Instant,
        out: &mut Outputs,
    ) {
        let Publish {
            message,
            groups,
            taking,
            plain,
            stored,
            urgent,
        } = publish;
        let mut parcel = Parcel::shared(&message, now);
        parcel.taking = taking;
        let picks = groups.as_ref().map_or(&[][..], |groups| &groups.0);
        self.deliver_forwarded(&mut parcel, (plain, stored), picks, now, out);
        if stored {
            self.note_written(from, urgent);
        }
    }

    /// Delivers a message that came from another shard to those of this shard's sessions for whom it
    /// was sent: plain subscriptions, and one member of each picked group.
    pub(crate) fn deliver_forwarded(
        &mut self,
        parcel: &mut Parcel<'_>,
        how: (bool, bool),
        picks: &[GroupPick],
        now: Instant,
        out: &mut Outputs,
    ) {
        let key = TopicKey::new(parcel.message().topic, self.place.seed);
        let mut matches = core::mem::take(&mut self.matches);
        matches.clear();
        matches.extend_from_slice(self.routes.local_matches(key, &self.index));
        self.deliver_here(parcel, &matches, how, picks, now, out);
        self.matches = matches;
    }

    /// Answers another shard.
    pub(crate) fn answer(to: ShardId, answer: Answer, out: &mut Outputs) {
        out.actions.push(Output::Answer { to, answer });
    }

    /// Puts a message of the engine's own on its way to one shared subscription.
    ///
    /// `after` is written down when it is durable there.
    pub(crate) fn redispatch(&mut self, message: Arc<Message>, group: u64, after: Vec<Operation>) {
        self.clients.counters.delivery_redispatched += 1;
        self.backlog.push_group(message, group, after);
    }
}
