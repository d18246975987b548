//! Stages of a scenario file, and those of a file that names none.

use core::time::Duration;

use super::FileError;
use super::scale::scaled;
use super::written::{self, Verb as WrittenVerb};
use crate::scenario::stages::{connect, disconnect, publish};
use crate::{Action, Group, Options, Stage, Until, Verb, parse_duration};

/// How long a stage may take that ends by itself, if the file does not say.
const AT_MOST: Duration = Duration::from_mins(10);

/// Subscribers connect, then the others; publishers publish, and clients come and go; all leave.
pub(super) fn standard(options: &Options, groups: &[Group]) -> Vec<Stage> {
    let which = |wanted: &dyn Fn(&Group) -> bool| {
        let numbered = (0..).zip(groups).filter(|(_, group)| wanted(group));
        numbered.map(|(at, _)| at).collect::<Vec<u16>>()
    };
    let subscribers = which(&|group| !group.subscribe.is_empty());
    let others = which(&|group| group.subscribe.is_empty());
    let publishers = which(&|group| group.publish.is_some());
    let churning = which(&|group| group.churn.is_some());
    let clients = groups
        .iter()
        .fold(0_u32, |sum, group| sum.saturating_add(group.clients));
    let mut stages = Vec::new();
    if !subscribers.is_empty() {
        stages.push(connect(
            options,
            "connect subscribers",
            &subscribers,
            clients,
        ));
    }
    if !others.is_empty() {
        stages.push(connect(options, "connect others", &others, clients));
    }
    let mut working = publish(options, &publishers);
    // From the first to the last stage in which messages are sent.
    if let Some(first) = working.first_mut() {
        let churn = churning.iter().map(|&group| Action {
            group,
            verb: Verb::Churn,
        });
        first.actions.extend(churn);
    }
    if let Some(last) = working.last_mut() {
        let quiet = churning.iter().filter(|group| !publishers.contains(group));
        let stop = quiet.map(|&group| Action {
            group,
            verb: Verb::Stop,
        });
        last.actions.extend(stop);
    }
    stages.append(&mut working);
    stages.push(disconnect(u16::try_from(groups.len()).unwrap_or(u16::MAX)));
    stages
}

pub(super) fn written(
    stages: &[written::Stage],
    groups: &[Group],
    scale: f64,
) -> Result<Vec<Stage>, FileError> {
    stages
        .iter()
        .map(|stage| build(stage, groups, scale))
        .collect()
}

fn build(stage: &written::Stage, groups: &[Group], scale: f64) -> Result<Stage, FileError> {
    let wrong = |rule: String| FileError::Stage {
        stage: stage.name.clone(),
        rule,
    };
    let at_most = stage.at_most.map_or(AT_MOST, |time| time.0);
    let until = match stage.until.as_str() {
        "sent" => Until::Sent { at_most },
        "settled" => Until::Settled { at_most },
        time => Until::Elapsed(parse_duration(time).map_err(|_| {
            wrong(format!(
                "`until` is \"sent\", \"settled\" or a time, not `{time}`"
            ))
        })?),
    };
    if matches!(until, Until::Elapsed(_)) && stage.at_most.is_some() {
        let rule = "`at_most` belongs to until = \"sent\" and \"settled\"";
        return Err(wrong(rule.to_owned()));
    }
    let mut actions = Vec::new();
    for act in &stage.actions {
        let verb = verb(act, scale).map_err(&wrong)?;
        for name in &act.groups {
            let at = groups.iter().position(|group| group.name == *name);
            let at = at.and_then(|at| u16::try_from(at).ok());
            let group = at.ok_or_else(|| wrong(format!("there is no group `{name}`")))?;
            actions.push(Action { group, verb });
        }
    }
    Ok(Stage {
        name: stage.name.clone(),
        actions,
        until,
        measured: stage.measured,
    })
}

fn verb(act: &written::Act, scale: f64) -> Result<Verb, String> {
    let connects = act.verb == WrittenVerb::Connect;
    if !connects && (act.rate.is_some() || act.subscribe.is_some()) {
        return Err("`rate` and `subscribe` belong to the verb \"connect\"".to_owned());
    }
    if act.verb != WrittenVerb::Disconnect && act.forget.is_some() {
        return Err("`forget` belongs to the verb \"disconnect\"".to_owned());
    }
    if act
        .rate
        .is_some_and(|rate| !rate.is_finite() || rate <= 0.0)
    {
        return Err("`rate` must be above zero".to_owned());
    }
    Ok(match act.verb {
        WrittenVerb::Churn => Verb::Churn,
        WrittenVerb::Clear => Verb::Clear,
        WrittenVerb::Connect => Verb::Connect {
            rate_per_s: act.rate.map(|rate| scaled(rate, scale)),
            subscribe: act.subscribe.unwrap_or(true),
        },
        WrittenVerb::Cycle => Verb::Cycle,
        WrittenVerb::Disconnect => Verb::Disconnect {
            forget: act.forget.unwrap_or(true),
        },
        WrittenVerb::Drop => Verb::Drop,
        WrittenVerb::Publish => Verb::Publish,
        WrittenVerb::Stop => Verb::Stop,
    })
}
