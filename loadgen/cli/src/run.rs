//! A run from start to end.

mod describe;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use loadgen_engine::{Execution, Glance};
use loadgen_plan::RunId;
use loadgen_report::{HdrLogs, Live, Report, Run, Tally, Verdict};

use crate::command_line::{Asked, GeneratorOptions, OutputOptions, Scenario};
use crate::live_metrics::LiveMetrics;
use crate::output;
use crate::progress::Progress;
use crate::scenario;
use crate::signals;

/// The broker broke a promise.
const VIOLATED: u8 = 2;

/// The generator was the limit, and the user is strict.
const SPOILED: u8 = 3;

/// Runs a scenario and hands out what was found.
pub(crate) fn run(chosen: &Scenario) -> anyhow::Result<ExitCode> {
    let asked = chosen.asked();
    let mut plan = scenario::plan(chosen)?;
    if let Some(name) = &asked.output.name {
        plan.name.clone_from(name);
    }
    output::prepare(asked.output)?;
    let started = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let started_ns = u64::try_from(started.as_nanos()).unwrap_or(u64::MAX);
    let id = run_id(started_ns);
    let run = describe::run(&plan, id, started_ns / 1_000_000, asked.generator);
    let comment = format!("loadgen {}, run {}", run.scenario, run.id);
    let mut logs = HdrLogs::new(run.started_unix_ms, &comment);
    let progress = Progress::new(asked.output.quiet);
    let mut metrics = Metrics::serve(asked.output, &run)?;
    let stop = signals::stop_flag()?;
    let mut observe = |glance: &Glance<'_>| {
        progress.show(glance);
        if asked.output.hdr.is_some() {
            let interval = glance.interval;
            logs.push(glance.stage, interval.at_s, interval.seconds, glance.tally);
            for (stage, tally) in glance.late {
                logs.push(stage, interval.at_s, interval.seconds, tally);
            }
        }
        if let Some(metrics) = &mut metrics {
            metrics.update(glance);
        }
    };
    let execution = execution(asked);
    let report = loadgen_engine::carry_out(plan, id, run, &execution, &stop, &mut observe);
    progress.clear();
    let mut report = report?;
    report.judge();
    output::write(asked.output, &report, &logs)?;
    Ok(exit_code(&report, asked.check.strict))
}

fn exit_code(report: &Report, strict: bool) -> ExitCode {
    match report.verdict {
        Verdict::Violated => VIOLATED.into(),
        Verdict::Spoiled if strict => SPOILED.into(),
        Verdict::Ok | Verdict::Spoiled => ExitCode::SUCCESS,
    }
}

fn execution(asked: Asked<'_>) -> Execution {
    let GeneratorOptions {
        threads,
        processes,
        ref cpus,
    } = *asked.generator;
    Execution {
        threads,
        processes,
        cpus: cpus.clone(),
        interval: asked.output.interval,
        broker_pids: asked.broker.broker_pid.clone(),
    }
}

/// A number that runs against the same broker hardly share.
fn run_id(started_ns: u64) -> RunId {
    let mixed =
        (started_ns ^ u64::from(std::process::id()) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    RunId(u32::try_from(mixed >> 32).expect("the upper half has 32 bits"))
}

/// What scrapes see.
struct Metrics {
    page: LiveMetrics,
    run: Run,
    total: Tally,
}

impl Metrics {
    fn serve(of: &OutputOptions, run: &Run) -> anyhow::Result<Option<Self>> {
        let Some(address) = of.prometheus else {
            return Ok(None);
        };
        Ok(Some(Self {
            page: LiveMetrics::serve(address)?,
            run: run.clone(),
            total: Tally::default(),
        }))
    }

    fn update(&mut self, glance: &Glance<'_>) {
        self.total.add(glance.tally);
        for (_, late) in glance.late {
            self.total.add(late);
        }
        let text = loadgen_report::prometheus(&Live {
            run: &self.run,
            stage: glance.stage,
            connected: glance.interval.connected,
            total: &self.total,
            generator_cpu_s: glance.generator_cpu_s,
            broker_cpu_s: glance.broker_cpu_s,
            broker_resident_bytes: glance.broker_resident_bytes,
        });
        self.page.update(text);
    }
}
