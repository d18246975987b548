//! A shard's end of the store.

use std::sync::Arc;
use std::thread::Thread;

use rtrb::{Consumer, Producer, PushError};
use store_model::limits::{BATCH_OPERATIONS_MAX, QUESTIONS_MAX};
use store_model::{Answer, Batch, Event, Read, RequestId, Sequence};

/// How a shard is woken when there is something to poll for.
///
/// Called on the store's threads, often: it must neither block nor panic. A call may find nothing
/// to poll for.
pub trait Wake: Send + Sync {
    /// Has the shard poll its [`Port`] soon.
    fn wake(&self);
}

/// What a shard sends. One ring for both kinds: a question comes after the batches before it.
#[derive(Debug)]
pub(crate) enum Request {
    Ask(RequestId, Read),
    Batch(Batch),
}

/// One shard's end: owned by the shard, never blocks.
#[derive(Debug)]
pub struct Port {
    requests: Producer<Request>,
    events: Consumer<Event>,
    answers: Consumer<(RequestId, Answer)>,
    writer: Thread,
    submitted: Sequence,
    /// Questions without an answer so far.
    open: usize,
}

/// The other ends of a port's rings, and who wakes its shard.
pub(crate) struct Ends {
    pub(crate) requests: Consumer<Request>,
    pub(crate) events: Producer<Event>,
    pub(crate) wake: Arc<dyn Wake>,
}

impl Port {
    pub(crate) const fn new(
        requests: Producer<Request>,
        events: Consumer<Event>,
        answers: Consumer<(RequestId, Answer)>,
        writer: Thread,
    ) -> Self {
        Self {
            requests,
            events,
            answers,
            writer,
            submitted: Sequence(0),
            open: 0,
        }
    }

    /// Hands over a batch, whose sequence follows that of the one before.
    ///
    /// # Errors
    ///
    /// Gives the batch back if [`REQUESTS_MAX`](store_model::limits::REQUESTS_MAX) requests wait.
    ///
    /// # Panics
    ///
    /// If a batch was left out or is larger than [`BATCH_OPERATIONS_MAX`].
    pub fn submit(&mut self, batch: Batch) -> Result<(), Batch> {
        let expected = Sequence(self.submitted.0 + 1);
        assert_eq!(batch.sequence, expected, "batches come in order");
        let operations = batch.operations.len();
        assert!(operations <= BATCH_OPERATIONS_MAX, "{operations} at once");
        match self.requests.push(Request::Batch(batch)) {
            Ok(()) => {
                self.submitted = expected;
                self.writer.unpark();
                Ok(())
            }
            Err(PushError::Full(Request::Batch(batch))) => Err(batch),
            Err(PushError::Full(Request::Ask(..))) => unreachable!("a batch comes back"),
        }
    }

    /// Asks a question; the answer comes as an event. It shows at least the batches submitted
    /// before; if the store fails before they are written, there is no answer.
    ///
    /// # Errors
    ///
    /// Gives the question back if [`QUESTIONS_MAX`] are open, or
    /// [`REQUESTS_MAX`](store_model::limits::REQUESTS_MAX) requests wait.
    pub fn ask(&mut self, request: RequestId, read: Read) -> Result<(), Read> {
        if self.open == QUESTIONS_MAX {
            return Err(read);
        }
        match self.requests.push(Request::Ask(request, read)) {
            Ok(()) => {
                self.open += 1;
                self.writer.unpark();
                Ok(())
            }
            Err(PushError::Full(Request::Ask(_, read))) => Err(read),
            Err(PushError::Full(Request::Batch(_))) => unreachable!("a question comes back"),
        }
    }

    /// The next event, if one is there. Answers and other events are not in order with each other.
    pub fn poll(&mut self) -> Option<Event> {
        if let Ok(event) = self.events.pop() {
            return Some(event);
        }
        let (request, answer) = self.answers.pop().ok()?;
        self.open -= 1;
        Some(Event::Answer(request, answer))
    }
}
