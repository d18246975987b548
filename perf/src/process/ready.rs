//! Whether a broker accepts clients: a CONNECT that is answered.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(2);

const DISCONNECT: [u8; 2] = [0xe0, 0];

/// Which CONNECT is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// MQTT 3.1.1.
    Mqtt3,
    /// MQTT 5.0.
    Mqtt5,
}

impl Version {
    /// A clean start with a keep alive of a minute.
    fn connect(self) -> &'static [u8] {
        match self {
            Self::Mqtt3 => b"\x10\x16\0\x04MQTT\x04\x02\0\x3c\0\x0aperf-ready",
            Self::Mqtt5 => b"\x10\x17\0\x04MQTT\x05\x02\0\x3c\0\0\x0aperf-ready",
        }
    }
}

/// Connects, waits for a CONNACK that says yes, and disconnects.
///
/// # Errors
///
/// Says how far it came.
pub(super) fn handshake(address: SocketAddr, version: Version) -> Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, ATTEMPT).context("no connection")?;
    stream
        .set_read_timeout(Some(ATTEMPT))
        .context("no time-out")?;
    stream.write_all(version.connect()).context("no CONNECT")?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).context("no CONNACK")?;
    if answer[0] != 0x20 || answer[3] != 0 {
        bail!("a refusal: {answer:02x?}");
    }
    _ = stream.write_all(&DISCONNECT);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connects_say_their_own_length() {
        for version in [Version::Mqtt3, Version::Mqtt5] {
            let packet = version.connect();
            assert_eq!(usize::from(packet[1]), packet.len() - 2, "{version:?}");
        }
    }
}
