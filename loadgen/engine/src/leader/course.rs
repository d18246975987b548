//! What is gathered in the course of a stage.

use std::collections::BTreeMap;
use std::time::Duration;

use loadgen_report::{Broker, Interval, Stage, Tally};
use wire_message::Instant;

use crate::message::Sampled;
use crate::watch::Usage;

/// A stage as it goes.
pub(super) struct Course {
    start: Instant,
    begin: Instant,
    last: Instant,
    total: Tally,
    /// The last interval.
    tally: Tally,
    /// What arrived in it that was due in former stages, by their places in the plan.
    late: BTreeMap<u16, Tally>,
    intervals: Vec<Interval>,
    cpu_ns: u64,
    stalls: u64,
    broker: Option<Watched>,
}

/// What the broker has used.
struct Watched {
    first: Usage,
    last: Usage,
    resident_bytes_max: u64,
}

impl Course {
    /// A stage that begins at `begin`, in a run that began at `start`; `usage` is what the broker had
    /// used until then, if it is watched.
    pub(super) fn new(start: Instant, begin: Instant, usage: Option<Usage>) -> Self {
        Self {
            start,
            begin,
            last: begin,
            total: Tally::default(),
            tally: Tally::default(),
            late: BTreeMap::new(),
            intervals: Vec::new(),
            cpu_ns: 0,
            stalls: 0,
            broker: usage.map(|usage| Watched {
                first: usage,
                last: usage,
                resident_bytes_max: usage.resident_bytes,
            }),
        }
    }

    /// The end of the last interval.
    pub(super) fn last(&self) -> Instant {
        self.last
    }

    /// Ends an interval at `border` with the samples of all workers; returns the CPU time they used.
    pub(super) fn end_interval(
        &mut self,
        border: Instant,
        samples: Vec<Sampled>,
        usage: Usage,
    ) -> u64 {
        let mut cpu_ns = 0;
        self.tally = Tally::default();
        self.late.clear();
        let mut connected = 0;
        for sampled in samples {
            self.tally.add(&sampled.sample.tally);
            for (stage, late) in &sampled.sample.late {
                self.late.entry(*stage).or_default().add(late);
            }
            connected += sampled.sample.connected;
            self.stalls += sampled.sample.stalls;
            cpu_ns += sampled.cpu_ns;
        }
        self.total.add(&self.tally);
        let at_s = self.last.since(self.start).as_secs_f64();
        let seconds = border.since(self.last).as_secs_f64();
        // The course of time shows what arrived, whenever it was due.
        let mut interval = if self.late.is_empty() {
            self.tally.to_interval(at_s, seconds, connected)
        } else {
            let mut arrived = self.tally.clone();
            self.late.values().for_each(|late| arrived.add(late));
            arrived.to_interval(at_s, seconds, connected)
        };
        if let Some(broker) = &mut self.broker {
            let cpu_ns = usage.cpu_ns.saturating_sub(broker.last.cpu_ns);
            interval.broker_cpu_s = Some(Duration::from_nanos(cpu_ns).as_secs_f64());
            interval.broker_resident_bytes = Some(usage.resident_bytes);
            broker.last = usage;
            broker.resident_bytes_max = broker.resident_bytes_max.max(usage.resident_bytes);
        }
        self.intervals.push(interval);
        self.last = border;
        self.cpu_ns += cpu_ns;
        cpu_ns
    }

    /// The last interval: its row and its tally.
    pub(super) fn last_interval(&self) -> (&Interval, &Tally) {
        let interval = self.intervals.last();
        (interval.expect("an interval has ended"), &self.tally)
    }

    /// What arrived in the last interval though it was due in former stages.
    pub(super) fn last_late(&self) -> &BTreeMap<u16, Tally> {
        &self.late
    }

    /// The whole stage, and how often closed loops stood still in it.
    pub(super) fn finish(self, stage: &loadgen_plan::Stage, pids: Vec<u32>) -> (Stage, u64) {
        let mut found = Stage {
            name: stage.name.clone(),
            measured: stage.measured,
            start_s: self.begin.since(self.start).as_secs_f64(),
            seconds: self.last.since(self.begin).as_secs_f64(),
            intervals: self.intervals,
            ..Stage::default()
        };
        self.total.fill(&mut found);
        found.generator.cpu_s = Duration::from_nanos(self.cpu_ns).as_secs_f64();
        found.broker = self.broker.map(|watched| {
            let mut broker = watched.report(pids);
            broker.share(&found.messages);
            broker
        });
        (found, self.stalls)
    }
}

impl Watched {
    fn report(&self, pids: Vec<u32>) -> Broker {
        let Self { first, last, .. } = self;
        let cpu_ns = last.cpu_ns.saturating_sub(first.cpu_ns);
        Broker {
            pids,
            cpu_s: Duration::from_nanos(cpu_ns).as_secs_f64(),
            cpu_us_per_message: None,
            voluntary_switches: last.voluntary_switches - first.voluntary_switches,
            involuntary_switches: last.involuntary_switches - first.involuntary_switches,
            resident_bytes_start: first.resident_bytes,
            resident_bytes_end: last.resident_bytes,
            resident_bytes_max: self.resident_bytes_max,
        }
    }
}
