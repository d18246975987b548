//! Values with units: what a scalar can mean.

mod auto;
mod bind;
mod byte_count;
mod choice;
mod cpu_list;
mod interval;
mod limit;
mod number;
mod priorities;
mod rate;
mod server_keepalive;
mod tcp_keepalive;
mod text;

use core::fmt::Display;

pub use auto::Auto;
pub use bind::Bind;
pub use byte_count::ByteCount;
pub use choice::{
    Durability, LogFormat, LogLevel, Overlapping, QueueOverflow, RewriteAction, SharedStrategy,
};
pub use cpu_list::CpuList;
pub use interval::Interval;
pub use limit::Limit;
pub use priorities::{DefaultPriority, Priorities};
pub use rate::{ByteRate, Rate};
pub use server_keepalive::ServerKeepAlive;
pub use tcp_keepalive::TcpKeepAlive;

use crate::node::Scalar;

/// A scalar with a meaning. `Display` writes what `parse` reads.
pub(crate) trait Value: Sized + Display + PartialOrd {
    /// What may be written, for error messages and the reference page.
    fn kind() -> String;

    /// The value, or none if the scalar is no such thing.
    fn parse(scalar: &Scalar) -> Option<Self>;
}

/// Whether `text` means itself in HOCON without quotes.
pub(crate) fn plain(text: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    !text.is_empty() && !text.contains("//") && text.bytes().all(safe)
}

/// `text` as a HOCON literal.
pub(crate) fn literal(text: &str) -> String {
    if plain(text) {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

/// A number and what follows it, as in `10MB`; none if there is no digit in front.
pub(crate) fn split_number(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number = text[..end].parse().ok()?;
    Some((number, text[end..].trim_start()))
}
