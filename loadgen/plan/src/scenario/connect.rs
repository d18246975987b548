//! Connections for their own sake.

use core::time::Duration;

use super::stages::{sent_within, stage};
use super::{build, stages};
use crate::{Action, Options, Plan, PlanError, Until, Verb};

/// How clients come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectMode {
    /// At the options' rate.
    #[default]
    Ramp,
    /// All at once.
    Storm,
    /// At the options' rate; then all are lost, and come again at once.
    ReconnectStorm,
    /// Each connects, disconnects when it is accepted, and begins anew.
    Cycle,
}

/// `clients` connect, stay for `hold`, and go.
///
/// With [`ConnectMode::Cycle`] they come and go for the options' duration instead.
///
/// # Errors
///
/// [`PlanError`].
pub fn connect(
    options: &Options,
    clients: u32,
    hold: Duration,
    mode: ConnectMode,
) -> Result<Plan, PlanError> {
    build::at_least("connect", "clients", 1, clients)?;
    let groups = vec![build::group(options, "clients", clients)];
    let all = |verb| vec![Action { group: 0, verb }];
    let rate = options.connect_rate;
    let come = |rate_per_s| {
        all(Verb::Connect {
            rate_per_s,
            subscribe: true,
        })
    };
    let (paced, at_once) = (sent_within(rate, clients), sent_within(None, clients));
    let mut plan = Vec::new();
    match mode {
        ConnectMode::Ramp => plan.push(stage("ramp", come(rate), paced, true)),
        ConnectMode::Storm => plan.push(stage("storm", come(None), at_once, true)),
        ConnectMode::ReconnectStorm => {
            plan.push(stage("ramp", come(rate), paced, false));
            plan.push(stage("drop", all(Verb::Drop), at_once, false));
            plan.push(stage("reconnect storm", come(None), at_once, true));
        }
        ConnectMode::Cycle => {
            if !options.warm_up.is_zero() {
                let until = Until::Elapsed(options.warm_up);
                plan.push(stage("warm-up", all(Verb::Cycle), until, false));
            }
            let until = Until::Elapsed(options.duration);
            plan.push(stage("cycle", all(Verb::Cycle), until, true));
            plan.push(stage("stop", all(Verb::Stop), at_once, false));
        }
    }
    if mode != ConnectMode::Cycle && !hold.is_zero() {
        plan.push(stage("hold", Vec::new(), Until::Elapsed(hold), true));
    }
    plan.push(stages::disconnect(1));
    build::plan("connect", options, groups, plan)
}

/// `clients` connect, subscribe to a topic of their own if `subscribe`, and stay for `hold` while
/// something else runs.
///
/// # Errors
///
/// [`PlanError`].
pub fn idle(
    options: &Options,
    clients: u32,
    hold: Duration,
    subscribe: bool,
) -> Result<Plan, PlanError> {
    build::at_least("idle", "clients", 1, clients)?;
    let group = if subscribe {
        let filter = options
            .topic
            .as_ref()
            .map_or("idle/${r}/${i}", |topic| topic.as_str());
        build::subscribers(options, "clients", clients, filter)
    } else {
        build::group(options, "clients", clients)
    };
    let mut plan = vec![
        stages::connect(options, "ramp", &[0], clients),
        stage("hold", Vec::new(), Until::Elapsed(hold), true),
        stages::disconnect(1),
    ];
    plan[0].measured = true;
    build::plan("idle", options, vec![group], plan)
}
