//! Opening the store, and why that fails.

use std::error::Error;
use std::sync::Arc;

use store_model::{Number, WallClock};
use store_rocks::{Database, OpenError, Opened, Options, Port, Settings, Store, Wake};
use wire_message::Seed;

use super::StoreSettings;
use crate::start_error::StartError;

/// A store whose threads do not run yet.
#[derive(Debug)]
pub(crate) struct OpenStore {
    pub(crate) database: Database,
    pub(crate) opened: Opened,
    pub(crate) settings: Settings,
}

impl OpenStore {
    /// The seed of the process's hashes: that of the first start.
    pub(crate) const fn seed(&self) -> Seed {
        self.opened.seed
    }

    /// Where numbers begin.
    pub(crate) const fn first(&self) -> Number {
        self.opened.first
    }

    /// Starts the store's threads, for `shards`.
    pub(crate) fn start(
        self,
        clock: WallClock,
        shards: Vec<Arc<dyn Wake>>,
    ) -> Result<(Store, Vec<Port>), StartError> {
        let started = Store::start(self.database, self.opened, self.settings, clock, shards);
        started.map_err(|error| StartError::Thread(error.to_string()))
    }
}

/// Opens the store, or makes one that is keyed by `seed`.
pub(crate) fn open(settings: &StoreSettings, seed: Seed) -> Result<OpenStore, StartError> {
    let options = Options {
        reserve_bytes: settings.reserve_bytes,
        ..Options::default()
    };
    let opened = Database::open(&settings.folder, options, seed);
    let (database, opened) = opened.map_err(|error| refused(settings, &error))?;
    let settings = Settings {
        sync_interval: settings.sync_interval,
        readers: settings.readers,
        ..Settings::default()
    };
    Ok(OpenStore {
        database,
        opened,
        settings,
    })
}

/// The whole reason in one sentence, with the folder.
fn refused(settings: &StoreSettings, error: &OpenError) -> StartError {
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(below) = source {
        reason = format!("{reason}: {below}");
        source = below.source();
    }
    let folder = settings.folder.display().to_string();
    if !reason.contains(&folder) {
        reason = format!("store in {folder}: {reason}");
    }
    StartError::Store(reason)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::num::NonZeroUsize;
    use std::path::PathBuf;
    use std::time::Duration;

    use store_model::FormatError;

    use super::*;

    /// What an operator reads who has the store in `/data/store`.
    fn sentence(error: &OpenError) -> String {
        let settings = StoreSettings {
            folder: PathBuf::from("/data/store"),
            sync_interval: Duration::ZERO,
            reserve_bytes: 0,
            readers: NonZeroUsize::MIN,
        };
        refused(&settings, error).to_string()
    }

    #[test]
    fn every_reason_names_the_folder_once_and_what_is_below_it() {
        let folder = PathBuf::from("/data/store");
        assert_eq!(
            sentence(&FormatError::Newer { found: 9 }.into()),
            "store in /data/store: store has format 9, this program reads up to 1"
        );
        let error = io::ErrorKind::PermissionDenied.into();
        assert_eq!(
            sentence(&OpenError::Folder {
                folder: folder.clone(),
                error
            }),
            "use /data/store as data folder: permission denied"
        );
        assert_eq!(
            sentence(&OpenError::InUse { folder }),
            "store in /data/store is in use by another process"
        );
    }
}
