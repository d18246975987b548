//! One worker: its crew of clients, their sockets, and the turn that moves bytes between them.

mod events;
mod mail;
mod oversleep;
mod perform;
mod serve;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use loadgen_plan::{Plan, Until, Worker as Place};
use loadgen_report::{Histogram, histogram};
use loadgen_work::{Action, ClientNumber, Credit, Crew, Input, Out};
use shard_uring::{Driver, Event, SocketKey};
use wire_message::Instant;

use crate::clock;
use crate::limits::{HEARTBEAT, READ_BYTES};
use crate::mailbox::{Address, Mailbox};
use crate::message::{Command, Notice};
use crate::sockets::Sockets;
use crate::troubles::Troubles;
use oversleep::Oversleep;

/// Everything that a worker's thread owns.
pub(crate) struct Worker {
    pub(crate) place: Place,
    pub(crate) plan: Arc<Plan>,
    pub(crate) crew: Crew,
    pub(crate) driver: Driver,
    pub(crate) mailbox: Mailbox,
    /// Workers of this process, and the number of the first of them.
    pub(crate) peers: Vec<Address>,
    pub(crate) first_peer: u16,
    pub(crate) notices: Sender<(u16, Notice)>,
    pub(crate) state: State,
}

/// What a turn works with; empty at start.
pub(crate) struct State {
    sockets: Sockets,
    out: Out,
    /// The actions being performed, kept for its memory.
    performing: Vec<Action>,
    events: Vec<Event>,
    /// Clients to serve in the next turn, each once.
    ready: Vec<ClientNumber>,
    serving: Vec<ClientNumber>,
    /// Clients whose connects failed at once, to be told in the next turn.
    unconnected: Vec<ClientNumber>,
    /// Clients that have closed, to be told in the next turn.
    closed: Vec<ClientNumber>,
    /// Until when those that have said goodbye wait for the broker to close, in order.
    closing: VecDeque<(Instant, ClientNumber, SocketKey)>,
    /// What peers are owed, by their place among the peers.
    credits: Vec<Vec<Credit>>,
    buffer: Box<[u8]>,
    now: Instant,
    /// A command whose time has not come. There is one at most: the leader waits for the answer.
    planned: Option<(Instant, Command)>,
    /// The stage whose settling is to be told, once.
    unsettled: Option<u16>,
    turns: Histogram,
    cpu_ns: u64,
    troubles: Troubles,
    /// Connections that TCP opened.
    opened: u64,
    oversleep: Oversleep,
    over: bool,
}

impl State {
    pub(crate) fn new(clients: u32, peers: usize) -> Self {
        Self {
            sockets: Sockets::new(clients),
            out: Out::default(),
            performing: Vec::new(),
            events: Vec::new(),
            ready: Vec::new(),
            serving: Vec::new(),
            unconnected: Vec::new(),
            closed: Vec::new(),
            closing: VecDeque::new(),
            credits: vec![Vec::new(); peers],
            buffer: vec![0; READ_BYTES].into_boxed_slice(),
            now: Instant::ZERO,
            planned: None,
            unsettled: None,
            turns: histogram::empty(),
            cpu_ns: 0,
            troubles: Troubles::default(),
            opened: 0,
            oversleep: Oversleep::default(),
            over: false,
        }
    }
}

impl Worker {
    /// Turns until told to end. Glommio's other tasks get their share once per turn.
    pub(crate) async fn run(mut self) {
        self.tell_leader(Notice::Ready);
        while !self.state.over {
            self.turn();
            futures_lite::future::yield_now().await;
            if let Err(error) = self.wait() {
                self.tell_leader(Notice::Failed(format!("the ring is broken: {error}")));
                return;
            }
        }
    }

    /// One turn: what arrived goes in, what follows goes out.
    fn turn(&mut self) {
        let began = clock::now();
        self.state.now = began;
        self.take_events();
        self.take_mail();
        self.run_planned();
        self.run_timers();
        self.serve_ready();
        self.run_crew();
        self.give_credits();
        self.driver.flush();
        self.tell_settled();
        self.state.now = clock::now();
        let length = self.state.now.since(began).as_nanos();
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        self.state.turns.saturating_record(length);
    }

    /// Hands the turn's work to the kernel, and sleeps if nothing is left to do.
    fn wait(&mut self) -> std::io::Result<()> {
        let state = &self.state;
        if !(state.ready.is_empty() && state.unconnected.is_empty() && state.closed.is_empty()) {
            return self.driver.submit();
        }
        let nap = self.nap();
        let result = if !nap.is_zero() && self.mailbox.rest() {
            let end = self.state.now + nap;
            let result = self.driver.submit_and_wait(Some(nap));
            self.state.oversleep.learn(end, clock::now());
            result
        } else {
            self.driver.submit()
        };
        self.mailbox.rise();
        result
    }

    /// How long there is nothing to do, less what waking up takes.
    fn nap(&self) -> Duration {
        let dues = [
            self.crew.next_timeout(),
            self.state.planned.as_ref().map(|(at, _)| *at),
            self.state.closing.front().map(|(deadline, ..)| *deadline),
        ];
        let next = dues.into_iter().flatten().min();
        let rest = next.map_or(HEARTBEAT, |due| due.since(self.state.now));
        rest.min(HEARTBEAT)
            .saturating_sub(self.state.oversleep.usual())
    }

    /// Does what is due, sends by schedule first of all.
    fn run_timers(&mut self) {
        let now = self.state.now;
        if self.crew.next_timeout().is_some_and(|due| due <= now) {
            self.run_crew();
        }
        while let Some((_, client, socket)) = self
            .state
            .closing
            .pop_front_if(|(deadline, ..)| *deadline <= now)
        {
            if self.state.sockets.line(client).socket == Some(socket) {
                self.finish(client);
            }
        }
    }

    /// Lets the crew do what is due, and what it has put off until it knows all that arrived.
    fn run_crew(&mut self) {
        self.crew
            .handle_timeout(self.state.now, &mut self.state.out);
        self.perform();
    }

    /// Tells the leader, once per stage, that no client here has anything under way.
    fn tell_settled(&mut self) {
        if let Some(stage) = self.state.unsettled
            && self.crew.progress().is_sent()
        {
            self.state.unsettled = None;
            self.tell_leader(Notice::Settled { stage });
        }
    }

    /// Gives the crew an input and does what follows.
    fn tell(&mut self, input: Input<'_>) {
        self.crew
            .handle_input(input, self.state.now, &mut self.state.out);
        self.perform();
    }

    /// Has the client served in the next turn.
    fn queue(&mut self, client: ClientNumber) {
        let line = self.state.sockets.line(client);
        if !line.queued {
            line.queued = true;
            self.state.ready.push(client);
        }
    }

    /// Whether the stage ends when all is done, not after a time.
    fn settles(&self, stage: u16) -> bool {
        let stage = self.plan.stages.get(usize::from(stage));
        stage.is_some_and(|stage| !matches!(stage.until, Until::Elapsed(_)))
    }

    fn tell_leader(&self, notice: Notice) {
        // A leader that is gone takes the process with it.
        _ = self.notices.send((self.place.index, notice));
    }
}
