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
    fn connect(self, client_id: &str) -> Vec<u8> {
        let mut packet = b"\x10\0\0\x04MQTT".to_vec();
        packet.extend(match self {
            Self::Mqtt3 => b"\x04\x02\0\x3c".as_slice(),
            Self::Mqtt5 => b"\x05\x02\0\x3c\0",
        });
        let length = u8::try_from(client_id.len()).expect("client ids are short");
        packet.extend([0, length]);
        packet.extend(client_id.bytes());
        packet[1] = u8::try_from(packet.len() - 2).expect("client ids are short");
        packet
    }
}

/// Connects, waits for a CONNACK that says yes, and disconnects.
///
/// # Errors
///
/// Says how far it came.
pub(super) fn handshake(address: SocketAddr, version: Version, attempt: u32) -> Result<()> {
    // Another one each time: there are brokers that stumble over the one before.
    let client_id = format!("perf-{version:?}-{attempt}");
    let mut stream = TcpStream::connect_timeout(&address, ATTEMPT).context("no connection")?;
    stream
        .set_read_timeout(Some(ATTEMPT))
        .context("no time-out")?;
    stream
        .write_all(&version.connect(&client_id))
        .context("no CONNECT")?;
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
    fn connects_say_how_long_they_and_their_client_ids_are() {
        let packet = Version::Mqtt3.connect("ab");
        assert_eq!(packet, b"\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02ab");
        let packet = Version::Mqtt5.connect("ab");
        assert_eq!(packet, b"\x10\x0f\0\x04MQTT\x05\x02\0\x3c\0\0\x02ab");
    }
}
