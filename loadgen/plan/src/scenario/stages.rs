//! The stages that scenarios have in common.

use core::time::Duration;

use crate::{Action, Load, Options, Stage, Until, Verb};

/// How long clients may take to connect, beside the time that their rate needs.
const CONNECT_SPARE: Duration = Duration::from_mins(1);

/// How long goodbyes may take.
const GOODBYE: Duration = Duration::from_secs(10);

/// Clients connect at the options' rate, and subscribe.
pub(crate) fn connect(options: &Options, name: &str, groups: &[u16], clients: u32) -> Stage {
    let verb = Verb::Connect {
        rate_per_s: options.connect_rate,
        subscribe: true,
    };
    let actions = groups.iter().map(|&group| Action { group, verb }).collect();
    stage(
        name,
        actions,
        sent_within(options.connect_rate, clients),
        false,
    )
}

/// All is connected or has failed, at the latest when a time is over that depends on the rate.
pub(crate) fn sent_within(rate_per_s: Option<f64>, clients: u32) -> Until {
    let seconds = rate_per_s.map_or(0.0, |rate| f64::from(clients) / rate);
    let paced = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX / 2);
    Until::Sent {
        at_most: paced.saturating_add(CONNECT_SPARE),
    }
}

/// How long `messages` may take at the options' rate, beside what anything may take.
pub(crate) fn patience(options: &Options, messages: u32) -> Duration {
    let seconds = match options.load {
        Load::Rate { per_s, .. } => f64::from(messages) / per_s,
        Load::Window(_) => 0.0,
    };
    let paced = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    paced.saturating_add(Duration::from_mins(10))
}

/// `groups` publish: first for the warm-up, if there is one, then measured; then all arrives.
pub(crate) fn publish(options: &Options, groups: &[u16]) -> Vec<Stage> {
    let mut stages = Vec::new();
    let all = |verb| {
        groups
            .iter()
            .map(|&group| Action { group, verb })
            .collect::<Vec<_>>()
    };
    if !options.warm_up.is_zero() {
        let until = Until::Elapsed(options.warm_up);
        stages.push(stage("warm-up", all(Verb::Publish), until, false));
    }
    let until = Until::Elapsed(options.duration);
    stages.push(stage("measure", all(Verb::Publish), until, true));
    let until = Until::Settled {
        at_most: options.drain,
    };
    stages.push(stage("drain", all(Verb::Stop), until, false));
    stages
}

/// Everybody says goodbye.
pub(crate) fn disconnect(groups: u16) -> Stage {
    let verb = Verb::Disconnect { forget: true };
    let actions = (0..groups).map(|group| Action { group, verb }).collect();
    stage(
        "disconnect",
        actions,
        Until::Sent { at_most: GOODBYE },
        false,
    )
}

pub(crate) fn stage(name: &str, actions: Vec<Action>, until: Until, measured: bool) -> Stage {
    Stage {
        name: name.to_owned(),
        actions,
        until,
        measured,
    }
}
