//! Options that all scenarios share, by topic.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValue;
use loadgen_plan::{Size, SourceRange, parse_duration};

use crate::interval;

/// Options that all scenarios share, except those of files.
#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) broker: BrokerOptions,
    #[command(flatten)]
    pub(crate) client: ClientOptions,
    #[command(flatten)]
    pub(crate) load: LoadOptions,
    #[command(flatten)]
    pub(crate) time: TimeOptions,
    #[command(flatten)]
    pub(crate) check: CheckOptions,
    #[command(flatten)]
    pub(crate) generator: GeneratorOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// What users choose for every run, whatever load it makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) broker: &'a BrokerOptions,
    pub(crate) check: &'a CheckOptions,
    pub(crate) generator: &'a GeneratorOptions,
    pub(crate) output: &'a OutputOptions,
}

impl RunOptions {
    pub(crate) fn shared(&self) -> Asked<'_> {
        Asked {
            broker: &self.broker,
            check: &self.check,
            generator: &self.generator,
            output: &self.output,
        }
    }
}

/// Whom the load is for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Broker")]
pub(crate) struct BrokerOptions {
    /// Names or addresses of brokers, with a port or without; clients take them in turn
    #[arg(
        short,
        long,
        value_name = "HOST",
        value_delimiter = ',',
        default_value = "127.0.0.1"
    )]
    pub(crate) host: Vec<String>,
    /// TCP port of hosts that are given without one
    #[arg(short, long, value_name = "PORT", default_value_t = 1883)]
    pub(crate) port: u16,
    /// Local addresses to connect from, e.g. 127.0.1.1-127.0.1.50: one has ports for 28,000 connections
    #[arg(long, value_name = "A[-B]")]
    pub(crate) source: Option<SourceRange>,
    /// No MQTT handshake: the other side is a relay that moves bytes (`perf relay`)
    #[arg(long)]
    pub(crate) raw: bool,
    /// Process of the broker on this machine: reports its CPU time, switches and memory; repeatable
    #[arg(long, value_name = "PID")]
    pub(crate) broker_pid: Vec<u32>,
}

/// What the clients are like.
#[derive(Debug, Args)]
#[command(next_help_heading = "Clients")]
pub(crate) struct ClientOptions {
    /// MQTT version: 3 (3.1), 4 (3.1.1) or 5 (5.0)
    #[arg(short = 'V', long, value_name = "VERSION", default_value = "5")]
    pub(crate) mqtt_version: VersionNumber,
    /// User name; may hold variables like a topic
    #[arg(short, long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// Password
    #[arg(short = 'P', long, value_name = "TEXT")]
    pub(crate) password: Option<String>,
    /// Keep alive in seconds, 0 for none
    #[arg(short, long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) keep_alive: u16,
    /// Whether clients start without their former sessions
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub(crate) clean_start: bool,
    /// Seconds that sessions last without a connection (MQTT 5.0)
    #[arg(long, value_name = "SECONDS")]
    pub(crate) session_expiry: Option<u32>,
    /// Connections per second; 0 for all at once
    #[arg(short = 'R', long, value_name = "PER_SECOND", default_value_t = 5000.0)]
    pub(crate) connect_rate: f64,
}

/// What is sent, and how fast.
#[derive(Debug, Args)]
#[command(next_help_heading = "Messages")]
pub(crate) struct LoadOptions {
    /// Quality of service of messages and subscriptions: 0, 1 or 2
    #[arg(short, long, value_name = "QOS", default_value_t = 0,
        value_parser = clap::value_parser!(u8).range(0..=2))]
    pub(crate) qos: u8,
    /// Payload bytes, 16 at least: 256, or 64..1024 (any of), or 64:9,1024:1 (weighted)
    #[arg(short, long, value_name = "BYTES", default_value = "256")]
    pub(crate) size: Size,
    /// Topic instead of the scenario's; ${i} is the publisher's index, ${n} its number, ${r} the run,
    /// ${rand:N} a number below N, e.g. dev/${i}/t; refused by retained and request-response
    #[arg(short, long, value_name = "TEMPLATE")]
    pub(crate) topic: Option<String>,
    /// Open loop: messages per second of all publishers together (default 1000)
    #[arg(short, long, value_name = "PER_SECOND", conflicts_with = "window")]
    pub(crate) rate: Option<f64>,
    /// Times of an open loop: constant, poisson, or ramp:N (to N per second by the end)
    #[arg(
        long,
        value_name = "KIND",
        default_value = "constant",
        conflicts_with = "window"
    )]
    pub(crate) schedule: ScheduleText,
    /// Closed loop: messages under way per publisher; as fast as the broker lets it
    #[arg(short, long, value_name = "MESSAGES")]
    pub(crate) window: Option<u32>,
    /// Topic aliases instead of topics (MQTT 5.0)
    #[arg(long)]
    pub(crate) alias: bool,
    /// A user property of each message, repeatable (MQTT 5.0)
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) user_property: Vec<(String, String)>,
    /// Ask the broker to retain the messages
    #[arg(long)]
    pub(crate) retain: bool,
}

