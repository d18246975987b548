//! The whole: shards, clients, and chance that says who is next.

mod calm;
mod failure;
mod restart;
mod restore;

use core::time::Duration;

use shard_engine::limits::SURPLUS_MAX;
use shard_engine::{ControlInput, ControlOutput, Counters, Gauges, Input, QuestionId};
use store_memory::Disk;
use wire_message::ClientId;
use wire_mqtt::ReasonCode;

use crate::client::{Client, Kind, Mood};
use crate::driver::Driver;
use crate::history::ClientNumber;
use crate::outside::Outside;
use crate::plan::Plan;
use crate::stats::Stats;
use crate::vandal::Vandal;
use crate::violation::{Checked, Violation, ensure};

/// A run.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) outside: Outside,
    drivers: Vec<Driver>,
    clients: Vec<Client>,
    vandals: Vec<Vandal>,
    /// What the processes before counted.
    past: Counters,
}

impl World {
    /// Shards without connections, clients that have not connected.
    pub(crate) fn new(plan: Plan, is_traced: bool) -> Self {
        let mut outside = Outside::new(plan, is_traced);
        let (clients, members) = (outside.plan.clients, outside.plan.members);
        let clients = (0..=clients + members)
            .map(|index| {
                let kind = match index {
                    0 => Kind::Observer,
                    _ if index <= clients => Kind::Ordinary,
                    _ => Kind::Member,
                };
                Client::new(ClientNumber(index), kind, &mut outside)
            })
            .collect();
        let vandals = (0..outside.plan.vandals)
            .map(|_| Vandal::default())
            .collect();
        Self {
            outside,
            drivers: Vec::new(),
            clients,
            vandals,
            past: Counters::default(),
        }
    }

    /// Everything from the first connection to the last, and all properties.
    pub(crate) fn run(&mut self) -> Checked {
        self.start(Disk::new())?;
        let steps = self.outside.plan.steps;
        for number in 0..steps {
            if let Some(end) = self.end_due(number) {
                self.restart(end)?;
            }
            self.step()?;
            if number % 512 == 0 {
                self.look_at_queues()?;
            }
        }
        self.calm_down()?;
        self.look_at_all()?;
        self.do_without_some()?;
        self.look_at_retained()?;
        let store = self.outside.plan.store.as_ref();
        if store.is_some_and(|store| store.fails_calm) {
            self.do_without_disk()?;
        }
        let ends = self.outside.plan.store.as_ref();
        if let Some(end) = ends.and_then(|store| store.ends_calm) {
            self.restart(end)?;
            self.calm_down()?;
            self.look_at_all()?;
            self.look_at_retained()?;
        }
        if self.outside.storage.is_none() && self.outside.rng.chance(300) {
            return self.stop();
        }
        self.see_everybody_off()?;
        self.look_at_the_rest()
    }

    /// All properties that can be told from what happened.
    fn look_at_all(&mut self) -> Checked {
        let counters = self.counters()?;
        let owed = crate::property::check(&self.outside.history, &self.outside, &counters)?;
        self.outside.stats.owed = owed;
        Ok(())
    }

    /// Queues hold no more than they may.
    fn look_at_queues(&mut self) -> Checked {
        let mut most = u64::from(self.outside.plan.settings.mqtt.queue.messages_max);
        if self.outside.storage.is_some() {
            // What is to be dropped for a new message is looked for on the disk.
            most += SURPLUS_MAX;
        }
        for (_, gauges) in self.reports()? {
            let Gauges {
                queued_messages,
                sessions,
                ..
            } = gauges;
            ensure(queued_messages <= sessions * most, "bounds", || {
                format!("{queued_messages} messages in {sessions} queues of {most}")
            })?;
        }
        Ok(())
    }

