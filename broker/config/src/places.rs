//! On which line of which file each key was written last.
//!
//! The parser gives values without their place, but its tokens know their lines. This walks the
//! tokens of a file and of what it includes, and notes where each key is assigned. It also refuses
//! two slips that the parser lets through: a brace that closes nothing, and an equals sign inside
//! a value, which is mostly a value forgotten on the line above.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enums are the parser's and may grow"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hocon::{Token, TokenKind};

use crate::document::{Reader, Source};
use crate::{Finding, Origin};

/// Includes within includes. Deeper: not followed, the parser has refused a circle already.
const INCLUDE_DEPTH_MAX: usize = 32;

/// Where keys were written.
#[derive(Debug, Default)]
pub(crate) struct Places {
    keys: BTreeMap<Vec<String>, Origin>,
    /// Slips that the parser let through.
    pub(crate) findings: Vec<Finding>,
}

impl Places {
    /// Where the key at `path` was written, if it was written as a key.
    pub(crate) fn at(&self, path: &[String]) -> Option<Origin> {
        self.keys.get(path).cloned()
    }
}

/// Walks `source`, which the parser has accepted.
pub(crate) fn find(source: &Source, reader: Reader<'_>) -> Places {
    let mut places = Places::default();
    walk_file(source, &[], reader, 0, &mut places);
    places
}

fn walk_file(
    source: &Source,
    prefix: &[String],
    reader: Reader<'_>,
    depth: usize,
    places: &mut Places,
) {
    let Ok(tokens) = hocon::tokenize(&source.text) else {
        return;
    };
    let path = Arc::new(source.path.clone());
    let mut walk = Walk {
        tokens: &tokens,
        next: 0,
        path,
        reader,
        depth,
        places,
    };
    walk.skip_newlines();
    if walk.kind() == TokenKind::LBrace {
        walk.next += 1;
        walk.fields(&mut prefix.to_vec());
        walk.next += 1;
    } else {
        walk.fields(&mut prefix.to_vec());
    }
    walk.skip_newlines();
    if walk.kind() == TokenKind::RBrace {
        walk.complain("this brace closes nothing");
    }
}

struct Walk<'a> {
    tokens: &'a [Token],
    next: usize,
    path: Arc<PathBuf>,
    reader: Reader<'a>,
    depth: usize,
    places: &'a mut Places,
}

impl Walk<'_> {
    fn token(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn kind(&self) -> TokenKind {
        self.token()
            .map_or(TokenKind::Eof, |token| token.kind.clone())
    }

    fn origin(&self) -> Origin {
        let line = self.token().map(|token| token.line);
        Origin::File {
            path: self.path.clone(),
            line,
        }
    }

    fn complain(&mut self, message: &str) {
        let finding = Finding::new(&self.origin(), message);
        self.places.findings.push(finding);
    }

    fn skip_newlines(&mut self) {
        while self.kind() == TokenKind::Newline {
            self.next += 1;
        }
    }

    /// The fields of an object, up to its closing brace or the end.
    fn fields(&mut self, prefix: &mut Vec<String>) {
        loop {
            match self.kind() {
                TokenKind::Newline | TokenKind::Comma => self.next += 1,
                TokenKind::Unquoted if self.is_include() => self.include(prefix),
                TokenKind::Unquoted | TokenKind::QuotedString => self.field(prefix),
                // The end, the closing brace, or something that the parser has judged already.
                _ => return,
            }
        }
    }

    fn is_include(&self) -> bool {
        let include = self.token().is_some_and(|token| token.value == "include");
        let after = self.tokens.get(self.next + 1).map(|token| &token.kind);
        include && matches!(after, Some(TokenKind::QuotedString | TokenKind::Unquoted))
    }

    fn include(&mut self, prefix: &[String]) {
        let mut from_here = true;
        while !matches!(
            self.kind(),
            TokenKind::Newline | TokenKind::RBrace | TokenKind::Eof
        ) {
            let Some(token) = self.token() else { return };
            if token.kind == TokenKind::Unquoted && token.value.contains("file(") {
                from_here = false;
            }
            if token.kind == TokenKind::QuotedString && self.depth < INCLUDE_DEPTH_MAX {
                let base = self
                    .path
                    .parent()
                    .filter(|_| from_here)
                    .unwrap_or(Path::new(""));
                let named = base.join(&token.value);
                self.include_file(&named, prefix);
            }
            self.next += 1;
        }
    }

    /// Walks the included file; without an extension the parser tries these two, the last wins.
    fn include_file(&mut self, named: &Path, prefix: &[String]) {
        let candidates = if named.extension().is_some() {
            vec![named.to_owned()]
        } else {
            vec![named.with_extension("json"), named.with_extension("conf")]
        };
        for path in candidates {
            if let Some(text) = (self.reader)(&path) {
                let source = Source { path, text };
                walk_file(&source, prefix, self.reader, self.depth + 1, self.places);
            }
        }
    }

    /// One `key = value`, `key += value` or `key { .. }`.
    fn field(&mut self, prefix: &mut Vec<String>) {
        let outer = prefix.len();
        let origin = self.origin();
        prefix.extend(self.key());
        for length in outer + 1..prefix.len() {
            let above = prefix[..length].to_vec();
            self.places
                .keys
                .entry(above)
                .or_insert_with(|| origin.clone());
        }
        self.places.keys.insert(prefix.clone(), origin);
        self.value(prefix);
        prefix.truncate(outer);
    }

    /// What a substitution or scalar puts at or below `path` has no place but that of `path`.
    fn forget_below(&mut self, path: &[String]) {
        self.places
            .keys
            .retain(|key, _| key.len() <= path.len() || !key.starts_with(path));
    }

    /// The segments of a key: dots divide it outside quotes only.
    fn key(&mut self) -> Vec<String> {
        let mut segments = vec![String::new()];
        loop {
            let Some(token) = self.token() else {
                return segments;
            };
            match token.kind {
                TokenKind::Unquoted => {
                    for (index, part) in token.value.split('.').enumerate() {
                        if index > 0 {
                            segments.push(String::new());
                        }
                        segments.last_mut().expect("never empty").push_str(part);
                    }
                }
                TokenKind::QuotedString => {
                    segments
                        .last_mut()
                        .expect("never empty")
                        .push_str(&token.value);
                }
                _ => return segments,
            }
            self.next += 1;
        }
    }

    /// A value up to its end.
    fn value(&mut self, prefix: &mut Vec<String>) {
        while matches!(
            self.kind(),
            TokenKind::Colon | TokenKind::Equals | TokenKind::PlusEquals
        ) {
            self.next += 1;
        }
        self.skip_newlines();
        loop {
            match self.kind() {
                TokenKind::Newline | TokenKind::Comma | TokenKind::RBrace | TokenKind::Eof => {
                    return;
                }
                TokenKind::LBrace => {
                    self.next += 1;
                    self.fields(prefix);
                    self.next += 1;
                }
                TokenKind::LBracket => self.list(),
                TokenKind::Equals | TokenKind::PlusEquals => {
                    self.complain("an equals sign inside a value; put the value in quotes");
                    self.next += 1;
                }
                _ => {
                    self.forget_below(prefix);
                    self.next += 1;
                }
            }
        }
    }

    /// Skips a list with all that it holds.
    fn list(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.kind() {
                TokenKind::LBracket => open += 1,
                TokenKind::RBracket => open -= 1,
                TokenKind::Eof => return,
                _ => {}
            }
            self.next += 1;
            if open == 0 {
                return;
            }
        }
    }
}
