//! A client that subscribes for good, changes some subscriptions, and is there or not.

use std::rc::Rc;

use super::{Mode, Scene};
use crate::device::{Device, Wish};

/// When a subscriber is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attendance {
    Always,
    /// Until it has subscribed, and at the end.
    Away,
    /// Comes and goes.
    Flapping,
}

/// Subscribes.
pub(crate) struct Subscriber {
    pub(crate) attendance: Attendance,
    /// Subscriptions for good.
    pub(crate) wishes: Vec<Wish>,
    /// Subscriptions that are made and ended again and again.
    pub(crate) whims: Vec<Wish>,
    /// Begins a new session now and then.
    pub(crate) forgets: bool,
    /// It has subscribed to all it wishes, so that it may be away.
    pub(crate) settled: bool,
}

impl Subscriber {
    pub(super) fn act(&mut self, device: &mut Device, scene: &mut Scene<'_>) {
        let drains = scene.mode == Mode::Drain;
        if !device.is_open() {
            if self.stays_away(drains, scene) {
                return;
            }
            if self.forgets && !drains && scene.chance.once_in(3) {
                device.clean = true;
            }
            device.connect(scene.address, scene.log);
            return;
        }
        if !device.is_connected() || device.is_asking() {
            return;
        }
        if !self.subscribe(device, scene) {
            return;
        }
        self.settled = true;
        if drains {
            return;
        }
        let leaves = match self.attendance {
            Attendance::Always => false,
            Attendance::Away => true,
            Attendance::Flapping => scene.chance.once_in(60),
        };
        if leaves {
            if scene.chance.once_in(2) {
                device.leave();
            } else {
                device.close(scene.log);
            }
        } else if scene.chance.once_in(40) {
            self.change(device, scene);
        }
    }

    fn stays_away(&self, drains: bool, scene: &mut Scene<'_>) -> bool {
        match self.attendance {
            _ if drains => false,
            Attendance::Always => false,
            Attendance::Away => self.settled,
            Attendance::Flapping => !scene.chance.once_in(40),
        }
    }

    /// Asks for what is not granted; whether all is.
    fn subscribe(&self, device: &mut Device, scene: &mut Scene<'_>) -> bool {
        let mut whole = true;
        for wish in &self.wishes {
            if !device.has(&wish.filter) {
                device.subscribe(wish, scene.log);
                whole = false;
            }
        }
        whole
    }

    /// Makes or ends one subscription.
    fn change(&self, device: &mut Device, scene: &mut Scene<'_>) {
        if self.whims.is_empty() {
            return;
        }
        let wish = scene.chance.pick(&self.whims);
        if device.has(&wish.filter) {
            device.unsubscribe(&Rc::clone(&wish.filter), scene.log);
        } else {
            device.subscribe(wish, scene.log);
        }
    }
}