/// How long it takes. Times are numbers with ms, s, m or h; seconds without a unit.
#[derive(Debug, Args)]
#[command(next_help_heading = "Time (500ms, 10s, 5m; plain numbers are seconds)")]
pub(crate) struct TimeOptions {
    /// Length of the measured stage
    #[arg(short, long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    pub(crate) duration: Duration,
    /// Time before it in which the same is done and not counted
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration)]
    pub(crate) warm_up: Duration,
    /// Time after it for what is under way, at most; over after 10 s in which nothing arrives
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration)]
    pub(crate) drain: Duration,
}

/// What is wrong, and what is not.
#[derive(Debug, Args)]
#[command(next_help_heading = "Checks")]
pub(crate) struct CheckOptions {
    /// What counts as no violation: loss, duplicates, reordering, disconnects
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) allow: Vec<Allowed>,
    /// End with exit code 3 if the generator itself was the limit
    #[arg(long)]
    pub(crate) strict: bool,
    /// Makes random choices repeatable; 1 if neither this nor a file says otherwise
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

/// The generator's own threads.
#[derive(Debug, Args)]
#[command(next_help_heading = "Generator")]
pub(crate) struct GeneratorOptions {
    /// Threads of each process
    #[arg(long, value_name = "NUMBER", default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) threads: u16,
    /// Processes that form the run: each has its own limit on open files
    #[arg(long, value_name = "NUMBER", default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) processes: u16,
    /// Processors that threads are bound to, in turn, e.g. 2,3; anywhere without it
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) cpus: Vec<usize>,
}

/// Where the results go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// Write the report as JSON, - for standard output instead of the summary
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write logs for the usual `HdrHistogram` tools into this folder, one per stage and figure
    #[arg(long, value_name = "FOLDER")]
    pub(crate) hdr: Option<PathBuf>,
    /// Write a page with charts, readable offline
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Serve metrics for Prometheus while it runs, e.g. 127.0.0.1:9400
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) prometheus: Option<SocketAddr>,
    /// Length of the intervals of progress, charts and logs
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = interval::parse)]
    pub(crate) interval: Duration,
    /// What the run is called in reports
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// No progress and no summary
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// An MQTT version by its protocol level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VersionNumber(pub(crate) wire_mqtt::Version);

impl clap::ValueEnum for VersionNumber {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self(wire_mqtt::Version::V31),
            Self(wire_mqtt::Version::V311),
            Self(wire_mqtt::Version::V5),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self.0 {
            wire_mqtt::Version::V31 => PossibleValue::new("3").alias("3.1").alias("mqttv31"),
            wire_mqtt::Version::V311 => PossibleValue::new("4").alias("3.1.1").alias("mqttv311"),
            wire_mqtt::Version::V5 => PossibleValue::new("5").alias("5.0").alias("mqttv5"),
        })
    }
}

/// A kind of what usually is a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Allowed {
    /// Deliveries that never came.
    Loss,
    /// Deliveries that came twice.
    Duplicates,
    /// Deliveries behind later ones.
    Reordering,
    /// Connections that end though the plan does not end them.
    Disconnects,
}

/// The times of an open loop, before the length of a ramp is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ScheduleText {
    Constant,
    Poisson,
    RampTo(f64),
}

impl FromStr for ScheduleText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ramp = |to: &str| {
            to.parse()
                .ok()
                .filter(|to: &f64| *to > 0.0 && to.is_finite())
        };
        match (text, text.strip_prefix("ramp:").and_then(ramp)) {
            ("constant", _) => Ok(Self::Constant),
            ("poisson", _) => Ok(Self::Poisson),
            (_, Some(to)) => Ok(Self::RampTo(to)),
            _ => Err("a schedule is constant, poisson or ramp:N with N above zero".to_owned()),
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| "a user property is KEY=VALUE".to_owned())?;
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_or_refused() {
        assert_eq!("poisson".parse(), Ok(ScheduleText::Poisson));
        assert_eq!("ramp:2e4".parse(), Ok(ScheduleText::RampTo(20_000.0)));
        for text in ["ramp", "ramp:0", "ramp:inf", "linear", ""] {
            assert!(text.parse::<ScheduleText>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_user_property_may_hold_more_equal_signs() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("a").is_err());
    }
}
