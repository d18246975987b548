//! The one task that talks with the shards.
//!
//! Everybody who wants figures asks the hub. It has at most one question out to the shards, and
//! whoever asks meanwhile gets the same answer.

use core::time::Duration;
use std::sync::Arc;

use shard_engine::{ControlInput, ControlOutput, QuestionId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use wire_message::{Message, ShardId};
use wire_mqtt::ReasonCode;

use crate::ShardFigures;
use crate::mailbox::Mailboxes;

/// Time in which a shard answers or is shown as silent.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// Requests from this side that wait for the hub. Full: the asker waits.
const REQUESTS_MAX: usize = 64;

/// What the shards reported, in order; none for a shard that did not answer in time.
pub(crate) type Reports = Arc<Vec<Option<ShardFigures>>>;

enum Request {
    Publish(Arc<Message>),
    Report(oneshot::Sender<Reports>),
}

/// A way to the hub.
#[derive(Clone)]
pub(crate) struct HubHandle {
    requests: mpsc::Sender<Request>,
}

impl HubHandle {
    /// The figures of all shards; empty if the hub is gone, which only happens at the end.
    pub(crate) async fn reports(&self) -> Reports {
        let (answer, answered) = oneshot::channel();
        let asked = self.requests.send(Request::Report(answer)).await.is_ok();
        if asked {
            answered.await.unwrap_or_default()
        } else {
            Reports::default()
        }
    }

    /// Publishes in the broker's name.
    pub(crate) async fn publish(&self, message: Message) {
        // Without a hub the process is ending, and nobody listens.
        let _ = self
            .requests
            .send(Request::Publish(Arc::new(message)))
            .await;
    }
}

/// Starts the hub on the current runtime.
pub(crate) fn start(mailboxes: Mailboxes) -> HubHandle {
    let (requests, inbox) = mpsc::channel(REQUESTS_MAX);
    tokio::spawn(
        Hub {
            mailboxes,
            question: QuestionId(0),
            open: None,
        }
        .run(inbox),
    );
    HubHandle { requests }
}

struct Hub {
    mailboxes: Mailboxes,
    question: QuestionId,
    open: Option<Open>,
}

/// The question that is out.
struct Open {
    deadline: Instant,
    reports: Vec<Option<ShardFigures>>,
    askers: Vec<oneshot::Sender<Reports>>,
}

impl Hub {
    async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        loop {
            let deadline = self.open.as_ref().map(|open| open.deadline);
            let expired = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => core::future::pending().await,
                }
            };
            tokio::select! {
                request = inbox.recv() => match request {
                    Some(Request::Report(asker)) => self.ask(asker).await,
                    // One shard publishes for the broker; its engine routes to all others.
                    Some(Request::Publish(message)) => {
                        self.tell(ShardId(0), ControlInput::Publish(message)).await;
                    }
                    None => return,
                },
                Some((shard, output)) = self.mailboxes.from_shards.recv() => {
                    self.heard(shard, output).await;
                }
                () = expired => self.answer(),
            }
        }
    }

    async fn ask(&mut self, asker: oneshot::Sender<Reports>) {
        if let Some(open) = &mut self.open {
            open.askers.push(asker);
            return;
        }
        self.question.0 += 1;
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let reports = vec![None; self.mailboxes.shards];
        self.open = Some(Open {
            deadline,
            reports,
            askers: vec![asker],
        });
        for shard in (0..=u8::MAX).take(self.mailboxes.shards) {
            self.tell(ShardId(shard), ControlInput::Report(self.question))
                .await;
        }
    }

    async fn heard(&mut self, shard: ShardId, output: ControlOutput) {
        match output {
            ControlOutput::Report {
                question,
                counters,
                gauges,
            } if question == self.question => {
                let Some(open) = &mut self.open else { return };
                if let Some(report) = open.reports.get_mut(shard.index()) {
                    *report = Some(ShardFigures {
                        counters: *counters,
                        gauges,
                    });
                }
                if open.reports.iter().all(Option::is_some) {
                    self.answer();
                }
            }
            // Too late: the question was answered without this shard. And that a shard stopped
            // shows when its thread ends.
            ControlOutput::Report { .. } | ControlOutput::Stopped => {}
            // There is no access control to ask yet, and the settings say so: a shard that asks
            // all the same gets no.
            ControlOutput::Authenticate { connection, .. } => {
                let verdict = Err(ReasonCode::NotAuthorized);
                self.tell(
                    shard,
                    ControlInput::Authenticated {
                        connection,
                        verdict,
                    },
                )
                .await;
            }
            ControlOutput::Authorize {
                connection, wishes, ..
            } => {
                let verdicts = wishes
                    .iter()
                    .map(|_| Err(ReasonCode::NotAuthorized))
                    .collect();
                self.tell(
                    shard,
                    ControlInput::Authorized {
                        connection,
                        verdicts,
                    },
                )
                .await;
            }
        }
    }

    async fn tell(&self, shard: ShardId, input: ControlInput) {
        // Fails only when the process ends.
        let _ = self.mailboxes.to_shards.send((shard, input)).await;
    }

    fn answer(&mut self) {
        let Some(open) = self.open.take() else { return };
        let reports = Arc::new(open.reports);
        for asker in open.askers {
            // An asker that went away needs no answer.
            let _ = asker.send(reports.clone());
        }
    }
}
