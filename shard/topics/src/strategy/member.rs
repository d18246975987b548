//! The second stage: a shard picks one of its members.

use super::{Pick, Strategy, scale};
use crate::bits::low_32;
use crate::{Group, Member, SessionIndex};

/// Members that are compared for the fewest unacknowledged messages. More: the next so many, in
/// turn.
const COMPARED_MAX: usize = 64;

impl Group {
    /// Picks the member that gets the message; `None` if the group has no members here.
    ///
    /// An online one, if there is any. `inflight` tells how many messages a session has not
    /// acknowledged.
    pub fn pick(&mut self, pick: &Pick, inflight: impl Fn(SessionIndex) -> u32) -> Option<Member> {
        let online = self.online as usize;
        let members = if online > 0 {
            &self.members[..online]
        } else {
            &self.members[..]
        };
        if members.is_empty() {
            return None;
        }
        if let Some(number) = pick.number(self.hash) {
            return members.get(scale(low_32(number), members.len())).copied();
        }
        if pick.strategy == Strategy::Sticky {
            let same = members
                .iter()
                .find(|member| Some(member.session) == self.sticky);
            if let Some(member) = same.copied() {
                return Some(member);
            }
        }
        let first = self.turn as usize % members.len();
        self.turn = self.turn.wrapping_add(1);
        let member = if pick.strategy == Strategy::LeastInflight {
            let (before, after) = members.split_at(first);
            let compared = after.iter().chain(before).take(COMPARED_MAX);
            compared.min_by_key(|member| inflight(member.session))
        } else {
            members.get(first)
        };
        self.sticky = member.map(|member| member.session);
        member.copied()
    }
}
