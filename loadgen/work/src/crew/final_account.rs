//! What a crew knows at the end of a run.

use std::collections::BTreeMap;

use loadgen_plan::EntryId;
use wire_message::Qos;

use super::Crew;
use super::member::{Flags, Member};
use crate::checker::Watch;
use crate::{Account, StreamCount};

impl Crew {
    /// Everything since the beginning, for the end of the run.
    #[must_use]
    pub fn account(&self) -> Account {
        let mut account = Account {
            faults: self.checker.faults.clone(),
            ..Account::default()
        };
        let mut streams = BTreeMap::new();
        for publisher in &self.publishers {
            let count = StreamCount {
                stream: publisher.stream,
                sent: publisher.sequence.into(),
                uncertain: publisher.uncertain,
                answers: publisher
                    .answer_at
                    .map_or(publisher.answers, |at| self.checker.messages(at)),
                ..StreamCount::default()
            };
            streams.insert(publisher.stream, count);
        }
        let mut start = 0;
        for (local, member) in (0..).zip(&self.members) {
            let end = member.watches_end as usize;
            for watch in &self.watches[start..end] {
                if watch.is_count && !watch.is_shared {
                    let id = watch.entry;
                    let counted = self.checker.counted(id, watch.base, &self.audience);
                    account.entries.extend(counted);
                }
                self.add_received(
                    local,
                    member,
                    *watch,
                    &mut streams,
                    &mut account.loose_entries,
                );
            }
            start = end;
        }
        account.streams = streams.into_values().collect();
        for (id, base) in (0..).map(EntryId).zip(&self.count_bases) {
            let entry = self.audience.entry(id);
            if entry.shared {
                let counted = self.checker.counted(id, *base, &self.audience);
                account.entries.extend(counted);
            }
        }
        account.tidy();
        account
    }

    fn add_received(
        &self,
        local: u32,
        member: &Member,
        watch: Watch,
        streams: &mut BTreeMap<u32, StreamCount>,
        loose_entries: &mut Vec<u32>,
    ) {
        let entry = self.audience.entry(watch.entry);
        let group = &self.groups[usize::from(member.group)];
        let slow =
            self.plan.groups[usize::from(member.group)].reading != loadgen_plan::Reading::Full;
        // The first connection of one that came late counts, too.
        let was_away = member.epoch > u16::from(member.flags.has(Flags::LATE));
        let strange = member.flags.has(Flags::LATE) || !member.flags.has(Flags::KNOWN) || slow;
        if watch.is_count {
            let left = member.flags.has(Flags::LEFT_EARLY) || was_away;
            if left || slow || (entry.retained && !member.flags.has(Flags::KNOWN)) {
                loose_entries.push(watch.entry.0);
            }
            return;
        }
        let (client, _) = self.number(local);
        for received in self.checker.received(watch, &self.audience) {
            let source = self.source(received.stream);
            let form =
                source.and_then(|(source, _)| self.groups[usize::from(source.group)].form.as_ref());
            let published = form.map_or(Qos::AtMostOnce, |form| form.qos);
            let kept = group.keeps_session && published.min(entry.qos) != Qos::AtMostOnce;
            let absent = was_away || member.flags.has(Flags::LEFT_EARLY);
            let count = streams
                .entry(received.stream)
                .or_insert_with(|| StreamCount {
                    stream: received.stream,
                    ..StreamCount::default()
                });
            if strange || (absent && !kept) {
                count.loose_clients += 1;
                count.loose_received += received.messages;
                count.loose_missed += if slow { 0 } else { received.missed };
            } else {
                count.received += received.messages;
            }
            if let (None, Some(first)) = (count.example, received.first_missed) {
                count.example = Some((client.0, first));
            }
        }
    }
}
