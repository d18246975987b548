//! The one who leads workers through the stages of a run.

mod course;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use loadgen_plan::{Audience, Plan, RunId, Verb};
use loadgen_report::{Checks, Report, Run, Stage, Tally};
use loadgen_work::{Account, Progress};
use wire_message::Instant;

use crate::capacity;
use crate::clock;
use crate::execution::{Execution, Glance};
use crate::limits::{ANSWER_MAX, START_DISTANCE};
use crate::message::{Command, Notice, Setup};
use crate::packet_drops::packet_drops;
use crate::run_error::RunError;
use crate::team::Team;
use crate::troubles::Troubles;
use crate::watch::{Memory, Usage, Watch};

/// Carries out `plan`, which was checked, and reports what was found.
///
/// `observe` is told of each interval. When `stop` becomes true, the run is ended early: what is under
/// way may still arrive, and the report says so. Warnings that follow from the figures are left to
/// [`Report::judge`].
///
/// # Errors
///
/// [`RunError`] if there is nothing to report. All workers have ended by then.
pub fn carry_out(
    plan: Plan,
    id: RunId,
    run: Run,
    execution: &Execution,
    stop: &AtomicBool,
    observe: &mut dyn FnMut(&Glance<'_>),
) -> Result<Report, RunError> {
    capacity::check(&plan, execution.processes)?;
    let audience = Arc::new(Audience::new(&plan, id)?);
    audience.check_loops(&plan, execution.threads, execution.processes)?;
    let plan = Arc::new(plan);
    let setup = Setup {
        plan: Arc::clone(&plan),
        run: id,
        threads: execution.threads,
        first: 0,
        workers: execution.threads * execution.processes,
        cpus: execution.cpus.clone(),
    };
    let watch = Watch::new(&execution.broker_pids)
        .map_err(|(pid, error)| RunError::Watch { pid, error })?;
    let team = Team::start(&setup, &audience, execution.processes)?;
    let mut leader = Leader {
        plan,
        audience,
        team,
        watch,
        execution,
        stop,
        observe,
        start: clock::now() + START_DISTANCE,
        usage: Usage::default(),
        settled: 0,
        interrupted: None,
        stalls: 0,
        unfinished: Vec::new(),
        ended: BTreeSet::new(),
        drops: packet_drops(),
        late: BTreeMap::new(),
        cpu_ns: 0,
    };
    let report = leader.lead(run);
    leader.team.end();
    report
}

/// What leading a run takes.
struct Leader<'a> {
    plan: Arc<Plan>,
    audience: Arc<Audience>,
    team: Team,
    watch: Watch,
    execution: &'a Execution,
    stop: &'a AtomicBool,
    observe: &'a mut dyn FnMut(&Glance<'_>),
    start: Instant,
    /// What the broker had used at the last border of stages.
    usage: Usage,
    /// Workers whose clients have nothing under way in this stage.
    settled: u16,
    /// When the run was told to stop.
    interrupted: Option<Instant>,
    /// Times that closed loops stood still.
    stalls: u64,
    /// What stages left undone, and what ended before them, in sentences.
    unfinished: Vec<String>,
    /// Processes of the broker that ended and were noted.
    ended: BTreeSet<u32>,
    /// Packets that the machine had dropped when the run began.
    drops: u64,
    /// Latencies of what arrived after the stage that it was due in, by the stage's place.
    late: BTreeMap<u16, Tally>,
    /// CPU time that all workers have used.
    cpu_ns: u64,
}

/// What all workers know at the end.
#[derive(Debug, Default)]
struct Final {
    account: Account,
    troubles: Troubles,
    /// Connections that TCP opened.
    opened: u64,
}

