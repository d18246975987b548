//! A self-contained HTML page: styles and script inside, nothing fetched, everything escaped.

use std::fmt::Write as _;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// The hash of [`SCRIPT`], which is thereby the only script that a browser runs on the page:
/// `openssl dgst -sha256 -binary src/page/script.js | base64`.
const SCRIPT_HASH: &str = "/YULy1zZ61TdmOFXJdrnhBILBC30KAY6gv7PA5kjHEk=";

/// A page that grows from top to bottom.
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    body: String,
}

/// A table: names to the left, numbers to the right.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it shows; may be empty.
    pub caption: String,
    /// The heads of the columns.
    pub head: Vec<String>,
    /// The rows; the first cell of each names it.
    pub rows: Vec<Vec<String>>,
    /// Whether its cells are text, which stands left and may wrap.
    pub words: bool,
    /// Row and column of the cells that show a fault.
    pub marked: Vec<(usize, usize)>,
}

/// How a problem is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// The figures are doubtful.
    Warning,
    /// A promise was broken.
    Violation,
}

/// `text` in a form that a browser shows as it is, in an element or in a quoted attribute.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

impl Page {
    /// An empty page; `title` is plain text.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            body: String::new(),
        }
    }

    /// Adds HTML as it is: figures of charts, or what the caller has escaped.
    pub fn html(&mut self, html: &str) {
        self.body.push_str(html);
    }

    /// Adds the heading of the page; `text` is plain.
    pub fn title(&mut self, text: &str) {
        let _ = writeln!(self.body, "<h1>{}</h1>", escape(text));
    }

    /// Adds a heading of the second level; `text` is plain.
    pub fn heading(&mut self, text: &str) {
        let _ = writeln!(self.body, "<h2>{}</h2>", escape(text));
    }

    /// Adds a paragraph; `text` is plain.
    pub fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.body, "<p>{}</p>", escape(text));
    }

    /// Adds charts side by side, as many as have room.
    pub fn charts(&mut self, figures: &[String]) {
        if !figures.is_empty() {
            let _ = writeln!(
                self.body,
                "<div class=\"charts\">\n{}</div>",
                figures.concat()
            );
        }
    }

    /// Adds the figures that matter most, each a value and what it is; both are plain text.
    pub fn tiles(&mut self, tiles: &[(String, String)]) {
        self.body.push_str("<div class=\"tiles\">\n");
        for (value, name) in tiles {
            let (value, name) = (escape(value), escape(name));
            let _ = writeln!(
                self.body,
                "<div class=\"tile\"><b>{value}</b><span>{name}</span></div>"
            );
        }
        self.body.push_str("</div>\n");
    }

    /// Adds a box of problems under a plain `title`, nothing if there are none.
    pub fn problems(&mut self, kind: Problem, title: &str, problems: &[String]) {
        if problems.is_empty() {
            return;
        }
        let class = match kind {
            Problem::Warning => "spoiled",
            Problem::Violation => "violated",
        };
        let title = escape(title);
        let _ = writeln!(
            self.body,
            "<div class=\"box {class}\" role=\"note\"><b>{title}</b><ul>"
        );
        for problem in problems {
            let _ = writeln!(self.body, "<li>{}</li>", escape(problem));
        }
        self.body.push_str("</ul></div>\n");
    }

    /// Adds a table, nothing if it has no rows.
    pub fn table(&mut self, table: &Table) {
        self.body.push_str(&table.html());
    }

    /// Adds a table that unfolds at its plain `summary`.
    pub fn folded(&mut self, summary: &str, table: &Table) {
        if !table.rows.is_empty() {
            let (summary, table) = (escape(summary), table.html());
            let _ = writeln!(
                self.body,
                "<details><summary>{summary}</summary>\n{table}</details>"
            );
        }
    }

    /// The whole page.
    #[must_use]
    pub fn finish(&self) -> String {
        let (title, body) = (escape(&self.title), &self.body);
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'unsafe-inline'; script-src 'sha256-{SCRIPT_HASH}'; base-uri 'none'; \
             form-action 'none'\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}\
             <script>{SCRIPT}</script>\n</body>\n</html>\n"
        )
    }
}

impl Table {
    /// A table of numbers under `head`, the columns' names.
    #[must_use]
    pub fn new<S: AsRef<str>>(caption: &str, head: &[S]) -> Self {
        Self {
            caption: caption.to_owned(),
            head: head.iter().map(|name| name.as_ref().to_owned()).collect(),
            ..Self::default()
        }
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    fn html(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let class = if self.words { " class=\"words\"" } else { "" };
        let mut html = format!("<div class=\"scroll\"><table{class}>\n");
        if !self.caption.is_empty() {
            let _ = writeln!(html, "<caption>{}</caption>", escape(&self.caption));
        }
        if !self.head.is_empty() {
            html.push_str("<thead><tr>");
            for name in &self.head {
                let _ = write!(html, "<th scope=\"col\">{}</th>", escape(name));
            }
            html.push_str("</tr></thead>\n");
        }
        html.push_str("<tbody>\n");
        for (line, row) in self.rows.iter().enumerate() {
            html.push_str("<tr>");
            for (index, cell) in row.iter().enumerate() {
                let cell = escape(cell);
                let marked = self.marked.contains(&(line, index));
                let _ = match index {
                    _ if marked => write!(html, "<td class=\"bad\">{cell}</td>"),
                    0 => write!(html, "<th scope=\"row\">{cell}</th>"),
                    _ => write!(html, "<td>{cell}</td>"),
                };
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody></table></div>\n");
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_text() {
        let hostile = "</title><script>alert(1)</script>\"'&\u{0}";
        let mut page = Page::new(hostile);
        page.heading(hostile);
        page.paragraph(hostile);
        page.tiles(&[(hostile.to_owned(), hostile.to_owned())]);
        page.problems(Problem::Violation, hostile, &[hostile.to_owned()]);
        let mut table = Table::new(hostile, &[hostile]);
        table.row([hostile, hostile]);
        page.table(&table);
        page.folded(hostile, &table);
        let html = page.finish();
        assert_eq!(html.matches("<script>").count(), 1, "only the page's own");
        assert_eq!(html.matches("&lt;script&gt;alert(1)").count(), 16);
        assert_eq!(escape("a\"'&\u{0}\n"), "a&quot;&#39;&amp;\u{fffd}\n");
    }

    #[test]
    fn a_page_names_nothing_to_fetch() {
        let html = Page::new("a").finish();
        for word in ["http://", "https://", "src=", "href=", "url(", "@import"] {
            assert!(!html.contains(word), "{word}");
        }
    }

    #[test]
    fn nothing_is_shown_of_empty_parts() {
        let mut page = Page::new("a");
        page.table(&Table::new("numbers", &["a"]));
        page.folded("more", &Table::default());
        page.problems(Problem::Warning, "warnings", &[]);
        page.charts(&[]);
        assert!(page.body.is_empty());
    }
}
