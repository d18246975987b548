//! A chart of lines over a common axis.

use std::fmt::Write as _;

use crate::chart::axis::{Axis, Layout, Mark, Scale};
use crate::chart::drawing::{
    Anchor, Drawing, LEGEND_GAP, WIDTH, legend_width, line_class, text_width,
};
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
    /// The lines in the order of the legend.
    pub lines: Vec<Line>,
    /// The stretches of the common axis whose values the pointer shows, those in their middle. If
    /// there are none, the surroundings of each point are.
    pub columns: Vec<(f64, f64)>,
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
    /// How it is drawn.
    pub stroke: Stroke,
    /// Its points in order of x; a y of NaN interrupts the line. Two points at one x make a step.
    pub points: Vec<(f64, f64)>,
}

/// How a line is drawn, so that lines on top of each other can be told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stroke {
    /// Pale and wide, below all others.
    Wide,
    /// As lines are.
    Solid,
    /// In dashes, above all others.
    Dashed,
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
const BOTTOM: f64 = HEIGHT - 40.0;

/// Where the legend's first row stands, and the distance between its rows.
const LEGEND: f64 = 14.0;
const ROW: f64 = 18.0;

impl LineChart {
    /// The chart as a figure of a page; `id` is unique in that page.
    #[must_use]
    pub fn figure(&self, id: &str) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let ends = self.bands.iter().flat_map(|band| [band.from, band.to]);
        let legend = self.legend_rows();
        let names = if self.bands.is_empty() { 0.0 } else { ROW };
        let extra = if legend.len() > 1 { 1.0 } else { 0.0 };
        let frame = Frame {
            x: self
                .x
                .layout(points().map(|point| point.0).chain(ends), true),
            y: self.y.layout(points().map(|point| point.1), false),
            top: LEGEND + 10.0 + extra * ROW + names,
        };
        let names = self
            .lines
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
        self.draw_bands(&mut drawing, &frame);
        self.draw_axes(&mut drawing, &frame);
        let mut lines = self.lines.iter().collect::<Vec<_>>();
        lines.sort_by_key(|line| line.stroke as u8);
        for line in lines {
            frame.draw_line(&mut drawing, line);
        }
        for (row, y) in legend.iter().zip([LEGEND, LEGEND + ROW]) {
            let width = row.iter().map(|line| legend_width(&line.name)).sum::<f64>() - LEGEND_GAP;
            drawing.legend((RIGHT - width).max(LEFT), y, row);
        }
        self.draw_tips(&mut drawing, &frame);
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

    /// The lines as they stand above the chart; the first row shares its room with the axis' name.
    fn legend_rows(&self) -> Vec<Vec<&Line>> {
        let mut rows = vec![Vec::new()];
        let (mut width, mut room) = (0.0, RIGHT - 4.0 - text_width(&self.y.label) - LEGEND_GAP);
        for line in &self.lines {
            let own = legend_width(&line.name);
            if width + own - LEGEND_GAP > room && rows.len() < limits::LEGEND_ROWS {
                rows.push(Vec::new());
                (width, room) = (0.0, RIGHT - LEFT);
            }
            width += own;
            rows.last_mut()
                .expect("there is one row at the least")
                .push(line);
        }
        rows
    }

    fn draw_bands(&self, drawing: &mut Drawing, frame: &Frame) {
        for band in &self.bands {
            let (from, to) = (frame.across(band.from), frame.across(band.to));
            if band.pale {
                drawing.rectangle("pale", (from, frame.top), (to - from, BOTTOM - frame.top));
            }
            if to - from > text_width(&band.name) + 4.0 {
                let middle = (f64::midpoint(from, to), frame.top - 6.0);
                let class = if band.pale { "band" } else { "band strong" };
                drawing.text(class, Anchor::Middle, middle, &band.name);
            }
        }
    }

    fn draw_axes(&self, drawing: &mut Drawing, frame: &Frame) {
        for Mark { place, text } in frame.y.marks() {
            let y = frame.height(place);
            let class = if text.is_some() { "grid" } else { "grid fine" };
            drawing.line(class, (LEFT, y), (RIGHT, y));
            if let Some(text) = text {
                drawing.text("mark", Anchor::End, (LEFT - 6.0, y + 4.0), &text);
            }
        }
        for Mark { place, text } in frame.x.marks() {
            let x = LEFT + place * (RIGHT - LEFT);
            let class = if text.is_some() { "grid" } else { "grid fine" };
            drawing.line(class, (x, frame.top), (x, BOTTOM));
            let Some(text) = text else { continue };
            // A text at the edge ends there, not beyond.
            if x + text_width(&text) / 2.0 > WIDTH {
                drawing.text("mark", Anchor::End, (WIDTH, BOTTOM + 16.0), &text);
            } else {
                drawing.text("mark", Anchor::Middle, (x, BOTTOM + 16.0), &text);
            }
        }
        drawing.line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
        drawing.line("axis", (LEFT, frame.top), (LEFT, BOTTOM));
        let middle = (f64::midpoint(LEFT, RIGHT), HEIGHT - 6.0);
        drawing.text("label", Anchor::Middle, middle, &self.x.label);
        drawing.text("label", Anchor::Start, (4.0, LEGEND), &self.y.label);
    }

