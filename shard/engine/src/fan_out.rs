//! From matching filters to sessions: plain subscriptions and shared ones.

use shard_topics::{FilterId, Subscriber, Subscription};
use wire_message::{Instant, MessageRef, Qos};
use wire_mqtt::{ReasonCode, Version};

use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::deliver::Delivered;
use crate::engine::Engine;
use crate::entry::GroupPick;
use crate::output::Outputs;
use crate::parcel::{Parcel, Wish};
use crate::settings::Overlap;

/// One copy for one session, although several of its subscriptions may match.
#[derive(Debug)]
struct Copy {
    session: SessionKey,
    qos: Qos,
    retain: bool,
    ids: Vec<u32>,
}

impl Engine {
    /// Delivers to the plain subscriptions of this shard's sessions; false if there are none.
    pub(crate) fn deliver_plain(
        &mut self,
        parcel: &mut Parcel<'_>,
        matches: &[FilterId],
        stored: bool,
        now: Instant,
        out: &mut Outputs,
    ) -> bool {
        if self.is_expired(parcel.message(), now) {
            return false;
        }
        let mut refused = core::mem::take(&mut self.refused);
        let several = matches.len() > 1 && self.clients.settings.mqtt.overlap == Overlap::One;
        let any = if several {
            self.deliver_merged(parcel, matches, stored, now, out, &mut refused)
        } else {
            let (clients, index) = (&mut self.clients, &self.index);
            let mut any = false;
            for id in matches {
                if stored {
                    let receivers = index.filter(*id).subscribers();
                    let stored = receivers.filter(|one| one.subscription.persistent);
                    let count = stored.take(2).count();
                    clients.begin_message(count);
                }
                index.filter(*id).for_each_subscriber(|subscriber| {
                    any = true;
                    let Some((session, wish)) = clients.wish(&subscriber, parcel.message()) else {
                        return;
                    };
                    let id = subscriber.subscription.identifier.map(Into::into);
                    let wish = Wish {
                        ids: id.as_slice(),
                        ..wish
                    };
                    if clients.deliver(session, &wish, parcel, now, out) == Delivered::Refused {
                        refused.push(session);
                    }
                });
                if stored {
                    clients.end_message(parcel);
                }
            }
            any
        };
        self.refused = refused;
        any
    }

    /// One copy for each session, at the highest granted quality of service and with the
    /// identifiers of all matching subscriptions.
    ///
    /// # Specification
    ///
    /// \[v5 3.3.4-2\], \[v5 3.3.4-3\], \[v5 3.3.4-4\], \[v5 3.3.4-5\], \[v311 3.3.5-1\].
    fn deliver_merged(
        &mut self,
        parcel: &mut Parcel<'_>,
        matches: &[FilterId],
        stored: bool,
        now: Instant,
        out: &mut Outputs,
        refused: &mut Vec<SessionKey>,
    ) -> bool {
        let (clients, index) = (&mut self.clients, &self.index);
        let mut any = false;
        let mut copies: Vec<Copy> = Vec::new();
        for subscriber in matches
            .iter()
            .flat_map(|id| index.filter(*id).subscribers())
        {
            any = true;
            if let Some((session, wish)) = clients.wish(&subscriber, parcel.message()) {
                let ids = subscriber.subscription.identifier.map(Into::into);
                let ids = ids.into_iter().collect();
                copies.push(Copy {
                    session,
                    qos: wish.qos,
                    retain: wish.retain,
                    ids,
                });
            }
        }
        copies.sort_by_key(|copy| copy.session);
        copies.dedup_by(|more, copy| {
            let same = more.session == copy.session;
            if same {
                copy.qos = copy.qos.max(more.qos);
                copy.retain |= more.retain;
                copy.ids.append(&mut more.ids);
            }
            same
        });
        if stored {
            let stored = copies
                .iter()
                .filter(|copy| clients.stored(copy.session).is_some());
            clients.begin_message(stored.take(2).count());
        }
        for Copy {
            session,
            qos,
            retain,
            ids,
        } in copies
        {
            let wish = Wish {
                qos,
                retain,
                ids: &ids,
                group: None,
                group_hash: 0,
            };
            if clients.deliver(session, &wish, parcel, now, out) == Delivered::Refused {
                refused.push(session);
            }
        }
        if stored {
            clients.end_message(parcel);
        }
        any
    }

