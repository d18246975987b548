//! Asking the owners of a topic's keys for its route.

use shard_topics::{Lookup, Pending, Route, TopicKey};
use wire_message::{ShardId, TopicName};

use super::Waiter;
use crate::engine::Engine;
use crate::entry::{Answer, Entry, RequestId};
use crate::hold::Wait;
use crate::output::Outputs;
use crate::requests::Request;

/// A route that is being asked for, and who waits for it.
#[derive(Debug)]
pub(crate) struct Resolving {
    topic: TopicName,
    pending: Pending,
    /// Those for whom the owners were asked: any answer is fresh enough for them.
    first: Vec<Waiter>,
    /// Those who came later: an answer given before they came may be too old.
    later: Vec<Waiter>,
}

impl Resolving {
    pub(crate) fn topic(&self) -> &str {
        self.topic.as_str()
    }
}

impl Engine {
    /// Asks the owners of a topic's keys for its route; `waiter` is told when all have answered.
    ///
    /// `fresh` forbids to join a question that is already under way. If there is nobody to ask,
    /// `waiter` is told at once.
    pub(crate) fn ask_route(
        &mut self,
        topic: &TopicName,
        waiter: Waiter,
        fresh: bool,
        out: &mut Outputs,
    ) {
        self.clients.counters.route_misses += 1;
        if !fresh && let Some(resolving) = self.requests.resolving_mut(topic.as_str()) {
            resolving.later.push(waiter);
            return;
        }
        let key = TopicKey::new(topic.as_ref(), self.place.seed);
        let pending = Pending::new(key, self.place.seed, &self.place.epochs, &self.interest);
        self.resolve(topic, pending, vec![waiter], !fresh, out);
    }

    fn resolve(
        &mut self,
        topic: &TopicName,
        pending: Pending,
        first: Vec<Waiter>,
        listed: bool,
        out: &mut Outputs,
    ) {
        let owners = *pending.owners();
        let resolving = Resolving {
            topic: topic.clone(),
            pending,
            first,
            later: Vec::new(),
        };
        if owners.is_empty() {
            self.resolved(resolving, out);
            return;
        }
        let key = self
            .requests
            .insert_resolving(topic.as_str(), resolving, listed);
        for owner in owners.iter() {
            let id = self.requests.insert(Request::Route(key));
            self.links
                .push(owner, Entry::RouteQuery(id, Box::new(topic.clone())), out);
        }
    }

    /// Another shard asks for this owner's part of a route.
    pub(crate) fn answer_route(
        &mut self,
        from: ShardId,
        id: RequestId,
        topic: &TopicName,
        out: &mut Outputs,
    ) {
        let key = TopicKey::new(topic.as_ref(), self.place.seed);
        let route = Box::new(self.interest.answer(key));
        Self::answer(from, Answer::Route(id, route), out);
    }

    /// An owner's part of a route has come.
    pub(crate) fn route_answered(
        &mut self,
        from: ShardId,
        key: crate::requests::ResolvingKey,
        route: Route,
        out: &mut Outputs,
    ) {
        let Some(resolving) = self.requests.resolving_by_key(key) else {
            unreachable!("a question lives until every owner has answered");
        };
        if resolving.pending.merge(from, route) {
            let resolving = self.requests.remove_resolving(key);
            self.resolved(resolving, out);
        }
    }

    /// All owners have answered: keeps the route and tells who waited for it.
    fn resolved(&mut self, resolving: Resolving, out: &mut Outputs) {
        let Resolving {
            topic,
            pending,
            first,
            later,
        } = resolving;
        let key = TopicKey::new(topic.as_ref(), self.place.seed);
        self.routes.store(key, pending.clone(), &self.index);
        let lookup = self
            .routes
            .lookup(key, &self.place.epochs, &self.interest, &self.index);
        let current = matches!(lookup, Lookup::Known { .. });
        for waiter in first {
            self.tell_route(waiter, &pending, out);
        }
        if current {
            for waiter in later {
                self.tell_route(waiter, &pending, out);
            }
        } else if !later.is_empty() {
            let pending = Pending::new(key, self.place.seed, &self.place.epochs, &self.interest);
            self.resolve(&topic, pending, later, true, out);
        }
    }

    fn tell_route(&mut self, waiter: Waiter, pending: &Pending, out: &mut Outputs) {
        match waiter {
            Waiter::Connection(key) => {
                if let Some(connection) = self.clients.connections.get_mut(key) {
                    connection.hold_mut().route = Some(Box::new(pending.clone()));
                }
                self.resume(key, Wait::Route, out);
            }
            Waiter::Item(key) => self.item_routed(key, Box::new(pending.clone())),
        }
    }
}
