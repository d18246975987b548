//! Requests and their answers.

use super::{build, stages};
use crate::{Options, Plan, PlanError, Responding, Subscription};
use wire_message::Qos;

/// `requesters` ask `responders` in turn, and each answer is awaited; the latency is that of the
/// round trip.
///
/// # Errors
///
/// [`PlanError`], among others [`PlanError::NotInVersion`] before 5.0, and
/// [`PlanError::OwnTopics`] for a topic.
pub fn request_response(
    options: &Options,
    requesters: u32,
    responders: u32,
) -> Result<Plan, PlanError> {
    build::at_least("request-response", "requesters", 1, requesters)?;
    build::at_least("request-response", "responders", 1, responders)?;
    build::keeps_topics("request-response", options)?;
    let mut answering = build::subscribers(options, "responders", responders, "request/${r}/${i}");
    let qos = options.qos.min(Qos::AtLeastOnce);
    answering.respond = Some(Responding { qos });
    let topic = format!("request/${{r}}/${{i%{responders}}}");
    let mut asking = build::publishers(options, requesters, &topic);
    "requesters".clone_into(&mut asking.name);
    let answers = build::template("response/${r}/${n}");
    asking.subscribe = vec![Subscription {
        filter: answers.clone(),
        qos,
        retained: false,
    }];
    if let Some(publishing) = &mut asking.publish {
        publishing.response = Some(answers);
    }
    let mut all = vec![
        stages::connect(options, "connect responders", &[0], responders),
        stages::connect(options, "connect requesters", &[1], requesters),
    ];
    all.extend(stages::publish(options, &[1]));
    all.push(stages::disconnect(2));
    build::plan("request-response", options, vec![answering, asking], all)
}
