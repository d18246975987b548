//! The pieces of SVG that all charts are made of.

use std::fmt::{self, Write as _};

use crate::chart::line_chart::{Line, Stroke};
use crate::page::escape;

/// Width of every chart in its own units; a page scales it.
pub(super) const WIDTH: f64 = 640.0;

/// Room between two entries of a legend.
pub(super) const LEGEND_GAP: f64 = 16.0;

/// How a text stands at its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A growing SVG.
#[derive(Debug)]
pub(super) struct Drawing {
    text: String,
}

impl Drawing {
    /// A drawing of `height` with a title and, for those who can't see it, a description.
    pub(super) fn new(id: &str, title: &str, description: &str, height: f64) -> Self {
        let (id, title, description) = (escape(id), escape(title), escape(description));
        let text = format!(
            "<svg class=\"plot\" id=\"{id}\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{description}</desc>\n"
        );
        Self { text }
    }

    pub(super) fn put(&mut self, arguments: fmt::Arguments<'_>) {
        self.text
            .write_fmt(arguments)
            .expect("a string takes all text");
        self.text.push('\n');
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.put(format_args!(
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            from.0, from.1, to.0, to.1
        ));
    }

    pub(super) fn rectangle(&mut self, class: &str, at: (f64, f64), size: (f64, f64)) {
        self.put(format_args!(
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            at.0, at.1, size.0, size.1
        ));
    }

    pub(super) fn text(&mut self, class: &str, anchor: Anchor, at: (f64, f64), text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.put(format_args!(
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            at.0,
            at.1,
            escape(text)
        ));
    }

    /// A legend from `x` on, a swatch and a name for each line.
    pub(super) fn legend(&mut self, x: f64, y: f64, entries: &[&Line]) {
        let mut x = x;
        for line in entries {
            let class = line_class(line.colour, line.stroke);
            self.line(&class, (x, y - 4.0), (x + 22.0, y - 4.0));
            self.text("legend", Anchor::Start, (x + 27.0, y), &line.name);
            x += legend_width(&line.name);
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

/// The class of a line; colours repeat after six, then with dashes for the solid ones.
pub(super) fn line_class(colour: usize, stroke: Stroke) -> String {
    let again = colour / 6 % 2 == 1;
    let stroke = match stroke {
        Stroke::Solid if again => " dashed",
        Stroke::Solid => "",
        Stroke::Dashed => " dashed",
        Stroke::Wide => " wide",
    };
    format!("line c{}{stroke}", colour % 6)
}

/// Room that an entry of a legend takes, with the gap to the next.
pub(super) fn legend_width(name: &str) -> f64 {
    27.0 + text_width(name) + LEGEND_GAP
}

/// About how wide `text` is at the size that charts use.
pub(super) fn text_width(text: &str) -> f64 {
    text.chars()
        .map(|c| if c.is_ascii_uppercase() { 8.2 } else { 6.6 })
        .sum()
}
