//! What a chart of lines draws.

use super::*;
use crate::units::Unit;

/// Where a chart with one row of names and no bands begins.
const TOP: f64 = LEGEND + 10.0;

fn chart(points: &[(f64, f64)]) -> LineChart {
    LineChart {
        title: "Rate <b>".to_owned(),
        note: String::new(),
        x: Axis::linear("time", Unit::Seconds),
        y: Axis::linear("rate", Unit::PerSecond),
        lines: vec![Line {
            name: "sent & \"more\"".to_owned(),
            colour: 0,
            stroke: Stroke::Solid,
            points: points.to_vec(),
        }],
        columns: Vec::new(),
        bands: Vec::new(),
    }
}

#[test]
fn points_stand_where_the_axes_say() {
    let figure = chart(&[(0.0, 0.0), (5.0, 500.0), (10.0, 1000.0)]).figure("a");
    let path = format!(
        " d=\"M{LEFT:.1} {BOTTOM:.1}L{:.1} {:.1}L{RIGHT:.1} {TOP:.1}\"",
        f64::midpoint(LEFT, RIGHT),
        f64::midpoint(TOP, BOTTOM)
    );
    assert!(figure.contains(&path), "{path} is not in {figure}");
    assert!(figure.contains(">1,000/s</text>") && figure.contains(">10.0 s\nsent &amp;"));
}

#[test]
fn a_gap_interrupts_the_line_and_a_lone_point_is_a_dot() {
    let figure = chart(&[(0.0, 1.0), (1.0, f64::NAN), (2.0, 1.0), (3.0, f64::NAN)]).figure("a");
    let path = figure
        .split(" d=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(
        (path.matches('M').count(), path.matches("h0.1").count()),
        (2, 2),
        "{path}"
    );
}

#[test]
fn text_is_escaped_and_the_chart_has_title_and_description() {
    let figure = chart(&[(0.0, 1.0)]).figure("a");
    assert!(figure.contains("<title id=\"a-t\">Rate &lt;b&gt;</title>"));
    assert!(figure.contains("lines: sent &amp; &quot;more&quot;."));
    assert!(!figure.contains("<b>"));
}

#[test]
fn an_hour_of_points_keeps_the_chart_small() {
    let points = (0..36_000_u32)
        .map(|x| (f64::from(x), f64::from(x % 97)))
        .collect::<Vec<_>>();
    assert!(chart(&points).figure("a").len() < 60_000);
}

#[test]
fn a_chart_without_points_is_drawn_empty() {
    let figure = chart(&[]).figure("a");
    assert!(figure.contains("class=\"axis\"") && !figure.contains("<path"));
}

#[test]
fn a_column_says_the_value_of_the_step_below_it() {
    let mut chart = chart(&[
        (0.0, 5.0),
        (1.0, 5.0),
        (1.0, 70.0),
        (2.0, 70.0),
        (2.0, f64::NAN),
    ]);
    chart.columns = vec![(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)];
    let figure = chart.figure("a");
    let tips = figure.split("class=\"hit\"").skip(1);
    let tips = tips
        .map(|tip| tip.split(['>', '<']).nth(3).unwrap())
        .collect::<Vec<_>>();
    let name = "sent &amp; &quot;more&quot;";
    let expected = [
        format!("500 ms\n{name}: 5/s"),
        format!("1.50 s\n{name}: 70/s"),
        "2.50 s".to_owned(),
    ];
    assert_eq!(tips, expected);
}

#[test]
fn wide_lines_lie_below_and_dashed_ones_above() {
    let mut chart = chart(&[(0.0, 1.0), (1.0, 2.0)]);
    let line = |stroke| Line {
        stroke,
        ..chart.lines[0].clone()
    };
    chart.lines = vec![
        line(Stroke::Dashed),
        line(Stroke::Solid),
        line(Stroke::Wide),
    ];
    let figure = chart.figure("a");
    let order = figure
        .split("<path class=\"")
        .skip(1)
        .map(|path| path.split('"').next().unwrap());
    assert_eq!(
        order.collect::<Vec<_>>(),
        ["line c0 wide", "line c0", "line c0 dashed"]
    );
}
