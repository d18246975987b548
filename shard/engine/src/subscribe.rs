//! SUBSCRIBE: each filter is checked, entered into the local index, and made known to its owners;
//! SUBACK leaves when all of them know.

mod enter;

use core::num::NonZeroU32;

use shard_table::{Key, Slab};
use shard_topics::{RetainHandling, SessionIndex, Subscription, SubscriptionId};
use wire_message::{FilterTarget, Instant, Qos};
use wire_mqtt::{FilterRequest, PacketId, ReasonCode, Subscribe};

use crate::connection::SessionKey;
use crate::control::Wish as Right;
use crate::engine::Engine;
use crate::entry::Entry;
use crate::hold::Wait;
use crate::key::ConnectionKey;
use crate::naming::keeps_limits;
use crate::output::Outputs;
use crate::receive::Step;
use crate::requests::Request;
use crate::settings::RewriteAction;

/// Marks keys of SUBSCRIBEs in progress.
#[derive(Debug)]
pub(crate) enum OfSubscribe {}

pub(crate) type SubscribeKey = Key<OfSubscribe>;

/// SUBSCRIBEs that await answers. One for each connection at the most.
pub(crate) type Subscribing = Slab<Progress, OfSubscribe>;

/// A SUBSCRIBE that awaits answers; or subscriptions that the broker makes for a client, which
/// nobody is told of.
#[derive(Debug)]
pub(crate) struct Progress {
    connection: ConnectionKey,
    session: SessionKey,
    packet_id: Option<PacketId>,
    items: Vec<Item>,
    /// Answers to come.
    awaited: usize,
}

/// One filter of a SUBSCRIBE.
#[derive(Debug)]
struct Item {
    /// The broker's text, `$share/<group>/` included.
    text: Box<str>,
    subscription: Subscription,
    /// What SUBACK says.
    code: ReasonCode,
    /// Where retained messages go when all is known.
    feed: Option<SubscriptionId>,
}

/// A subscription somebody asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) text: &'a str,
    pub(crate) subscription: Subscription,
}

impl Engine {
    pub(crate) fn handle_subscribe(
        &mut self,
        key: ConnectionKey,
        subscribe: &Subscribe<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        let Some((session, _)) = self.clients.session_of(key) else {
            return Step::Gone;
        };
        // [v5 3.8.3-4].
        let shared = |request: &FilterRequest<'_>| request.filter.starts_with("$share/");
        if subscribe
            .requests
            .iter()
            .any(|request| request.no_local && shared(&request))
        {
            return self.disconnect(key, ReasonCode::ProtocolError, now, out);
        }
        let wishes = || {
            let texts = subscribe.requests.iter().map(|request| request.filter);
            texts.map(|text| Right::Subscribe(text.into())).collect()
        };
        let Some(verdicts) = self.authorized(key, wishes, out) else {
            return Step::Held;
        };
        self.clients.counters.packets_subscribe_received += 1;
        let identifier = subscribe
            .properties
            .subscription_id
            .and_then(NonZeroU32::new);
        let mut items = Vec::with_capacity(verdicts.len().max(1));
        for (place, request) in subscribe.requests.iter().enumerate() {
            let asked = Asked {
                text: request.filter,
                subscription: wanted(&request, identifier),
            };
            let verdict = verdicts.get(place).copied().unwrap_or(Ok(()));
            items.push(self.check_subscription(session, &asked, verdict));
        }
        self.count_subscribe(&items);
        self.start_subscribing(key, session, Some(subscribe.packet_id), items, now, out);
        Step::Done
    }

