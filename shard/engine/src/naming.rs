//! The broker's name for what a client names: rewriting, then the listener's mount point.

use core::net::SocketAddr;
use std::borrow::Cow;

use regex::Captures;
use wire_message::{TopicName, TopicRef};
use wire_mqtt::ReasonCode;

use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::session::Session;
use crate::settings::{MqttSettings, RewriteAction, RewriteRule};

/// A topic that may be the packet's own or a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    Borrowed(TopicRef<'a>),
    Owned(TopicName),
}

impl Named<'_> {
    pub(crate) fn as_ref(&self) -> TopicRef<'_> {
        match self {
            Self::Borrowed(topic) => *topic,
            Self::Owned(topic) => topic.as_ref(),
        }
    }
}

/// What placeholders stand for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder<'a> {
    pub(crate) client: &'a str,
    pub(crate) username: &'a str,
    pub(crate) peer: SocketAddr,
}

impl Holder<'_> {
    /// Replaces `${clientid}`, `${username}`, `${host}` and `${port}`.
    pub(crate) fn fill(&self, template: &str) -> String {
        if !template.contains("${") {
            return template.into();
        }
        template
            .replace("${clientid}", self.client)
            .replace("${username}", self.username)
            .replace("${host}", &self.peer.ip().to_string())
            .replace("${port}", &self.peer.port().to_string())
    }
}

impl Clients {
    /// The broker's topic for a client's.
    ///
    /// # Errors
    ///
    /// [`ReasonCode::TopicNameInvalid`] if rewriting gives something that is no topic.
    pub(crate) fn name_topic<'t>(
        &self,
        key: SessionKey,
        topic: TopicRef<'t>,
        action: RewriteAction,
    ) -> Result<Named<'t>, ReasonCode> {
        let mounted = |session: &Session| session.identity.is_some();
        if self.settings.rewrite.is_empty() && !self.sessions.get(key).is_some_and(mounted) {
            return Ok(Named::Borrowed(topic));
        }
        match self.name(key, topic.as_str(), action) {
            Cow::Borrowed(_) => Ok(Named::Borrowed(topic)),
            Cow::Owned(text) => {
                let named = TopicName::try_from(text.as_str());
                named
                    .map(Named::Owned)
                    .map_err(|_| ReasonCode::TopicNameInvalid)
            }
        }
    }

    /// The broker's text for a client's topic, or for the text of its subscription.
    pub(crate) fn name<'t>(
        &self,
        key: SessionKey,
        text: &'t str,
        action: RewriteAction,
    ) -> Cow<'t, str> {
        let Some(session) = self.sessions.get(key) else {
            return Cow::Borrowed(text);
        };
        let (rules, mount) = (&self.settings.rewrite, session.mount());
        if rules.is_empty() && mount.is_empty() {
            return Cow::Borrowed(text);
        }
        let (prefix, topic) = split_prefix(text);
        let client = (session.client.as_str(), session.username());
        let rewritten = rewrite(rules, topic, action, client);
        if rewritten.is_none() && mount.is_empty() {
            return Cow::Borrowed(text);
        }
        let topic = rewritten.as_deref().unwrap_or(topic);
        Cow::Owned([prefix, mount, topic].concat())
    }
}

/// The topic that the last matching rule makes.
fn rewrite(
    rules: &[RewriteRule],
    topic: &str,
    action: RewriteAction,
    (client, username): (&str, &str),
) -> Option<String> {
    let applies = |rule: &&RewriteRule| {
        (rule.action == RewriteAction::All || rule.action == action) && covers(rule, topic)
    };
    rules.iter().rev().filter(applies).find_map(|rule| {
        let groups = rule.pattern.captures(topic)?;
        Some(expand(&rule.destination, &groups, client, username))
    })
}

