//! Crews, a broker and what is between them, in virtual time.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use loadgen_plan::{Audience, Options, Plan, RunId, Target, Until, Worker};
use loadgen_report::{Checks, Tally};
use loadgen_work::{Account, Action, ClientNumber, Crew, Input, Out, Progress};
use wire_message::Instant;

use crate::broker::Broker;

/// Bytes that a client reads at once.
const READ_MAX: usize = 2048;

/// A run may take this many steps; more is a loop without end.
const STEPS_MAX: u64 = 5_000_000;

pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) crews: Vec<Crew>,
    pub(crate) now: Instant,
    plan: Arc<Plan>,
    audience: Arc<Audience>,
    /// Bytes on their way to the broker, and to clients.
    to_broker: VecDeque<(Instant, ClientNumber, Vec<u8>)>,
    to_clients: VecDeque<(Instant, ClientNumber, Vec<u8>)>,
    open: BTreeSet<ClientNumber>,
    paused: BTreeMap<ClientNumber, Vec<u8>>,
    /// How long a byte is on its way.
    pub(crate) latency: Duration,
    /// From when until when the broker does nothing.
    pub(crate) freeze: Option<(Instant, Instant)>,
    /// Where deliveries are cut: after this many bytes, then the rest.
    pub(crate) cut: usize,
    /// Everything, and by the stages that messages were due in.
    pub(crate) tally: Tally,
    pub(crate) by_stage: BTreeMap<String, Tally>,
    pub(crate) stalls: u64,
    pub(crate) wills: u64,
    /// Pieces that each stage took.
    pub(crate) took: BTreeMap<String, Duration>,
    /// Each stage's deliveries.
    pub(crate) delivered: BTreeMap<String, u64>,
    steps: u64,
}

/// Options for quick runs against a broker that is not looked for.
pub(crate) fn options() -> Options {
    Options {
        target: Target {
            brokers: vec!["127.0.0.1:1883".parse().expect("an address")],
            ..Target::default()
        },
        warm_up: Duration::from_millis(200),
        duration: Duration::from_secs(1),
        ..Options::default()
    }
}

impl World {
    pub(crate) fn new(plan: Plan, workers: u16) -> Self {
        let run = RunId(0xabcd);
        let audience = Arc::new(Audience::new(&plan, run).expect("the plan is fine"));
        let plan = Arc::new(plan);
        let crew = |index| {
            let worker = Worker {
                index,
                count: workers,
            };
            Crew::new(Arc::clone(&plan), Arc::clone(&audience), worker, run)
        };
        Self {
            broker: Broker::new(),
            crews: (0..workers).map(crew).collect(),
            now: Instant::from_secs(1000),
            plan: Arc::clone(&plan),
            audience,
            to_broker: VecDeque::new(),
            to_clients: VecDeque::new(),
            open: BTreeSet::new(),
            paused: BTreeMap::new(),
            latency: Duration::from_micros(50),
            freeze: None,
            cut: usize::MAX,
            tally: Tally::default(),
            by_stage: BTreeMap::new(),
            stalls: 0,
            wills: 0,
            took: BTreeMap::new(),
            delivered: BTreeMap::new(),
            steps: 0,
        }
    }

    /// Goes through all stages, and returns what the accounts say.
    pub(crate) fn run(&mut self) -> Checks {
        for at in 0..self.plan.stages.len() {
            self.run_stage(at);
        }
        self.checks()
    }

    pub(crate) fn checks(&self) -> Checks {
        let mut account = Account::default();
        for crew in &self.crews {
            account.merge(&crew.account());
        }
        account.judge(&self.plan, &self.audience)
    }

    pub(crate) fn run_stage(&mut self, at: usize) {
        let begun = self.now;
        for worker in 0..self.crews.len() {
            self.input(worker, Input::Begin(at));
        }
        let stage = self.plan.stages[at].clone();
        let end = match stage.until {
            Until::Elapsed(time) => begun + time,
            Until::Sent { at_most } | Until::Settled { at_most } => begun + at_most,
        };
        while self.now < end {
            let progress = self.progress();
            let done = match stage.until {
                Until::Elapsed(_) => false,
                Until::Sent { .. } => progress.is_sent(),
                Until::Settled { .. } => progress.is_settled(),
            };
            if done {
                break;
            }
            self.step(end);
        }
        let before = self.tally.messages.delivered;
        for crew in &mut self.crews {
            let sample = crew.sample();
            let own = u16::try_from(at).expect("a plan has few stages");
            for (due, tally) in [(own, sample.tally)].into_iter().chain(sample.late) {
                self.tally.add(&tally);
                let name = self.plan.stages[usize::from(due)].name.clone();
                self.by_stage.entry(name).or_default().add(&tally);
            }
            self.stalls += sample.stalls;
            self.wills += sample.wills;
        }
        self.took.insert(stage.name.clone(), self.now.since(begun));
        let delivered = self.tally.messages.delivered - before;
        self.delivered.insert(stage.name, delivered);
    }

    pub(crate) fn progress(&self) -> Progress {
        let mut sum = Progress::default();
        for crew in &self.crews {
            sum.add(crew.progress());
        }
        sum
    }

