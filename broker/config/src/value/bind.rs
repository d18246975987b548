//! Addresses to listen on.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::Value;
use crate::node::Scalar;

/// An address and port to listen on: `127.0.0.1:1883`, `[::1]:1883`, or `1883` and `:1883` for all IPv4 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bind(pub SocketAddr);

impl Value for Bind {
    fn kind() -> String {
        "an address with a port, such as `\"127.0.0.1:1883\"` or `\"[::]:1883\"`, or a port alone"
            .to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        let text = scalar.raw.trim();
        if let Ok(address) = text.parse() {
            return Some(Self(address));
        }
        let port = text.strip_prefix(':').unwrap_or(text).parse().ok()?;
        Some(Self(SocketAddr::new(
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port,
        )))
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_listens_on_all_addresses() {
        let bind = |text| Bind::parse(&Scalar::text(text)).map(|bind| bind.to_string());
        assert_eq!(bind("1883").as_deref(), Some("0.0.0.0:1883"));
        assert_eq!(bind(":1883").as_deref(), Some("0.0.0.0:1883"));
        assert_eq!(bind("[::1]:0").as_deref(), Some("[::1]:0"));
        for text in ["localhost:1883", "127.0.0.1", "70000", "", "1.2.3.4:x"] {
            assert_eq!(bind(text), None, "{text}");
        }
    }
}
