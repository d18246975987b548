//! Publishers and subscribers that exchange messages in rounds, over sockets that block.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use wire_message::{Qos, TopicRef};
use wire_mqtt::{
    Connect, FilterRequest, FilterRequests, Packet, PacketId, Publish, Subscribe,
    SubscribeProperties, Version,
};

use super::server::Server;

/// How long an answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(10);

const PAYLOAD: [u8; 256] = [b'x'; 256];

const PINGREQ: [u8; 2] = [0xc0, 0];
const PINGRESP: [u8; 2] = [0xd0, 0];

/// The shape of a round and how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    pub(crate) pairs: usize,
    /// Messages that a publisher writes at once; 1 if `qos` is 1.
    pub(crate) burst: usize,
    /// 0 or 1.
    pub(crate) qos: Qos,
    pub(crate) rounds_few: usize,
    pub(crate) rounds_many: usize,
}

impl Traffic {
    /// Messages of all publishers.
    pub(crate) const fn messages_per_round(&self) -> usize {
        self.pairs * self.burst
    }
}

/// All clients of one broker.
pub(crate) struct Pairs {
    pairs: Vec<Pair>,
    traffic: Traffic,
}

struct Pair {
    publisher: TcpStream,
    subscriber: TcpStream,
    /// What the publisher writes.
    bytes: Vec<u8>,
    /// What of it a subscriber reads.
    delivered: Vec<u8>,
    /// Where the packet id stands.
    id_at: usize,
}

impl Pairs {
    /// Connects and subscribes.
    ///
    /// # Errors
    ///
    /// If the broker refuses.
    pub(crate) fn connect(address: SocketAddr, traffic: Traffic) -> Result<Self> {
        let pair = |number| Pair::connect(address, number, traffic);
        let pairs = (0..traffic.pairs).map(pair).collect::<Result<_>>()?;
        Ok(Self { pairs, traffic })
    }

    /// Every publisher publishes, every subscriber reads it all; nothing is under way in the end.
    ///
    /// # Errors
    ///
    /// If something else comes, or too late.
    pub(crate) fn exchange(&mut self, server: &Server) -> Result<()> {
        // The broker shall find the messages of all pairs at once, on whatever machine.
        let pause = self.traffic.pairs > 1;
        if pause {
            server.pause()?;
        }
        for pair in &mut self.pairs {
            pair.publisher.write_all(&pair.bytes).context("publish")?;
        }
        if pause {
            server.resume()?;
        }
        for pair in &mut self.pairs {
            let mut read = vec![0; pair.delivered.len()];
            pair.subscriber
                .read_exact(&mut read)
                .context("wait for a delivery")?;
            if self.traffic.qos == Qos::AtMostOnce {
                ensure!(
                    read == pair.delivered,
                    "a delivery differs from its message"
                );
            } else {
                pair.acknowledge(&read)?;
            }
        }
        Ok(())
    }
}

impl Pair {
    fn connect(address: SocketAddr, number: usize, traffic: Traffic) -> Result<Self> {
        let topic = format!("pair/{number:04}");
        let mut subscriber = client(address, &format!("subscriber-{number}"))?;
        let requests = [FilterRequest::new(&topic, traffic.qos)];
        let subscribe = Packet::Subscribe(Subscribe {
            packet_id: PacketId::new(1).context("1 is not 0")?,
            properties: SubscribeProperties::default(),
            requests: FilterRequests::new(&requests),
        });
        let suback = [0x90, 3, 0, 1, traffic.qos.bits()];
        ask(&mut subscriber, &encoded(&subscribe)?, &suback).context("subscribe")?;
        let mut publish = Publish::new(TopicRef::new(&topic)?, &PAYLOAD);
        publish.qos = traffic.qos;
        publish.packet_id = PacketId::new(1).filter(|_| traffic.qos != Qos::AtMostOnce);
        let bytes = encoded(&Packet::Publish(publish))?.repeat(traffic.burst);
        Ok(Self {
            publisher: client(address, &format!("publisher-{number}"))?,
            subscriber,
            // The length of a packet takes two bytes, that of the topic as well.
            id_at: 1 + 2 + 2 + topic.len(),
            delivered: bytes.clone(),
            bytes,
        })
    }

    /// Both sides of QoS 1. A PINGREQ behind the subscriber's acknowledgement, because its answer
    /// says that the broker has read both.
    fn acknowledge(&mut self, delivery: &[u8]) -> Result<()> {
        let id = &delivery[self.id_at..self.id_at + 2];
        let puback = [0x40, 2, id[0], id[1], PINGREQ[0], PINGREQ[1]];
        ask(&mut self.publisher, &[], &[0x40, 2, 0, 1]).context("wait for a PUBACK")?;
        ask(&mut self.subscriber, &puback, &PINGRESP).context("acknowledge")
    }
}

/// A connection that was greeted.
fn client(address: SocketAddr, name: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).context("connect")?;
    stream.set_nodelay(true).context("connect")?;
    stream
        .set_read_timeout(Some(ANSWER_TIME))
        .context("connect")?;
    let connect = encoded(&Packet::Connect(Connect::new(Version::V311, name)))?;
    ask(&mut stream, &connect, &[0x20, 2, 0, 0]).context("connect")?;
    Ok(stream)
}

fn ask(stream: &mut TcpStream, question: &[u8], answer: &[u8]) -> Result<()> {
    stream.write_all(question)?;
    let mut read = vec![0; answer.len()];
    stream.read_exact(&mut read)?;
    ensure!(
        read == answer,
        "an answer of {read:02x?}, not {answer:02x?}"
    );
    Ok(())
}

fn encoded(packet: &Packet<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    packet.encode(Version::V311, &mut bytes)?;
    Ok(bytes)
}
