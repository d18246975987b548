//! What stands above a scenario file.

use core::time::Duration;

use wire_message::Qos;
use wire_mqtt::Version;

use super::FileError;
use crate::{Group, Options, Size, Template};

/// What holds whatever the file says, for all of its groups; `None` leaves it to the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// The protocol version of all clients.
    pub version: Option<Version>,
    /// User name of all clients.
    pub username: Option<Template>,
    /// Password of all clients.
    pub password: Option<String>,
    /// Seconds of keep alive; zero for none.
    pub keep_alive_s: Option<u16>,
    /// Whether clients start without a former session.
    pub clean_start: Option<bool>,
    /// Seconds that sessions last; 5.0 only.
    pub session_expiry_s: Option<u32>,
    /// Connections per second, zero for all at once; only for files without stages.
    pub connect_rate: Option<f64>,
    /// Quality of service of messages, wills and subscriptions; answers have 1 at most.
    pub qos: Option<Qos>,
    /// Bytes of payloads.
    pub size: Option<Size>,
    /// Time before the measured stage; only for files without stages.
    pub warm_up: Option<Duration>,
    /// Time of the measured stage; only for files without stages.
    pub duration: Option<Duration>,
    /// Time after it for what is under way, at most; only for files without stages.
    pub drain: Option<Duration>,
    /// Makes random choices repeatable.
    pub seed: Option<u64>,
}

impl Overrides {
    /// `options`, where the file has had its say, with what stands above it.
    pub(super) fn over(&self, mut options: Options) -> Options {
        if let Some(rate) = self.connect_rate {
            // Anything but a rate is refused by the plan's check.
            options.connect_rate = Some(rate).filter(|rate| *rate != 0.0);
        }
        options.warm_up = self.warm_up.unwrap_or(options.warm_up);
        options.duration = self.duration.unwrap_or(options.duration);
        options.drain = self.drain.unwrap_or(options.drain);
        options.seed = self.seed.unwrap_or(options.seed);
        options
    }

    /// Changes a group as the file has it.
    pub(super) fn change(&self, group: &mut Group) {
        let connect = &mut group.connect;
        connect.version = self.version.unwrap_or(connect.version);
        connect.keep_alive_s = self.keep_alive_s.unwrap_or(connect.keep_alive_s);
        connect.clean_start = self.clean_start.unwrap_or(connect.clean_start);
        connect.session_expiry_s = self.session_expiry_s.or(connect.session_expiry_s);
        if let Some(username) = &self.username {
            connect.username = Some(username.clone());
        }
        if let Some(password) = &self.password {
            connect.password = Some(password.clone());
        }
        if let (Some(size), Some(publishing)) = (&self.size, &mut group.publish) {
            publishing.size = size.clone();
        }
        let Some(qos) = self.qos else {
            return;
        };
        let messages = group.publish.iter_mut().map(|of| &mut of.qos);
        let filters = group.subscribe.iter_mut().map(|of| &mut of.qos);
        let wills = connect.will.iter_mut().map(|of| &mut of.qos);
        messages
            .chain(filters)
            .chain(wills)
            .for_each(|of| *of = qos);
        if let Some(responding) = &mut group.respond {
            responding.qos = qos.min(Qos::AtLeastOnce);
        }
    }

    /// Refuses what the file has no place for: nothing is passed over in silence.
    pub(super) fn check(&self, groups: &[Group], has_stages: bool) -> Result<(), FileError> {
        let of_stages = [
            ("--connect-rate", self.connect_rate.is_some()),
            ("--warm-up", self.warm_up.is_some()),
            ("--duration", self.duration.is_some()),
            ("--drain", self.drain.is_some()),
        ];
        let publishes = groups.iter().any(|group| group.publish.is_some());
        let wills = groups.iter().any(|group| group.connect.will.is_some());
        let subscribes = groups.iter().any(|group| !group.subscribe.is_empty());
        let of_messages = [
            ("--size", self.size.is_some() && !publishes),
            (
                "--qos",
                self.qos.is_some() && !(publishes || wills || subscribes),
            ),
        ];
        let refuse = |option, rule| Err(FileError::Override { option, rule });
        if has_stages && let Some((option, _)) = of_stages.into_iter().find(|(_, given)| *given) {
            return refuse(option, "the stages of the file say that themselves");
        }
        if let Some((option, _)) = of_messages.into_iter().find(|(_, vain)| *vain) {
            return refuse(option, "no group of the file has a use for it");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
