//! The topics of all streams, sorted, so that a filter looks only at those that begin like it.

use core::ops::Bound;
use std::collections::{BTreeMap, BTreeSet};

use wire_message::{FilterRef, TopicName};

use super::{StreamSet, topic_mark};
use crate::{Plan, PlanError, RunId};

/// Topics and the streams that use them.
pub(super) struct Topics {
    streams: BTreeMap<Box<str>, (TopicName, StreamSet)>,
    /// By stream; zero where each message has a topic of its own.
    marks: Vec<u32>,
}

impl Topics {
    pub(super) fn new(plan: &Plan, run: RunId) -> Result<Self, PlanError> {
        let mut streams = BTreeMap::<Box<str>, (TopicName, StreamSet)>::new();
        let mut marks = Vec::new();
        let mut stream = 0;
        for group in &plan.groups {
            let Some(publishing) = &group.publish else {
                continue;
            };
            for place in group.places(run, plan.seed) {
                let text = publishing.topic.text(&place);
                let topic = TopicName::try_from(text.as_str());
                let is_one = !publishing.topic.has_sequence();
                marks.push(if is_one {
                    topic_mark(text.as_bytes())
                } else {
                    0
                });
                let topic = topic.map_err(|error| PlanError::Topic {
                    topic: text.clone(),
                    error,
                })?;
                let entry = streams.entry(text.into());
                let (_, set) = entry.or_insert_with(|| (topic, StreamSet::default()));
                assert!(set.push(stream, 1), "streams are visited in order");
                stream += 1;
            }
        }
        Ok(Self { streams, marks })
    }

    /// The marks of all streams' topics.
    pub(super) fn into_marks(self) -> Vec<u32> {
        self.marks
    }

    pub(super) fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// The streams whose topics match `filter`.
    ///
    /// A topic with `${s}` stands here with sequence number 0: no filter should name numbers.
    pub(super) fn matching(&self, filter: FilterRef<'_>) -> StreamSet {
        if !filter.is_wildcard() {
            let found = self.streams.get(filter.as_str());
            return found.map(|(_, set)| set.clone()).unwrap_or_default();
        }
        let (prefix, _) = filter.literal_prefix();
        let from = self
            .streams
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        let near = from.take_while(|(topic, _)| topic.starts_with(prefix));
        let matching = near.filter(|(_, (topic, _))| filter.matches(topic.as_ref()));
        // Topics in order of their text are not in order of their streams.
        let runs = matching.flat_map(|(_, (_, set))| set.runs());
        let mut all = StreamSet::default();
        for (start, len) in runs.collect::<BTreeSet<_>>() {
            assert!(all.push(start, len), "a stream has one topic");
        }
        all
    }
}
