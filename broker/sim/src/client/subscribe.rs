//! Subscriptions.

use wire_message::Qos;
use wire_mqtt::{
    FilterRequest, PacketId, ReasonCode, RetainHandling, SubscribeProperties, UserProperties,
    Version,
};

use super::connect::impossible;
use super::wire::Request;
use super::{Client, Kind};
use crate::history::{Seq, Subscription};
use crate::outside::Outside;
use crate::violation::{Checked, Violation, ensure};

impl Client {
    /// Subscribes to one or two filters; to one that is subscribed to already, too.
    pub(super) fn subscribe(&mut self, outside: &mut Outside) -> Checked {
        let Some(session) = self.memory.session.filter(|_| self.is_connected()) else {
            return Ok(());
        };
        let mut wanted = vec![filter(self.kind, self.number.0, outside)];
        if self.kind == Kind::Ordinary && outside.rng.chance(200) {
            let another = filter(self.kind, self.number.0, outside);
            if another != wanted[0] {
                wanted.push(another);
            }
        }
        let is_v5 = self.version == Version::V5 && self.kind != Kind::Observer;
        let identifier = (is_v5 && outside.rng.chance(500)).then(|| outside.rng.between(1, 300));
        let mut requests = Vec::new();
        let mut places = Vec::new();
        for text in &wanted {
            let request = self.request(text, outside);
            let requested = outside.history.next();
            let (group, filter) = split(text);
            let known = outside.history.session(session);
            replace(&mut known.subscriptions, text, requested);
            places.push(known.subscriptions.len());
            known.subscriptions.push(Subscription {
                filter,
                group,
                qos: request.qos,
                no_local: request.no_local,
                retain_as_published: request.retain_as_published,
                identifier,
                requested,
                granted: None,
                withdrawn: None,
                replaced: None,
                gone: None,
            });
            requests.push(request);
        }
        outside.note(format_args!("{} subscribes to {requests:?}", self.id));
        let properties = SubscribeProperties {
            subscription_id: identifier,
            ..SubscribeProperties::default()
        };
        let Some(wire) = &mut self.wire else {
            return Ok(());
        };
        let packet_id = self
            .protocol
            .subscribe(&requests, properties, outside.now, &mut wire.unsent)
            .map_err(impossible)?;
        wire.requests.insert(packet_id, Request::Subscribe(places));
        Ok(())
    }

