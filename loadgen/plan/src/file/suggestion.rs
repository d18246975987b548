//! What was meant by a key that does not exist.

/// Adds to a message about an unknown key the one that was probably meant.
///
/// Such messages come from serde and say: unknown field `x`, expected one of `a`, `b`.
pub(super) fn explain(message: &str) -> String {
    let message = message.trim_end();
    let meant = message.lines().find_map(|line| {
        let (_, list) = line.split_once("unknown field `")?;
        let mut quoted = list.split('`').step_by(2);
        let given = quoted.next()?;
        let nearest = quoted.map(|known| (distance(given, known), known)).min()?;
        // More than half of the letters changed is a different word.
        (nearest.0 * 2 <= given.len()).then_some(nearest.1)
    });
    match meant {
        Some(meant) => format!("{message}\ndid you mean `{meant}`?"),
        None => message.to_owned(),
    }
}

/// Letters to insert, remove or change to make one word of the other.
fn distance(left: &str, right: &str) -> usize {
    let right = right.chars().collect::<Vec<_>>();
    let mut row = (0..=right.len()).collect::<Vec<_>>();
    for (at, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other) in right.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = change.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let message = "unknown field `qoss`, expected one of `filter`, `qos`, `retained`";
        assert!(explain(message).ends_with("did you mean `qos`?"));
        let message = "unknown field `banana`, expected `filter` or `qos`";
        assert_eq!(explain(message), message);
        assert_eq!(explain("missing field `name`\n"), "missing field `name`");
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
