//! How much a summary, a page and a chart take; the report itself has it all.

/// Violations, and warnings, that the summary shows. Full: it says how many more there are.
pub(crate) const PROBLEMS: usize = 5;

/// Groups of clients that the summary shows. Full: it says how many more there are.
pub(crate) const GROUPS: usize = 4;

/// Stages that the summary shows with all their figures. Full: all stages get one line each.
pub(crate) const STAGES_WHOLE: usize = 2;

/// Stages that the summary shows with one line each. Full: it says how many more there are.
pub(crate) const STAGES: usize = 16;

/// Characters of a line of the summary that came from outside. Full: the rest is left out, dots say so.
pub(crate) const LINE_CHARACTERS: usize = 160;

/// Marks of an axis. Full: the rest of the axis goes without.
pub(crate) const MARKS: usize = 60;

/// Points of a line in a chart. Full: of each stretch the highest and the lowest stay.
pub(crate) const POINTS: usize = 600;

/// Columns of a chart that show their values to the pointer. Full: every second, third, ... stays.
pub(crate) const TIPS: usize = 240;

/// Rows of names above a chart. Full: the last row goes on beyond the chart.
pub(crate) const LEGEND_ROWS: usize = 2;

/// Intervals that a page lists. Full: it says so, and the rest stands in the charts and the JSON.
pub(crate) const INTERVALS: usize = 1_000;
