//! A chart of lines over a common axis.

use std::fmt::Write as _;

use crate::chart::axis::{Axis, Layout, Mark, Scale};
use crate::chart::drawing::{Anchor, Drawing, WIDTH, line_class, text_width};
use crate::chart::thin::thin;
use crate::limits;
use crate::page::escape;

/// A chart of lines over a common axis.
#[derive(Clone, Debug)]
pub struct LineChart {
    /// What it shows.
    pub title: String,
    /// One more sentence for those who read closely; may be empty.
    pub note: String,
    /// The common axis.
    pub x: Axis,
    /// The axis of the values.
    pub y: Axis,
    /// The lines, the first drawn first.
    pub lines: Vec<Line>,
    /// Stretches of the common axis that have names.
    pub bands: Vec<Band>,
}

/// A line of a chart.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it shows.
    pub name: String,
    /// Its colour by number; after six they repeat, dashed.
    pub colour: usize,
    /// Whether it is dashed.
    pub dashed: bool,
    /// Its points in order of x; a y of NaN interrupts the line.
    pub points: Vec<(f64, f64)>,
}

/// A stretch of the common axis with a name.
#[derive(Clone, Debug)]
pub struct Band {
    /// What stands above it.
    pub name: String,
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Whether it is drawn pale, as something beside the matter.
    pub pale: bool,
}

const HEIGHT: f64 = 320.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = WIDTH - 14.0;
const TOP: f64 = 46.0;
const BOTTOM: f64 = HEIGHT - 40.0;

impl LineChart {
    /// The chart as a figure of a page; `id` is unique in that page.
    #[must_use]
    pub fn figure(&self, id: &str) -> String {
        let thinned = |line: &Line| Line {
            points: thin(&line.points, limits::POINTS),
            ..line.clone()
        };
        let lines = self.lines.iter().map(thinned).collect::<Vec<_>>();
        let points = || lines.iter().flat_map(|line| &line.points);
        let ends = self.bands.iter().flat_map(|band| [band.from, band.to]);
        let x = self
            .x
            .layout(points().map(|point| point.0).chain(ends), true);
        let y = self.y.layout(points().map(|point| point.1), false);
        let names = lines
            .iter()
            .map(|line| line.name.as_str())
            .collect::<Vec<_>>();
        let description = format!(
            "{} against {}; lines: {}. The numbers stand in the tables of this page.",
            self.y.label,
            self.x.label,
            names.join(", ")
        );
        let mut drawing = Drawing::new(id, &self.title, &description, HEIGHT);
        self.draw_bands(&mut drawing, &x);
        self.draw_axes(&mut drawing, &x, &y);
        self.draw_legend(&mut drawing, &lines);
        for line in &lines {
            draw_line(&mut drawing, line, &x, &y);
        }
        self.draw_tips(&mut drawing, &lines, &x);
        let note = match self.note.as_str() {
            "" => String::new(),
            note => format!(" <span class=\"note\">{}</span>", escape(note)),
        };
        format!(
            "<figure class=\"chart\"><figcaption>{}{note}</figcaption>\n{}</figure>\n",
            escape(&self.title),
            drawing.finish()
        )
    }

    fn draw_bands(&self, drawing: &mut Drawing, x: &Layout) {
        for band in &self.bands {
            let (from, to) = (across(x.place(band.from)), across(x.place(band.to)));
            if band.pale {
                drawing.rectangle("pale", (from, TOP), (to - from, BOTTOM - TOP));
            }
            if to - from > text_width(&band.name) + 4.0 {
                let middle = f64::midpoint(from, to);
                drawing.text("band", Anchor::Middle, (middle, TOP + 12.0), &band.name);
            }
        }
    }

    fn draw_axes(&self, drawing: &mut Drawing, x: &Layout, y: &Layout) {
        for Mark { place, text } in y.marks() {
            let y = down(place);
            let class = if text.is_some() { "grid" } else { "grid fine" };
            drawing.line(class, (LEFT, y), (RIGHT, y));
            if let Some(text) = text {
                drawing.text("mark", Anchor::End, (LEFT - 6.0, y + 4.0), &text);
            }
        }
        let marks = x.marks();
        let last = marks.len().saturating_sub(1);
        for (index, Mark { place, text }) in marks.into_iter().enumerate() {
            let x = across(place);
            let class = if text.is_some() { "grid" } else { "grid fine" };
            drawing.line(class, (x, TOP), (x, BOTTOM));
            // The last text ends at the edge of the chart, not beyond.
            let anchor = if index == last && place > 0.97 {
                Anchor::End
            } else {
                Anchor::Middle
            };
            let x = if index == last && place > 0.97 {
                RIGHT + 10.0
            } else {
                x
            };
            if let Some(text) = text {
                drawing.text("mark", anchor, (x, BOTTOM + 16.0), &text);
            }
        }
        drawing.line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
        drawing.line("axis", (LEFT, TOP), (LEFT, BOTTOM));
        let middle = (f64::midpoint(LEFT, RIGHT), HEIGHT - 6.0);
        drawing.text("label", Anchor::Middle, middle, &self.x.label);
        drawing.text("label", Anchor::Start, (4.0, 14.0), &self.y.label);
    }

