//! A chart of bars that lie: groups one below the other, with names, values and spreads.

use crate::chart::axis::{Axis, Layout, Mark};
use crate::chart::drawing::{Anchor, Drawing, WIDTH, text_width};
use crate::limits;
use crate::page::escape;

/// A chart of bars that lie, all over one axis.
#[derive(Clone, Debug)]
pub struct BarChart {
    /// What it shows.
    pub title: String,
    /// One more sentence for those who read closely; may be empty.
    pub note: String,
    /// The axis of the values. On a logarithmic one bars begin at a round number below all values.
    pub axis: Axis,
    /// The groups from top to bottom.
    pub groups: Vec<BarGroup>,
}

/// Bars that belong together.
#[derive(Clone, Debug)]
pub struct BarGroup {
    /// What stands above the bars; nothing if it is empty.
    pub name: String,
    /// The bars from top to bottom.
    pub bars: Vec<Bar>,
}

/// A bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What stands beside it.
    pub name: String,
    /// Its colour by number; after six they repeat.
    pub colour: usize,
    /// Its value; NaN for none, which is written and not drawn.
    pub value: f64,
    /// The least and the most that were measured, drawn as a whisker.
    pub spread: Option<(f64, f64)>,
    /// What stands behind it instead of its value.
    pub text: Option<String>,
}

const BAR: f64 = 16.0;
const STEP: f64 = 21.0;
const GROUP: f64 = 22.0;
const TOP: f64 = 8.0;
const VALUE: f64 = 96.0;