    /// Moves to the next event, at the latest to `end`, and does what is due then.
    fn step(&mut self, end: Instant) {
        self.steps += 1;
        assert!(self.steps < STEPS_MAX, "the run does not end");
        let thaw = self
            .freeze
            .filter(|(from, until)| (*from..*until).contains(&self.now));
        let to_broker = self.to_broker.front().map(|(at, ..)| match thaw {
            Some((_, until)) => (*at).max(until),
            None => *at,
        });
        let to_clients = self.to_clients.front().map(|(at, ..)| *at);
        let timeouts = self.crews.iter().filter_map(Crew::next_timeout).min();
        let freeze = self
            .freeze
            .map(|(from, _)| from)
            .filter(|from| *from > self.now);
        let next = [to_broker, to_clients, timeouts, freeze]
            .into_iter()
            .flatten()
            .min();
        self.now = next.unwrap_or(end).clamp(self.now, end);
        let frozen = self
            .freeze
            .is_some_and(|(from, until)| (from..until).contains(&self.now));
        while !frozen
            && self
                .to_broker
                .front()
                .is_some_and(|(at, ..)| *at <= self.now)
        {
            let (_, client, bytes) = self.to_broker.pop_front().expect("it was there");
            self.broker.receive(client, &bytes);
        }
        self.collect();
        while self
            .to_clients
            .front()
            .is_some_and(|(at, ..)| *at <= self.now)
        {
            let (_, client, bytes) = self.to_clients.pop_front().expect("it was there");
            self.bring(client, &bytes);
        }
        for worker in 0..self.crews.len() {
            let mut out = Out::default();
            self.crews[worker].handle_timeout(self.now, &mut out);
            self.carry_out(&out);
        }
    }

    /// Brings bytes to a client, as much at a time as a driver reads, until it pauses.
    fn bring(&mut self, client: ClientNumber, bytes: &[u8]) {
        let mut rest = bytes;
        let mut size = self.cut.min(READ_MAX);
        while !rest.is_empty() && self.open.contains(&client) {
            if let Some(waiting) = self.paused.get_mut(&client) {
                waiting.extend_from_slice(rest);
                return;
            }
            let (piece, behind) = rest.split_at(size.min(rest.len()));
            self.input(self.worker(client), Input::Bytes(client, piece));
            rest = behind;
            size = READ_MAX;
        }
    }

    fn collect(&mut self) {
        let at = self.now + self.latency;
        for (client, bytes) in self.broker.out.drain(..) {
            self.to_clients.push_back((at, client, bytes));
        }
    }

    fn worker(&self, client: ClientNumber) -> usize {
        let (_, index) = self
            .plan
            .find_client(client.0)
            .expect("a client of the plan");
        let count = u16::try_from(self.crews.len()).expect("few crews");
        Worker { index: 0, count }.of(index).into()
    }

    pub(crate) fn input(&mut self, worker: usize, input: Input<'_>) {
        let mut out = Out::default();
        self.crews[worker].handle_input(input, self.now, &mut out);
        self.carry_out(&out);
    }

    fn carry_out(&mut self, out: &Out) {
        let mut bytes = out.bytes.as_slice();
        for action in &out.actions {
            match *action {
                Action::Connect { client, .. } => {
                    assert!(self.open.insert(client), "a client has one transport");
                    self.broker.open(client);
                    self.input(self.worker(client), Input::Connected(client));
                }
                Action::Send {
                    client,
                    bytes: count,
                } => {
                    let (now, rest) = bytes.split_at(count);
                    bytes = rest;
                    assert!(self.open.contains(&client), "only who is connected sends");
                    self.to_broker
                        .push_back((self.now + self.latency, client, now.to_vec()));
                    self.input(self.worker(client), Input::Writable { client, left: 0 });
                }
                Action::Close { client, abrupt } => self.close(client, abrupt),
                Action::Pause(client) => {
                    assert_eq!(self.paused.insert(client, Vec::new()), None);
                }
                Action::Resume(client) => {
                    let waiting = self.paused.remove(&client).expect("it was paused");
                    self.bring(client, &waiting);
                }
                Action::Credits { worker, credit } => {
                    self.input(worker.into(), Input::Credits(&[credit]));
                }
            }
        }
        assert!(bytes.is_empty(), "all bytes belong to somebody");
    }

    fn close(&mut self, client: ClientNumber, abrupt: bool) {
        // What is queued goes out before a friendly end.
        let to_broker = core::mem::take(&mut self.to_broker);
        for (at, owner, bytes) in to_broker {
            if owner != client {
                self.to_broker.push_back((at, owner, bytes));
            } else if !abrupt {
                self.broker.receive(client, &bytes);
            }
        }
        self.drop_transport(client);
    }

    /// The transport is gone, for both sides.
    pub(crate) fn drop_transport(&mut self, client: ClientNumber) {
        if self.open.remove(&client) {
            self.broker.close(client);
            self.paused.remove(&client);
            self.to_clients.retain(|(_, owner, _)| *owner != client);
            self.broker.out.retain(|(owner, _)| *owner != client);
            self.input(self.worker(client), Input::Closed(client));
        }
    }
}
