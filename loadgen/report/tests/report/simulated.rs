//! A run as the load generator would report it, of a broker that pauses for a second.

use std::ops::Range;
use std::sync::LazyLock;

use loadgen_report::{
    Broker, Checks, Generator, Group, Histogram, Interval, Machine, Report, Run, Stage, Tally,
    units,
};

/// Messages a second, of all publishers together.
const RATE: u64 = 10_000;

/// The pause, in nanoseconds after the start of the run.
const PAUSE: Range<u64> = 7_200_000_000..8_200_000_000;

/// A blocked sender has this much in the socket's buffers before it waits.
const BUFFERED: u64 = 20_000_000;

const SECOND: u64 = 1_000_000_000;

/// A repeatable stream of numbers between 0 and 1 (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        units::float((value ^ (value >> 31)) >> 32) / f64::from(u32::MAX)
    }

    /// About normally distributed, mean 0 and deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }

    /// A time in nanoseconds: `median` on the median, with a long tail.
    fn time(&mut self, median: f64, width: f64) -> u64 {
        let tail = if self.next() < 0.004 {
            1.0 + 20.0 * self.next()
        } else {
            1.0
        };
        whole(median * (width * self.normal()).exp() * tail)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are positive and far below the limit"
)]
fn whole(nanoseconds: f64) -> u64 {
    nanoseconds as u64
}

fn place(second: u64) -> usize {
    usize::try_from(second).expect("a run of the tests lasts seconds")
}

fn record(histogram: &mut Histogram, value: u64) {
    histogram.saturating_record(value);
}

/// The tally of each second of the run, beginning with the stage that connects.
fn tallies(speed: f64) -> Vec<Tally> {
    let mut random = Random(7);
    let mut tallies = (0..15).map(|_| Tally::default()).collect::<Vec<_>>();
    for index in 0..100 {
        let tally = &mut tallies[0];
        tally.connections.attempted += 1;
        tally.connections.connected += 1;
        let time = random.time(180_000.0 * speed, 0.3) + index * 2_000;
        record(&mut tally.connect, time);
    }
    for index in 0..RATE * 12 {
        let intended = SECOND + index * SECOND / RATE;
        let lag = random.time(2_100.0, 0.5);
        let mut sent = intended + lag;
        if PAUSE.contains(&sent) && sent > PAUSE.start + BUFFERED {
            sent = PAUSE.end + (sent - PAUSE.start) / 50;
        }
        let ready = if PAUSE.contains(&sent) {
            PAUSE.end + (sent - PAUSE.start) / 50
        } else {
            sent
        };
        let arrived = ready + random.time(102_000.0 * speed, 0.45);
        let second = |time: u64| place(time / SECOND).min(14);
        tallies[second(intended)].messages.scheduled += 1;
        let tally = &mut tallies[second(sent)];
        tally.messages.sent += 1;
        tally.messages.sent_bytes += 281;
        record(&mut tally.lag, lag);
        record(&mut tally.turn, random.time(60_000.0, 0.7));
        let tally = &mut tallies[second(arrived)];
        tally.messages.delivered += 1;
        tally.messages.delivered_bytes += 281;
        tally.messages.acknowledged += 1;
        record(&mut tally.intended, arrived - intended);
        record(&mut tally.sent, arrived - sent);
        record(
            &mut tally.acknowledged,
            ready - sent + random.time(80_000.0 * speed, 0.4),
        );
    }
    tallies
}

/// A run with long and hostile names in which everything went wrong.
pub(crate) fn hostile() -> Report {
    let mut report = report();
    let script = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    let long = "a/very/long/topic/without/any/blank".repeat(8);
    let run = &mut report.run;
    run.name = format!("{script}{long}");
    run.command.push(format!("{script} {long}"));
    run.groups[0].publishes = format!("{script}{long}");
    for name in [&mut run.groups[0].name, &mut run.machine.processor] {
        script.clone_into(name);
    }
    long.clone_into(&mut run.groups[1].subscribes);
    script.clone_into(&mut report.stages[2].name);
    report.stages[2].messages.scheduled = 180_000;
    let checks = &mut report.checks;
    (checks.lost, checks.reordered, checks.corrupt) = (1_234, 56, 7);
    (checks.downgraded, checks.disconnected) = (8, 9);
    checks.violations = (1..9)
        .map(|index| format!("{index}: lost {script} {long}"))
        .collect();
    report.warnings = vec![long];
    report.judge();
    report
}

