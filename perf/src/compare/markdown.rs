//! The comparison as Markdown: tables for the terminal, and a whole page.

use std::fmt::Write;

use super::cells::{Cell, Number, cell, times};
use super::comparison::{Comparison, ScenarioDescription, TargetDescription};
use super::figure::Figure;
use super::notes::notes;
use super::verdicts::verdicts;

/// What stands above figures that are fewer than they were to be.
pub(crate) const INTERRUPTED: &str = "Interrupted: some rounds are missing.";

/// The summary and Skein's goals.
pub(crate) fn tables(comparison: &Comparison) -> String {
    let mut text = String::new();
    if comparison.interrupted {
        let _ = writeln!(text, "**{INTERRUPTED}**\n");
    }
    text += &summary(comparison);
    let verdicts = verdicts(comparison);
    if !verdicts.is_empty() {
        text += "\nWhat Skein is to reach:\n\n";
        text += "| load | figure | goal | found | |\n| --- | --- | --- | --- | --- |\n";
        for verdict in verdicts {
            let word = verdict.word();
            let (goal, found) = (verdict.goal, one_line(&verdict.found));
            let _ = writeln!(
                text,
                "| {} | {} | {goal} | {found} | {word} |",
                verdict.scenario, verdict.figure
            );
        }
    }
    text
}

/// The whole report.
pub(crate) fn page(comparison: &Comparison) -> String {
    let mut text = "# Brokers compared\n\n".to_owned();
    text += &preface(comparison);
    text += "\n## Summary\n\n";
    text += &tables(comparison);
    for scenario in &comparison.scenarios {
        let _ = write!(
            text,
            "\n## {}\n\n```sh\n{}\n```\n\n",
            scenario.title,
            scenario.command.join(" ")
        );
        text += &details(comparison, scenario);
        let notes = notes(comparison, scenario);
        let notes = notes.iter().map(|note| format!("\n- {}", one_line(note)));
        text.extend(notes);
        text += "\n";
    }
    text += "\n## Machine\n\n| | |\n| --- | --- |\n";
    for (name, value) in comparison.machine.lines() {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    if let Some(revision) = &comparison.revision {
        let _ = writeln!(text, "| this repository | {revision} |");
    }
    let _ = writeln!(
        text,
        "| load generator | {} |",
        comparison.generator_version
    );
    text += "\n## What was measured\n";
    for target in &comparison.targets {
        text += &description(target);
    }
    text
}

/// What readers must know before they read a number.
fn preface(comparison: &Comparison) -> String {
    let mut text = format!(
        "{} round(s) of {} s each, interleaved; {} in all. Numbers are medians over the rounds, in \
         brackets the smallest and the largest. ",
        comparison.rounds,
        comparison.seconds,
        minutes(comparison.took_s)
    );
    text += "Ratios are medians of the ratios within each round. A `*` marks figures that the load \
             generator itself doubts, see the notes below their table. ";
    let _ = write!(
        text,
        "Broker and generator shared {} core(s), so figures per second say more about the machine \
         than figures per CPU-second do.\n\n```sh\n{}\n```\n",
        comparison.machine.cores,
        comparison.command.join(" ")
    );
    text
}

/// A line for each load, its most important figure, and a column for each target.
fn summary(comparison: &Comparison) -> String {
    let mut text = "| load | figure |".to_owned();
    for target in &comparison.targets {
        let version = target.version.as_deref().unwrap_or("not installed");
        let _ = write!(text, " {} {version} |", target.title);
    }
    text += "\n| --- | --- |";
    text += &" ---: |".repeat(comparison.targets.len());
    text += "\n";
    for scenario in &comparison.scenarios {
        for figure in headline(scenario) {
            let _ = write!(text, "| {} | {} |", scenario.title, figure.title());
            for target in &comparison.targets {
                let shown = match cell(comparison, scenario, figure, &target.name) {
                    Cell::Number(number) => short(&number, figure),
                    Cell::Reason(reason) => first_part(&reason),
                };
                let _ = write!(text, " {shown} |");
            }
            text += "\n";
        }
    }
    text
}

/// The most important figure of a scenario, and others that somebody has goals for.
pub(crate) fn headline(scenario: &ScenarioDescription) -> Vec<Figure> {
    let mut figures = vec![scenario.figures[0]];
    for goal in &scenario.goals {
        if !figures.contains(&goal.figure) {
            figures.push(goal.figure);
        }
    }
    figures
}

/// The median and the ratio to the baseline.
fn short(number: &Number, figure: Figure) -> String {
    let doubt = if number.is_doubtful { "*" } else { "" };
    let ratio = times(number.to_baseline);
    let ratio = if ratio.is_empty() {
        ratio
    } else {
        format!(" ({ratio})")
    };
    format!("{}{doubt}{ratio}", number.text(figure))
}

/// All figures of one scenario.
fn details(comparison: &Comparison, scenario: &ScenarioDescription) -> String {
    let mut text = "| | ".to_owned();
    for figure in &scenario.figures {
        let _ = write!(text, "{} | ", figure.title());
    }
    let ratios = ratio_titles(comparison);
    for ratio in &ratios {
        let _ = write!(text, "{} to {ratio} | ", scenario.figures[0].title());
    }
    text += "\n| --- |";
    text += &" ---: |".repeat(scenario.figures.len() + ratios.len());
    text += "\n";
    for target in &comparison.targets {
        let _ = write!(text, "| {} |", target.title);
        for figure in &scenario.figures {
            let shown = match cell(comparison, scenario, *figure, &target.name) {
                Cell::Number(number) => long(&number, *figure),
                Cell::Reason(reason) => first_part(&reason),
            };
            let _ = write!(text, " {shown} |");
        }
        let first = cell(comparison, scenario, scenario.figures[0], &target.name);
        for index in 0..ratios.len() {
            let ratio = match &first {
                Cell::Number(number) if index == 0 => number.to_relay,
                Cell::Number(number) => number.to_baseline,
                Cell::Reason(_) => None,
            };
            let ratio = times(ratio);
            let _ = write!(text, " {} |", if ratio.is_empty() { "-" } else { &ratio });
        }
        text += "\n";
    }
    text
}

/// What figures are compared with: the relay and the baseline.
fn ratio_titles(comparison: &Comparison) -> Vec<String> {
    let mut titles = vec!["relay".to_owned()];
    titles.extend(comparison.baseline.clone());
    titles
}

/// The median with its spread.
fn long(number: &Number, figure: Figure) -> String {
    let doubt = if number.is_doubtful { "*" } else { "" };
    let spread = number.spread(figure).map(|spread| format!(" ({spread})"));
    format!(
        "{}{doubt}{}",
        number.text(figure),
        spread.unwrap_or_default()
    )
}

fn description(target: &TargetDescription) -> String {
    let mut text = format!("\n### {}\n\n", target.title);
    if let Some(absent) = &target.absent {
        return text + &format!("Not measured: {absent}.\n");
    }
    let version = target.version.as_deref().unwrap_or("unknown");
    let _ = write!(text, "Version {version}");
    if let Some(home) = &target.home {
        let _ = write!(text, ", <{home}>");
    }
    text += ".\n";
    for note in target.notes.iter().chain(&target.untried) {
        let _ = writeln!(text, "- {note}");
    }
    let environment = target
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value} "));
    let environment = environment.collect::<String>();
    let _ = writeln!(
        text,
        "\n```sh\n{environment}{}\n```",
        target.command.join(" ")
    );
    for (name, file) in &target.files {
        let _ = writeln!(text, "\n`{name}`:\n\n```\n{}\n```", file.trim());
    }
    text
}

