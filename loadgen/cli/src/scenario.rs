//! From what users type to a plan.

mod from_file;

use std::net::{SocketAddr, ToSocketAddrs as _};

use anyhow::Context as _;
use loadgen_plan::scenario::{self, ConnectMode};
use loadgen_plan::{Allow, Load, Options, Plan, Schedule, Target, Template, TemplateError};
use wire_message::Qos;

use crate::command_line::{
    Allowed, BrokerOptions, CheckOptions, Mode, RunOptions, Scenario, ScheduleText,
};
use from_file::from_file;

/// Messages per second if users say nothing.
const USUAL_RATE: f64 = 1000.0;

/// The plan of a scenario.
pub(crate) fn plan(chosen: &Scenario) -> anyhow::Result<Plan> {
    let plan = match chosen {
        Scenario::Connect(of) => {
            let mode = match of.mode {
                Mode::Ramp => ConnectMode::Ramp,
                Mode::Storm => ConnectMode::Storm,
                Mode::ReconnectStorm => ConnectMode::ReconnectStorm,
                Mode::Cycle => ConnectMode::Cycle,
            };
            scenario::connect(&options(&of.asked)?, of.clients, of.hold, mode)?
        }
        Scenario::FanIn(of) => {
            scenario::fan_in(&options(&of.asked)?, of.publishers, of.subscribers)?
        }
        Scenario::FanOut(of) => {
            scenario::fan_out(&options(&of.asked)?, of.publishers, of.subscribers)?
        }
        Scenario::Idle(of) => {
            scenario::idle(&options(&of.asked)?, of.clients, of.hold, of.subscribe)?
        }
        Scenario::Mixed(of) | Scenario::Run(of) => from_file(of)?,
        Scenario::P2p(of) => scenario::p2p(&options(&of.asked)?, of.pairs)?,
        Scenario::RequestResponse(of) => {
            scenario::request_response(&options(&of.asked)?, of.requesters, of.responders)?
        }
        Scenario::Retained(of) => {
            scenario::retained(&options(&of.asked)?, of.messages, of.subscribers)?
        }
        Scenario::Session(of) => scenario::session(&options(&of.asked)?, of.clients, of.messages)?,
        Scenario::Shared(of) => scenario::shared(
            &options(&of.asked)?,
            of.publishers,
            of.subscribers,
            of.groups,
        )?,
        Scenario::Slow(of) => {
            scenario::slow(&options(&of.asked)?, of.subscribers, of.slow, of.read_rate)?
        }
    };
    Ok(plan)
}

/// What users chose for all scenarios.
fn options(of: &RunOptions) -> anyhow::Result<Options> {
    let total = of.time.warm_up + of.time.duration;
    let schedule = match of.load.schedule {
        ScheduleText::Constant => Schedule::Constant,
        ScheduleText::Poisson => Schedule::Poisson,
        ScheduleText::RampTo(to_per_s) => Schedule::Ramp {
            to_per_s,
            over: total,
        },
    };
    let load = match of.load.window {
        Some(window) => Load::Window(window),
        None => Load::Rate {
            per_s: of.load.rate.unwrap_or(USUAL_RATE),
            schedule,
        },
    };
    Ok(Options {
        target: target(&of.broker)?,
        version: of.client.mqtt_version.0,
        qos: Qos::from_bits(of.load.qos).context("QoS is 0, 1 or 2")?,
        size: of.load.size.clone(),
        topic: of.load.topic.as_deref().map(template).transpose()?,
        load,
        warm_up: of.time.warm_up,
        duration: of.time.duration,
        drain: of.time.drain,
        // Anything but a rate is refused by the plan's check.
        connect_rate: Some(of.client.connect_rate).filter(|rate| *rate != 0.0),
        username: of.client.username.as_deref().map(template).transpose()?,
        password: of.client.password.clone(),
        keep_alive_s: of.client.keep_alive,
        clean_start: of.client.clean_start,
        session_expiry_s: of.client.session_expiry,
        alias: of.load.alias,
        user_properties: of.load.user_property.clone(),
        retain: of.load.retain,
        allow: allow(&of.check),
        seed: of.check.seed.unwrap_or(Options::default().seed),
    })
}

fn target(of: &BrokerOptions) -> anyhow::Result<Target> {
    Ok(Target {
        brokers: resolve(&of.host, of.port)?,
        sources: of.source,
        raw: of.raw,
    })
}

fn allow(of: &CheckOptions) -> Allow {
    let allows = |what| of.allow.contains(&what);
    Allow {
        loss: allows(Allowed::Loss),
        duplicates: allows(Allowed::Duplicates),
        reordering: allows(Allowed::Reordering),
        disconnects: allows(Allowed::Disconnects),
    }
}

fn template(text: &str) -> Result<Template, TemplateError> {
    text.parse()
}

/// One address for each host: the first that its name has, of IPv4 if there is one.
fn resolve(hosts: &[String], port: u16) -> anyhow::Result<Vec<SocketAddr>> {
    let first = |host: &String| {
        let found: Vec<SocketAddr> = if has_port(host) {
            host.to_socket_addrs()
        } else {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            (host, port).to_socket_addrs()
        }
        .with_context(|| format!("look up host {host}"))?
        .collect();
        let first = found.iter().find(|found| found.is_ipv4());
        let first = first.or(found.first()).copied();
        first.with_context(|| format!("host {host} has no address"))
    };
    hosts.iter().map(first).collect()
}

/// `name:1883`, `1.2.3.4:1883` or `[::1]:1883`, not `::1`.
fn has_port(host: &str) -> bool {
    let plain = host.matches(':').count() == 1;
    plain || host.starts_with('[') && host.contains("]:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_may_bring_their_ports() {
        let hosts = ["127.0.0.1", "127.0.0.2:1884", "::1", "[::1]", "[::1]:9"];
        let found = resolve(&hosts.map(str::to_owned), 7).unwrap();
        let texts: Vec<_> = found.iter().map(ToString::to_string).collect();
        let expected = [
            "127.0.0.1:7",
            "127.0.0.2:1884",
            "[::1]:7",
            "[::1]:7",
            "[::1]:9",
        ];
        assert_eq!(texts, expected);
        assert!(resolve(&["127.0.0.1:x".to_owned()], 7).is_err());
    }
}
