//! What outlives the process.

use crate::Image;
use crate::limits::LOG_BYTES_MAX;
use crate::log::{Group, recover};
use crate::rng::Rng;

/// The disk: an image, and a log of groups since.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    base: Image,
    log: Vec<u8>,
    /// Bytes of the log that are synced.
    synced: usize,
}

impl Disk {
    /// A disk with nothing on it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A disk that holds `image`, all of it synced.
    #[must_use]
    pub fn holding(image: Image) -> Self {
        Self {
            base: image,
            log: Vec::new(),
            synced: 0,
        }
    }

    /// All whole groups, which is what a start finds.
    #[must_use]
    pub fn recovered(&self) -> Image {
        let mut image = self.base.clone();
        recover(&self.log, &mut image);
        image
    }

    pub(crate) fn write(&mut self, group: &Group) {
        group.append_to(&mut self.log);
    }

    pub(crate) const fn is_synced(&self) -> bool {
        self.synced == self.log.len()
    }

    pub(crate) fn sync(&mut self) {
        self.synced = self.log.len();
        if self.log.len() > LOG_BYTES_MAX {
            *self = Self::holding(self.recovered());
        }
    }

    /// The power goes: of what was not synced, any part from the front is left, and some bytes of
    /// it may be others.
    pub(crate) fn lose(&mut self, garbles: bool, rng: &mut Rng) {
        let unsynced = self.log.len() - self.synced;
        self.log.truncate(self.synced + rng.up_to(unsynced));
        if garbles && self.log.len() > self.synced {
            for _ in 0..=rng.up_to(3) {
                let at = self.synced + rng.up_to(self.log.len() - self.synced - 1);
                self.log[at] ^= 1 << rng.up_to(7);
            }
        }
    }
}