    fn draw_legend(&self, drawing: &mut Drawing, lines: &[Line]) {
        let mut rows = vec![Vec::new()];
        let (mut width, mut room) = (0.0, RIGHT - 4.0 - text_width(&self.y.label) - 20.0);
        for line in lines {
            let own = 43.0 + text_width(&line.name);
            if width + own > room && rows.len() < limits::LEGEND_ROWS {
                rows.push(Vec::new());
                (width, room) = (0.0, RIGHT - LEFT);
            }
            width += own;
            let row = rows.last_mut().expect("there is one row at the least");
            row.push((line.name.as_str(), line.colour, line.dashed));
        }
        for (row, y) in rows.iter().zip([14.0, 32.0]) {
            let width = row
                .iter()
                .map(|entry| 43.0 + text_width(entry.0))
                .sum::<f64>()
                - 16.0;
            drawing.legend((RIGHT - width).max(LEFT), y, row);
        }
    }

    /// A column for each x that says all values there: a tooltip even without a script.
    fn draw_tips(&self, drawing: &mut Drawing, lines: &[Line], x: &Layout) {
        let points = lines.iter().flat_map(|line| &line.points);
        let mut places = points.map(|point| point.0).collect::<Vec<_>>();
        places.sort_by(f64::total_cmp);
        places.dedup_by(|a, b| (*a - *b).abs() < 1e-12);
        let every = places.len().div_ceil(limits::TIPS).max(1);
        let places = places.into_iter().step_by(every).collect::<Vec<_>>();
        let middle = |a: f64, b: f64| f64::midpoint(across(x.place(a)), across(x.place(b)));
        for (index, value) in places.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|index| places.get(index));
            let from = before.map_or(LEFT, |before| middle(*before, *value));
            let after = places.get(index + 1);
            let to = after.map_or(RIGHT, |after| middle(*value, *after));
            let tip = escape(&self.tip(*value, lines));
            drawing.put(format_args!(
                "<rect class=\"hit\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" \
                 height=\"{:.1}\"><title>{tip}</title></rect>",
                (to - from).max(0.1),
                BOTTOM - TOP
            ));
        }
    }

    fn tip(&self, value: f64, lines: &[Line]) -> String {
        let mut text = match self.x.scale {
            Scale::Percentile => format!("{} %", percentile(value)),
            Scale::Linear | Scale::Logarithmic => self.x.unit.format(value),
        };
        for line in lines {
            let at = line
                .points
                .iter()
                .find(|point| (point.0 - value).abs() < 1e-9);
            if let Some((_, y)) = at.filter(|point| !point.1.is_nan()) {
                let _ = write!(text, "\n{}: {}", line.name, self.y.unit.format(*y));
            }
        }
        text
    }
}

fn draw_line(drawing: &mut Drawing, line: &Line, x: &Layout, y: &Layout) {
    let mut path = String::new();
    let mut inside = false;
    let mut points = line.points.iter().peekable();
    while let Some(point) = points.next() {
        if point.1.is_nan() {
            inside = false;
            continue;
        }
        let (x, y) = (across(x.place(point.0)), down(y.place(point.1)));
        let command = if inside { 'L' } else { 'M' };
        let _ = write!(path, "{command}{x:.1} {y:.1}");
        // A point between two gaps would not be seen: a short stroke with round ends is a dot.
        if !inside && points.peek().is_none_or(|next| next.1.is_nan()) {
            path.push_str("h0.1");
        }
        inside = true;
    }
    if !path.is_empty() {
        let class = line_class(line.colour, line.dashed);
        drawing.put(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
    }
}

/// A quantile in percent with the digits that tell it from 100.
fn percentile(quantile: f64) -> String {
    let text = format!("{:.4}", quantile * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn across(place: f64) -> f64 {
    LEFT + place * (RIGHT - LEFT)
}

fn down(place: f64) -> f64 {
    BOTTOM - place * (BOTTOM - TOP)
}

#[cfg(test)]
mod tests;
