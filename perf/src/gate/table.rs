//! What people read: a row for each figure, and a conclusion.

use std::fmt::Write as _;

use super::baseline::Baseline;
use super::judge::{Judgement, Row};

/// The table, one line for each row.
pub(crate) fn render(rows: &[Row]) -> String {
    let head = [
        "", "figure", "now", "baseline", "change", "at most", "limit", "unit",
    ];
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            let widths = lines.iter().map(|cells| cells[column].chars().count());
            widths.max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for cells in &lines {
        let mut line = String::new();
        for (column, (cell, &width)) in cells.iter().zip(&widths).enumerate() {
            // Numbers to the right, words to the left.
            if (2..7).contains(&column) {
                _ = write!(line, "{cell:>width$}  ");
            } else {
                _ = write!(line, "{cell:width$}  ");
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn cells(row: &Row) -> [String; 8] {
    let allowed = row.baseline.as_ref();
    let change = row
        .change()
        .map(|change| format!("{:+.1} %", change * 100.0));
    let limit = allowed.and_then(|allowed| allowed.limit);
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        word(row.judgement).to_owned(),
        row.name.clone(),
        or_none(row.value.map(number)),
        or_none(allowed.map(|allowed| number(allowed.value))),
        or_none(change),
        or_none(allowed.map(|allowed| number(allowed.most()))),
        or_none(limit.map(number)),
        row.problem.clone().unwrap_or_else(|| row.unit.clone()),
    ]
}

/// What is to be done, and whom to believe how far.
pub(crate) fn conclusion(rows: &[Row], baseline: &Baseline, compiler: &str) -> String {
    let mut text = String::new();
    let names = |wanted: &[Judgement]| {
        let rows = rows.iter().filter(|row| wanted.contains(&row.judgement));
        rows.map(|row| row.name.as_str()).collect::<Vec<_>>()
    };
    let worse = names(&[Judgement::Worse, Judgement::OverLimit]);
    for (names, said) in [
        (worse, "cost more than allowed"),
        (names(&[Judgement::New]), "have no baseline"),
        (names(&[Judgement::Failed]), "could not be measured"),
        (
            names(&[Judgement::Better]),
            "are better than the baseline: update it, so that they stay so",
        ),
    ] {
        if !names.is_empty() {
            _ = writeln!(
                text,
                "{} of {} {said}: {}",
                names.len(),
                rows.len(),
                names.join(", ")
            );
        }
    }
    let taken_with = baseline.history.last().map(|change| &change.compiler);
    if let Some(taken_with) = taken_with
        && taken_with != compiler
    {
        _ = writeln!(
            text,
            "the baseline was taken with {taken_with}, this is {compiler}"
        );
    }
    if rows.iter().all(Row::passes) {
        _ = writeln!(text, "the gate is open: {} figures", rows.len());
    } else {
        text.push_str(
            "the gate is closed; if that is meant to be: perf gate --update --reason \"why\"\n",
        );
    }
    text
}

const fn word(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Better => "BETTER",
        Judgement::Failed => "FAILED",
        Judgement::New => "NEW",
        Judgement::OverLimit => "LIMIT",
        Judgement::Within => "ok",
        Judgement::Worse => "WORSE",
    }
}

/// As many decimals as a number of this size needs.
fn number(value: f64) -> String {
    if value >= 100.0 || value == 0.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::baseline::Allowed;
    use super::super::figure::{Figure, Kind};
    use super::super::judge::judge;
    use super::*;

    fn rows(values: &[f64]) -> Vec<Row> {
        let mut baseline = Baseline::default();
        let figures = values.iter().enumerate().map(|(number, value)| {
            let figure = Figure::new(&format!("f{number}"), Kind::Instructions, "message");
            (figure, *value)
        });
        let figures: Vec<_> = figures.collect();
        for (figure, _) in &figures {
            let allowed = Allowed {
                value: 1000.0,
                unit: figure.unit.clone(),
                tolerance: 0.05,
                slack: 0.0,
                limit: Some(2000.0),
            };
            baseline.figures.insert(figure.name.clone(), allowed);
        }
        let figures = figures.into_iter();
        figures
            .map(|(figure, value)| judge(figure, Ok(value), &baseline))
            .collect()
    }

    #[test]
    fn rows_say_all_that_they_were_judged_by() {
        let text = render(&rows(&[1100.0, 2001.5]));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1].split_whitespace().collect::<Vec<_>>().join(" "),
            "WORSE f0-instructions 1100 1000 +10.0 % 1050 2000 instructions per message"
        );
        assert!(lines[2].starts_with("LIMIT"));
        // Numbers stand under each other.
        let ends = |line: &str| line.find("instructions per message");
        assert_eq!(ends(lines[1]), ends(lines[2]));
    }

    #[test]
    fn the_conclusion_names_what_is_wrong_and_what_to_do() {
        let baseline = Baseline::default();
        let text = conclusion(&rows(&[1000.0, 1100.0, 900.0]), &baseline, "rustc 1");
        assert!(
            text.contains("1 of 3 cost more than allowed: f1-instructions\n"),
            "{text}"
        );
        assert!(text.contains("better than the baseline"), "{text}");
        assert!(text.contains("the gate is closed"), "{text}");
        let text = conclusion(&rows(&[1000.0, 900.0]), &baseline, "rustc 1");
        assert!(text.ends_with("the gate is open: 2 figures\n"), "{text}");
    }

    #[test]
    fn a_figure_that_was_not_measured_says_why() {
        let figure = Figure::new("f", Kind::Bytes, "connection");
        let row = judge(
            figure,
            Err(anyhow::anyhow!("no io_uring")),
            &Baseline::default(),
        );
        let text = render(&[row]);
        let words: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(words.join(" "), "FAILED f-bytes - - - - - no io_uring");
    }

    #[test]
    fn another_compiler_is_named() {
        let mut baseline = Baseline::default();
        baseline.history.push(super::super::baseline::Change {
            date: "2026-01-01".to_owned(),
            reason: "first".to_owned(),
            compiler: "rustc 1".to_owned(),
            changes: Vec::new(),
        });
        let said = "the baseline was taken with rustc 1, this is rustc 2\n";
        assert!(conclusion(&rows(&[1000.0]), &baseline, "rustc 2").contains(said));
        assert!(!conclusion(&rows(&[1000.0]), &baseline, "rustc 1").contains("taken with"));
    }

    #[test]
    fn small_numbers_keep_their_decimals() {
        let texts = [0.0, 0.123_4, 12.34, 871.4].map(number);
        assert_eq!(texts, ["0", "0.123", "12.3", "871"]);
    }
}
