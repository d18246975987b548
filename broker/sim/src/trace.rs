//! What happened last: kept only for a replay, printed when a seed fails.

use std::collections::VecDeque;
use std::fmt::{Arguments, Write as _};

use wire_message::Instant;

/// Lines kept. Full: the oldest is forgotten.
const LINES_MAX: usize = 100_000;

/// A log of events, or nothing at all when nobody will read it.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    lines: Option<VecDeque<String>>,
}

impl Trace {
    /// A trace that keeps lines if `wanted`.
    pub(crate) fn new(wanted: bool) -> Self {
        Self {
            lines: wanted.then(VecDeque::new),
        }
    }

    /// Notes a line; costs nothing when nobody will read it.
    pub(crate) fn line(&mut self, now: Instant, text: Arguments<'_>) {
        let Some(lines) = &mut self.lines else { return };
        if lines.len() == LINES_MAX {
            lines.pop_front();
        }
        let micros = now.as_nanos() / 1000;
        lines.push_back(format!(
            "{:>6}.{:06} {text}",
            micros / 1_000_000,
            micros % 1_000_000
        ));
    }

    /// All lines kept.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for line in self.lines.iter().flatten() {
            let written = writeln!(text, "{line}");
            debug_assert!(written.is_ok(), "a string takes everything");
        }
        text
    }
}
