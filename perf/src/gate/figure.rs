//! A figure: what is compared with the baseline.

/// What kind of thing is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of the heap.
    Allocations,
    /// Resident memory.
    Bytes,
    /// As callgrind counts them.
    Instructions,
    /// All threads.
    SystemCalls,
}

/// Something measured that has one value.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// Unique; a key of the baseline.
    pub(crate) name: String,
    /// For people: `instructions per message`.
    pub(crate) unit: String,
    pub(crate) kind: Kind,
}

impl Figure {
    /// A figure of what `source` does, for each `thing`.
    pub(crate) fn new(source: &str, kind: Kind, thing: &str) -> Self {
        let word = kind.word();
        Self {
            name: format!("{source}-{}", word.replace(' ', "-")),
            unit: format!("{word} per {thing}"),
            kind,
        }
    }
}

impl Kind {
    /// What a value counts.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Allocations => "allocations",
            Self::Bytes => "bytes",
            Self::Instructions => "instructions",
            Self::SystemCalls => "system calls",
        }
    }

    /// How much more than the baseline passes, as a part of it, until the baseline says otherwise.
    ///
    /// At least twice what runs beside compilers were apart; `perf/README.md` has the table.
    pub(crate) const fn tolerance(self) -> f64 {
        match self {
            Self::Allocations => 0.0,
            Self::Bytes => 0.06,
            Self::Instructions => 0.03,
            Self::SystemCalls => 0.05,
        }
    }

    /// How much more passes beside that, in the figure's unit: what a table's growth or a timer in
    /// the measured time makes of a figure near zero.
    pub(crate) const fn slack(self) -> f64 {
        match self {
            Self::Allocations => 0.01,
            Self::Bytes | Self::Instructions | Self::SystemCalls => 0.0,
        }
    }
}
