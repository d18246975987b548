//! The log: where it goes, how it looks, which records it takes.

use std::io::{self, IsTerminal as _};
use std::sync::{Arc, Mutex, PoisonError};

use broker_config::LogConfig;
use broker_config::value::{LogFormat, LogLevel};
use broker_control::LogLevels;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt, reload};

/// How the names of our crates start; `log.level` is about them.
const OURS: [&str; 5] = ["broker", "shard", "skein", "store", "wire"];

/// Starts the log on standard error, and gives what changes its level.
pub(crate) fn start(config: &LogConfig) -> LogLevels {
    let (filter, handle) = reload::Layer::new(targets(config.level));
    let form: Box<dyn Layer<Registry> + Send + Sync> = match config.format {
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(io::stderr)
            .boxed(),
        LogFormat::Text => {
            let color = io::stderr().is_terminal();
            fmt::layer()
                .with_target(false)
                .with_ansi(color)
                .with_writer(io::stderr)
                .boxed()
        }
    };
    tracing_subscriber::registry()
        .with(form.with_filter(filter))
        .init();
    let level = Arc::new(Mutex::new(config.level));
    let current = level.clone();
    LogLevels {
        current: Arc::new(move || {
            current
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .to_string()
        }),
        change: Arc::new(move |wanted| {
            let wanted: LogLevel = wanted
                .parse()
                .map_err(|error| format!("the level {error}"))?;
            handle
                .reload(targets(wanted))
                .map_err(|error| error.to_string())?;
            *level.lock().unwrap_or_else(PoisonError::into_inner) = wanted;
            tracing::info!(level = %wanted, "Log level changed");
            Ok(())
        }),
    }
}

/// Our records from `level` on; of other people's crates warnings at the most.
fn targets(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(OURS.map(|name| (name, level)))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn the_level_is_about_our_own_records() {
        let debug = targets(LogLevel::Debug);
        assert!(debug.would_enable("shard_engine::connect", &Level::DEBUG));
        assert!(debug.would_enable("hyper::proto", &Level::WARN));
        assert!(!debug.would_enable("hyper::proto", &Level::INFO));
        let error = targets(LogLevel::Error);
        assert!(!error.would_enable("broker_control", &Level::WARN));
        assert!(!error.would_enable("hyper::proto", &Level::WARN));
        assert!(!targets(LogLevel::Off).would_enable("skein", &Level::ERROR));
    }
}
