//! The log level, changed while the broker runs.

use std::sync::Arc;

/// Changes the level, or says why not.
pub(crate) type Change = dyn Fn(&str) -> Result<(), String> + Send + Sync;

/// How the level is read and changed; the binary, which owns the log, makes it.
#[derive(Clone)]
pub struct LogLevels {
    /// The level in force, as `log.level` names it.
    pub current: Arc<dyn Fn() -> String + Send + Sync>,
    /// Changes it; refused with a sentence if there is no such level.
    pub change: Arc<Change>,
}

impl core::fmt::Debug for LogLevels {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LogLevels")
            .field("current", &(self.current)())
            .finish_non_exhaustive()
    }
}
