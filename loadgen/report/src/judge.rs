//! Whether the figures of a run can be believed, from the figures themselves.

use crate::report::{Report, Verdict};
use crate::stage::Stage;
use crate::units::{self, Unit};

/// Share of the scheduled messages below which the sender was too slow.
const SENT_SHARE_MIN: f64 = 0.99;

/// Generator's lag (99 %) that spoils any latency.
const LAG_NS: u64 = 1_000_000;

/// Part of a latency from which on the generator's lag makes it the generator's own, at the same
/// percentile.
const LAG_SHARE: f64 = 0.25;

/// Share of a core per thread from which the generator itself is the limit.
const CPU_SHARE: f64 = 0.9;

impl Report {
    /// Adds the warnings that follow from the figures, and sets the verdict.
    ///
    /// A violation outweighs a warning. Warnings that are there already stay and count.
    pub fn judge(&mut self) {
        let mut found = Vec::new();
        for stage in &self.stages {
            let threads = f64::from(self.run.threads) * f64::from(self.run.processes);
            found.extend(connections(stage));
            if stage.measured {
                found.extend(unsent(stage));
                found.extend(lag(stage));
                found.extend(cpu(stage, threads));
            }
        }
        found.extend(unanswered(&self.stages));
        for warning in found {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        self.verdict = if !self.checks.violations.is_empty() {
            Verdict::Violated
        } else if !self.warnings.is_empty() {
            Verdict::Spoiled
        } else {
            Verdict::Ok
        };
    }
}

fn connections(stage: &Stage) -> Option<String> {
    let of = &stage.connections;
    (of.refused + of.failed > 0).then(|| {
        format!(
            "{}: {} of {} connections were accepted, {} refused, {} failed",
            stage.name,
            units::count(of.connected),
            units::count(of.attempted),
            units::count(of.refused),
            units::count(of.failed),
        )
    })
}

/// Connections that nobody has answered by the end; those of one stage may be accepted in the next.
fn unanswered(stages: &[Stage]) -> Option<String> {
    let mut waiting = 0_u64;
    for Stage { connections, .. } in stages {
        let of = connections;
        waiting += of.attempted;
        waiting = waiting.saturating_sub(of.connected + of.refused + of.failed);
    }
    (waiting > 0).then(|| {
        let waiting = units::count(waiting);
        format!("{waiting} connections were neither accepted nor refused")
    })
}

fn unsent(stage: &Stage) -> Option<String> {
    let of = &stage.messages;
    let share = units::float(of.sent) / units::float(of.scheduled);
    (of.scheduled > 0 && share < SENT_SHARE_MIN).then(|| {
        format!(
            "{}: {} of {} scheduled messages were sent ({}): the sender did not keep the schedule",
            stage.name,
            units::count(of.sent),
            units::count(of.scheduled),
            Unit::Share.format(share),
        )
    })
}

fn lag(stage: &Stage) -> Option<String> {
    let lag = stage.generator.lag.as_ref()?;
    let felt = stage.latency.intended.as_ref();
    let is_large = |lag: u64, felt: u64| units::float(lag) > LAG_SHARE * units::float(felt);
    let text = |lag: u64, percent: &str, felt: Option<u64>| {
        let beside = felt.map_or(String::new(), |felt| {
            format!(" of the latency's {}", units::nanoseconds(felt))
        });
        let lag = units::nanoseconds(lag);
        format!(
            "{}: the generator itself sent late: {lag}{beside} at {percent} %",
            stage.name
        )
    };
    match felt {
        Some(felt) if is_large(lag.p50_ns, felt.p50_ns) => {
            Some(text(lag.p50_ns, "50", Some(felt.p50_ns)))
        }
        Some(felt) if lag.p99_ns > LAG_NS || is_large(lag.p99_ns, felt.p99_ns) => {
            Some(text(lag.p99_ns, "99", Some(felt.p99_ns)))
        }
        None if lag.p99_ns > LAG_NS => Some(text(lag.p99_ns, "99", None)),
        Some(_) | None => None,
    }
}

fn cpu(stage: &Stage, threads: f64) -> Option<String> {
    let share = stage.generator.cpu_s / (stage.seconds * threads);
    (stage.seconds > 0.0 && threads > 0.0 && share > CPU_SHARE).then(|| {
        format!(
            "{}: the generator used {} of its {threads} thread(s): more of them may send more",
            stage.name,
            Unit::Share.format(share),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Latency;
    use crate::run::Run;

    fn report(change: impl FnOnce(&mut Stage)) -> Report {
        let mut stage = Stage {
            name: "measure".to_owned(),
            measured: true,
            seconds: 10.0,
            ..Stage::default()
        };
        stage.messages.scheduled = 1000;
        stage.messages.sent = 1000;
        stage.generator.cpu_s = 5.0;
        let latency = |p50_ns, p99_ns| {
            Some(Latency {
                p50_ns,
                p99_ns,
                ..Latency::default()
            })
        };
        stage.latency.intended = latency(1_000_000, 2_000_000);
        stage.generator.lag = latency(1_000, 90_000);
        change(&mut stage);
        let run = Run {
            threads: 1,
            processes: 1,
            ..Run::default()
        };
        let mut report = Report::new(run);
        report.stages.push(stage);
        report.judge();
        report
    }

    #[track_caller]
    fn assert_spoiled(report: &Report, warning: &str) {
        assert_eq!(report.verdict, Verdict::Spoiled);
        assert_eq!(report.warnings, [warning]);
    }

    #[test]
    fn a_good_run_has_no_warnings() {
        let report = report(|_| ());
        assert_eq!((report.verdict, report.warnings.len()), (Verdict::Ok, 0));
    }

    #[test]
    fn a_sender_behind_its_schedule_spoils_the_run() {
        let warning = "measure: 989 of 1,000 scheduled messages were sent (98.9 %): \
                       the sender did not keep the schedule";
        assert_spoiled(&report(|stage| stage.messages.sent = 989), warning);
        assert_eq!(
            report(|stage| stage.messages.sent = 990).verdict,
            Verdict::Ok
        );
    }

    #[test]
    fn lag_that_makes_up_the_latency_or_a_millisecond_spoils_the_run() {
        let lag = |p50_ns, p99_ns| {
            move |stage: &mut Stage| {
                let lag = stage.generator.lag.as_mut().unwrap();
                (lag.p50_ns, lag.p99_ns) = (p50_ns, p99_ns);
            }
        };
        let warning = "measure: the generator itself sent late: 251 µs of the latency's 1.00 ms \
                       at 50 %";
        assert_spoiled(&report(lag(251_000, 260_000)), warning);
        let warning = "measure: the generator itself sent late: 501 µs of the latency's 2.00 ms \
                       at 99 %";
        assert_spoiled(&report(lag(1_000, 501_000)), warning);
        assert_eq!(report(lag(250_000, 500_000)).verdict, Verdict::Ok);
        let slow = |stage: &mut Stage| {
            let felt = stage.latency.intended.as_mut().unwrap();
            (felt.p50_ns, felt.p99_ns) = (1_000_000_000, 2_000_000_000);
            lag(1_000, 1_100_000)(stage);
        };
        assert_eq!(report(slow).verdict, Verdict::Spoiled);
        let unheard = |stage: &mut Stage| {
            stage.latency.intended = None;
            lag(1_000, 1_100_000)(stage);
        };
        let warning = "measure: the generator itself sent late: 1.10 ms at 99 %";
        assert_spoiled(&report(unheard), warning);
    }

    #[test]
    fn a_connection_may_be_accepted_in_the_next_stage_but_not_never() {
        let stages = |accepted_later| {
            let mut report = report(|stage| stage.connections.attempted = 7);
            let mut next = report.stages[0].clone();
            next.connections.attempted = 1;
            next.connections.connected = accepted_later;
            report.stages.push(next);
            report.warnings.clear();
            report.judge();
            report
        };
        assert_eq!(stages(8).verdict, Verdict::Ok);
        let warning = "2 connections were neither accepted nor refused";
        assert_spoiled(&stages(6), warning);
    }

    #[test]
    fn a_busy_generator_spoils_the_run() {
        let warning = "measure: the generator used 92.0 % of its 1 thread(s): \
                       more of them may send more";
        assert_spoiled(&report(|stage| stage.generator.cpu_s = 9.2), warning);
    }

    #[test]
    fn missing_connections_spoil_the_run_even_before_the_measured_stage() {
        let warning = "measure: 8 of 10 connections were accepted, 1 refused, 1 failed";
        let missing = |stage: &mut Stage| {
            stage.measured = false;
            let of = &mut stage.connections;
            (of.attempted, of.connected, of.refused, of.failed) = (10, 8, 1, 1);
        };
        assert_spoiled(&report(missing), warning);
    }

    #[test]
    fn a_violation_outweighs_warnings_and_judging_twice_adds_nothing() {
        let mut report = report(|stage| stage.messages.sent = 5);
        report
            .checks
            .violations
            .push("lost 995 messages".to_owned());
        report.judge();
        assert_eq!(
            (report.verdict, report.warnings.len()),
            (Verdict::Violated, 1)
        );
    }
}