/// A storm of connections without a message, of which the broker refuses some.
pub(crate) fn storm() -> Report {
    let mut random = Random(11);
    let mut report = Report::new(run("connect"));
    let mut stage = Stage {
        name: "storm".to_owned(),
        measured: true,
        seconds: 5.0,
        ..Stage::default()
    };
    let (mut sum, mut connected) = (Tally::default(), 0);
    for second in 0..5 {
        let mut tally = Tally::default();
        for index in 0..4_000 / (second + 1) {
            tally.connections.attempted += 1;
            if index % 400 == 399 {
                tally.connections.refused += 1;
            } else {
                tally.connections.connected += 1;
                record(
                    &mut tally.connect,
                    random.time(3_000_000.0, 0.8) / (second + 1),
                );
            }
        }
        connected += tally.connections.connected;
        sum.add(&tally);
        stage
            .intervals
            .push(tally.to_interval(units::float(second), 1.0, connected));
    }
    sum.fill(&mut stage);
    report.stages.push(stage);
    report.judge();
    report
}

/// The run: a second to connect, two to warm up, ten measured, and the rest to drain.
pub(crate) fn report() -> Report {
    static REPORT: LazyLock<Report> = LazyLock::new(|| report_of("p2p", 1.0));
    REPORT.clone()
}

/// The same with another name, on a broker that takes `speed` times as long for everything.
pub(crate) fn report_of(name: &str, speed: f64) -> Report {
    let tallies = tallies(speed);
    let mut report = Report::new(run(name));
    let borders = [
        ("connect", 0..1),
        ("warm-up", 1..3),
        ("measure", 3..13),
        ("drain", 13..15),
    ];
    for (name, seconds) in borders {
        let measured = name == "measure";
        report
            .stages
            .push(stage(name, measured, &tallies, seconds, speed));
    }
    let delivered = report
        .stages
        .iter()
        .map(|stage| stage.messages.delivered)
        .sum();
    report.checks = Checks {
        expected: RATE * 12,
        delivered,
        ..Checks::default()
    };
    report.judge();
    report
}

fn stage(name: &str, measured: bool, tallies: &[Tally], seconds: Range<u64>, speed: f64) -> Stage {
    let mut sum = Tally::default();
    let length = units::float(seconds.end - seconds.start);
    let mut stage = Stage {
        name: name.to_owned(),
        measured,
        start_s: units::float(seconds.start),
        seconds: length,
        ..Stage::default()
    };
    let mut cpu_s = 0.0;
    for second in seconds {
        let tally = &tallies[place(second)];
        sum.add(tally);
        let at = units::float(second);
        let messages = units::float(tally.messages.delivered);
        let own_cpu_s = messages * 31e-6 * speed + 0.002;
        cpu_s += own_cpu_s;
        stage.intervals.push(Interval {
            broker_cpu_s: Some(own_cpu_s),
            broker_resident_bytes: Some(resident(second)),
            ..tally.to_interval(at, 1.0, 100)
        });
    }
    sum.fill(&mut stage);
    stage.generator = Generator {
        cpu_s: length * 0.21,
        ..stage.generator
    };
    let mut broker = Broker {
        pids: vec![4242],
        cpu_s,
        voluntary_switches: sum.messages.delivered * 2,
        involuntary_switches: sum.messages.delivered / 90,
        resident_bytes_start: resident(0),
        resident_bytes_end: resident(9),
        resident_bytes_max: resident(8),
        ..Broker::default()
    };
    broker.share(&stage.messages);
    stage.broker = Some(broker);
    stage
}

/// Memory grows a little, and for a while by what piled up in the pause.
fn resident(second: u64) -> u64 {
    let piled = if second == 8 { 2_900_000 } else { 0 };
    6_400_000 + second * 21_000 + piled
}

fn run(name: &str) -> Run {
    let command = "loadgen p2p --pairs 50 -q 1 -s 256 -r 10000 -d 10s --warm-up 2s -t";
    let words = command.split(' ').map(str::to_owned);
    Run {
        id: "5f3a9c21".to_owned(),
        scenario: "p2p".to_owned(),
        name: name.to_owned(),
        command: words.chain(["bench/${i}/telemetry".to_owned()]).collect(),
        started_unix_ms: 1_764_076_800_000,
        version: "0.1.0".to_owned(),
        seed: 1,
        threads: 1,
        processes: 1,
        groups: vec![
            Group {
                name: "publishers".to_owned(),
                clients: 50,
                publishes: "bench/${i}/telemetry, QoS 1, 256 B, 10,000/s constant".to_owned(),
                subscribes: String::new(),
            },
            Group {
                name: "subscribers".to_owned(),
                clients: 50,
                publishes: String::new(),
                subscribes: "bench/${i}/telemetry, QoS 1".to_owned(),
            },
        ],
        machine: Machine {
            processor: "Intel(R) Xeon(R) Processor @ 2.80GHz".to_owned(),
            cores: 2,
            memory_bytes: 25_276_063_744,
            kernel: "6.1.0-18-amd64".to_owned(),
        },
    }
}
