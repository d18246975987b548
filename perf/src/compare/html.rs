//! The comparison as one HTML file that needs nothing else.

use std::fmt::Write;

use super::cells::{Cell, Number, cell, times};
use super::comparison::{Comparison, ScenarioDescription, TargetDescription};
use super::figure::Figure;
use super::markdown::{INTERRUPTED, first_part, headline, minutes};
use super::notes::notes;
use super::verdicts::verdicts;

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(crate) fn page(comparison: &Comparison) -> String {
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Brokers compared</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>Brokers compared</h1>\n"
    );
    if comparison.interrupted {
        let _ = writeln!(text, "<p><strong>{INTERRUPTED}</strong></p>");
    }
    text += &preface(comparison);
    text += &summary(comparison);
    text += &goals(comparison);
    for scenario in &comparison.scenarios {
        text += &section(comparison, scenario);
    }
    text += &machine(comparison);
    text += "<h2>What was measured</h2>\n";
    for target in &comparison.targets {
        text += &description(target);
    }
    text += "</body>\n</html>\n";
    text
}

fn preface(comparison: &Comparison) -> String {
    format!(
        "<p>{} round(s) of {} s each, interleaved; {} in all, with {} on {} core(s) that broker and \
         generator shared. Numbers are medians over the rounds, lines in bars reach from the smallest \
         to the largest. Ratios are medians of the ratios within each round. A * marks figures that the \
         load generator itself doubts.</p>\n<pre>{}</pre>\n",
        comparison.rounds,
        comparison.seconds,
        minutes(comparison.took_s),
        escape(&comparison.generator_version),
        comparison.machine.cores,
        escape(&comparison.command.join(" "))
    )
}

fn summary(comparison: &Comparison) -> String {
    let mut text =
        "<h2>Summary</h2>\n<div class=\"wide\"><table>\n<tr><th>load<th>figure".to_owned();
    for target in &comparison.targets {
        let version = target.version.as_deref().unwrap_or("not installed");
        let (title, version) = (escape(&target.title), escape(version));
        let _ = write!(text, "<th>{title}<br><small>{version}</small>");
    }
    text += "</tr>\n";
    for scenario in &comparison.scenarios {
        for figure in headline(scenario) {
            let title = escape(&scenario.title);
            let _ = write!(text, "<tr><td>{title}<td>{}", figure.title());
            for target in &comparison.targets {
                match cell(comparison, scenario, figure, &target.name) {
                    Cell::Number(number) => {
                        let (value, ratio) = (value(&number, figure), times(number.to_baseline));
                        let _ = write!(
                            text,
                            "<td class=\"number\">{value}<br><small>{ratio}</small>"
                        );
                    }
                    Cell::Reason(reason) => {
                        let (whole, short) = (escape(&reason), escape(&first_part(&reason)));
                        let _ = write!(text, "<td class=\"none\" title=\"{whole}\">{short}");
                    }
                }
            }
            text += "</tr>\n";
        }
    }
    text += "</table></div>\n";
    if let Some(baseline) = &comparison.baseline {
        let _ = writeln!(
            text,
            "<p><small>Small: ratio to {}.</small></p>",
            escape(baseline)
        );
    }
    text
}

fn goals(comparison: &Comparison) -> String {
    let verdicts = verdicts(comparison);
    if verdicts.is_empty() {
        return String::new();
    }
    let mut text = "<h2>What Skein is to reach</h2>\n<div class=\"wide\"><table>\n\
                    <tr><th>load<th>figure<th>goal<th>found<th></tr>\n"
        .to_owned();
    for verdict in verdicts {
        let class = match verdict.reached {
            Some(true) => "good",
            Some(false) => "bad",
            None => "none",
        };
        let _ = writeln!(
            text,
            "<tr><td>{}<td>{}<td>{}<td class=\"number\">{}<td class=\"{class}\">{}</tr>",
            escape(&verdict.scenario),
            verdict.figure,
            escape(&verdict.goal),
            escape(&verdict.found),
            verdict.word()
        );
    }
    text + "</table></div>\n"
}

/// One scenario: a chart for each figure, then what there is to say.
fn section(comparison: &Comparison, scenario: &ScenarioDescription) -> String {
    let mut text = format!(
        "<h2>{}</h2>\n<pre>{}</pre>\n",
        escape(&scenario.title),
        escape(&scenario.command.join(" "))
    );
    text += "<div class=\"charts\">\n";
    for figure in &scenario.figures {
        text += &chart(comparison, scenario, *figure);
    }
    text += "</div>\n<ul>\n";
    for note in notes(comparison, scenario) {
        let _ = writeln!(text, "<li>{}", escape(&note));
    }
    text + "</ul>\n"
}

