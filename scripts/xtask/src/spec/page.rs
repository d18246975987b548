//! The public page: counts, and every row with what proves it.

use std::fmt::Write as _;

use super::table::{Side, Statement, Table};

const INTRODUCTION: &str = "\
# Conformance

Every normative statement of MQTT 3.1.1 and 5.0 and what proves that Skein obeys it. The texts are
paraphrases; the standards' wording binds. This page is made from `v311.toml` and `v5.toml` by
`cargo xtask spec --write`; `cargo xtask spec` fails on a statement that has neither a test nor a
reason, on a test that does not exist, and on a tag in the code that names no statement.

Run one test with `cargo nextest run -p PACKAGE NAME`.

";

/// The whole page.
pub(super) fn write(tables: &[Table]) -> String {
    let mut page = String::from(INTRODUCTION);
    page += &summary(tables);
    for table in tables {
        let _ = write!(page, "\n## {}\n\n", table.title);
        page += "| statement | side | in short | proof |\n| --- | --- | --- | --- |\n";
        for statement in &table.statements {
            let Statement { id, side, text, .. } = statement;
            let _ = writeln!(
                page,
                "| {id} | {side} | {} | {} |",
                escape(text),
                proof(statement)
            );
        }
    }
    page
}

/// How many statements of each side are tested, not testable, and open.
pub(super) fn summary(tables: &[Table]) -> String {
    let mut text =
        String::from("| standard | side | statements | tested | no test possible | open |\n");
    text += "| --- | --- | ---: | ---: | ---: | ---: |\n";
    for table in tables {
        for side in [Side::Server, Side::Both, Side::Client] {
            let rows = table.statements.iter().filter(|row| row.side == side);
            let count = |wanted: fn(&&Statement) -> bool| rows.clone().filter(wanted).count();
            let tested = count(|row| !row.tests.is_empty());
            let excused = count(|row| row.untestable.is_some() && row.tests.is_empty());
            let all = rows.clone().count();
            let open = all - tested - excused;
            let title = table.title;
            let _ = writeln!(
                text,
                "| {title} | {side} | {all} | {tested} | {excused} | {open} |"
            );
        }
    }
    text
}

fn proof(statement: &Statement) -> String {
    match (statement.tests.as_slice(), &statement.untestable) {
        ([], Some(reason)) => escape(reason),
        ([], None) => "open".to_owned(),
        ([only], _) => format!("`{only}`"),
        ([first, rest @ ..], _) => format!("`{first}` and {} more", rest.len()),
    }
}

fn escape(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_rows_tell_tested_excused_and_open_apart() {
        let table = Table::of(
            "v5",
            &[
                ("1.5.4-1", "a::b a::c", ""),
                ("1.5.4-2", "a::b", ""),
                ("1.5.4-3", "", "x|y alone decides"),
                ("1.5.5-1", "", ""),
            ],
        );
        let page = write(&[table]);
        assert!(page.contains("| MQTT | server | 4 | 2 | 1 | 1 |"), "{page}");
        assert!(page.contains("| MQTT | client | 0 | 0 | 0 | 0 |"));
        assert!(page.contains("| 1.5.4-1 | server | Something holds. | `a::b` and 1 more |"));
        assert!(page.contains("| 1.5.4-3 | server | Something holds. | x\\|y alone decides |"));
        assert!(page.contains("| 1.5.5-1 | server | Something holds. | open |"));
    }
}
