//! The line that a terminal shows while a run goes on.

use std::io::{self, IsTerminal as _, Write as _};

use loadgen_engine::Glance;

/// Columns that a line is cut to, so that it never needs two rows.
const COLUMNS: usize = 150;

/// Shows one line, over and over, if there is a terminal.
pub(crate) struct Progress {
    shows: bool,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            shows: !quiet && io::stderr().is_terminal(),
        }
    }

    pub(crate) fn show(&self, glance: &Glance<'_>) {
        if self.shows {
            let line = loadgen_report::progress(glance.stage, glance.interval);
            let line: String = line.chars().take(COLUMNS).collect();
            write(&line);
        }
    }

    /// Leaves the line empty for what follows.
    pub(crate) fn clear(&self) {
        if self.shows {
            write("");
        }
    }
}

fn write(line: &str) {
    let mut terminal = io::stderr().lock();
    // A terminal that is gone needs no progress.
    let _ = write!(terminal, "\r{line}\x1b[K").and_then(|()| terminal.flush());
}
