//! Answers of other shards, brought to what waits for them.

use wire_message::{Instant, ShardId};

use crate::engine::Engine;
use crate::entry::Answer;
use crate::hold::Wait;
use crate::output::Outputs;
use crate::requests::Request;

impl Engine {
    pub(crate) fn handle_answer(
        &mut self,
        from: ShardId,
        answer: Answer,
        now: Instant,
        out: &mut Outputs,
    ) {
        self.links.answered(from, out);
        match answer {
            Answer::Claimed(id, claimed) => match self.requests.take(id) {
                Request::Claim(key, place) => {
                    self.claim_answered(key, place, claimed, out);
                    self.subscribe_answered(key, now, out);
                }
                other => unreachable!("{other:?} is not answered by a claim"),
            },
            Answer::Known(id) => match self.requests.take(id) {
                Request::Interest(key) => self.subscribe_answered(key, now, out),
                Request::Store(connection) => {
                    if let Some(connection) = self.clients.connections.get_mut(connection) {
                        connection.hold_mut().stored = true;
                    }
                    self.resume(connection, Wait::Stored, out);
                }
                Request::StoreItem(key) => self.item_stored(key),
                other => unreachable!("{other:?} is not answered by a word"),
            },
            Answer::Retained(id, messages, after) => match self.requests.take(id) {
                Request::Retained(session) => {
                    self.retained_answered(session, from, messages, after, now, out);
                }
                other => unreachable!("{other:?} is not answered by messages"),
            },
            Answer::Route(id, route) => match self.requests.take(id) {
                Request::Route(key) => self.route_answered(from, key, *route, out),
                other => unreachable!("{other:?} is not answered by a route"),
            },
        }
    }
}
