//! What was run, in the words of the report.

use loadgen_engine::describe_machine;
use loadgen_plan::{Load, Plan, Publishing, RunId, Schedule, Subscription};
use loadgen_report::units::{Unit, count};
use loadgen_report::{Group, Run};

use crate::command_line::GeneratorOptions;

/// Describes a run that starts now.
pub(super) fn run(plan: &Plan, id: RunId, started_unix_ms: u64, of: &GeneratorOptions) -> Run {
    let groups = plan.groups.iter().map(|group| Group {
        name: group.name.clone(),
        clients: group.clients,
        publishes: group.publish.as_ref().map_or_else(String::new, publishes),
        subscribes: subscribes(&group.subscribe),
    });
    Run {
        id: id.to_string(),
        scenario: plan.scenario.clone(),
        name: plan.name.clone(),
        command: command(std::env::args()),
        started_unix_ms,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: plan.seed,
        threads: of.threads.into(),
        processes: of.processes.into(),
        groups: groups.collect(),
        machine: describe_machine(),
    }
}

fn publishes(of: &Publishing) -> String {
    let load = match of.load {
        Load::Window(window) => format!("window {}", count(window.into())),
        Load::Rate { per_s, schedule } => {
            let from = Unit::PerSecond.format(per_s);
            match schedule {
                Schedule::Constant => from,
                Schedule::Poisson => format!("{from} poisson"),
                Schedule::Ramp { to_per_s, over } => {
                    let to = Unit::PerSecond.format(to_per_s);
                    format!("{from} to {to} in {:.0} s", over.as_secs_f64())
                }
            }
        }
    };
    let retain = if of.retain { ", retained" } else { "" };
    let (topic, qos, size) = (of.topic.as_str(), of.qos.bits(), &of.size);
    format!("{topic}, QoS {qos}, {size} bytes, {load}{retain}")
}

fn subscribes(of: &[Subscription]) -> String {
    let text = |of: &Subscription| format!("{}, QoS {}", of.filter.as_str(), of.qos.bits());
    of.iter().map(text).collect::<Vec<_>>().join("; ")
}

/// The command line without passwords.
fn command(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut hide = false;
    let mut command = Vec::new();
    for (index, argument) in arguments.enumerate() {
        let long = argument.strip_prefix("--password");
        let short = argument.strip_prefix("-P");
        command.push(if hide {
            hide = false;
            "***".to_owned()
        } else if index == 0 {
            "loadgen".to_owned()
        } else if long == Some("") || short == Some("") {
            hide = true;
            argument
        } else if long.is_some_and(|rest| rest.starts_with('=')) {
            "--password=***".to_owned()
        } else if short.is_some() {
            "-P***".to_owned()
        } else {
            argument
        });
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_the_password_is_reported() {
        let words = "x/loadgen p2p -P a --password b -Pc --password=d --port 5";
        let command = command(words.split(' ').map(str::to_owned));
        let expected = "loadgen p2p -P *** --password *** -P*** --password=*** --port 5";
        assert_eq!(command.join(" "), expected);
    }
}
