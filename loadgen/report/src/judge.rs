//! Whether the figures of a run can be believed, from the figures themselves.

use crate::report::{Report, Verdict};
use crate::stage::Stage;
use crate::units::{self, Unit};

/// Share of the scheduled messages below which the sender was too slow.
const SENT_SHARE_MIN: f64 = 0.99;

/// Generator's lag (99 %) that spoils any latency.
const LAG_NS: u64 = 1_000_000;

/// Generator's lag (99 %) per median latency from which that latency is the generator's own.
const LAG_SHARE: f64 = 0.1;

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
    (of.connected < of.attempted).then(|| {
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
    let lag = stage.generator.lag.as_ref()?.p99_ns;
    let felt = stage.latency.intended.as_ref();
    let median = felt.map_or(u64::MAX, |latency| latency.p50_ns);
    let large = units::float(lag) > LAG_SHARE * units::float(median);
    (lag > LAG_NS || large).then(|| {
        let beside = felt.map_or(String::new(), |latency| {
            format!(
                ", the median latency is {}",
                units::nanoseconds(latency.p50_ns)
            )
        });
        format!(
            "{}: the generator itself sent late, by {} at 99 %{beside}",
            stage.name,
            units::nanoseconds(lag),
        )
    })
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
    fn lag_near_the_latency_or_above_a_millisecond_spoils_the_run() {
        let lag =
            |p99_ns| move |stage: &mut Stage| stage.generator.lag.as_mut().unwrap().p99_ns = p99_ns;
        let warning = "measure: the generator itself sent late, by 101 µs at 99 %, \
                       the median latency is 1.00 ms";
        assert_spoiled(&report(lag(101_000)), warning);
        let slow = |stage: &mut Stage| {
            stage.latency.intended.as_mut().unwrap().p50_ns = 1_000_000_000;
            lag(1_100_000)(stage);
        };
        assert_eq!(report(slow).verdict, Verdict::Spoiled);
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
