//! From a scenario file, and what users type above it, to a plan.

use anyhow::Context as _;
use loadgen_plan::file::{self, Overrides};
use loadgen_plan::{Options, Plan};
use wire_message::Qos;

use super::{allow, target, template};
use crate::command_line::FileArguments;
use crate::shipped;

/// The plan of a file, or of one that comes with the program.
pub(super) fn from_file(of: &FileArguments) -> anyhow::Result<Plan> {
    let read;
    let text = if let Some(text) = shipped::find(&of.file) {
        text
    } else {
        read = std::fs::read_to_string(&of.file).with_context(|| {
            format!(
                "read scenario {}, a file or a name of `loadgen list`",
                of.file
            )
        })?;
        &read
    };
    let options = Options {
        target: target(&of.broker)?,
        allow: allow(&of.check),
        ..Options::default()
    };
    file::parse_below(text, &options, &overrides(of)?, of.scale)
        .with_context(|| format!("scenario {}", of.file))
}

fn overrides(of: &FileArguments) -> anyhow::Result<Overrides> {
    let instead = &of.instead;
    let qos = instead
        .qos
        .map(|qos| Qos::from_bits(qos).context("QoS is 0, 1 or 2"));
    Ok(Overrides {
        version: instead.mqtt_version.map(|version| version.0),
        username: instead.username.as_deref().map(template).transpose()?,
        password: instead.password.clone(),
        keep_alive_s: instead.keep_alive,
        clean_start: instead.clean_start,
        session_expiry_s: instead.session_expiry,
        connect_rate: instead.connect_rate,
        qos: qos.transpose()?,
        size: instead.size.clone(),
        warm_up: instead.warm_up,
        duration: instead.duration,
        drain: instead.drain,
        seed: of.check.seed,
    })
}
