//! Texts that differ from client to client.

use core::fmt::{self, Write as _};
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::RunId;

/// A text with variables, for topics, filters, client ids and user names.
///
/// | variable | stands for |
/// | --- | --- |
/// | `${i}` | the client's index in its group, from 0 |
/// | `${i%N}`, `${i/N}` | remainder and quotient of that |
/// | `${n}`, `${n%N}`, `${n/N}` | the same with the client's number in the run |
/// | `${r}` | the run, eight hexadecimal digits |
/// | `${rand:N}` | a number below N, drawn once for each client |
/// | `${s}` | the message's sequence number, in topics of publishers only |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: Box<str>,
    parts: Box<[Part]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(Box<str>),
    Index(Reduce),
    Number(Reduce),
    Run,
    Random(u32),
    Sequence,
}

/// What is made of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reduce {
    Whole,
    Remainder(u32),
    Quotient(u32),
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// `${` without `}`.
    #[error("`{_0}`: `${{` without `}}`")]
    Open(String),
    /// A variable that does not exist, or that lacks its number.
    #[error("variable `${{{_0}}}` is none of i, i%N, i/N, n, n%N, n/N, r, rand:N and s")]
    Variable(String),
}

/// Where a template is filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The client's index in its group.
    pub index: u32,
    /// The client's number in the run.
    pub number: u32,
    /// The run.
    pub run: RunId,
    /// The plan's seed.
    pub seed: u64,
    /// The message's sequence number.
    pub sequence: u32,
}

impl Template {
    /// The client id that clients get by default: run and number, at most 17 characters.
    ///
    /// # Panics
    ///
    /// Never: its text is a template.
    #[must_use]
    pub fn client_id() -> Self {
        "${r}-${n}"
            .parse()
            .expect("both variables of the text exist")
    }

    /// The text with its variables.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it differs from message to message.
    #[must_use]
    pub fn has_sequence(&self) -> bool {
        self.parts.contains(&Part::Sequence)
    }

    /// Whether all clients get the same.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        let constant = |part: &Part| matches!(part, Part::Literal(_) | Part::Run);
        self.parts.iter().all(constant)
    }

    /// Bytes of the longest text that there may be.
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        let bytes = |part: &Part| match part {
            Part::Literal(text) => text.len(),
            // As many digits as the largest number has.
            Part::Index(_) | Part::Number(_) | Part::Run | Part::Random(_) | Part::Sequence => 10,
        };
        self.parts.iter().map(bytes).sum()
    }

    /// Appends the text for `place` to `out`.
    pub fn render(&self, place: &Place, out: &mut String) {
        for (at, part) in (0..).zip(&self.parts) {
            let number = match part {
                Part::Literal(text) => {
                    out.push_str(text);
                    continue;
                }
                Part::Run => {
                    let _ = write!(out, "{}", place.run);
                    continue;
                }
                Part::Index(reduce) => reduce.apply(place.index),
                Part::Number(reduce) => reduce.apply(place.number),
                Part::Random(bound) => {
                    let client = u64::from(place.number) << 8 | at;
                    (mix(place.seed ^ mix(client)) >> 32) as u32 % bound
                }
                Part::Sequence => place.sequence,
            };
            let _ = write!(out, "{number}");
        }
    }

    /// The text for `place`.
    #[must_use]
    pub fn text(&self, place: &Place) -> String {
        let mut out = String::new();
        self.render(place, &mut out);
        out
    }
}

impl Reduce {
    const fn apply(self, number: u32) -> u32 {
        match self {
            Self::Whole => number,
            Self::Remainder(by) => number % by,
            Self::Quotient(by) => number / by,
        }
    }
}

/// Spreads the bits of a number (the finalizer of `SplitMix64`).
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

fn variable(name: &str) -> Result<Part, TemplateError> {
    let wrong = || TemplateError::Variable(name.to_owned());
    let above_zero = |text: &str| text.parse().ok().filter(|&number: &u32| number > 0);
    let reduced = |rest: &str| match rest.split_at_checked(1) {
        None => Some(Reduce::Whole),
        Some(("%", by)) => above_zero(by).map(Reduce::Remainder),
        Some(("/", by)) => above_zero(by).map(Reduce::Quotient),
        Some(_) => None,
    };
    let part = match name {
        "r" => Some(Part::Run),
        "s" => Some(Part::Sequence),
        _ => {
            if let Some(bound) = name.strip_prefix("rand:") {
                above_zero(bound).map(Part::Random)
            } else if let Some(rest) = name.strip_prefix('i') {
                reduced(rest).map(Part::Index)
            } else if let Some(rest) = name.strip_prefix('n') {
                reduced(rest).map(Part::Number)
            } else {
                None
            }
        }
    };
    part.ok_or_else(wrong)
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once("${") {
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.into()));
            }
            let closed = after.split_once('}');
            let (name, behind) = closed.ok_or_else(|| TemplateError::Open(text.to_owned()))?;
            parts.push(variable(name)?);
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.into()));
        }
        Ok(Self {
            text: text.into(),
            parts: parts.into(),
        })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(template: &str, place: &Place) -> String {
        template
            .parse::<Template>()
            .expect("a template")
            .text(place)
    }

    #[test]
    fn variables_are_filled_in() {
        let place = Place {
            index: 7,
            number: 1007,
            run: RunId(0xbeef),
            seed: 3,
            sequence: 5,
        };
        assert_eq!(text("dev/${i}/t", &place), "dev/7/t");
        assert_eq!(text("${i%3}/${i/3}${n}", &place), "1/21007");
        assert_eq!(text("${r}-${n%10}/${n/10}", &place), "0000beef-7/100");
        assert_eq!(text("a${s}", &place), "a5");
        assert_eq!(text("$SYS/{i}$", &place), "$SYS/{i}$");
    }

    #[test]
    fn random_numbers_last_as_long_as_the_client() {
        let drawn = |number, sequence| {
            let place = Place {
                number,
                sequence,
                ..Place::default()
            };
            text("${rand:1000000}", &place)
        };
        assert_eq!(drawn(1, 0), drawn(1, 9));
        assert_ne!(drawn(1, 0), drawn(2, 0));
        let below = (0..200).map(|number| {
            let place = Place {
                number,
                ..Place::default()
            };
            text("${rand:4}", &place).parse::<u32>().expect("a number")
        });
        let seen = below.fold([0; 4], |mut seen, drawn| {
            seen[drawn as usize] += 1;
            seen
        });
        assert!(seen.iter().all(|&times| times > 20), "{seen:?}");
    }

    #[test]
    fn what_is_no_template_is_refused() {
        let parse = str::parse::<Template>;
        assert!(matches!(parse("a${i"), Err(TemplateError::Open(_))));
        for name in [
            "", "x", "i%", "i%0", "i+1", "rand", "rand:", "rand:0", "no", "id",
        ] {
            let expected = TemplateError::Variable(name.to_owned());
            assert_eq!(parse(&format!("a${{{name}}}")), Err(expected));
        }
    }

    #[test]
    fn a_template_tells_what_it_depends_on() {
        let parse = |text: &str| text.parse::<Template>().expect("a template");
        assert!(parse("a/${r}").is_constant() && !parse("a/${i}").is_constant());
        assert!(parse("a/${s}").has_sequence() && !parse("a/${i}").has_sequence());
    }
}
