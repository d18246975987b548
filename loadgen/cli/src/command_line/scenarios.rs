//! The options of each scenario.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use loadgen_plan::parse_duration;

use super::{Asked, FileArguments, RunOptions};

/// What load to make.
#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// Clients connect: at a rate, all at once, after a loss, or again and again
    Connect(ConnectArguments),
    /// Many publishers and few subscribers, which get everything by a wildcard
    FanIn(FanInArguments),
    /// Few publishers and many subscribers, which all get everything
    FanOut(FanOutArguments),
    /// Connections that are held while something else runs
    Idle(IdleArguments),
    /// Groups of clients as a scenario file describes them; the same as `run`
    Mixed(FileArguments),
    /// Publishers with one subscriber each
    P2p(P2pArguments),
    /// Requests that are answered, measured there and back (MQTT 5.0)
    RequestResponse(RequestArguments),
    /// Messages that are retained, then fetched by subscribers
    Retained(RetainedArguments),
    /// Run a scenario file, or one of those that `list` names
    Run(FileArguments),
    /// Messages that queue for clients which are away, then come back
    Session(SessionArguments),
    /// Subscribers that share their messages in groups
    Shared(SharedArguments),
    /// Subscribers that read slowly, beside others that do not
    Slow(SlowArguments),
}

impl Scenario {
    /// What users chose beside the load.
    pub(crate) fn asked(&self) -> Asked<'_> {
        match self {
            Self::Connect(arguments) => arguments.asked.shared(),
            Self::FanIn(arguments) => arguments.asked.shared(),
            Self::FanOut(arguments) => arguments.asked.shared(),
            Self::Idle(arguments) => arguments.asked.shared(),
            Self::Mixed(arguments) | Self::Run(arguments) => arguments.shared(),
            Self::P2p(arguments) => arguments.asked.shared(),
            Self::RequestResponse(arguments) => arguments.asked.shared(),
            Self::Retained(arguments) => arguments.asked.shared(),
            Self::Session(arguments) => arguments.asked.shared(),
            Self::Shared(arguments) => arguments.asked.shared(),
            Self::Slow(arguments) => arguments.asked.shared(),
        }
    }
}

/// Arguments of `connect`.
#[derive(Debug, Args)]
pub(crate) struct ConnectArguments {
    /// Clients
    #[arg(short, long, value_name = "NUMBER", default_value_t = 1000)]
    pub(crate) clients: u32,
    /// How they come
    #[arg(long, value_enum, value_name = "MODE", default_value_t = Mode::Ramp)]
    pub(crate) mode: Mode,
    /// How long they stay when all are there
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration)]
    pub(crate) hold: Duration,
    #[command(flatten)]
    pub(crate) asked: RunOptions,
}

/// How clients come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// At --connect-rate
    Ramp,
    /// All at once
    Storm,
    /// At --connect-rate; then all lose their connections and come back at once
    ReconnectStorm,
    /// Each connects, is accepted, disconnects, and again, for --duration
    Cycle,
}

/// Arguments of `fan-in`.
#[derive(Debug, Args)]
pub(crate) struct FanInArguments {
    /// Publishers, each with a topic
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    pub(crate) publishers: u32,
    /// Subscribers, each of which gets everything
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) subscribers: u32,
    #[command(flatten)]
    pub(crate) asked: RunOptions,
}

/// Arguments of `fan-out`.
#[derive(Debug, Args)]
pub(crate) struct FanOutArguments {
    /// Publishers, each with a topic
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) publishers: u32,
    /// Subscribers, each of which gets everything
    #[arg(long, value_name = "NUMBER", default_value_t = 500)]
    pub(crate) subscribers: u32,
    #[command(flatten)]
    pub(crate) asked: RunOptions,
}

/// Arguments of `idle`.
#[derive(Debug, Args)]
pub(crate) struct IdleArguments {
    /// Clients
    #[arg(short, long, value_name = "NUMBER", default_value_t = 1000)]
    pub(crate) clients: u32,
    /// How long they stay when all are there
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    pub(crate) hold: Duration,
    /// Each subscribes to a topic of its own
    #[arg(long)]
    pub(crate) subscribe: bool,
    #[command(flatten)]
    pub(crate) asked: RunOptions,
}

/// Arguments of `p2p`.
#[derive(Debug, Args)]
pub(crate) struct P2pArguments {
    /// Pairs of a publisher and its subscriber
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub(crate) pairs: u32,
    #[command(flatten)]
    pub(crate) asked: RunOptions,
}

/// Arguments of `request-response`.
#[derive(Debug, Args)]
pub(crate) struct RequestArguments {
    /// Clients that ask
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub(crate) requesters: u32,
    /// Clients that answer
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub(crate) responders: u32,
    #[command(flatten)]
    pub(crate) asked: RunOptions,
}

/// Arguments of `retained`.
#[derive(Debug, Args)]
pub(crate) struct RetainedArguments {
    /// Messages that the broker keeps, each under a topic of its own
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    pub(crate) messages: u32,
    /// Subscribers, each of which fetches all of them
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub(crate) subscribers: u32,
    #[command(flatten)]
    pub(crate) asked: RunOptions,
}

/// Arguments of `session`.
#[derive(Debug, Args)]
pub(crate) struct SessionArguments {
    /// Clients that go away and come back
    #[arg(short, long, value_name = "NUMBER", default_value_t = 100)]
    pub(crate) clients: u32,
    /// Messages that queue for each of them
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub(crate) messages: u32,
    #[command(flatten)]
    pub(crate) asked: RunOptions,
}

/// Arguments of `shared`.
#[derive(Debug, Args)]
pub(crate) struct SharedArguments {
    /// Publishers, each with a topic
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub(crate) publishers: u32,
    /// Subscribers of all groups together
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub(crate) subscribers: u32,
    /// Groups; each gets every message once
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) groups: u32,
    #[command(flatten)]
    pub(crate) asked: RunOptions,
}

/// Arguments of `slow`.
#[derive(Debug, Args)]
pub(crate) struct SlowArguments {
    /// Subscribers that read as fast as they can; their latency is measured
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub(crate) subscribers: u32,
    /// Subscribers that read slowly
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub(crate) slow: u32,
    /// Bytes per second that each of the slow ones reads
    #[arg(long, value_name = "BYTES", default_value_t = 10_000)]
    pub(crate) read_rate: u64,
    #[command(flatten)]
    pub(crate) asked: RunOptions,
}