    /// Delivers to one member of each picked shared subscription.
    ///
    /// If this shard was picked for connected members and has none by now, the message goes on to
    /// another pick.
    pub(crate) fn deliver_to_groups(
        &mut self,
        parcel: &mut Parcel<'_>,
        matches: &[FilterId],
        picks: &[GroupPick],
        now: Instant,
        out: &mut Outputs,
    ) {
        if picks.is_empty() || self.is_expired(parcel.message(), now) {
            return;
        }
        for pick in picks {
            let groups = matches
                .iter()
                .flat_map(|id| self.index.filter(*id).groups());
            let group = groups
                .copied()
                .find(|id| self.index.group(*id).hash() == pick.hash);
            let connected = group.is_some_and(|id| self.index.group(id).online() > 0);
            let Some(id) = group.filter(|_| connected || !pick.online) else {
                // Its members have left; the owner of the filter knows who is there now.
                let message = parcel.owned().clone();
                self.redispatch(message, pick.hash, Vec::new());
                continue;
            };
            let name: Box<str> = self.index.group(id).name().into();
            let choice = self.pick(parcel.message(), &name);
            let clients = &self.clients;
            let member = self.index.group_mut(id).pick(&choice, |session| {
                let session = clients.sessions.get(clients.session_key(session));
                session.map_or(0, |session| saturate(session.outbound.len()))
            });
            let Some(member) = member else { continue };
            let subscriber = Subscriber {
                session: member.session,
                subscription: Subscription {
                    no_local: false,
                    ..member.subscription
                },
            };
            let Some((session, wish)) = self.clients.wish(&subscriber, parcel.message()) else {
                continue;
            };
            let ids = member.subscription.identifier.map(Into::into);
            let wish = Wish {
                ids: ids.as_slice(),
                group: Some(id.to_bits()),
                group_hash: pick.hash,
                ..wish
            };
            if self.clients.deliver(session, &wish, parcel, now, out) == Delivered::Refused {
                self.refused.push(session);
            }
        }
    }

    fn is_expired(&mut self, message: &MessageRef<'_>, now: Instant) -> bool {
        let expired = message.expiry.is_past(now);
        if expired {
            self.clients.counters.messages_dropped += 1;
            self.clients.counters.messages_dropped_expired += 1;
        }
        expired
    }

    /// Disconnects clients whose queues are full under a policy that does not allow that.
    ///
    /// Not while a message is on its way: a session that ends takes filters out of the index that
    /// the message matched.
    pub(crate) fn disconnect_refused(&mut self, now: Instant, out: &mut Outputs) {
        while let Some(session) = self.refused.pop() {
            let connection = self
                .clients
                .sessions
                .get(session)
                .and_then(|s| s.connection);
            if let Some(connection) = connection {
                self.disconnect(connection, ReasonCode::QuotaExceeded, now, out);
            }
        }
    }
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Clients {
    /// What a subscriber gets of a message, without identifiers; `None` if it is its own and it
    /// does not want those.
    fn wish(
        &mut self,
        subscriber: &Subscriber,
        message: &MessageRef<'_>,
    ) -> Option<(SessionKey, Wish<'static>)> {
        let Subscription {
            qos,
            no_local,
            retain_as_published,
            ..
        } = subscriber.subscription;
        let (key, session) = self.sessions.at_mut(subscriber.session.0)?;
        if message.retain
            && let Some(feeds) = session.feeds.as_mut()
        {
            feeds.supersede(message.topic);
        }
        if session.is_stored()
            && !self.writing.skip.is_empty()
            && self.writing.has(session.client.as_str(), self.seed)
        {
            return None;
        }
        let own = session.publisher == message.publisher;
        // [v5 3.8.3-3].
        if own && (no_local || self.settings.mqtt.ignore_loop_deliver && self.is_v3(key)) {
            self.counters.delivery_dropped += 1;
            self.counters.delivery_dropped_no_local += 1;
            return None;
        }
        let qos = if self.settings.mqtt.upgrade_qos {
            qos
        } else {
            qos.min(message.qos)
        };
        // [v5 3.3.1-12], [v5 3.3.1-13], [v311 3.3.1-9].
        let retain = retain_as_published && message.retain;
        Some((
            key,
            Wish {
                qos,
                retain,
                ids: &[],
                group: None,
                group_hash: 0,
            },
        ))
    }

    fn is_v3(&self, key: SessionKey) -> bool {
        let connection = self
            .sessions
            .get(key)
            .and_then(|session| session.connection);
        let connection = connection.and_then(|key| self.connections.get(key));
        connection.is_some_and(|connection| connection.version != Version::V5)
    }
}