    /// Makes the subscriptions that every client gets.
    pub(crate) fn subscribe_automatically(
        &mut self,
        key: ConnectionKey,
        session: SessionKey,
        asked: &[Asked<'_>],
        now: Instant,
        out: &mut Outputs,
    ) {
        let items = asked
            .iter()
            .map(|asked| self.check_subscription(session, asked, Ok(())));
        let items = items.collect();
        self.start_subscribing(key, session, None, items, now, out);
    }

    fn count_subscribe(&mut self, items: &[Item]) {
        if items
            .iter()
            .any(|item| item.code == ReasonCode::NotAuthorized)
        {
            self.clients.counters.packets_subscribe_auth_error += 1;
        } else if items.iter().any(|item| item.code.is_error()) {
            self.clients.counters.packets_subscribe_error += 1;
        }
    }

    /// What SUBACK will say, unless an exclusive right is not to be had.
    fn check_subscription(
        &self,
        session: SessionKey,
        asked: &Asked<'_>,
        verdict: Result<(), ReasonCode>,
    ) -> Item {
        let text = self
            .clients
            .name(session, asked.text, RewriteAction::Subscribe);
        let mut subscription = asked.subscription;
        subscription.qos = subscription
            .qos
            .min(self.clients.settings.mqtt.connect.qos_max);
        let checked = verdict.and_then(|()| self.check_target(&text));
        subscription.exclusive = matches!(checked, Ok(FilterTarget::Exclusive(_)));
        let code = match checked {
            Err(reason) => reason,
            Ok(_) => match subscription.qos {
                Qos::AtMostOnce => ReasonCode::Success,
                Qos::AtLeastOnce => ReasonCode::GrantedQos1,
                Qos::ExactlyOnce => ReasonCode::GrantedQos2,
            },
        };
        Item {
            text: text.into(),
            subscription,
            code,
            feed: None,
        }
    }

    fn check_target<'t>(&self, text: &'t str) -> Result<FilterTarget<'t>, ReasonCode> {
        let mqtt = &self.clients.settings.mqtt;
        // [v5 3.8.3-1], [v5 4.7.1-1], [v5 4.8.2-1]: well formed or not at all.
        let target = FilterTarget::parse(text).map_err(|_| ReasonCode::TopicFilterInvalid)?;
        let filter = target.filter();
        if !keeps_limits(filter.as_str(), mqtt) {
            return Err(ReasonCode::TopicFilterInvalid);
        }
        if filter.is_wildcard() && !mqtt.connect.wildcard_available {
            return Err(ReasonCode::WildcardSubscriptionsNotSupported);
        }
        match target {
            FilterTarget::Exclusive(_) if !mqtt.exclusive_available => {
                Err(ReasonCode::TopicFilterInvalid)
            }
            FilterTarget::Shared(..) if !mqtt.connect.shared_available => {
                Err(ReasonCode::SharedSubscriptionsNotSupported)
            }
            FilterTarget::Exclusive(_) | FilterTarget::Plain(_) | FilterTarget::Shared(..) => {
                Ok(target)
            }
        }
    }

    fn start_subscribing(
        &mut self,
        connection: ConnectionKey,
        session: SessionKey,
        packet_id: Option<PacketId>,
        items: Vec<Item>,
        now: Instant,
        out: &mut Outputs,
    ) {
        let count = items.len();
        let progress = Progress {
            connection,
            session,
            packet_id,
            items,
            awaited: 1,
        };
        let key = self.subscribing.insert(progress);
        for place in 0..count {
            self.start_item(key, place, out);
        }
        // Only now can the last answer be the last.
        self.subscribe_answered(key, now, out);
        if self.subscribing.contains(key) && packet_id.is_some() {
            self.hold(connection, Wait::Subscribed);
        }
    }

    fn start_item(&mut self, key: SubscribeKey, place: usize, out: &mut Outputs) {
        let Some(progress) = self.subscribing.get(key) else {
            return;
        };
        let (session, item) = (progress.session, &progress.items[place]);
        if item.code.is_error() {
            return;
        }
        if !item.subscription.exclusive {
            self.enter(key, place, out);
            return;
        }
        let FilterTarget::Exclusive(filter) = target(&item.text) else {
            return;
        };
        let filter = filter.to_owned();
        let (owner, index) = (self.exclusive_owner(&filter), SessionIndex(session.index()));
        if owner == self.place.shard {
            let claimed = self.claim(&filter, owner, index);
            self.claim_answered(key, place, claimed, out);
        } else {
            self.await_answer(key);
            let id = self.requests.insert(Request::Claim(key, place));
            self.links.push(
                owner,
                Entry::ExclusiveClaim(id, Box::new(filter), index),
                out,
            );
        }
    }
}

/// What a filter of a packet asks for.
fn wanted(request: &FilterRequest<'_>, identifier: Option<NonZeroU32>) -> Subscription {
    Subscription {
        qos: request.qos,
        no_local: request.no_local,
        retain_as_published: request.retain_as_published,
        retain_handling: match request.retain_handling {
            wire_mqtt::RetainHandling::Always => RetainHandling::Always,
            wire_mqtt::RetainHandling::IfNew => RetainHandling::IfNew,
            wire_mqtt::RetainHandling::Never => RetainHandling::Never,
        },
        exclusive: false,
        persistent: false,
        identifier,
    }
}

/// A text that was checked.
fn target(text: &str) -> FilterTarget<'_> {
    FilterTarget::parse(text).expect("the text was checked before")
}