    /// A request with options that suit the client.
    fn request<'a>(&self, filter: &'a str, outside: &mut Outside) -> FilterRequest<'a> {
        let all = [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce];
        if matches!(self.kind, Kind::Observer | Kind::Passing) {
            return FilterRequest::new(filter, Qos::ExactlyOnce);
        }
        let rng = &mut outside.rng;
        let request = FilterRequest::new(filter, rng.pick(&all));
        if self.version != Version::V5 {
            return request;
        }
        let handling = [
            RetainHandling::Always,
            RetainHandling::IfNew,
            RetainHandling::Never,
        ];
        FilterRequest {
            no_local: !filter.starts_with("$share/") && rng.chance(150),
            retain_as_published: rng.chance(300),
            retain_handling: rng.pick(&handling),
            ..request
        }
    }

    /// Subscribes, if there is no subscription.
    pub(super) fn subscribe_once(&mut self, outside: &mut Outside) -> Checked {
        let is_asked = self
            .wire
            .as_ref()
            .is_some_and(|wire| !wire.requests.is_empty());
        // What was asked on a connection that is over may have been lost.
        let is_needed = !is_asked
            && self.memory.session.is_some_and(|session| {
                let mut all = outside.history.session(session).subscriptions.iter();
                !all.any(|one| one.is_wanted() && one.granted.is_some())
            });
        if is_needed {
            self.subscribe(outside)
        } else {
            Ok(())
        }
    }

    /// Unsubscribes from one filter.
    pub(super) fn unsubscribe(&mut self, outside: &mut Outside) -> Checked {
        let Some(session) = self.memory.session.filter(|_| self.is_connected()) else {
            return Ok(());
        };
        let Some(wire) = &mut self.wire else {
            return Ok(());
        };
        let requested = outside.history.next();
        let known = &mut outside.history.session(session).subscriptions;
        let live: Vec<usize> = (0..known.len())
            .filter(|place| known[*place].is_wanted())
            .collect();
        if live.is_empty() {
            return Ok(());
        }
        let place = outside.rng.pick(&live);
        let known = &mut outside.history.session(session).subscriptions;
        let text = known[place].text();
        // Those that it replaced end with it.
        let places: Vec<usize> = (0..known.len())
            .filter(|place| known[*place].text() == text)
            .collect();
        for place in &places {
            known[*place].withdrawn.get_or_insert(requested);
        }
        outside.note(format_args!("{} unsubscribes from {text}", self.id));
        let none = UserProperties::NONE;
        let packet_id = self
            .protocol
            .unsubscribe(&[text.as_str()], none, outside.now, &mut wire.unsent)
            .map_err(impossible)?;
        wire.requests
            .insert(packet_id, Request::Unsubscribe(places));
        Ok(())
    }

    /// SUBACK arrived.
    pub(super) fn handle_suback(
        &mut self,
        packet_id: PacketId,
        codes: &[ReasonCode],
        outside: &mut Outside,
    ) -> Checked {
        let request = self.answered(packet_id)?;
        let (Request::Subscribe(places), Some(session)) = (request, self.memory.session) else {
            return Err(Violation::new(
                "well_formed",
                format!("{} got SUBACK", self.id),
            ));
        };
        let now = outside.history.next();
        let may_disk_fail = outside.may_disk_fail();
        let subscriptions = &mut outside.history.session(session).subscriptions;
        for (place, code) in places.into_iter().zip(codes) {
            let subscription = &mut subscriptions[place];
            if code.is_error() && may_disk_fail {
                subscription.withdrawn.get_or_insert(now);
                continue;
            }
            // [v5 3.9.3-1], and no filter of these is refused.
            ensure(
                code.byte() == subscription.qos.bits(),
                "well_formed",
                || format!("{}: {} was answered {code:?}", self.id, subscription.filter),
            )?;
            subscription.granted = Some(now);
        }
        Ok(())
    }

    /// UNSUBACK arrived.
    pub(super) fn handle_unsuback(
        &mut self,
        packet_id: PacketId,
        outside: &mut Outside,
    ) -> Checked {
        let request = self.answered(packet_id)?;
        let (Request::Unsubscribe(places), Some(session)) = (request, self.memory.session) else {
            return Err(Violation::new(
                "well_formed",
                format!("{} got UNSUBACK", self.id),
            ));
        };
        let now = outside.history.next();
        let subscriptions = &mut outside.history.session(session).subscriptions;
        for place in places {
            subscriptions[place].gone.get_or_insert(now);
        }
        Ok(())
    }

    fn answered(&mut self, packet_id: PacketId) -> Result<Request, Violation> {
        let wire = self.wire.as_mut().expect("the packet came from it");
        wire.requests.remove(&packet_id).ok_or_else(|| {
            Violation::new(
                "well_formed",
                format!("{}: nothing was asked by {packet_id:?}", self.id),
            )
        })
    }
}

/// Marks what a new SUBSCRIBE replaces.
fn replace(known: &mut [Subscription], text: &str, requested: Seq) {
    for subscription in known {
        if subscription.text() == text {
            subscription.replaced.get_or_insert(requested);
        }
    }
}

/// A filter that suits the client.
fn filter(kind: Kind, number: usize, outside: &mut Outside) -> String {
    let topic = outside.rng.below(outside.plan.topics);
    match kind {
        Kind::Observer => "#".into(),
        Kind::Passing => "$passing/#".into(),
        Kind::Member if number.is_multiple_of(2) => "$share/even/work/#".into(),
        Kind::Member => "$share/odd/work/+".into(),
        Kind::Ordinary => match outside.rng.below(12) {
            0..5 => format!("room/{}/{topic}", topic % 3),
            5 => format!("room/+/{topic}"),
            6 => format!("room/{}/#", topic % 3),
            7 => "room/#".into(),
            8 => "#".into(),
            9 => format!("+/+/{topic}"),
            10 => format!("work/{topic}"),
            _ => "will/+".into(),
        },
    }
}

/// Splits `$share/<group>/<filter>`.
fn split(text: &str) -> (Option<String>, String) {
    match text
        .strip_prefix("$share/")
        .and_then(|rest| rest.split_once('/'))
    {
        Some((group, filter)) => (Some(group.to_owned()), filter.to_owned()),
        None => (None, text.to_owned()),
    }
}
