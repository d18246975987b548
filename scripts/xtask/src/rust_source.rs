//! Rust source with code, comments and literals told apart.
//!
//! Just enough of a lexer that a rule about code is not fooled by a word in a comment or a string,
//! nor a rule about comments by a URL in the code.

use std::iter::Peekable;
use std::str::CharIndices;

/// A comment or the content of a string literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Line on which it begins, counted from 1.
    pub(crate) line: usize,
    /// Comment: with its slashes. Literal: without its quotes.
    pub(crate) text: String,
}

/// One Rust file.
#[derive(Clone, Debug, Default)]
pub(crate) struct RustSource {
    /// The source with comments and the content of literals blanked, line by line as long as before.
    pub(crate) code: String,
    /// All comments, documentation included. A run of `//` lines is one span per line.
    pub(crate) comments: Vec<Span>,
    /// The content of all string literals.
    pub(crate) literals: Vec<Span>,
}

impl RustSource {
    /// Tells apart what `text` is made of. Never fails: broken source gives some result.
    pub(crate) fn new(text: &str) -> Self {
        Lexer {
            text,
            chars: text.char_indices().peekable(),
            line: 1,
            source: Self::default(),
        }
        .run()
    }

    /// The words of the code, with the line of each: identifiers, keywords and numbers.
    pub(crate) fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().flat_map(|(index, line)| {
            let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            words
                .filter(|word| !word.is_empty())
                .map(move |word| (index + 1, word))
        })
    }

    /// The line on which the inline test module begins, counted from 1.
    pub(crate) fn tests_begin(&self) -> Option<usize> {
        let lines = self.code.lines().collect::<Vec<_>>();
        let inline = |pair: &[&str]| {
            pair[0].trim() == "#[cfg(test)]"
                && pair[1].starts_with("mod ")
                && pair[1].ends_with('{')
        };
        lines.windows(2).position(inline).map(|index| index + 1)
    }
}

struct Lexer<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    line: usize,
    source: RustSource,
}

impl Lexer<'_> {
    fn run(mut self) -> RustSource {
        let mut in_word = false;
        while let Some(&(at, c)) = self.chars.peek() {
            let rest = &self.text[at..];
            if rest.starts_with("//") {
                let end = rest.find('\n').unwrap_or(rest.len());
                self.comment(end);
            } else if rest.starts_with("/*") {
                self.comment(block_comment_length(rest));
            } else if let Some(hashes) = raw_string_hashes(rest).filter(|_| !in_word) {
                let opening = rest.find('"').map_or(rest.len(), |quote| quote + 1);
                let closing = format!("\"{}", "#".repeat(hashes));
                self.code(opening);
                let content = rest[opening..]
                    .find(&closing)
                    .unwrap_or(rest.len() - opening);
                self.literal(content);
                self.code(closing.len());
            } else if c == '"' {
                self.code(1);
                self.literal(string_length(&rest[1..]));
                self.code(1);
            } else if let Some(length) = character_length(rest) {
                self.blank(length);
            } else {
                self.code(c.len_utf8());
            }
            in_word = c.is_alphanumeric() || c == '_';
        }
        self.source
    }

    /// Takes `length` bytes and keeps them as code.
    fn code(&mut self, length: usize) {
        self.take(length, String::push);
    }

    /// Takes `length` bytes that are not code.
    fn blank(&mut self, length: usize) {
        self.take(length, |code, c| code.push(if c == '\n' { c } else { ' ' }));
    }

    fn comment(&mut self, length: usize) {
        let span = self.span(length);
        self.source.comments.push(span);
        self.blank(length);
    }

    fn literal(&mut self, length: usize) {
        let span = self.span(length);
        self.source.literals.push(span);
        self.blank(length);
    }

    fn span(&mut self, length: usize) -> Span {
        let at = self.chars.peek().map_or(self.text.len(), |&(at, _)| at);
        let end = self.text.len().min(at + length);
        Span {
            line: self.line,
            text: self.text[at..end].to_owned(),
        }
    }

    fn take(&mut self, length: usize, keep: impl Fn(&mut String, char)) {
        let start = self.chars.peek().map_or(self.text.len(), |&(at, _)| at);
        while let Some((_, c)) = self.chars.next_if(|&(at, _)| at < start + length) {
            self.line += usize::from(c == '\n');
            keep(&mut self.source.code, c);
        }
    }
}

/// Length of the possibly nested block comment that `rest` begins with.
fn block_comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The number of `#` if `rest` begins with a raw string.
fn raw_string_hashes(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// Length of the content of a string up to its closing quote.
fn string_length(content: &str) -> usize {
    let mut escaped = false;
    for (at, c) in content.char_indices() {
        match c {
            '"' if !escaped => return at,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    content.len()
}

/// Length of the character literal that `rest` begins with; nothing for a lifetime.
fn character_length(rest: &str) -> Option<usize> {
    let content = rest.strip_prefix('\'')?;
    let first = content.chars().next()?;
    if first == '\\' {
        let escape = content[1..].chars().next().map_or(0, char::len_utf8);
        let close = content[1 + escape..].find('\'')?;
        return Some(1 + 1 + escape + close + 1);
    }
    content[first.len_utf8()..]
        .starts_with('\'')
        .then_some(first.len_utf8() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_leave_the_code() {
        let source =
            RustSource::new("let a = \"un//safe\"; // unsafe\n/* b /* c */ */ let d = 'x';");
        assert_eq!(
            source.code.split_whitespace().collect::<String>(),
            "leta=\"\";letd=;"
        );
        assert_eq!(
            source.comments[0],
            Span {
                line: 1,
                text: "// unsafe".to_owned()
            }
        );
        assert_eq!(source.comments[1].text, "/* b /* c */ */");
        assert_eq!(
            source.literals,
            [Span {
                line: 1,
                text: "un//safe".to_owned()
            }]
        );
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        let source = RustSource::new("x(r#\"a\"b\"#, br\"c\", bar\"d\")");
        let literals = source
            .literals
            .iter()
            .map(|span| span.text.as_str())
            .collect::<Vec<_>>();
        assert_eq!(literals, ["a\"b", "c", "d"]);
    }

    #[test]
    fn lifetimes_are_no_characters() {
        let source =
            RustSource::new("fn f<'a>(c: &'a str) { g('\\'', '\\u{41}', '\"', b'\\\\') } // end");
        assert_eq!(source.comments.len(), 1);
        assert!(source.code.contains("<'a>(c: &'a str)"));
        assert!(!source.code.contains('"'));
    }

    #[test]
    fn escaped_quotes_do_not_end_a_string() {
        let source = RustSource::new(r#"a("b\"c\\", d)"#);
        assert_eq!(source.literals[0].text, r#"b\"c\\"#);
        assert!(source.code.ends_with("\", d)"));
    }

    #[test]
    fn lines_are_counted_through_everything() {
        let source = RustSource::new("\"a\nb\"\n/*\n*/\n// here");
        assert_eq!(source.comments[1].line, 5);
        assert_eq!(source.code.lines().count(), 5);
    }

    #[test]
    fn the_inline_tests_are_found() {
        let source = RustSource::new("fn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n");
        assert_eq!(source.tests_begin(), Some(3));
        assert_eq!(
            RustSource::new("#[cfg(test)]\nmod tests;\n").tests_begin(),
            None
        );
    }
}
