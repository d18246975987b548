//! The pieces that scenarios have in common: groups by options, and a plan of them.

use crate::{Group, Options, Plan, PlanError, Publishing, Reading, Stage, Subscription, Template};

/// A template of this text, which a scenario has written.
pub(super) fn template(text: &str) -> Template {
    text.parse().expect("the scenario's text is a template")
}

/// A checked plan that is called what its scenario is called.
pub(super) fn plan(
    scenario: &str,
    options: &Options,
    groups: Vec<Group>,
    stages: Vec<Stage>,
) -> Result<Plan, PlanError> {
    named_plan(scenario, scenario, options, groups, stages)
}

/// A checked plan, for the target and by the rules of the options.
pub(crate) fn named_plan(
    name: &str,
    scenario: &str,
    options: &Options,
    groups: Vec<Group>,
    stages: Vec<Stage>,
) -> Result<Plan, PlanError> {
    let mut plan = Plan {
        name: name.to_owned(),
        scenario: scenario.to_owned(),
        groups,
        stages,
        allow: options.allow,
        seed: options.seed,
        target: options.target.clone(),
    };
    plan.check()?;
    Ok(plan)
}

/// Clients that do nothing but connect.
pub(super) fn group(options: &Options, name: &str, clients: u32) -> Group {
    Group {
        name: name.to_owned(),
        clients,
        first: 0,
        connect: options.connect(),
        subscribe: Vec::new(),
        publish: None,
        reading: Reading::Full,
        churn: None,
        respond: None,
    }
}

/// Clients that publish to the topic of the options, or to `topic`.
pub(super) fn publishers(options: &Options, clients: u32, topic: &str) -> Group {
    Group {
        publish: Some(publishing(options, topic)),
        ..group(options, "publishers", clients)
    }
}

pub(super) fn publishing(options: &Options, topic: &str) -> Publishing {
    Publishing {
        topic: options.topic.clone().unwrap_or_else(|| template(topic)),
        qos: options.qos,
        retain: options.retain,
        size: options.size.clone(),
        load: options.load,
        alias: options.alias,
        user_properties: options.user_properties.clone(),
        expiry_s: None,
        limit: None,
        response: None,
    }
}

/// Clients that subscribe to `filter`.
pub(super) fn subscribers(options: &Options, name: &str, clients: u32, filter: &str) -> Group {
    Group {
        subscribe: vec![subscription(options, filter)],
        ..group(options, name, clients)
    }
}

pub(super) fn subscription(options: &Options, filter: &str) -> Subscription {
    Subscription {
        filter: template(filter),
        qos: options.qos,
        retained: false,
    }
}

/// The filter for all topics of the options' template, or `filter`.
pub(super) fn wildcard(options: &Options, filter: &str) -> String {
    let Some(topic) = &options.topic else {
        return filter.to_owned();
    };
    // A level that differs from publisher to publisher becomes a wildcard.
    let level = |level: &str| {
        let template = level.parse::<Template>();
        let varies = template.is_ok_and(|template| !template.is_constant());
        if varies { "+" } else { level }.to_owned()
    };
    let levels = topic.as_str().split('/').map(level);
    levels.collect::<Vec<_>>().join("/")
}

/// Refuses a topic of the options where the scenario could not be the same with it.
pub(super) fn keeps_topics(scenario: &'static str, options: &Options) -> Result<(), PlanError> {
    if options.topic.is_some() {
        return Err(PlanError::OwnTopics(scenario));
    }
    Ok(())
}

/// Refuses numbers of clients and the like with which there would be nothing to do.
pub(super) fn at_least(
    what: &'static str,
    of: &'static str,
    least: u32,
    given: u32,
) -> Result<(), PlanError> {
    if given < least {
        return Err(PlanError::TooFew { what, of, least });
    }
    Ok(())
}
