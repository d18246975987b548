//! A client that publishes with a full window, and finishes what it began after every crash.

use std::rc::Rc;
use std::time::Duration;

use wire_message::Qos;
use wire_mqtt::Version;

use super::{Mode, Scene};
use crate::chance::Chance;
use crate::device::{Device, Draft};
use crate::history::Kind;
use crate::told::qos;

/// Messages of one step, so that others get their turn.
const STEP: usize = 8;

/// Publishes to many topics.
pub(crate) struct Publisher {
    pub(crate) topics: Vec<Rc<str>>,
    /// Topics that nobody else publishes to, each with one QoS: so it is known what comes last.
    pub(crate) retained: Vec<(Rc<str>, Qos)>,
    /// Where delayed messages go.
    pub(crate) delayed: Rc<str>,
    /// Messages left in this life of the broker.
    pub(crate) left: u64,
    pub(crate) window: usize,
    /// Loses its connection now and then.
    pub(crate) is_restless: bool,
}

impl Publisher {
    pub(super) fn act(&mut self, device: &mut Device, scene: &mut Scene<'_>) {
        if !device.is_open() {
            device.connect(scene.address, scene.log);
        }
        if !device.is_connected() || scene.mode != Mode::Load {
            return;
        }
        if self.is_restless && scene.chance.once_in(150) {
            device.close(scene.log);
            return;
        }
        for _ in 0..STEP {
            if self.left == 0 || device.unfinished() >= self.window {
                return;
            }
            self.left -= 1;
            let draft = self.draft(device.version(), scene.chance);
            device.publish(&draft, scene.log);
        }
    }

    fn draft(&self, version: Version, chance: &mut Chance) -> Draft {
        let padding = match chance.within(0, 199) {
            0 => chance.within(10_000, 60_000),
            1..20 => chance.within(200, 4_000),
            _ => chance.within(0, 200),
        };
        let (topic, qos, kind) = match chance.within(0, 59) {
            0 if version == Version::V5 => {
                let topic = chance.pick(&self.topics);
                (
                    topic,
                    qos(chance.within(1, 2)),
                    Kind::Expiring(Duration::from_secs(1)),
                )
            }
            1 => {
                let delay = Duration::from_secs(chance.within(1, 2));
                (
                    &self.delayed,
                    qos(chance.within(1, 2)),
                    Kind::Delayed(delay),
                )
            }
            2..10 => {
                let (topic, qos) = chance.pick(&self.retained);
                let kind = if chance.once_in(8) {
                    Kind::Clear
                } else {
                    Kind::Retained
                };
                (topic, *qos, kind)
            }
            _ => (
                chance.pick(&self.topics),
                qos(chance.within(1, 2)),
                Kind::Plain,
            ),
        };
        let padding = usize::try_from(padding).unwrap_or(0);
        Draft {
            topic: Rc::clone(topic),
            qos,
            kind,
            padding,
        }
    }
}
