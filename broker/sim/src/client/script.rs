//! What a client does when nothing forces it.

use core::time::Duration;

use wire_message::ShardId;
use wire_mqtt::ReasonCode;

use super::{Client, Kind, Mood};
use crate::links::LinkId;
use crate::outside::Outside;
use crate::violation::Violation;

impl Client {
    /// One thing, or nothing.
    pub(super) fn follow_script(
        &mut self,
        outside: &mut Outside,
    ) -> Result<Option<(ShardId, LinkId)>, Violation> {
        let is_up = self.is_connected();
        if self.kind != Kind::Observer {
            let leaves = outside.plan.leaves;
            if outside.rng.chance(leaves) {
                return self.go_or_come_again(outside);
            }
            if outside.rng.chance(outside.plan.sleeps) {
                let longest = outside.rng.pick(&[100, 2_000, 30_000]);
                let delay = outside.rng.delay(Duration::from_millis(longest));
                self.asleep_until = outside.now + delay;
            }
        }
        if !is_up {
            return Ok(None);
        }
        match (self.kind, outside.rng.below(100)) {
            (Kind::Observer | Kind::Passing, _) | (Kind::Member, 1..20) => {
                self.subscribe_once(outside)?;
            }
            (Kind::Ordinary, 0..4) => self.subscribe(outside)?,
            (Kind::Ordinary, 4..6) | (Kind::Member, 0) => self.unsubscribe(outside)?,
            (Kind::Ordinary, 6..30) => self.publish(outside)?,
            (Kind::Ordinary | Kind::Member, _) => {}
        }
        Ok(None)
    }

    fn go_or_come_again(
        &mut self,
        outside: &mut Outside,
    ) -> Result<Option<(ShardId, LinkId)>, Violation> {
        match outside.rng.below(5) {
            // Two connections for one client id.
            0 | 1 if self.is_connected() => return self.connect(Mood::Random, outside).map(Some),
            2 => self.cut(outside),
            3 if self.is_connected() => {
                self.say_goodbye(false, ReasonCode::DisconnectWithWill, outside)?;
            }
            _ if self.is_connected() => {
                let ends_session = outside.rng.chance(200);
                self.say_goodbye(ends_session, ReasonCode::Success, outside)?;
            }
            _ => {}
        }
        Ok(None)
    }
}