    /// What happened, in numbers.
    pub(crate) fn stats(&mut self) -> Stats {
        let mut stats = self.outside.stats;
        stats.steps = self.outside.plan.steps as u64;
        if let Ok(counters) = self.counters() {
            stats.ring_full = counters.ring_full;
            stats.queue_full = counters.delivery_dropped_queue_full;
            stats.redispatched = counters.delivery_redispatched;
        }
        stats
    }

    /// Time passes, and then somebody does something.
    fn step(&mut self) -> Checked {
        let outside = &mut self.outside;
        let often = outside
            .plan
            .pipe_delay
            .max(outside.plan.ring_delay)
            .max(Duration::from_micros(50));
        let longest = match outside.rng.below(1000) {
            0..30 => Duration::from_millis(500),
            30..300 => often,
            _ => often / 20,
        };
        outside.now = outside.now + outside.rng.delay(longest);
        if outside.rng.chance(outside.plan.breaks) {
            self.break_a_link();
        }
        let kicks = self.outside.plan.kicks;
        if self.outside.rng.chance(kicks) {
            self.kick_somebody()?;
        }
        if let Some(storage) = &mut self.outside.storage {
            storage.go_on(&mut self.outside.rng);
        }
        self.outside.is_disk_behind();
        match self.outside.rng.below(20) {
            0 => {
                self.vandalise();
                Ok(())
            }
            1..10 => {
                let index = self.outside.rng.below(self.drivers.len());
                self.drivers[index].turn(&mut self.outside)
            }
            _ => {
                let index = self.outside.rng.below(self.clients.len());
                self.let_act(index, Mood::Random)
            }
        }
    }

    fn let_act(&mut self, index: usize, mood: Mood) -> Checked {
        let arrival = self.clients[index].act(mood, &mut self.outside)?;
        if let Some((shard, link)) = arrival {
            self.drivers[shard.index()].connect(link);
        }
        Ok(())
    }

    fn vandalise(&mut self) {
        if self.vandals.is_empty() {
            return;
        }
        let index = self.outside.rng.below(self.vandals.len());
        if let Some((shard, link)) = self.vandals[index].act(index, &mut self.outside) {
            self.drivers[shard.index()].connect(link);
        }
    }

    /// The transport of some client, not of the observer, breaks.
    fn break_a_link(&mut self) {
        let index = 1 + self.outside.rng.below(self.clients.len() - 1);
        if let Some(link) = self.clients[index].link() {
            let now = self.outside.now;
            self.outside.links[link].break_off(now);
            self.outside.note(format_args!("{link:?} breaks"));
            self.outside.stats.broken += 1;
        }
    }

    /// An administrator disconnects some client, not the observer.
    fn kick_somebody(&mut self) -> Checked {
        let index = 1 + self.outside.rng.below(self.clients.len() - 1);
        let client = ClientId::new(&self.clients[index].kicked());
        for driver in &mut self.drivers {
            let reason = ReasonCode::AdministrativeAction;
            let kick = ControlInput::Kick {
                client: client.clone(),
                reason,
            };
            driver.input(Input::Control(Box::new(kick)), &mut self.outside)?;
        }
        Ok(())
    }

    /// Counters of all shards.
    fn counters(&mut self) -> Result<Counters, Violation> {
        let mut sum = self.past.clone();
        for (counters, _) in self.reports()? {
            sum.add(&counters);
        }
        Ok(sum)
    }

    /// What all shards report.
    fn reports(&mut self) -> Result<Vec<(Counters, Gauges)>, Violation> {
        let mut reports = Vec::new();
        for driver in &mut self.drivers {
            let question = ControlInput::Report(QuestionId(1));
            driver.input(Input::Control(Box::new(question)), &mut self.outside)?;
            for output in driver.take_reports() {
                if let ControlOutput::Report {
                    counters, gauges, ..
                } = output
                {
                    reports.push((*counters, gauges));
                }
            }
        }
        if reports.len() == self.drivers.len() {
            return Ok(reports);
        }
        Err(Violation::new("contract", "a shard does not report".into()))
    }
}
