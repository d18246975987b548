//! Checks of a plan, before anything is done.

mod bounds;

use core::time::Duration;

use thiserror::Error;
use wire_message::{FilterError, Qos, TopicError};
use wire_mqtt::Version;

use crate::limits::{
    CLIENTS_MAX, GROUPS_MAX, MESSAGES_MAX, RATE_MAX, RATE_MIN, STAGES_MAX, TIME_MAX,
    WILL_BYTES_MIN, WINDOW_MAX,
};
use crate::{Group, Load, Plan, Publishing, Reading, Schedule, SizeError};
use bounds::{check_long, check_rate, check_texts, check_verb};

/// Why a plan can't be carried out. Nothing was done.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the messages say what is wrong")]
pub enum PlanError {
    #[error("the plan has {_0} groups, 1 to {GROUPS_MAX} are possible")]
    Groups(usize),
    #[error("the plan has {_0} stages, at most {STAGES_MAX} are possible")]
    Stages(usize),
    #[error("the plan has {_0} clients, 1 to {CLIENTS_MAX} are possible")]
    Clients(u64),
    #[error("{pairs} pairs of publishers and subscribers are too many to check; use fewer")]
    Pairs { pairs: u64 },
    #[error("topic `{topic}`: {error}")]
    Topic { topic: String, error: TopicError },
    #[error("filter `{filter}`: {error}")]
    Filter { filter: String, error: FilterError },
    #[error("two groups or subscriptions of one client have the filter `{filter}`")]
    FilterTwice { filter: String },
    #[error(
        "client {client} gets stream {stream} by two subscriptions; brokers may deliver once or \
         twice, so nothing could be checked"
    )]
    Overlap { client: u32, stream: u32 },
    #[error(
        "group `{group}` publishes with a window, but its subscribers are in several processes; \
         use --rate, or --threads instead of --processes"
    )]
    LoopSpansProcesses { group: String },
    #[error("group `{group}`: {error}")]
    Size { group: String, error: SizeError },
    #[error("group `{group}`: {what} must be above zero")]
    Zero { group: String, what: &'static str },
    #[error("{of}: {what} is {RATE_MIN} to {RATE_MAX} per second, not {rate:?}")]
    Rate {
        of: String,
        what: &'static str,
        rate: f64,
    },
    #[error("group `{group}`: a window is 1 to {WINDOW_MAX} messages, not {window}")]
    Window { group: String, window: u32 },
    #[error("group `{group}`: {messages} messages are too many, {MESSAGES_MAX} are possible")]
    Messages { group: String, messages: u128 },
    #[error("group `{group}`: {what} may be {bytes} bytes long, {most} are possible")]
    Text {
        group: String,
        what: &'static str,
        bytes: usize,
        most: usize,
    },
    #[error("{of} takes {time:?}, {TIME_MAX:?} are possible")]
    Long { of: String, time: Duration },
    #[error("group `{group}`: {what} exists in MQTT 5.0 only")]
    NotInVersion { group: String, what: &'static str },
    #[error("group `{group}`: {rule}")]
    Rule { group: String, rule: &'static str },
    #[error("stage `{stage}` names group number {group}, which does not exist")]
    NoGroup { stage: String, group: u16 },
    #[error("{what} needs {of}, at least {least}")]
    TooFew {
        what: &'static str,
        of: &'static str,
        least: u32,
    },
    #[error("{_0} has topics of its own, so --topic has no place there")]
    OwnTopics(&'static str),
    #[error("no broker to connect to")]
    NoBroker,
    #[error("with --raw there is no MQTT: {_0}")]
    Raw(&'static str),
}

impl Plan {
    /// Checks the plan, and numbers its clients.
    ///
    /// What depends on the run's number, topics and filters, [`Audience::new`](crate::Audience)
    /// checks.
    ///
    /// # Errors
    ///
    /// [`PlanError`], the first that is found.
    pub fn check(&mut self) -> Result<(), PlanError> {
        check_groups(self.groups.len())?;
        if self.stages.len() > STAGES_MAX {
            return Err(PlanError::Stages(self.stages.len()));
        }
        let clients = self
            .groups
            .iter()
            .map(|group| u64::from(group.clients))
            .sum();
        if clients == 0 || clients > u64::from(CLIENTS_MAX) {
            return Err(PlanError::Clients(clients));
        }
        let mut first = 0;
        for group in &mut self.groups {
            group.first = first;
            first += group.clients;
        }
        if self.target.brokers.is_empty() {
            return Err(PlanError::NoBroker);
        }
        for group in &self.groups {
            check_group(group)?;
            check_texts(group)?;
            if self.target.raw {
                check_raw(group)?;
            }
        }
        for stage in &self.stages {
            let name = || format!("stage `{}`", stage.name);
            for action in &stage.actions {
                check_verb(name, action.verb)?;
                if usize::from(action.group) >= self.groups.len() {
                    let stage = stage.name.clone();
                    return Err(PlanError::NoGroup {
                        stage,
                        group: action.group,
                    });
                }
            }
            check_long(name, stage.until.at_most())?;
        }
        Ok(())
    }
}

/// Refuses numbers of groups that do not fit, also before there is a plan.
pub(crate) fn check_groups(groups: usize) -> Result<(), PlanError> {
    if (1..=GROUPS_MAX).contains(&groups) {
        return Ok(());
    }
    Err(PlanError::Groups(groups))
}

fn check_group(group: &Group) -> Result<(), PlanError> {
    let name = || group.name.clone();
    let is_v5 = group.connect.version == Version::V5;
    let rule = |rule| {
        Err(PlanError::Rule {
            group: name(),
            rule,
        })
    };
    if group.connect.session_expiry_s.is_some() && !is_v5 {
        let what = "session expiry";
        return Err(PlanError::NotInVersion {
            group: name(),
            what,
        });
    }
    if let Some(will) = &group.connect.will {
        if will.bytes < WILL_BYTES_MIN {
            return rule("a will has 32 bytes at least, for its stamp");
        }
        if will.topic.has_sequence() {
            return rule("the topic of a will has no sequence number");
        }
        if will.delay_s > 0 && !is_v5 {
            let what = "will delay";
            return Err(PlanError::NotInVersion {
                group: name(),
                what,
            });
        }
    }
    if group
        .subscribe
        .iter()
        .any(|subscription| subscription.filter.has_sequence())
    {
        return rule("a filter has no sequence number");
    }
    if group.reading == Reading::BytesPerSecond(0) {
        let what = "what a slow reader reads per second";
        return Err(PlanError::Zero {
            group: name(),
            what,
        });
    }
    if let Some(churn) = &group.churn {
        check_rate(|| of_group(group), "churn", churn.per_s)?;
        check_long(
            || format!("an absence of group `{}`", group.name),
            churn.offline,
        )?;
    }
    if let Some(responding) = &group.respond {
        if !is_v5 {
            let what = "response topic";
            return Err(PlanError::NotInVersion {
                group: name(),
                what,
            });
        }
        if responding.qos == Qos::ExactlyOnce {
            return rule("answers have QoS 0 or 1");
        }
    }
    match &group.publish {
        Some(publishing) => check_publishing(group, publishing),
        None => Ok(()),
    }
}

fn check_publishing(group: &Group, publishing: &Publishing) -> Result<(), PlanError> {
    let size = publishing.size.check();
    size.map_err(|error| PlanError::Size {
        group: group.name.clone(),
        error,
    })?;
    check_load(group, publishing.load)?;
    if let Some(limit) = publishing.limit {
        let messages = u128::from(limit) * u128::from(group.clients);
        if messages > MESSAGES_MAX.into() {
            return Err(PlanError::Messages {
                group: group.name.clone(),
                messages,
            });
        }
    }
    let only_v5 = [
        (publishing.alias, "topic alias"),
        (!publishing.user_properties.is_empty(), "user property"),
        (publishing.expiry_s.is_some(), "message expiry"),
        (publishing.response.is_some(), "response topic"),
    ];
    if group.connect.version != Version::V5
        && let Some((_, what)) = only_v5.into_iter().find(|(used, _)| *used)
    {
        return Err(PlanError::NotInVersion {
            group: group.name.clone(),
            what,
        });
    }
    if publishing.topic.has_sequence() && publishing.alias {
        let rule = "an alias stands for one topic, not for one with a sequence number";
        return Err(PlanError::Rule {
            group: group.name.clone(),
            rule,
        });
    }
    Ok(())
}

fn check_load(group: &Group, load: Load) -> Result<(), PlanError> {
    match load {
        Load::Rate { per_s, schedule } => {
            check_rate(|| of_group(group), "the rate", per_s)?;
            if let Schedule::Ramp { to_per_s, over } = schedule {
                check_rate(|| of_group(group), "the ramp's last rate", to_per_s)?;
                check_long(|| format!("the ramp of group `{}`", group.name), over)?;
                if over.is_zero() {
                    return Err(PlanError::Zero {
                        group: group.name.clone(),
                        what: "the ramp's time",
                    });
                }
            }
            Ok(())
        }
        Load::Window(window) if (1..=WINDOW_MAX).contains(&window) => Ok(()),
        Load::Window(window) => Err(PlanError::Window {
            group: group.name.clone(),
            window,
        }),
    }
}

fn check_raw(group: &Group) -> Result<(), PlanError> {
    let publishes = group.publish.as_ref();
    if publishes.is_some_and(|publishing| publishing.qos == Qos::ExactlyOnce) {
        return Err(PlanError::Raw("QoS 2 can't be imitated"));
    }
    let acknowledged = publishes.filter(|publishing| publishing.qos == Qos::AtLeastOnce);
    if acknowledged.is_some_and(|publishing| publishing.size.min() != publishing.size.max()) {
        let what = "acknowledgements follow the number of bytes, so QoS 1 needs a fixed size";
        return Err(PlanError::Raw(what));
    }
    if publishes.is_some_and(|publishing| publishing.response.is_some()) {
        return Err(PlanError::Raw("nothing answers requests"));
    }
    if publishes.is_some() && !group.subscribe.is_empty() {
        return Err(PlanError::Raw("a connection is a source or a sink"));
    }
    Ok(())
}

fn of_group(group: &Group) -> String {
    format!("group `{}`", group.name)
}

#[cfg(test)]
mod tests;
