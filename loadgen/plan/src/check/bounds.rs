//! Checks of numbers and lengths.

use core::time::Duration;

use wire_message::{TopicError, TopicName};

use super::PlanError;
use crate::limits::{HEAD_BYTES_MAX, RATE_MAX, RATE_MIN, TEXT_BYTES_MAX, TIME_MAX};
use crate::{Group, Place, Publishing, RunId, Template, Verb};

/// Refuses rates that no generator keeps, and those that are no numbers.
pub(super) fn check_rate(
    of: impl Fn() -> String,
    what: &'static str,
    rate: f64,
) -> Result<(), PlanError> {
    if (RATE_MIN..=RATE_MAX).contains(&rate) {
        return Ok(());
    }
    let of = of();
    Err(PlanError::Rate { of, what, rate })
}

/// Refuses times that nobody waits for.
pub(super) fn check_long(of: impl Fn() -> String, time: Duration) -> Result<(), PlanError> {
    if time <= TIME_MAX {
        return Ok(());
    }
    Err(PlanError::Long { of: of(), time })
}

pub(super) fn check_verb(of: impl Fn() -> String, verb: Verb) -> Result<(), PlanError> {
    match verb {
        Verb::Connect {
            rate_per_s: Some(rate),
            ..
        } => check_rate(of, "the rate of connections", rate),
        Verb::Connect { .. }
        | Verb::Cycle
        | Verb::Publish
        | Verb::Churn
        | Verb::Stop
        | Verb::Clear
        | Verb::Disconnect { .. }
        | Verb::Drop => Ok(()),
    }
}

/// Refuses texts that do not fit their fields, whatever stands for their variables.
pub(super) fn check_texts(group: &Group) -> Result<(), PlanError> {
    let connect = &group.connect;
    let will = connect.will.as_ref().map(|will| &will.topic);
    let templates = [
        ("the client identifier", Some(&connect.client_id)),
        ("the user name", connect.username.as_ref()),
        ("the topic of the will", will),
    ];
    for (what, template) in templates {
        check_length(
            group,
            what,
            template.map_or(0, Template::bytes_max),
            TEXT_BYTES_MAX,
        )?;
        if template.is_some_and(|template| template.as_str().contains('\0')) {
            let rule = "names have no zero characters";
            return Err(PlanError::Rule {
                group: group.name.clone(),
                rule,
            });
        }
    }
    let password = connect.password.as_ref().map_or(0, String::len);
    check_length(group, "the password", password, TEXT_BYTES_MAX)?;
    for subscription in &group.subscribe {
        let bytes = subscription.filter.bytes_max();
        check_length(group, "a filter", bytes, TEXT_BYTES_MAX)?;
    }
    check_topic(group, will)?;
    group
        .publish
        .as_ref()
        .map_or(Ok(()), |publishing| check_head(group, publishing))
}

/// Checks what stands before the payload of a message.
fn check_head(group: &Group, publishing: &Publishing) -> Result<(), PlanError> {
    let pairs = publishing.user_properties.iter();
    // Each has a kind and two lengths.
    let pairs = pairs.map(|(name, value)| 5 + name.len() + value.len());
    let response = publishing.response.as_ref();
    let bytes = publishing.topic.bytes_max()
        + response.map_or(0, Template::bytes_max)
        + pairs.sum::<usize>();
    let what = "topic and properties of a message together";
    check_length(group, what, bytes, HEAD_BYTES_MAX)?;
    let mut texts = publishing.user_properties.iter();
    if texts.any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        let rule = "user properties have no zero characters";
        return Err(PlanError::Rule {
            group: group.name.clone(),
            rule,
        });
    }
    check_topic(group, response)
}

/// Checks a topic that is not among those of the audience.
fn check_topic(group: &Group, template: Option<&Template>) -> Result<(), PlanError> {
    let Some(template) = template else {
        return Ok(());
    };
    let place = Place {
        index: 0,
        number: group.first,
        run: RunId(0),
        seed: 0,
        sequence: 0,
    };
    let topic = template.text(&place);
    let valid = TopicName::try_from(topic.as_str());
    let wrong = |error: TopicError| PlanError::Topic { topic, error };
    valid.map(drop).map_err(wrong)
}

fn check_length(
    group: &Group,
    what: &'static str,
    bytes: usize,
    most: usize,
) -> Result<(), PlanError> {
    if bytes <= most {
        return Ok(());
    }
    Err(PlanError::Text {
        group: group.name.clone(),
        what,
        bytes,
        most,
    })
}
