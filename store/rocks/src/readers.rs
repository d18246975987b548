//! The threads that answer questions.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;

use rtrb::{Consumer, Producer, RingBuffer};
use store_model::limits::{DAMAGED_MAX, QUESTIONS_MAX};
use store_model::{Answer, Family, Read, Reader as Answers, RequestId, WallClock};
use tracing::error;

use crate::port::Wake;
use crate::view::View;
use crate::{Database, Stats};

/// A question and the place of its shard among the reader's.
struct Question {
    shard: usize,
    request: RequestId,
    read: Read,
}

/// Where one shard gets its answers.
pub(crate) struct Asker {
    pub(crate) answers: Producer<(RequestId, Answer)>,
    pub(crate) wake: Arc<dyn Wake>,
}

/// The writing thread's end of one reader.
pub(crate) struct ReaderEnd {
    questions: SyncSender<Question>,
    damaged: Consumer<(Family, Vec<u8>)>,
}

impl ReaderEnd {
    /// Passes a question on; `shard` is its place among the reader's askers.
    pub(crate) fn ask(&self, shard: usize, request: RequestId, read: Read) {
        let question = Question {
            shard,
            request,
            read,
        };
        // Never full: shards have a bounded number of open questions. A reader ends after this end.
        let sent = self.questions.try_send(question);
        assert!(sent.is_ok(), "a reader has room for all open questions");
    }

    /// A record that was found damaged.
    pub(crate) fn damaged(&mut self) -> Option<(Family, Vec<u8>)> {
        self.damaged.pop().ok()
    }
}

/// A thread's worth of reading: the questions of some shards, in turn.
pub(crate) struct Reader {
    database: Arc<Database>,
    clock: WallClock,
    stats: Arc<Mutex<Stats>>,
    questions: Receiver<Question>,
    damaged: Producer<(Family, Vec<u8>)>,
    askers: Vec<Asker>,
}

impl Reader {
    /// A reader for `askers`, and the end from which it is asked.
    pub(crate) fn new(
        database: Arc<Database>,
        clock: WallClock,
        stats: Arc<Mutex<Stats>>,
        askers: Vec<Asker>,
    ) -> (Self, ReaderEnd) {
        let (ask, questions) = sync_channel(askers.len() * QUESTIONS_MAX);
        let (damaged, found) = RingBuffer::new(DAMAGED_MAX);
        let reader = Self {
            database,
            clock,
            stats,
            questions,
            damaged,
            askers,
        };
        let end = ReaderEnd {
            questions: ask,
            damaged: found,
        };
        (reader, end)
    }

    /// Answers until the writing thread is gone.
    pub(crate) fn run(mut self, writer: &Thread) {
        while let Ok(question) = self.questions.recv() {
            let answer = self.answer(&question.read, writer);
            let asker = &mut self.askers[question.shard];
            let told = asker.answers.push((question.request, answer));
            told.expect("a shard has room for answers to all its open questions");
            asker.wake.wake();
        }
    }

    fn answer(&mut self, read: &Read, writer: &Thread) -> Answer {
        let view = View::of(&self.database);
        let mut answers = Answers::new(&view, self.clock);
        let answer = answers.answer(read);
        let damaged = answers.take_damaged();
        if !damaged.is_empty() {
            for place in damaged {
                // Without room it stays where it is until it is read again.
                _ = self.damaged.push(place);
            }
            writer.unpark();
        }
        let mut stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(answer) => {
                stats.answers += 1;
                answer
            }
            Err(error) => {
                stats.unreadable += 1;
                drop(stats);
                error!(%error, "The store can't be read");
                Answer::Unreadable
            }
        }
    }
}
