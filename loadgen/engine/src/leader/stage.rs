//! Leading workers through one stage.

use std::time::Duration;

use loadgen_plan::{Reading, Stage as PlannedStage, Until};
use loadgen_report::Stage;
use loadgen_work::Progress;
use wire_message::Instant;

use super::Leader;
use super::course::Course;
use crate::clock;
use crate::execution::Glance;
use crate::limits::{AHEAD, SETTLE_POLL, SETTLE_STALL, STOP_POLL};
use crate::message::{Command, Notice};
use crate::run_error::RunError;
use crate::watch::Memory;

/// Why listening to workers ended.
enum Heard {
    /// Everything is done that the stage began.
    Done,
    /// The run is to be ended early.
    Stop,
    /// The time has come.
    Time,
}

/// What is known of a stage that ends when everything is done.
struct Settling {
    next_poll: Instant,
    /// Deliveries at the last change, and when that was.
    delivered: u64,
    changed: Instant,
}

impl Leader<'_> {
    /// Runs the stage that follows what ended at `begin`; says when it ended.
    pub(super) fn run_stage(
        &mut self,
        index: usize,
        begin: Instant,
    ) -> Result<(Stage, Instant), RunError> {
        let plan = self.plan.clone();
        let stage = &plan.stages[index];
        let number = u16::try_from(index).expect("plans have few stages");
        self.settled = 0;
        let at = begin.max(clock::now() + AHEAD / 2);
        self.team.tell(&Command::Begin {
            stage: number,
            at_ns: at.as_nanos(),
        })?;
        let length = stage.until.at_most();
        let latest = at + length;
        let watched = stage.measured && !self.watch.is_empty();
        let mut course = Course::new(self.start, begin, watched.then_some(self.usage));
        let mut settling = Settling {
            next_poll: at,
            delivered: 0,
            changed: at,
        };
        loop {
            let tick = latest.min(course.last() + self.execution.interval);
            let heard = self.listen(tick - AHEAD, stage.until, &mut settling)?;
            let border = match heard {
                Heard::Time => tick,
                Heard::Done | Heard::Stop => clock::now(),
            };
            let over = border >= latest || !matches!(heard, Heard::Time);
            self.take_samples(&mut course, border, over)?;
            for (former, late) in course.last_late() {
                self.late.entry(*former).or_default().add(late);
            }
            self.show(stage, begin, length, &course);
            if over {
                if border >= latest {
                    self.note_unfinished(stage)?;
                }
                break;
            }
        }
        self.note_ended(index);
        let end = course.last();
        let (found, stalls) = course.finish(stage, self.watch.pids());
        self.stalls += stalls;
        Ok((found, end))
    }

    /// Notes processes that ended in a stage, or before, while there was something to measure.
    fn note_ended(&mut self, index: usize) {
        let mut rest = self.plan.stages[index..].iter();
        if !rest.any(|stage| stage.measured) {
            return;
        }
        let name = &self.plan.stages[index].name;
        for pid in self.watch.ended() {
            if self.ended.insert(pid) {
                self.unfinished.push(format!(
                    "{name}: process {pid} of the broker ended; what it used is known up to the \
                     last look at it"
                ));
            }
        }
    }

    /// Notes what a stage left undone that should have ended by itself.
    fn note_unfinished(&mut self, stage: &PlannedStage) -> Result<(), RunError> {
        if matches!(stage.until, Until::Elapsed(_)) {
            return Ok(());
        }
        let progress = self.progress()?;
        // Who reads slowly may still have something before them: that is what they are there for.
        let mut groups = self.plan.groups.iter();
        let is_slow = groups.any(|group| group.reading != Reading::Full);
        if progress.is_settled() || (is_slow && progress.is_sent()) {
            return Ok(());
        }
        let Progress {
            open,
            expected,
            delivered,
        } = progress;
        let name = &stage.name;
        self.unfinished.push(format!(
            "{name}: not done in time, {open} things were under way, and of {expected} deliveries \
             expected until then {delivered} had come"
        ));
        Ok(())
    }

    /// Ends an interval at `border` with samples of all workers.
    fn take_samples(
        &mut self,
        course: &mut Course,
        border: Instant,
        over: bool,
    ) -> Result<(), RunError> {
        let command = Command::Sample {
            at_ns: border.as_nanos(),
        };
        let samples = self.ask(&command, |notice| {
            if let Notice::Sampled(sampled) = notice {
                return Ok(*sampled);
            }
            Err(notice)
        })?;
        if !self.watch.is_empty() {
            let memory = if over { Memory::Exact } else { Memory::Quick };
            self.usage = self.watch.read(memory);
        }
        self.cpu_ns += course.end_interval(border, samples, self.usage);
        Ok(())
    }

    /// Shows the last interval to those who look on.
    fn show(&mut self, stage: &PlannedStage, begin: Instant, length: Duration, course: &Course) {
        let seconds = |nanoseconds| Duration::from_nanos(nanoseconds).as_secs_f64();
        let watched = !self.watch.is_empty();
        let (interval, tally) = course.last_interval();
        let late = course.last_late().iter().filter_map(|(stage, tally)| {
            let stage = self.plan.stages.get(usize::from(*stage))?;
            Some((stage.name.as_str(), tally))
        });
        let late = late.collect::<Vec<_>>();
        (self.observe)(&Glance {
            stage: &stage.name,
            measured: stage.measured,
            elapsed_s: course.last().since(begin).as_secs_f64(),
            at_most_s: length.as_secs_f64(),
            interval,
            tally,
            late: &late,
            generator_cpu_s: seconds(self.cpu_ns),
            broker_cpu_s: watched.then(|| seconds(self.usage.cpu_ns)),
            broker_resident_bytes: watched.then_some(self.usage.resident_bytes),
        });
    }

    /// Listens until `deadline`, or until the stage is over before.
    fn listen(
        &mut self,
        deadline: Instant,
        until: Until,
        settling: &mut Settling,
    ) -> Result<Heard, RunError> {
        loop {
            let now = clock::now();
            if self.is_stopped() {
                return Ok(Heard::Stop);
            }
            if now >= deadline {
                return Ok(Heard::Time);
            }
            let all = self.settled >= self.team.workers();
            if all && now >= settling.next_poll && self.is_done(until, settling)? {
                return Ok(Heard::Done);
            }
            let pause = if all { SETTLE_POLL } else { STOP_POLL };
            match self.team.hear(deadline.min(now + pause))? {
                Some((_, Notice::Settled { .. })) => self.settled += 1,
                Some((worker, other)) => {
                    let odd = format!("worker {worker} said {other:?} unasked");
                    return Err(RunError::Worker(odd));
                }
                None => {}
            }
        }
    }

    /// Whether everything is done, by what all workers say together.
    fn is_done(&mut self, until: Until, settling: &mut Settling) -> Result<bool, RunError> {
        let progress = self.progress()?;
        let now = clock::now();
        settling.next_poll = now + SETTLE_POLL;
        if progress.delivered != settling.delivered {
            settling.delivered = progress.delivered;
            settling.changed = now;
        }
        let stalled = progress.is_sent() && now.since(settling.changed) >= SETTLE_STALL;
        Ok(match until {
            Until::Elapsed(_) => false,
            Until::Sent { .. } => progress.is_sent(),
            Until::Settled { .. } => progress.is_settled() || stalled,
        })
    }
}
