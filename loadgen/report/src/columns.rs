//! Text in columns for the terminal: names to the left, numbers to the right.

/// Rows of cells; the first cell of each stands left, the others right in their column.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    rows: Vec<Vec<String>>,
}

impl Columns {
    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The lines, each behind `indent`, two blanks between columns, none at the end.
    pub(crate) fn lines(&self, indent: &str) -> Vec<String> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        let widths = (0..count)
            .map(|column| cells(column).map(|cell| width(cell)).max().unwrap_or(0))
            .collect::<Vec<_>>();
        let line = |row: &Vec<String>| {
            let mut line = indent.to_owned();
            for (index, (cell, width_max)) in row.iter().zip(&widths).enumerate() {
                let blanks = " ".repeat(width_max - width(cell));
                match index {
                    0 => line.extend([cell.as_str(), &blanks]),
                    _ => line.extend(["  ", &blanks, cell]),
                }
            }
            line.truncate(line.trim_end().len());
            line
        };
        self.rows.iter().map(line).collect()
    }
}

/// Columns of the terminal that `text` takes, all its characters being narrow.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_left_and_numbers_right_even_with_wide_letters() {
        let mut columns = Columns::default();
        columns.row(["", "p50", "p99"]);
        columns.row(["sent", "1 µs", "12.5 ms"]);
        columns.row(["acknowledged"]);
        let expected = [
            "                p50      p99",
            " sent          1 µs  12.5 ms",
            " acknowledged",
        ];
        assert_eq!(columns.lines(" "), expected);
    }
}