/// The kind of a reason, for narrow cells; the whole stands below the table.
pub(crate) fn first_part(reason: &str) -> String {
    let end = reason.find([':', ';']).unwrap_or(reason.len());
    reason[..end].to_owned()
}

/// A text that fits into a cell or an item.
fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace('|', "\\|")
}

/// A time in words.
pub(crate) fn minutes(seconds: u64) -> String {
    if seconds < 60 {
        return format!("{seconds} s");
    }
    format!("{} min {} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::super::comparison::Outcome;
    use super::super::samples::comparison;
    use super::*;

    #[test]
    fn the_summary_has_no_empty_cell() {
        let text = tables(&comparison());
        let row = text
            .lines()
            .find(|line| line.starts_with("| as fast"))
            .expect("a row");
        assert_eq!(
            row,
            "| as fast as it goes | deliveries per broker CPU-second | 4,000,000* (40.0x) | 2,000,000* \
             (20.0x) | 100,000* | not installed |"
        );
        let row = text
            .lines()
            .find(|line| line.starts_with("| slowly"))
            .expect("a row");
        assert!(
            row.ends_with("| not supported | 5* | failed | not installed |"),
            "{row}"
        );
        assert!(
            text.contains("| at least 15 times mosquitto | 20.0x | reached |"),
            "{text}"
        );
    }

    #[test]
    fn the_page_says_why_cells_have_no_number_and_how_all_was_done() {
        let text = page(&comparison());
        for part in [
            "- MOSQUITTO failed: it ended",
            "- RELAY: no QoS 2",
            "- SKEIN*, in 2 round(s): the generator was the limit",
            "2,000,000* (1,000,000 to 3,000,000)",
            "loadgen p2p -q 0",
            "Not measured: not installed; get it.",
            "listen <here>",
            "1 min 1 s in all",
            "| this repository | abc-dirty |",
        ] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
        for line in text.lines().filter(|line| line.starts_with("| ")) {
            assert!(!line.contains("|  |"), "an empty cell: {line}");
        }
    }

    #[test]
    fn an_interrupted_comparison_says_what_is_missing() {
        let mut comparison = comparison();
        assert!(!page(&comparison).contains(INTERRUPTED));
        comparison.interrupted = true;
        comparison.rounds = 4;
        comparison.results[5].outcome = Outcome::Unmeasured {
            reason: "interrupted before its first round".to_owned(),
        };
        let text = page(&comparison);
        assert!(tables(&comparison).contains(INTERRUPTED));
        for part in [
            "- RELAY: 3 of 4 rounds",
            "- SKEIN: interrupted before its first round",
            "| not supported | not measured | failed | not installed |",
        ] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }
}