/// A bar for each target.
fn chart(comparison: &Comparison, scenario: &ScenarioDescription, figure: Figure) -> String {
    let better = if figure.more_is_better() {
        "more is better"
    } else {
        "less is better"
    };
    let baseline = comparison.baseline.as_deref();
    let baseline = baseline.map_or_else(String::new, |name| format!("to {}", escape(name)));
    let mut text = format!(
        "<figure>\n<figcaption>{} <small>({better})</small></figcaption>\n\
         <div class=\"row\"><span></span><span></span><span></span><small class=\"number\">to relay</small>\
         <small class=\"number\">{baseline}</small></div>\n",
        figure.title()
    );
    let cells = comparison.targets.iter().map(|target| {
        let cell = cell(comparison, scenario, figure, &target.name);
        (target, cell)
    });
    let cells = cells.collect::<Vec<_>>();
    let largest = cells.iter().map(|(_, cell)| match cell {
        Cell::Number(number) => number.max,
        Cell::Reason(_) => 0.0,
    });
    let largest = largest.fold(0.0, f64::max);
    for (target, cell) in &cells {
        let title = escape(&target.title);
        match cell {
            Cell::Number(number) => {
                let share = |value: f64| 100.0 * value / largest;
                let spread = number.spread(figure).unwrap_or_default();
                let (relay, baseline) = (times(number.to_relay), times(number.to_baseline));
                let _ = writeln!(
                    text,
                    "<div class=\"row\"><span>{title}</span><span class=\"track\" title=\"{spread}\">\
                     <i style=\"width:{:.1}%\"></i><b style=\"left:{:.1}%;width:{:.1}%\"></b></span>\
                     <span class=\"number\">{}</span><small class=\"number\">{relay}</small>\
                     <small class=\"number\">{baseline}</small></div>",
                    share(number.median),
                    share(number.min),
                    share(number.max - number.min),
                    value(number, figure)
                );
            }
            Cell::Reason(reason) => {
                let (whole, short) = (escape(reason), escape(&first_part(reason)));
                let _ = writeln!(
                    text,
                    "<div class=\"row\"><span>{title}</span><span class=\"none\" title=\"{whole}\">\
                     {short}</span></div>"
                );
            }
        }
    }
    text + "</figure>\n"
}

fn value(number: &Number, figure: Figure) -> String {
    let doubt = if number.is_doubtful { "*" } else { "" };
    format!("{}{doubt}", escape(&number.text(figure)))
}

fn machine(comparison: &Comparison) -> String {
    let mut text = "<h2>Machine</h2>\n<table>\n".to_owned();
    for (name, value) in comparison.machine.lines() {
        let _ = writeln!(text, "<tr><td>{name}<td>{}</tr>", escape(&value));
    }
    if let Some(revision) = &comparison.revision {
        let _ = writeln!(text, "<tr><td>this repository<td>{}</tr>", escape(revision));
    }
    text + "</table>\n"
}

fn description(target: &TargetDescription) -> String {
    let mut text = format!("<h3>{}</h3>\n", escape(&target.title));
    if let Some(absent) = &target.absent {
        let _ = writeln!(text, "<p>Not measured: {}.</p>", escape(absent));
        return text;
    }
    let version = target.version.as_deref().unwrap_or("unknown");
    let home = target.home.as_deref().unwrap_or_default();
    let _ = writeln!(
        text,
        "<p>Version {} {}</p>\n<ul>",
        escape(version),
        escape(home)
    );
    for note in target.notes.iter().chain(&target.untried) {
        let _ = writeln!(text, "<li>{}", escape(note));
    }
    let environment = target
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"));
    let environment = environment.collect::<String>();
    let command = escape(&format!("{environment}{}", target.command.join(" ")));
    let _ = writeln!(
        text,
        "</ul>\n<details><summary>Command and files</summary><pre>{command}</pre>"
    );
    for (name, file) in &target.files {
        let (name, file) = (escape(name), escape(file.trim()));
        let _ = writeln!(text, "<p>{name}:</p><pre>{file}</pre>");
    }
    text + "</details>\n"
}

/// A text that means itself in HTML, in attributes too.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::samples::comparison;
    use super::*;

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_escapes_what_it_shows() {
        let text = page(&comparison());
        for forbidden in ["<script", "src=", "@import", "url("] {
            assert!(!text.contains(forbidden), "{forbidden}");
        }
        assert!(text.contains("it is &lt;fast&gt; &amp; free"));
        assert!(text.contains("listen &lt;here&gt;"));
    }

    #[test]
    fn every_target_with_a_figure_has_a_bar_and_the_longest_bar_is_full() {
        let comparison = comparison();
        let scenario = &comparison.scenarios[0];
        let text = chart(&comparison, scenario, Figure::DeliveriesPerCpuSecond);
        assert_eq!(text.matches("class=\"track\"").count(), 3);
        // The relay: a median of 4 of at most 6 million, from 2 to 6.
        assert!(text.contains("width:66.7%"), "{text}");
        assert!(text.contains("left:33.3%;width:66.7%"), "{text}");
        assert!(text.contains("20.0x"), "{text}");
    }
}