    /// A column for each stretch that says all values there: a tooltip even without a script.
    fn draw_tips(&self, drawing: &mut Drawing, frame: &Frame) {
        let columns = match self.columns.as_slice() {
            [] => self.surroundings(frame),
            columns => {
                let column = |(from, to): &(f64, f64)| {
                    (
                        frame.across(*from),
                        f64::midpoint(*from, *to),
                        frame.across(*to),
                    )
                };
                let every = columns.len().div_ceil(limits::TIPS).max(1);
                columns.iter().step_by(every).map(column).collect()
            }
        };
        for (from, at, to) in columns {
            let tip = escape(&self.tip(at));
            drawing.put(format_args!(
                "<rect class=\"hit\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" \
                 height=\"{:.1}\"><title>{tip}</title></rect>",
                frame.top,
                (to - from).max(0.1),
                BOTTOM - frame.top
            ));
        }
    }

    /// For each x of a point where its column begins, the x, and where the column ends.
    fn surroundings(&self, frame: &Frame) -> Vec<(f64, f64, f64)> {
        let points = self.lines.iter().flat_map(|line| &line.points);
        let mut values = points.map(|point| point.0).collect::<Vec<_>>();
        values.sort_by(f64::total_cmp);
        values.dedup_by(|a, b| (*a - *b).abs() < 1e-12);
        let every = values.len().div_ceil(limits::TIPS).max(1);
        let values = values.into_iter().step_by(every).collect::<Vec<_>>();
        let middle = |a: f64, b: f64| f64::midpoint(frame.across(a), frame.across(b));
        let mut columns = Vec::with_capacity(values.len());
        let mut from = LEFT;
        for (index, value) in values.iter().enumerate() {
            let to = values
                .get(index + 1)
                .map_or(RIGHT, |next| middle(*value, *next));
            columns.push((from, *value, to));
            from = to;
        }
        columns
    }

    fn tip(&self, at: f64) -> String {
        let mut text = match self.x.scale {
            Scale::Percentile => format!("{} %", percentile(at)),
            Scale::Linear | Scale::Logarithmic => self.x.unit.format(at),
        };
        for line in &self.lines {
            if let Some(value) = line.at(at) {
                let _ = write!(text, "\n{}: {}", line.name, self.y.unit.format(value));
            }
        }
        text
    }
}

impl Line {
    /// The value at `x`, on the straight between its neighbours; `None` outside and in gaps.
    fn at(&self, x: f64) -> Option<f64> {
        let after = self.points.partition_point(|point| point.0 < x - 1e-12);
        let right = self.points.get(after)?;
        if (right.0 - x).abs() <= 1e-12 {
            return Some(right.1).filter(|value| !value.is_nan());
        }
        let left = self.points.get(after.checked_sub(1)?)?;
        let value = left.1 + (right.1 - left.1) * (x - left.0) / (right.0 - left.0);
        Some(value).filter(|value| !value.is_nan())
    }
}

/// The axes laid out, and where the chart begins below its legend.
#[derive(Debug)]
struct Frame {
    x: Layout,
    y: Layout,
    top: f64,
}

impl Frame {
    fn across(&self, value: f64) -> f64 {
        LEFT + self.x.place(value) * (RIGHT - LEFT)
    }

    fn height(&self, place: f64) -> f64 {
        BOTTOM - place * (BOTTOM - self.top)
    }

    fn draw_line(&self, drawing: &mut Drawing, line: &Line) {
        let mut path = String::new();
        let mut inside = false;
        let thinned = thin(&line.points, limits::POINTS);
        let mut points = thinned.iter().peekable();
        while let Some(point) = points.next() {
            if point.1.is_nan() {
                inside = false;
                continue;
            }
            let (x, y) = (self.across(point.0), self.height(self.y.place(point.1)));
            let command = if inside { 'L' } else { 'M' };
            let _ = write!(path, "{command}{x:.1} {y:.1}");
            // A point between two gaps would not be seen: a short stroke with round ends is a dot.
            if !inside && points.peek().is_none_or(|next| next.1.is_nan()) {
                path.push_str("h0.1");
            }
            inside = true;
        }
        if !path.is_empty() {
            let class = line_class(line.colour, line.stroke);
            drawing.put(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
        }
    }
}

/// A quantile in percent with the digits that tell it from 100.
fn percentile(quantile: f64) -> String {
    let text = format!("{:.4}", quantile * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
