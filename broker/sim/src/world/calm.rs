//! After the faults: everybody comes back, everything arrives, and then all leave.

use core::time::Duration;
use std::collections::BTreeSet;

use shard_engine::Input;
use store_model::StoreState;

use super::World;
use crate::client::{Client, Kind, Mood};
use crate::driver::Driver;
use crate::history::{ClientNumber, Delivery, PublishId};
use crate::plan::End;
use crate::storage::Storage;
use crate::violation::{Checked, Violation, ensure};

/// Rounds until nothing may move any more. More: something waits for ever.
const ROUNDS_MAX: usize = 60_000;

/// Things that the store does in a round at the most.
const STORE_STEPS_PER_ROUND: usize = 64;

/// Time per round.
const ROUND: Duration = Duration::from_millis(5);

impl World {
    /// Faults end; everybody is connected and has all.
    pub(super) fn calm_down(&mut self) -> Checked {
        self.outside.plan.stall = 0;
        let storage = self.outside.storage.as_ref();
        if storage.is_some_and(|storage| storage.state() == StoreState::Failed) {
            self.restart(End::Killed)?;
        }
        if let Some(storage) = &mut self.outside.storage {
            storage.calm_down();
        }
        for vandal in &mut self.vandals {
            vandal.go(&mut self.outside);
        }
        self.outside.note(format_args!("calm"));
        self.settle(Mood::Calm, Client::is_settled)?;
        // Delayed wills and short sessions come to their end.
        self.let_pass(Duration::from_secs(10), Mood::Calm)?;
        self.settle(Mood::Calm, Client::is_settled)?;
        self.outside.is_calm = true;
        let now = self.outside.history.next();
        self.outside.history.calm = Some(now);
        Ok(())
    }

    /// While some members of a group are away and one is not, that one gets everything.
    ///
    /// Source: what shard/README.md says of groups.
    pub(super) fn do_without_some(&mut self) -> Checked {
        let mut present = BTreeSet::new();
        let mut away = Vec::new();
        for client in &mut self.clients {
            let Some(group) = client.membership(&self.outside) else {
                continue;
            };
            if !present.insert(group) {
                away.push(client.stay_away(&mut self.outside)?);
            }
        }
        if away.is_empty() {
            return Ok(());
        }
        self.settle(Mood::Calm, Client::is_settled)?;
        let first = PublishId(self.outside.history.published.len());
        for number in 0..8 {
            self.clients[1].publish_to(format!("work/{number}"), &mut self.outside)?;
        }
        self.settle(Mood::Calm, Client::is_settled)?;
        self.clients.iter_mut().for_each(Client::come_back);
        self.settle(Mood::Calm, Client::is_settled)?;
        self.let_pass(Duration::from_secs(4), Mood::Calm)?;
        for session in &self.outside.history.sessions {
            let is_late = |one: &&Delivery| {
                one.message.is_some_and(|id| id >= first) && !self.is_delayed(one)
            };
            let found = session.deliveries.iter().find(is_late);
            let found = found.filter(|_| away.contains(&session.client));
            ensure(found.is_none(), "shared", || {
                format!("{:?} was away and got {found:?}", session.client)
            })?;
        }
        Ok(())
    }

    /// Whether a delivery was published so late that everybody was back.
    fn is_delayed(&self, delivery: &Delivery) -> bool {
        let history = &self.outside.history;
        delivery
            .message
            .is_some_and(|id| history.message(id).delay_s.is_some())
    }

    /// A newcomer gets what is retained.
    pub(super) fn look_at_retained(&mut self) -> Checked {
        let number = ClientNumber(self.clients.len());
        let newcomer = Client::new(number, Kind::Observer, &mut self.outside);
        self.clients.push(newcomer);
        self.settle(Mood::Calm, Client::is_settled)?;
        crate::property::check_retained(&self.outside)
    }

    /// The broker stops: clients are told, and nobody is left.
    pub(super) fn stop(&mut self) -> Checked {
        self.outside.is_stopping = true;
        let stall = core::mem::take(&mut self.outside.plan.stall);
        for driver in &mut self.drivers {
            driver.input(Input::Stop, &mut self.outside)?;
        }
        for _ in 0..ROUNDS_MAX {
            self.round(ROUND, Mood::Calm)?;
            let are_gone = self.clients.iter().all(Client::is_gone);
            if are_gone && self.drivers.iter().all(Driver::has_stopped) {
                break;
            }
        }
        for driver in &self.drivers {
            ensure(driver.has_stopped(), "stop", || {
                format!("has not stopped: {}", driver.state())
            })?;
        }
        for (_, gauges) in self.reports()? {
            let left = gauges.connections + gauges.live_connections;
            ensure(left == 0, "stop", || format!("{gauges:?}"))?;
        }
        // What the last calls had written down goes to the store.
        self.round(ROUND, Mood::Calm)?;
        self.outside.plan.stall = stall;
        Ok(())
    }

    /// All sessions end; nothing is left of them.
    pub(super) fn see_everybody_off(&mut self) -> Checked {
        self.settle(Mood::Leaving, Client::has_left)?;
        self.let_pass(Duration::from_secs(1), Mood::Leaving)?;
        for (index, (_, gauges)) in self.reports()?.into_iter().enumerate() {
            let left = gauges.connections
                + gauges.live_connections
                + gauges.sessions
                + gauges.subscriptions
                + gauges.topics
                + gauges.queued_messages;
            ensure(left == 0, "leaks", || {
                format!("shard {index} keeps {gauges:?}")
            })?;
        }
        Ok(())
    }

    /// Goes on until nothing moves, and everybody `is_done`.
    fn settle(&mut self, mood: Mood, is_done: fn(&Client) -> bool) -> Checked {
        let mut still = 0;
        let patience = 3 + 2 * self.outside.plan.pipe_delay.as_micros() / ROUND.as_micros();
        for _ in 0..ROUNDS_MAX {
            let before = self.outside.moved;
            self.round(ROUND, mood)?;
            let is_quiet = self
                .clients
                .iter()
                .all(|client| is_done(client) && client.is_quiet())
                && self.drivers.iter().all(Driver::is_quiet)
                && self.outside.rings.is_empty()
                && self.outside.storage.as_ref().is_none_or(Storage::is_quiet);
            let is_still = is_quiet && self.outside.moved == before;
            still = if is_still { still + 1 } else { 0 };
            if still > patience {
                return Ok(());
            }
        }
        let waiting: Vec<String> = self
            .clients
            .iter()
            .filter(|client| !client.is_quiet())
            .map(Client::state)
            .collect();
        let drivers: Vec<String> = self.drivers.iter().map(Driver::state).collect();
        Err(Violation::new(
            "liveness",
            format!("never at rest: {waiting:#?} {drivers:#?}"),
        ))
    }

    /// Lets time pass, everybody awake.
    fn let_pass(&mut self, time: Duration, mood: Mood) -> Checked {
        for _ in 0..time.as_millis() / 100 {
            self.round(Duration::from_millis(100), mood)?;
        }
        Ok(())
    }

    pub(super) fn round(&mut self, time: Duration, mood: Mood) -> Checked {
        self.outside.now = self.outside.now + time;
        for index in 0..self.clients.len() {
            self.let_act(index, mood)?;
        }
        for driver in &mut self.drivers {
            driver.turn(&mut self.outside)?;
        }
        if let Some(storage) = &mut self.outside.storage {
            for _ in 0..STORE_STEPS_PER_ROUND {
                if !storage.step() {
                    break;
                }
            }
        }
        Ok(())
    }
}
