//! Sessions, subscriptions and wills as they are written down.

use std::sync::Arc;

use store_model::{
    DelayedKey, Number, Operation, PutSession, PutSubscription, PutWill, Subscription,
};
use wire_message::{ClientId, Instant, Message, Qos};

use super::Waits;
use crate::clients::Clients;
use crate::connection::SessionKey;

impl Clients {
    /// The number of a session that is stored.
    pub(crate) fn stored(&self, key: SessionKey) -> Option<Number> {
        let session = self.sessions.get(key)?;
        session.is_stored().then_some(session.number)
    }

    /// Writes a session's head down, if it is stored.
    pub(crate) fn write_head(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get(key).filter(|session| session.is_stored()) else {
            return;
        };
        let clock = self.journal.clock();
        let detached_at = session.connection.is_none();
        let head = PutSession {
            session: session.number,
            client: session.client.clone(),
            username: session
                .identity
                .as_ref()
                .and_then(|identity| identity.username.clone()),
            mount: session.mount().into(),
            expiry_s: session.expiry.interval_s(),
            detached_at: detached_at.then(|| clock.at(session.detached_at)),
        };
        self.journal.push(Operation::PutSession(Box::new(head)));
    }

    /// Writes down that a session ended, if it was stored.
    pub(crate) fn write_end(&mut self, key: SessionKey) {
        let session = self.sessions.get(key).filter(|session| session.is_stored());
        if let Some(session) = session {
            let (client, session) = (session.client.clone(), session.number);
            let batch = self.journal.push(Operation::DropSession { session });
            self.endings.insert(client, batch.0);
        }
    }

    /// What must be durable before a client may be told that it has no session.
    pub(crate) fn waits_ended(&self, client: &ClientId) -> Waits {
        let batch = self.endings.get(client).copied();
        Waits::on(self.here, batch.unwrap_or(0))
    }

    /// Writes a session's will down, if it is stored and has one; otherwise, if it `had` one, that
    /// it is gone.
    pub(crate) fn write_will(&mut self, key: SessionKey, had: bool, now: Instant) {
        let Some(number) = self.stored(key) else {
            return;
        };
        let will = self
            .sessions
            .get(key)
            .and_then(|session| session.will.as_ref());
        let operation = match will {
            Some(will) => Operation::PutWill(Box::new(PutWill {
                session: number,
                message: Arc::new(will.message_at(now).to_message()),
                expiry_s: will.expiry_s(),
                delay_s: will.delay_s(),
            })),
            None if had => Operation::DropWill { session: number },
            None => return,
        };
        self.journal.push(operation);
    }

    /// Writes a delayed message down, if anything is stored.
    pub(crate) fn write_delayed(
        &mut self,
        due: Instant,
        message: &Arc<Message>,
    ) -> Option<DelayedKey> {
        if !self.journal.is_on() {
            return None;
        }
        let due = self.journal.clock().at(due);
        let number = self.journal.take_number();
        self.journal.push(Operation::Delay {
            number,
            due,
            message: Arc::clone(message),
        });
        Some(DelayedKey { due, number })
    }

    /// Writes a subscription down, if its session is stored.
    pub(crate) fn write_subscription(
        &mut self,
        key: SessionKey,
        filter: Box<str>,
        subscription: &shard_topics::Subscription,
    ) {
        let Some(session) = self.stored(key) else {
            return;
        };
        let put = PutSubscription {
            session,
            filter,
            subscription: to_record(subscription),
        };
        self.journal.push(Operation::PutSubscription(Box::new(put)));
    }

    /// Writes down that a subscription ended, if its session is stored.
    pub(crate) fn write_unsubscription(&mut self, key: SessionKey, filter: Box<str>) {
        if let Some(session) = self.stored(key) {
            let operation = Operation::DropSubscription { session, filter };
            self.journal.push(operation);
        }
    }
}

fn to_record(subscription: &shard_topics::Subscription) -> Subscription {
    Subscription {
        qos: subscription.qos,
        no_local: subscription.no_local,
        retain_as_published: subscription.retain_as_published,
        retain_handling: match subscription.retain_handling {
            shard_topics::RetainHandling::Always => 0,
            shard_topics::RetainHandling::IfNew => 1,
            shard_topics::RetainHandling::Never => 2,
        },
        exclusive: subscription.exclusive,
        identifier: subscription.identifier,
    }
}

/// The inverse.
pub(super) fn from_record(subscription: &Subscription, qos_max: Qos) -> shard_topics::Subscription {
    shard_topics::Subscription {
        qos: subscription.qos.min(qos_max),
        no_local: subscription.no_local,
        retain_as_published: subscription.retain_as_published,
        retain_handling: match subscription.retain_handling {
            0 => shard_topics::RetainHandling::Always,
            1 => shard_topics::RetainHandling::IfNew,
            _ => shard_topics::RetainHandling::Never,
        },
        exclusive: subscription.exclusive,
        persistent: true,
        identifier: subscription.identifier,
    }
}
