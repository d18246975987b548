//! Groups of a scenario file.

use super::FileError;
use super::scale::{scaled, scaled_clients};
use super::written::{self, Schedule as WrittenSchedule};
use crate::{
    Churn, Connect, Group, Load, Options, Publishing, Reading, Responding, Schedule, Subscription,
    Template, Will,
};

/// Bytes of a will if the file does not say.
const WILL_BYTES: u16 = 64;

impl written::Group {
    pub(super) fn build(&self, options: &Options, scale: f64) -> Result<Group, FileError> {
        let clients = if self.fixed {
            self.clients
        } else {
            scaled_clients(self.clients, scale)
        };
        let subscribe = self.subscribe.iter().map(|subscription| Subscription {
            filter: subscription.filter.clone(),
            qos: subscription.qos,
            retained: subscription.retained,
        });
        let publish = self.publish.as_ref();
        let publish = publish.map(|publish| self.publishing(publish, options, scale));
        let reading = self.read_bytes_per_s;
        Ok(Group {
            name: self.name.clone(),
            clients,
            first: 0,
            connect: self.connect(options),
            subscribe: subscribe.collect(),
            publish: publish.transpose()?,
            reading: reading.map_or(Reading::Full, Reading::BytesPerSecond),
            churn: self.churn.as_ref().map(|churn| Churn {
                per_s: self.rescaled(churn.rate, scale),
                abrupt: churn.abrupt,
                offline: churn.offline.0,
            }),
            respond: self
                .respond
                .as_ref()
                .map(|respond| Responding { qos: respond.qos }),
        })
    }

    /// A rate of this group, scaled unless the group is fixed.
    fn rescaled(&self, rate: f64, scale: f64) -> f64 {
        if self.fixed {
            return rate;
        }
        scaled(rate, scale)
    }

    fn connect(&self, options: &Options) -> Connect {
        let standard = options.connect();
        Connect {
            version: self.version.map_or(standard.version, |version| version.0),
            client_id: self.client_id.clone().unwrap_or_else(Template::client_id),
            username: self.username.clone().or(standard.username),
            password: self.password.clone().or(standard.password),
            keep_alive_s: self.keep_alive_s.unwrap_or(standard.keep_alive_s),
            clean_start: self.clean_start.unwrap_or(standard.clean_start),
            session_expiry_s: self.session_expiry_s.or(standard.session_expiry_s),
            will: self.will.as_ref().map(|will| Will {
                topic: will.topic.clone(),
                qos: will.qos,
                retain: will.retain,
                bytes: will.bytes.unwrap_or(WILL_BYTES),
                delay_s: will.delay_s,
            }),
        }
    }

    fn publishing(
        &self,
        publish: &written::Publish,
        options: &Options,
        scale: f64,
    ) -> Result<Publishing, FileError> {
        let pairs = publish.user_properties.iter();
        let pairs = pairs.map(|(name, value)| (name.clone(), value.clone()));
        Ok(Publishing {
            topic: publish.topic.clone(),
            qos: publish.qos,
            retain: publish.retain,
            size: publish.size.clone().unwrap_or_else(|| options.size.clone()),
            load: self.load(publish, scale)?,
            alias: publish.alias,
            user_properties: pairs.collect(),
            expiry_s: publish.expiry_s,
            limit: publish.limit,
            response: publish.response.clone(),
        })
    }

    fn load(&self, publish: &written::Publish, scale: f64) -> Result<Load, FileError> {
        let wrong = |rule| {
            Err(FileError::Group {
                group: self.name.clone(),
                rule,
            })
        };
        let ramps = publish.schedule == WrittenSchedule::Ramp;
        if [publish.to_rate.is_some(), publish.over.is_some()] != [ramps; 2] {
            return wrong("`to_rate` and `over` belong to schedule = \"ramp\", which needs both");
        }
        match (publish.rate, publish.window) {
            (Some(rate), None) => {
                let schedule = match (publish.schedule, publish.to_rate, publish.over) {
                    (WrittenSchedule::Ramp, Some(to_rate), Some(over)) => Schedule::Ramp {
                        to_per_s: self.rescaled(to_rate, scale),
                        over: over.0,
                    },
                    (WrittenSchedule::Poisson, ..) => Schedule::Poisson,
                    (WrittenSchedule::Constant | WrittenSchedule::Ramp, ..) => Schedule::Constant,
                };
                Ok(Load::Rate {
                    per_s: self.rescaled(rate, scale),
                    schedule,
                })
            }
            (None, Some(window)) if publish.schedule == WrittenSchedule::Constant => {
                Ok(Load::Window(window))
            }
            (None, Some(_)) => wrong("a `schedule` belongs to a `rate`, not to a `window`"),
            _ => wrong("`publish` needs either `rate` or `window`"),
        }
    }
}
