//! The folder for what the broker keeps.

use std::path::Path;

use anyhow::Context as _;

/// Makes the folder, so that a wrong path shows at once and not when something is to be kept.
pub(crate) fn prepare(path: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(Path::new(path))
        .with_context(|| format!("`node.data_dir`: make the folder {path}"))
}
