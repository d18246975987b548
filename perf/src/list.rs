//! `perf brokers`: which brokers there are adapters for, and which are here.

use std::process::ExitCode;

use anyhow::Result;

use crate::adapter::{Folder, find};

/// Prints a line for each broker.
///
/// # Errors
///
/// If an adapter is wrong.
pub(crate) fn run() -> Result<ExitCode> {
    let folder = Folder::default();
    for name in folder.names()? {
        let adapter = folder.load(&name)?;
        match find(&adapter)? {
            Some(found) => {
                let program = found.program.display();
                println!("{name:10} {} {} at {program}", adapter.title, found.version);
            }
            None => println!("{name:10} not installed; {}", adapter.find.install),
        }
    }
    Ok(ExitCode::SUCCESS)
}
