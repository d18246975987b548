//! The options of scenario files: those that have a meaning whatever the file says.

use std::time::Duration;

use clap::Args;
use loadgen_plan::{Size, parse_duration};

use super::run_options::{
    Asked, BrokerOptions, CheckOptions, GeneratorOptions, OutputOptions, VersionNumber,
};

const FILES: &str = "\
Topics, rates, windows and the like stand in the file, for each group of clients. What may stand in one is
described in loadgen/scenarios/README.md.";

/// Arguments of `run` and `mixed`.
#[derive(Debug, Args)]
#[command(after_help = FILES)]
pub(crate) struct FileArguments {
    /// A scenario file, or the name of one that `loadgen list` shows
    #[arg(value_name = "FILE|NAME")]
    pub(crate) file: String,
    /// Multiplies clients and rates of the file
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub(crate) scale: f64,
    #[command(flatten)]
    pub(crate) broker: BrokerOptions,
    #[command(flatten)]
    pub(crate) instead: InsteadOptions,
    #[command(flatten)]
    pub(crate) check: CheckOptions,
    #[command(flatten)]
    pub(crate) generator: GeneratorOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

impl FileArguments {
    pub(crate) fn shared(&self) -> Asked<'_> {
        Asked {
            broker: &self.broker,
            check: &self.check,
            generator: &self.generator,
            output: &self.output,
        }
    }
}

/// What stands above the file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Instead of what the file says, for all of its groups")]
pub(crate) struct InsteadOptions {
    /// MQTT version: 3 (3.1), 4 (3.1.1) or 5 (5.0)
    #[arg(short = 'V', long, value_name = "VERSION")]
    pub(crate) mqtt_version: Option<VersionNumber>,
    /// User name; may hold variables like a topic
    #[arg(short, long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// Password
    #[arg(short = 'P', long, value_name = "TEXT")]
    pub(crate) password: Option<String>,
    /// Keep alive in seconds, 0 for none
    #[arg(short, long, value_name = "SECONDS")]
    pub(crate) keep_alive: Option<u16>,
    /// Whether clients start without their former sessions
    #[arg(long, value_name = "BOOL")]
    pub(crate) clean_start: Option<bool>,
    /// Seconds that sessions last without a connection (MQTT 5.0)
    #[arg(long, value_name = "SECONDS")]
    pub(crate) session_expiry: Option<u32>,
    /// Quality of service of messages, wills and subscriptions: 0, 1 or 2
    #[arg(short, long, value_name = "QOS", value_parser = clap::value_parser!(u8).range(0..=2))]
    pub(crate) qos: Option<u8>,
    /// Payload bytes, 16 at least: 256, or 64..1024 (any of), or 64:9,1024:1 (weighted)
    #[arg(short, long, value_name = "BYTES")]
    pub(crate) size: Option<Size>,
    /// Connections per second, 0 for all at once; only for files without stages
    #[arg(short = 'R', long, value_name = "PER_SECOND")]
    pub(crate) connect_rate: Option<f64>,
    /// Length of the measured stage; only for files without stages
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) duration: Option<Duration>,
    /// Time before it in which the same is done and not counted; only for files without stages
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) warm_up: Option<Duration>,
    /// Time after it for what is under way, at most; only for files without stages
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) drain: Option<Duration>,
}
