//! Charts as SVG for pages of this crate: lines and bars with axes, legend and tooltips.
//!
//! A chart names its colours by classes that [`crate::page`] defines for light and dark screens and
//! for paper, so it is drawn inside such a page only.

mod axis;
mod bar_chart;
mod drawing;
mod line_chart;
mod thin;

pub use axis::{Axis, Scale};
pub use bar_chart::{Bar, BarChart, BarGroup};
pub use line_chart::{Band, Line, LineChart, Stroke};
