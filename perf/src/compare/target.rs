//! What is measured: a broker, or the relay.

use anyhow::Result;

use super::comparison::TargetDescription;
use crate::adapter::{Adapter, Feature, Found};
use crate::interrupt::Interrupt;
use crate::process::Running;

/// The name of the relay among the brokers.
pub(crate) const RELAY: &str = "relay";

/// Something that can be started and put under load.
pub(crate) enum Target {
    /// This program's own relay of bytes.
    Relay,
    /// A broker, and where it is if it is installed.
    Broker(Box<Adapter>, Option<Found>),
}

impl Target {
    /// Its name on the command line.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Relay => RELAY,
            Self::Broker(adapter, _) => &adapter.name,
        }
    }

    /// Whether it speaks no MQTT.
    pub(crate) fn is_raw(&self) -> bool {
        matches!(self, Self::Relay)
    }

    /// Why it cannot take part at all; `None` if it can.
    pub(crate) fn absence(&self) -> Option<String> {
        match self {
            Self::Broker(adapter, None) => Some(format!("not installed; {}", adapter.find.install)),
            Self::Relay | Self::Broker(..) => None,
        }
    }

    /// Why it cannot do what needs these features; `None` if it can.
    pub(crate) fn refusal(&self, needs: &[Feature]) -> Option<String> {
        match self {
            Self::Broker(adapter, Some(found)) => {
                adapter.refusal(&found.version, needs).map(str::to_owned)
            }
            Self::Relay | Self::Broker(..) => None,
        }
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// If it does not start, or is not here, or somebody interrupts.
    pub(crate) fn start(&self, interrupt: &Interrupt) -> Result<Running> {
        match self {
            Self::Relay => Running::relay(interrupt),
            Self::Broker(adapter, Some(found)) => Running::broker(adapter, found, interrupt),
            Self::Broker(adapter, None) => anyhow::bail!("{} is not installed", adapter.title),
        }
    }

    /// What readers should know of it.
    pub(crate) fn describe(&self) -> TargetDescription {
        match self {
            Self::Relay => TargetDescription {
                name: RELAY.to_owned(),
                title: "bare relay".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
                notes: vec![
                    "moves the same bytes between the same sockets, without MQTT".to_owned(),
                ],
                command: vec!["perf".to_owned(), "relay".to_owned()],
                ..TargetDescription::default()
            },
            Self::Broker(adapter, found) => TargetDescription {
                name: adapter.name.clone(),
                title: adapter.title.clone(),
                home: adapter.home.clone(),
                version: found.as_ref().map(|found| found.version.clone()),
                program: found
                    .as_ref()
                    .map(|found| found.program.display().to_string()),
                absent: self.absence(),
                untried: untried(adapter),
                notes: adapter.notes.clone(),
                command: adapter.start.command.clone(),
                environment: adapter.start.environment.clone(),
                files: adapter.files.clone(),
            },
        }
    }
}

/// A sentence for adapters that nobody has seen work.
fn untried(adapter: &Adapter) -> Option<String> {
    let sentence = "nobody has tried this adapter; check its configuration before you believe it";
    adapter.tried_with.is_none().then(|| sentence.to_owned())
}