impl Leader<'_> {
    fn lead(&mut self, run: Run) -> Result<Report, RunError> {
        let mut report = Report::new(run);
        let mut begin = self.start;
        self.usage = self.watch.read(Memory::Exact);
        let mut places = Vec::new();
        for index in 0..self.plan.stages.len() {
            if self.interrupted.is_some() && !self.stops(index) && !self.has_stopped(index) {
                continue;
            }
            let (stage, end) = self.run_stage(index, begin)?;
            report.stages.push(stage);
            places.push(index);
            begin = end;
            self.check_connections(&report)?;
        }
        for (stage, place) in report.stages.iter_mut().zip(places) {
            let place = u16::try_from(place).expect("plans have few stages");
            if let Some(late) = self.late.get(&place) {
                let added = stage.add_late(late);
                added.expect("the stage's own histograms can be read");
            }
        }
        let Final {
            account, troubles, ..
        } = self.account()?;
        report.checks = account.judge(&self.plan, &self.audience);
        self.remark(&mut report, &troubles);
        Ok(report)
    }

    /// Whether publishing ends with this stage: an interrupted run goes on from there.
    fn stops(&self, index: usize) -> bool {
        let mut actions = self.plan.stages[index].actions.iter();
        actions.any(|action| matches!(action.verb, Verb::Stop))
    }

    /// Whether a stage up to this one has ended the publishing.
    fn has_stopped(&self, index: usize) -> bool {
        (0..index).any(|before| self.stops(before))
    }

    fn is_stopped(&mut self) -> bool {
        let stopped = self.interrupted.is_none() && self.stop.load(Ordering::Relaxed);
        if stopped {
            self.interrupted = Some(clock::now());
        }
        stopped
    }

    /// A run without any connection has nothing to report but why.
    fn check_connections(&mut self, report: &Report) -> Result<(), RunError> {
        let sum = |of: fn(&Stage) -> u64| report.stages.iter().map(of).sum::<u64>();
        let attempted = sum(|stage| stage.connections.attempted);
        if attempted == 0 || sum(|stage| stage.connections.connected) > 0 {
            return Ok(());
        }
        let Final {
            troubles, opened, ..
        } = self.account()?;
        let reason = if let Some(chief) = troubles.chief() {
            chief.to_owned()
        } else {
            let seconds = report.stages.iter().map(|stage| stage.seconds).sum::<f64>();
            format!(
                "no answer in {seconds:.1} s to {attempted} attempts, {opened} of which TCP opened"
            )
        };
        let dropped = match self.dropped() {
            0 => String::new(),
            drops => format!(", while this machine dropped {drops} packets of its own queue"),
        };
        let broker = self.plan.target.brokers.first();
        Err(RunError::NoConnection {
            broker: broker.map_or_else(String::new, ToString::to_string),
            reason: reason + &dropped,
        })
    }

    /// Packets that the machine has dropped since the run began.
    fn dropped(&self) -> u64 {
        packet_drops().saturating_sub(self.drops)
    }

    fn account(&mut self) -> Result<Final, RunError> {
        let answers = self.ask(&Command::Account, |notice| {
            if let Notice::Accounted(accounted) = notice {
                return Ok(*accounted);
            }
            Err(notice)
        })?;
        let mut sum = Final::default();
        for answer in answers {
            sum.account.merge(&answer.account);
            for (text, times) in answer.troubles {
                sum.troubles.add(text, times);
            }
            sum.opened += answer.opened;
        }
        Ok(sum)
    }

    fn progress(&mut self) -> Result<Progress, RunError> {
        let answers = self.ask(&Command::Progress, |notice| {
            if let Notice::Progressed(progress) = notice {
                return Ok(progress);
            }
            Err(notice)
        })?;
        let mut sum = Progress::default();
        for progress in answers {
            sum.add(progress);
        }
        Ok(sum)
    }

    /// Gives a command to all workers and gathers an answer from each.
    fn ask<T>(
        &mut self,
        command: &Command,
        pick: impl Fn(Notice) -> Result<T, Notice>,
    ) -> Result<Vec<T>, RunError> {
        self.team.tell(command)?;
        let deadline = clock::now() + ANSWER_MAX;
        let mut answers = Vec::new();
        while answers.len() < usize::from(self.team.workers()) {
            let Some((worker, notice)) = self.team.hear(deadline)? else {
                let missing = format!("no answer to {command:?} in {ANSWER_MAX:?}");
                return Err(RunError::Worker(missing));
            };
            match pick(notice) {
                Ok(answer) => answers.push(answer),
                Err(Notice::Settled { .. }) => self.settled += 1,
                Err(other) => {
                    let odd = format!("worker {worker} said {other:?} to {command:?}");
                    return Err(RunError::Worker(odd));
                }
            }
        }
        Ok(answers)
    }

    /// Adds what the figures alone do not say.
    fn remark(&self, report: &mut Report, troubles: &Troubles) {
        let Checks { lost, .. } = report.checks;
        report.warnings.extend(self.unfinished.iter().cloned());
        let drops = self.dropped();
        if drops > 0 {
            report.warnings.push(format!(
                "this machine dropped {drops} packets of its own queue, which stops connections for \
                 200 ms or more: raise net.core.netdev_max_backlog"
            ));
        }
        for (text, times) in troubles.list() {
            report.warnings.push(format!("{text} ({times} times)"));
        }
        if self.stalls > 0 {
            report.warnings.push(format!(
                "a closed loop stood still for a second {} times, {lost} deliveries were lost",
                self.stalls
            ));
        }
        if let Some(at) = self.interrupted {
            let after = at.since(self.start).as_secs_f64();
            report
                .warnings
                .push(format!("interrupted after {after:.1} s"));
        }
    }
}