impl BarChart {
    /// The chart as a figure of a page; `id` is unique in that page.
    #[must_use]
    pub fn figure(&self, id: &str) -> String {
        let bars = || self.groups.iter().flat_map(|group| &group.bars);
        let widest = bars().map(|bar| text_width(&bar.name)).fold(40.0, f64::max);
        let left = (widest + 12.0).min(WIDTH / 3.0);
        let bottom = TOP + self.height();
        let spreads = bars()
            .filter_map(|bar| bar.spread)
            .flat_map(|(low, high)| [low, high]);
        let values = bars().map(|bar| bar.value).chain(spreads);
        let layout = self.axis.layout(values, false);
        let description = format!(
            "{} as bars. The numbers stand beside the bars.",
            self.axis.label
        );
        let mut drawing = Drawing::new(id, &self.title, &description, bottom + 40.0);
        let marks = layout.marks();
        let mut y = TOP;
        for group in &self.groups {
            if !group.name.is_empty() {
                drawing.text("label strong", Anchor::Start, (4.0, y + 15.0), &group.name);
                y += GROUP;
            }
            // The lines of the axis stand behind bars only, not behind names.
            let end = group.bars.iter().fold(y, |end, _| end + STEP);
            for Mark { place, text } in &marks {
                let class = if text.is_some() { "grid" } else { "grid fine" };
                drawing.line(
                    class,
                    (across(left, *place), y),
                    (across(left, *place), end),
                );
            }
            drawing.line("axis", (left, y), (left, end));
            for bar in &group.bars {
                self.draw_bar(&mut drawing, bar, &layout, (left, y));
                y += STEP;
            }
        }
        self.draw_marks(&mut drawing, marks, left, bottom);
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

    /// Height of all groups together.
    fn height(&self) -> f64 {
        let height = |group: &BarGroup| {
            let name = if group.name.is_empty() { 0.0 } else { GROUP };
            group.bars.iter().fold(name, |sum, _| sum + STEP)
        };
        self.groups.iter().map(height).sum()
    }

    fn draw_marks(&self, drawing: &mut Drawing, marks: Vec<Mark>, left: f64, bottom: f64) {
        let mut free_from = f64::NEG_INFINITY;
        for Mark { place, text } in marks {
            let Some(text) = text else { continue };
            let (x, half) = (across(left, place), text_width(&text) / 2.0);
            if x - half > free_from {
                drawing.text("mark", Anchor::Middle, (x, bottom + 16.0), &text);
                free_from = x + half + 4.0;
            }
        }
        let middle = f64::midpoint(left, WIDTH - VALUE);
        drawing.text(
            "label",
            Anchor::Middle,
            (middle, bottom + 34.0),
            &self.axis.label,
        );
    }

    fn draw_bar(&self, drawing: &mut Drawing, bar: &Bar, layout: &Layout, at: (f64, f64)) {
        let (left, y) = at;
        let name = clip(&bar.name, left - 12.0);
        drawing.text("mark", Anchor::End, (left - 6.0, y + 12.5), &name);
        let mut end = left;
        if bar.value.is_finite() {
            end = across(left, layout.place(bar.value));
            let class = format!("bar c{}", bar.colour % 6);
            drawing.rectangle(&class, (left, y), ((end - left).max(1.0), BAR));
        }
        if let Some((low, high)) = bar.spread {
            let (from, to) = (
                across(left, layout.place(low)),
                across(left, layout.place(high)),
            );
            let middle = y + BAR / 2.0;
            drawing.line("whisker", (from, middle), (to, middle));
            drawing.line("whisker", (from, middle - 4.0), (from, middle + 4.0));
            drawing.line("whisker", (to, middle - 4.0), (to, middle + 4.0));
            end = end.max(to);
        }
        let own = || self.axis.unit.format(bar.value);
        let text = bar.text.clone().unwrap_or_else(own);
        drawing.text("value", Anchor::Start, (end + 6.0, y + 12.5), &text);
    }
}

/// As much of `text` as has room, with dots where it was cut.
fn clip(text: &str, room: f64) -> String {
    if text_width(text) <= room {
        return text.to_owned();
    }
    let mut clipped = String::new();
    for c in text.chars().take(limits::LINE_CHARACTERS) {
        if text_width(&clipped) + 20.0 > room {
            break;
        }
        clipped.push(c);
    }
    clipped + "..."
}

fn across(left: f64, place: f64) -> f64 {
    left + place * (WIDTH - VALUE - left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Unit;

    fn bar(name: &str, value: f64, spread: Option<(f64, f64)>) -> Bar {
        Bar {
            name: name.to_owned(),
            colour: 7,
            value,
            spread,
            text: None,
        }
    }

    fn chart(bars: Vec<Bar>) -> String {
        let chart = BarChart {
            title: "Rates".to_owned(),
            note: "higher is better".to_owned(),
            axis: Axis::linear("deliveries", Unit::PerSecond),
            groups: vec![BarGroup {
                name: "p2p".to_owned(),
                bars,
            }],
        };
        chart.figure("b")
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let figure = chart(vec![bar("a", 1000.0, None), bar("b", 500.0, None)]);
        let widths = figure.split("class=\"bar c1\"").skip(1).map(|part| {
            let width = part.split("width=\"").nth(1).unwrap();
            width.split('"').next().unwrap().parse::<f64>().unwrap()
        });
        let [long, short] = widths.collect::<Vec<_>>()[..] else {
            panic!("{figure}")
        };
        assert!((long / short - 2.0).abs() < 0.01, "{long} {short}");
        assert!(figure.contains(">1,000/s</text>") && figure.contains(">500/s</text>"));
    }

    #[test]
    fn a_spread_is_a_whisker_and_no_value_is_a_dash() {
        let figure = chart(vec![
            bar("a", 1000.0, Some((900.0, 1100.0))),
            bar("<i>", f64::NAN, None),
        ]);
        assert_eq!(figure.matches("class=\"whisker\"").count(), 3);
        assert!(figure.contains(">-</text>") && figure.contains("&lt;i&gt;"));
        assert_eq!(figure.matches("class=\"bar").count(), 1);
    }

    #[test]
    fn a_long_name_is_cut_so_that_bars_have_room() {
        let figure = chart(vec![bar(&"long name ".repeat(20), 1.0, None)]);
        assert!(figure.contains("long name long name") && figure.contains("...</text>"));
        assert!(!figure.contains(&"long name ".repeat(10)));
    }
}
