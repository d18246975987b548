//! What a client may expect of its session when the broker's process has ended or its disk fails.

use core::time::Duration;

use wire_message::Instant;
use wire_mqtt::ReasonCode;

use super::Client;
use super::connect::Wish;
use crate::links::LinkId;
use crate::outside::Outside;
use crate::violation::{Checked, ensure};

/// Time after which a session that has expired is gone.
const EXPIRY_GRACE: Duration = Duration::from_secs(3);

impl Client {
    /// Whether a session that outlives its connections for a short time certainly has expired.
    pub(super) fn has_expired(&self, short_s: u32, outside: &Outside) -> bool {
        let life = Duration::from_secs(u64::from(short_s)) + EXPIRY_GRACE;
        let connections = &outside.history.connections;
        let is_own = |number: &usize| connections[*number].client == Some(self.number);
        let is_long_ago = |at: Instant| {
            let from = at.max(outside.process.started);
            outside.now.since(from) > life
        };
        // The connection that is being made has its number already.
        let mut earlier = (0..connections.len() - 1).filter(is_own);
        earlier.all(|number| {
            outside.links[LinkId(number)]
                .detached_at
                .is_some_and(is_long_ago)
        })
    }

    /// Whether a session was in use when the process ended, and cannot have expired since.
    pub(super) fn must_have_survived(&self, link: LinkId, wish: &Wish, outside: &Outside) -> bool {
        let history = &outside.history;
        let own = |number: &usize| history.connections[*number].client == Some(self.number);
        let Some(number) = (0..link.0).rev().find(own) else {
            return false;
        };
        let last = &history.connections[number];
        let ended = history.restarts.last().map(|restart| restart.ended);
        let was_in_use = last.process + 1 == history.process()
            && last.connected.is_some()
            && outside.links[LinkId(number)].detached_at == ended;
        let life = Duration::from_secs(u64::from(self.memory.expiry_s));
        was_in_use && !wish.clean_start && outside.now.since(outside.process.started) < life
    }

    /// Whether the session began in an earlier process.
    pub(super) fn has_restarted(&self, outside: &Outside) -> bool {
        let history = &outside.history;
        let begun = self.memory.session.map(|id| history.sessions[id.0].begun);
        let start = history.restarts.last().map(|restart| restart.seq);
        begun.zip(start).is_some_and(|(begun, start)| begun < start)
    }

    /// A new process does not release what an earlier one sent without storing it.
    pub(super) fn forget_retained(&mut self, outside: &Outside) {
        let process = outside.history.process();
        if process > self.memory.process {
            self.memory.process = process;
            for packet_id in core::mem::take(&mut self.memory.retained) {
                self.memory.unreleased.remove(&packet_id);
            }
        }
    }

    /// CONNACK arrived, with an error: only if the disk cannot be written or read.
    pub(super) fn handle_refusal(&mut self, reason: ReasonCode, outside: &mut Outside) -> Checked {
        outside.stats.refused_connects += 1;
        let is_disk = [ReasonCode::QuotaExceeded, ReasonCode::ServerUnavailable].contains(&reason);
        let is_right = is_disk && outside.may_disk_fail();
        ensure(is_right, "neighbours", || {
            format!("{} was not let in: {reason:?}", self.id)
        })
    }
}
