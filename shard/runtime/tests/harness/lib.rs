//! Shards in this process, and clients that speak bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use shard_engine::Settings;
use shard_runtime::{
    Shards, ShardsSettings, StartError, StopSignal, StoreSettings, available_cores,
};
use shard_uring::{DriverSettings, ListenerSettings};

pub const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Settings of `count` shards on whatever cores there are, with one listener on a free port.
pub fn settings(count: usize) -> ShardsSettings {
    let cores = available_cores();
    ShardsSettings {
        cores: cores.iter().copied().cycle().take(count).collect(),
        engine: Arc::new(Settings::default()),
        listeners: vec![ListenerSettings::new(LOOPBACK)],
        driver: DriverSettings::default(),
        grace: Duration::from_secs(10),
        store: None,
    }
}

/// The same, with a store in `folder`.
pub fn stored(count: usize, folder: &Path) -> ShardsSettings {
    ShardsSettings {
        store: Some(StoreSettings {
            folder: folder.to_owned(),
            sync_interval: Duration::from_millis(20),
            reserve_bytes: 0,
            readers: NonZeroUsize::MIN,
        }),
        ..settings(count)
    }
}

/// Shards that are stopped at the end.
pub struct Running {
    shards: Option<Shards>,
    pub address: SocketAddr,
    pub stop: StopSignal,
}

impl Running {
    pub fn start(settings: &ShardsSettings) -> Result<Self, StartError> {
        let shards = Shards::start(settings)?;
        let (address, stop) = (shards.addresses()[0], shards.stop_signal());
        Ok(Self {
            shards: Some(shards),
            address,
            stop,
        })
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Stops the shards and waits for their end.
    pub fn finish(mut self) {
        self.stop.stop();
        self.join();
    }

    pub fn join(&mut self) {
        if let Some(shards) = self.shards.take() {
            assert_eq!(shards.join(), Ok(()));
        }
    }
}

/// A connection that sends and expects bytes.
pub struct Client {
    pub stream: TcpStream,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self { stream }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub fn expect(&mut self, bytes: &[u8]) {
        let mut received = vec![0; bytes.len()];
        self.stream.read_exact(&mut received).unwrap();
        assert_eq!(received, bytes);
    }

    /// The first byte of the next packet.
    pub fn read_head(&mut self) -> u8 {
        let mut head = [0];
        self.stream.read_exact(&mut head).unwrap();
        head[0]
    }

    /// Reads until the server has closed.
    pub fn rest(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.stream.read_to_end(&mut bytes) {
            Ok(_) => bytes,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => bytes,
            Err(error) => panic!("{error}"),
        }
    }

    /// CONNECT of MQTT 3.1.1 with a clean session, or of 5.0 with a clean start.
    pub fn connect(&mut self, version: u8, client: &str) {
        let mut packet = vec![0x10, 0, 0, 4, b'M', b'Q', b'T', b'T', version, 2, 0, 0];
        if version == 5 {
            packet.push(0);
        }
        packet.extend(u16::try_from(client.len()).unwrap().to_be_bytes());
        packet.extend(client.as_bytes());
        packet[1] = u8::try_from(packet.len() - 2).unwrap();
        self.send(&packet);
        if version == 4 {
            self.expect(&[0x20, 2, 0, 0]);
        } else {
            let mut head = [0; 2];
            self.stream.read_exact(&mut head).unwrap();
            assert_eq!(head[0], 0x20);
            let mut body = vec![0; usize::from(head[1])];
            self.stream.read_exact(&mut body).unwrap();
            assert_eq!(body[1], 0, "CONNACK refuses");
        }
    }

    /// CONNECT of MQTT 3.1.1 for a session that stays; `present` is whether it is there already.
    pub fn resume(&mut self, client: &str, present: bool) {
        let mut packet = vec![0x10, 0, 0, 4, b'M', b'Q', b'T', b'T', 4, 0, 0, 0];
        packet.extend(u16::try_from(client.len()).unwrap().to_be_bytes());
        packet.extend(client.as_bytes());
        packet[1] = u8::try_from(packet.len() - 2).unwrap();
        self.send(&packet);
        self.expect(&[0x20, 2, u8::from(present), 0]);
    }

    /// SUBSCRIBE of MQTT 3.1.1 with QoS 0, and its SUBACK.
    pub fn subscribe(&mut self, filter: &str) {
        self.subscribe_at(filter, 0);
    }

    /// The same with another QoS.
    pub fn subscribe_at(&mut self, filter: &str, qos: u8) {
        let mut packet = vec![0x82, 0, 0, 7];
        packet.extend(u16::try_from(filter.len()).unwrap().to_be_bytes());
        packet.extend(filter.as_bytes());
        packet.push(qos);
        packet[1] = u8::try_from(packet.len() - 2).unwrap();
        self.send(&packet);
        self.expect(&[0x90, 3, 0, 7, qos]);
    }

    /// PUBLISH with QoS 1 and packet id 7, and its PUBACK.
    pub fn publish_surely(&mut self, topic: &str, payload: &[u8], retain: bool) {
        self.send(&publish_at_1(topic, payload, 7, retain));
        self.expect(&[0x40, 2, 0, 7]);
    }
}

/// A short PUBLISH with QoS 1.
pub fn publish_at_1(topic: &str, payload: &[u8], packet_id: u16, retain: bool) -> Vec<u8> {
    let mut packet = vec![0x32 | u8::from(retain), 0];
    packet.extend(u16::try_from(topic.len()).unwrap().to_be_bytes());
    packet.extend(topic.as_bytes());
    packet.extend(packet_id.to_be_bytes());
    packet.extend(payload);
    packet[1] = u8::try_from(packet.len() - 2).unwrap();
    packet
}

/// A PUBLISH with QoS 0.
pub fn publish(topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x30];
    let mut rest = 2 + topic.len() + payload.len();
    while rest >= 128 {
        packet.push(u8::try_from(rest % 128).unwrap() | 0x80);
        rest /= 128;
    }
    packet.push(u8::try_from(rest).unwrap());
    packet.extend(u16::try_from(topic.len()).unwrap().to_be_bytes());
    packet.extend(topic.as_bytes());
    packet.extend(payload);
    packet
}