/// Whether a rule's source covers a topic; a filter is read as if its wildcards were levels.
fn covers(rule: &RewriteRule, topic: &str) -> bool {
    if let Ok(topic) = TopicRef::new(topic) {
        return rule.source.as_ref().matches(topic);
    }
    let mut levels = topic.split('/');
    for level in rule.source.as_ref().levels() {
        match levels.next() {
            _ if level == "#" => return true,
            Some(name) if level == "+" || level == name => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

/// Puts `$1` and on, `${clientid}` and `${username}` into a destination.
fn expand(template: &str, groups: &Captures<'_>, client: &str, username: &str) -> String {
    let template = template
        .replace("${clientid}", client)
        .replace("${username}", username);
    let mut text = String::with_capacity(template.len());
    let mut rest = template.as_str();
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        let digits = rest[at + 1..]
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        let number = &rest[at + 1..at + 1 + digits];
        match number.parse::<usize>() {
            Ok(number) => text.push_str(groups.get(number).map_or("", |group| group.as_str())),
            Err(_) => text.push('$'),
        }
        rest = &rest[at + 1 + digits..];
    }
    text.push_str(rest);
    text
}

/// Splits off what is not part of the topic: `$share/<group>/`, `$queue/`, `$exclusive/`,
/// `$delayed/<seconds>/`.
fn split_prefix(text: &str) -> (&str, &str) {
    let levels = match text.split('/').next() {
        Some("$share" | "$delayed") => 2,
        Some("$queue" | "$exclusive") => 1,
        _ => return ("", text),
    };
    match text.match_indices('/').nth(levels - 1) {
        Some((at, _)) => text.split_at(at + 1),
        None => ("", text),
    }
}

/// Whether a topic or filter keeps to the limits on both.
pub(crate) fn keeps_limits(text: &str, mqtt: &MqttSettings) -> bool {
    let levels_max = usize::from(mqtt.topic_levels_max);
    // So many levels need as many bytes, which most topics don't have.
    let few_levels = text.len() < levels_max || text.split('/').count() <= levels_max;
    text.len() <= usize::from(mqtt.topic_bytes_max) && few_levels
}

#[cfg(test)]
mod tests {
    use regex::Regex;
    use wire_message::TopicFilter;

    use super::*;

    fn rule(action: RewriteAction, source: &str, pattern: &str, destination: &str) -> RewriteRule {
        RewriteRule {
            action,
            source: TopicFilter::try_from(source).expect("valid"),
            pattern: Regex::new(pattern).expect("valid"),
            destination: destination.into(),
        }
    }

    #[test]
    fn the_last_matching_rule_wins() {
        let rules = [
            rule(RewriteAction::All, "y/+/z/#", "^y/(.+)/z/(.+)$", "y/z/$2"),
            rule(
                RewriteAction::Publish,
                "y/#",
                "^y/(.+)/z/(.+)$",
                "x/$1/${clientid}",
            ),
            rule(RewriteAction::Subscribe, "y/#", "^nothing$", "never"),
        ];
        let publish = rewrite(&rules, "y/a/z/b", RewriteAction::Publish, ("c", "u"));
        assert_eq!(publish.as_deref(), Some("x/a/c"));
        let subscribe = rewrite(&rules, "y/a/z/b", RewriteAction::Subscribe, ("c", "u"));
        assert_eq!(subscribe.as_deref(), Some("y/z/b"));
        assert_eq!(
            rewrite(&rules, "n", RewriteAction::Publish, ("c", "u")),
            None
        );
    }

    #[test]
    fn filters_are_rewritten_as_text() {
        let rules = [rule(RewriteAction::All, "a/#", "^a/(.*)$", "b/$1")];
        let rewritten = rewrite(&rules, "a/+/c", RewriteAction::Subscribe, ("", ""));
        assert_eq!(rewritten.as_deref(), Some("b/+/c"));
    }

    #[test]
    fn prefixes_stay_in_front() {
        assert_eq!(split_prefix("$share/g/a/b"), ("$share/g/", "a/b"));
        assert_eq!(split_prefix("$delayed/5/a"), ("$delayed/5/", "a"));
        assert_eq!(split_prefix("$queue/a"), ("$queue/", "a"));
        assert_eq!(split_prefix("$SYS/a"), ("", "$SYS/a"));
        assert_eq!(split_prefix("$share/g"), ("", "$share/g"));
    }

    #[test]
    fn placeholders_are_filled() {
        let peer = "10.0.0.1:7".parse().expect("valid");
        let holder = Holder {
            client: "c",
            username: "u",
            peer,
        };
        assert_eq!(
            holder.fill("t/${clientid}/${username}/${host}/${port}"),
            "t/c/u/10.0.0.1/7"
        );
    }
}
