//! One shard: its engine, its sockets, its rings, and the turn that moves bytes between them.

mod feed;
mod leave;
mod perform;
mod receive;
mod stop;
mod store;

use std::sync::Arc;
use std::time::Duration;

use shard_engine::{ConnectionKey, Engine, Input, Output, Outputs};
use shard_uring::{Driver, Event};
use tracing::error;
use wire_message::{Instant, ShardId};

use crate::clock::Clock;
use crate::connections::Connections;
use crate::limits::{CONTROL_PER_TURN_MAX, HEARTBEAT, READ_BYTES};
use crate::lingering::LingeringSockets;
use crate::links::Link;
use crate::mailbox::ShardMailbox;
use crate::sleep_flag::SleepFlag;
use crate::stop::Ending;
use crate::store::PortEnd;

use stop::Leaving;

/// Everything that a shard's thread owns.
pub(crate) struct Shard {
    pub(crate) id: ShardId,
    pub(crate) engine: Engine,
    pub(crate) driver: Driver,
    pub(crate) links: Vec<Link>,
    pub(crate) mailbox: ShardMailbox,
    /// Its end of the store, if there is one.
    pub(crate) port: Option<PortEnd>,
    pub(crate) sleeping: Arc<SleepFlag>,
    pub(crate) ending: Arc<Ending>,
    pub(crate) clock: Clock,
    /// Time for the clients' leave.
    pub(crate) grace: Duration,
    pub(crate) state: State,
}

/// What a turn works with; empty at start.
pub(crate) struct State {
    connections: Connections,
    lingering: LingeringSockets,
    out: Outputs,
    /// The actions being performed, kept for its memory.
    performing: Vec<Output>,
    events: Vec<Event>,
    /// Connections to serve in the next turn, each once.
    ready: Vec<ConnectionKey>,
    serving: Vec<ConnectionKey>,
    buffer: Box<[u8]>,
    now: Instant,
    /// A ring or the store had more than a turn's share, or there was no room in a ring for what is to
    /// be told.
    unfinished: bool,
    /// When listeners that were out of descriptors try again.
    accept_again: Option<Instant>,
    accept_fails: bool,
    leaving: Option<Leaving>,
}

impl State {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            connections: Connections::default(),
            lingering: LingeringSockets::new(),
            out: Outputs::default(),
            performing: Vec::new(),
            events: Vec::new(),
            ready: Vec::new(),
            serving: Vec::new(),
            buffer: vec![0; READ_BYTES].into_boxed_slice(),
            now,
            unfinished: false,
            accept_again: None,
            accept_fails: false,
            leaving: None,
        }
    }
}

impl Shard {
    /// Turns until the process ends. Glommio's other tasks get their share once per turn.
    pub(crate) async fn run(mut self) {
        loop {
            self.turn();
            if self.left() {
                // What was said since then.
                self.end_turn();
                return;
            }
            futures_lite::future::yield_now().await;
            if let Err(error) = self.wait() {
                error!(shard = self.id.0, %error, "The ring of a shard is broken");
                self.ending.finish();
                return;
            }
        }
    }

    /// One turn: what arrived goes in, what follows goes out.
    fn turn(&mut self) {
        self.state.now = self.clock.now();
        self.state.unfinished = false;
        self.mailbox.turns().count_turn();
        self.take_events();
        self.take_store_events();
        self.serve_ready();
        self.take_entries();
        self.take_control();
        self.run_timers();
        self.take_leave();
        self.report_room();
        self.end_turn();
        // Other threads can work on their part while this one is in the kernel.
        self.wake_peers();
        self.driver.flush();
        self.take_sent();
        self.wake_peers();
        self.mailbox.publish();
    }

    /// Hands the turn's work to the kernel, and sleeps if nothing is left to do.
    fn wait(&mut self) -> std::io::Result<()> {
        if !self.state.ready.is_empty() || self.state.unfinished {
            return self.driver.submit();
        }
        self.sleeping.announce();
        let result = if self.is_stirred() {
            self.driver.submit()
        } else {
            let time_out = self.sleep_time();
            self.mailbox.turns().count_sleep();
            self.driver.submit_and_wait(Some(time_out))
        };
        self.sleeping.clear();
        result
    }

    /// Whether another thread has put something in since the turn.
    fn is_stirred(&mut self) -> bool {
        !self.mailbox.is_empty()
            || !self.links.iter().all(Link::is_empty)
            || !self.port.as_mut().is_none_or(PortEnd::is_empty)
            || self.is_told_to_leave()
    }

    fn sleep_time(&self) -> Duration {
        let dues = [
            self.engine.next_timeout(),
            self.state.lingering.next_deadline(),
            self.state.accept_again,
            self.leave_deadline(),
        ];
        let next = dues.into_iter().flatten().min();
        next.map_or(HEARTBEAT, |due| due.since(self.state.now).min(HEARTBEAT))
    }

    fn take_control(&mut self) {
        for _ in 0..CONTROL_PER_TURN_MAX {
            let Some(input) = self.mailbox.receive() else {
                return;
            };
            self.tell(Input::Control(input));
        }
    }

    fn run_timers(&mut self) {
        let now = self.state.now;
        if self.engine.next_timeout().is_some_and(|due| due <= now) {
            self.engine.handle_timeout(now, &mut self.state.out);
            self.perform();
        }
        while let Some(lingering) = self.state.lingering.expired(now) {
            self.driver.close(lingering.socket);
        }
        if self.state.accept_again.take_if(|due| *due <= now).is_some() {
            self.driver.rearm_listeners();
        }
    }

    fn report_room(&mut self) {
        for index in 0..self.links.len() {
            let link = &mut self.links[index];
            if let Some(slots) = link.room() {
                let to = link.peer;
                self.tell(Input::Room { to, slots });
            }
        }
    }

    /// Lets other shards know what this turn put into their rings: one wake each, if they sleep.
    fn wake_peers(&mut self) {
        for link in &mut self.links {
            if link.must_wake() {
                self.driver.wake_peer(link.peer_id);
            }
        }
    }

    /// Gives the engine an input and does what follows.
    fn tell(&mut self, input: Input) {
        self.engine
            .handle_input(input, self.state.now, &mut self.state.out);
        self.perform();
    }

    /// Has the connection served in the next turn.
    fn queue(&mut self, connection: ConnectionKey) {
        if let Some(io) = self.state.connections.get_mut(connection)
            && !io.queued
        {
            io.queued = true;
            self.state.ready.push(connection);
        }
    }
}
