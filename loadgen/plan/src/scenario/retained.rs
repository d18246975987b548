//! Retained messages: stored, then fetched by those who come later.

use core::time::Duration;

use super::stages::stage;
use super::{build, stages};
use crate::{Action, Options, Plan, PlanError, Until, Verb};

/// Publishers, if the messages can be divided among them.
const PUBLISHERS: u32 = 10;

/// `messages` are stored under topics of their own; then `subscribers` fetch all of them by a
/// wildcard; then the messages are removed.
///
/// # Errors
///
/// [`PlanError`], among others for a topic or aliases: each message has a topic of its own.
pub fn retained(options: &Options, messages: u32, subscribers: u32) -> Result<Plan, PlanError> {
    build::at_least("retained", "messages", 1, messages)?;
    build::at_least("retained", "subscribers", 1, subscribers)?;
    build::keeps_topics("retained", options)?;
    let clients = if messages.is_multiple_of(PUBLISHERS) {
        PUBLISHERS
    } else {
        1
    };
    let mut publishers = build::publishers(options, clients, "retained/${r}/${i}/${s}");
    if let Some(publishing) = &mut publishers.publish {
        publishing.retain = true;
        publishing.limit = Some(u64::from(messages / clients));
    }
    let filter = "retained/${r}/#";
    let mut fetchers = build::subscribers(options, "subscribers", subscribers, filter);
    for subscription in &mut fetchers.subscribe {
        subscription.retained = true;
    }
    let at_most = stages::patience(options, messages);
    let patient = Until::Sent { at_most };
    let publish = vec![Action {
        group: 0,
        verb: Verb::Publish,
    }];
    let clear = vec![
        Action {
            group: 1,
            verb: Verb::Disconnect { forget: true },
        },
        Action {
            group: 0,
            verb: Verb::Clear,
        },
    ];
    let mut fetch = stages::connect(options, "fetch", &[1], subscribers);
    fetch.measured = true;
    fetch.until = Until::Settled {
        at_most: Duration::from_mins(10),
    };
    let all = vec![
        stages::connect(options, "connect publishers", &[0], clients),
        stage("store", publish, patient, true),
        fetch,
        stage("clear", clear, patient, false),
        stages::disconnect(2),
    ];
    build::plan("retained", options, vec![publishers, fetchers], all)
}
