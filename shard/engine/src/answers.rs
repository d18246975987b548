//! Answers of other shards, brought to what waits for them.

use wire_message::{Instant, ShardId};

use crate::engine::Engine;
use crate::entry::Answer;
use crate::hold::Wait;
use crate::output::Outputs;
use crate::persist::Waits;
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
        let id = match &answer {
            Answer::Claimed(id, _)
            | Answer::Known(id)
            | Answer::Retained(id, _)
            | Answer::Route(id, _)
            | Answer::Stored(id, _) => *id,
        };
        match (self.requests.take(id), answer) {
            (Request::Claim(key, place), Answer::Claimed(_, claimed)) => {
                self.claim_answered(key, place, claimed, out);
                self.subscribe_answered(key, now, out);
            }
            (Request::Interest(key), Answer::Known(_)) => self.subscribe_answered(key, now, out),
            (Request::Store(key), Answer::Stored(_, entry)) => {
                if let Some(connection) = self.clients.connections.get_mut(key) {
                    connection.hold_mut().stored = Some(Waits::on(from, entry));
                }
                self.resume(key, Wait::Stored, out);
            }
            (Request::StoreItem(key), Answer::Stored(_, entry)) => {
                self.item_stored(key, &Waits::on(from, entry));
            }
            (Request::Retained(session), Answer::Retained(_, chunk)) => {
                self.retained_answered(session, from, *chunk, now, out);
            }
            (Request::Route(key), Answer::Route(_, route)) => {
                self.route_answered(from, key, *route, out);
            }
            (request, answer) => unreachable!("{answer:?} is no answer to {request:?}"),
        }
    }
}
