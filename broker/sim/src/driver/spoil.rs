//! Defects in the way of an entry: only in runs that must fail.

use std::sync::Arc;

use shard_engine::{Answer, Entry, Input, Packets, Publish, RequestId};
use wire_message::ShardId;

use super::Driver;
use crate::defect::Defect;
use crate::outside::Outside;
use crate::violation::Checked;

impl Driver {
    /// Puts an entry into a ring, unless the run's defect does something else with it.
    pub(super) fn push_or_spoil(
        &mut self,
        to: ShardId,
        entry: Entry,
        outside: &mut Outside,
    ) -> Checked {
        match entry {
            Entry::Packets(packets) => self.push_or_spoil_packets(to, packets, outside),
            Entry::Publish(publish) => self.push_or_spoil_publish(to, publish, outside),
            Entry::InterestAdd(request, interested) => {
                let is_early = outside.strikes(Defect::SubackEarly, 1_000);
                self.push(to, Entry::InterestAdd(request, interested), None, outside)?;
                if is_early {
                    outside.stats.harmed += 1;
                    self.forged.push((to, request));
                    self.early.push(known(to, request));
                }
                Ok(())
            }
            Entry::RetainedStore(request, message) => {
                if outside.strikes(Defect::RetainedForgotten, 200) {
                    outside.stats.harmed += 1;
                    self.early.push(Input::Answer {
                        from: to,
                        answer: Answer::Stored(request, 0),
                    });
                    return Ok(());
                }
                self.push(to, Entry::RetainedStore(request, message), None, outside)
            }
            other @ (Entry::Adopt(_)
            | Entry::ExclusiveClaim(..)
            | Entry::ExclusiveRelease(..)
            | Entry::InterestRemove(_)
            | Entry::Presence(_)
            | Entry::RouteQuery(..)
            | Entry::RetainedQuery(..)) => self.push(to, other, None, outside),
        }
    }

    fn push_or_spoil_publish(
        &mut self,
        to: ShardId,
        publish: Publish,
        outside: &mut Outside,
    ) -> Checked {
        if outside.strikes(Defect::EntryDropped, 50) {
            outside.stats.harmed += 1;
            return Ok(());
        }
        let copy = Publish {
            message: publish.message.clone(),
            groups: publish.groups.clone(),
            taking: publish.taking.clone(),
            plain: publish.plain,
            stored: publish.stored,
            urgent: publish.urgent,
        };
        self.push(to, Entry::Publish(publish), None, outside)?;
        if outside.strikes(Defect::EntryDoubled, 50) {
            outside.stats.harmed += 1;
            return self.push(to, Entry::Publish(copy), None, outside);
        }
        if outside.strikes(Defect::EntryPerSubscriber, 50) {
            outside.stats.harmed += 1;
            // For nobody, so that only the number of entries is wrong.
            let copy = Publish {
                groups: None,
                plain: false,
                ..copy
            };
            return self.push(to, Entry::Publish(copy), None, outside);
        }
        self.swap_or_leave(to, outside);
        Ok(())
    }

    /// The same for usual publishes that go together: what befalls an entry befalls all of them.
    fn push_or_spoil_packets(
        &mut self,
        to: ShardId,
        packets: Box<Packets>,
        outside: &mut Outside,
    ) -> Checked {
        if outside.strikes(Defect::EntryDropped, 50) {
            outside.stats.harmed += 1;
            return Ok(());
        }
        let copy = packets.clone();
        self.push(to, Entry::Packets(packets), None, outside)?;
        if outside.strikes(Defect::EntryDoubled, 50) {
            outside.stats.harmed += 1;
            return self.push(to, Entry::Packets(copy), None, outside);
        }
        if outside.strikes(Defect::EntryPerSubscriber, 50)
            && let Some(message) = copy.messages().next()
        {
            outside.stats.harmed += 1;
            let copy = Publish {
                message: Arc::new(message.to_message()),
                groups: None,
                taking: None,
                plain: false,
                stored: false,
                urgent: false,
            };
            return self.push(to, Entry::Publish(copy), None, outside);
        }
        self.swap_or_leave(to, outside);
        Ok(())
    }

    /// Swaps the last two entries with messages, if the defect strikes.
    fn swap_or_leave(&mut self, to: ShardId, outside: &mut Outside) {
        if outside.strikes(Defect::EntriesSwapped, 300) {
            let is_message = |entry: &Entry| matches!(entry, Entry::Packets(_) | Entry::Publish(_));
            let is_swapped = outside.rings.swap_last(self.shard, to, is_message);
            outside.stats.harmed += u64::from(is_swapped);
        }
    }

    /// Whether an answer was given in the owner's place before.
    pub(super) fn is_forged(&mut self, from: ShardId, answer: &Answer) -> bool {
        let Answer::Known(request) = answer else {
            return false;
        };
        let place = self
            .forged
            .iter()
            .position(|forged| *forged == (from, *request));
        place.map(|place| self.forged.swap_remove(place)).is_some()
    }
}

const fn known(from: ShardId, request: RequestId) -> Input {
    Input::Answer {
        from,
        answer: Answer::Known(request),
    }
}
