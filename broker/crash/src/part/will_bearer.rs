//! A client with a will that lives in one life of the broker.

use std::rc::Rc;
use std::time::Duration;

use super::{Mode, Scene};
use crate::device::{Device, Draft};
use crate::history::{Event, Kind, MessageId};
use crate::log::Log;

/// A delay that no round lives to see the end of: such a will must not come.
pub(crate) const NEVER: Duration = Duration::from_mins(50);

/// How its connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    /// With the broker: the will must be published.
    Killed,
    /// In peace, before: the will must not be published once it has come back without one.
    Peaceful,
}

/// Bears a will, once.
pub(crate) struct WillBearer {
    pub(crate) will: Draft,
    pub(crate) departure: Departure,
    /// The life of the broker in which it comes.
    pub(crate) life: usize,
    pub(crate) progress: Progress,
}

/// How far a bearer has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Progress {
    #[default]
    Fresh,
    /// CONNECT with the will was written.
    Bearing,
    /// It said goodbye, and waits until the broker has heard it.
    Leaving(MessageId),
    /// It comes back without a will.
    Returning(MessageId),
    Over,
}

impl WillBearer {
    pub(super) fn act(&mut self, device: &mut Device, scene: &mut Scene<'_>) {
        if scene.life != self.life || scene.mode != Mode::Load {
            // What is not over with its life never will be: nothing is known of such a will.
            if scene.life > self.life {
                self.progress = Progress::Over;
            }
            return;
        }
        match self.progress {
            Progress::Fresh => {
                let Draft {
                    ref topic,
                    qos,
                    kind,
                    padding,
                } = self.will;
                device.will = Some(Draft {
                    topic: Rc::clone(topic),
                    qos,
                    kind,
                    padding,
                });
                device.connect(scene.address, scene.log);
                if device.is_open() {
                    self.progress = Progress::Bearing;
                }
            }
            Progress::Bearing if !device.is_open() => self.progress = Progress::Over,
            Progress::Bearing => self.depart(device),
            Progress::Leaving(will) => {
                // Another connection could overtake the goodbye on this one.
                if !device.is_open() {
                    device.connect(scene.address, scene.log);
                    self.progress = Progress::Returning(will);
                }
            }
            Progress::Returning(will) => {
                if device.is_connected() {
                    scene.log.note(Event::Withdrawn(will));
                    self.progress = Progress::Over;
                } else if !device.is_open() {
                    self.progress = Progress::Over;
                }
            }
            Progress::Over => {}
        }
    }

    fn depart(&mut self, device: &mut Device) {
        if self.departure == Departure::Killed || !device.is_connected() {
            return;
        }
        device.leave();
        let borne = device.left_will.take();
        device.will = None;
        self.progress = borne.map_or(Progress::Over, Progress::Leaving);
    }

    /// If the client is connected, its connection is about to be lost, and the will is due.
    pub(crate) fn cut_off(&mut self, device: &Device, log: &mut Log) {
        let bears = self.progress == Progress::Bearing && device.is_connected();
        let comes_in_time = self.will.kind != Kind::Will(NEVER);
        if let Some(will) = device.left_will.filter(|_| bears && comes_in_time) {
            log.note(Event::Taken(will));
        }
    }
}
