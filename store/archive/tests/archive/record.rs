//! A small store with a record of each kind, and its archive.

use std::convert::Infallible;
use std::sync::Arc;

use store_archive::{ArchiveError, Decoder, HEADER_BYTES, Header, Item, export};
use store_memory::Image;
use store_model::{
    Enqueue, Family, Flight, FlightStage, Home, MetaKey, Number, Operation, Origin, PutSession,
    PutSubscription, PutWill, Queued, Receipt, Sink, Subscription, UnixMillis, WallClock, Writer,
};
use wire_message::{
    ClientId, Expiry, Instant, Message, MessageRef, PublisherId, Qos, ShardId, TopicRef,
};
use wire_mqtt::PacketId;

fn message(topic: &str) -> Arc<Message> {
    let message = MessageRef {
        topic: TopicRef::new(topic).expect("valid"),
        payload: b"payload",
        properties: &[],
        qos: Qos::ExactlyOnce,
        retain: false,
        expiry: Expiry::NEVER,
        received_at: Instant::ZERO,
        publisher: PublisherId(1),
    };
    Arc::new(message.to_message())
}

fn queued(session: u64) -> Queued {
    Queued {
        session: Number(session),
        priority: 3,
        qos: Qos::ExactlyOnce,
        retain: true,
        packet_id: PacketId::new(9),
        group: None,
        subscription_ids: vec![7],
    }
}

fn enqueue(number: u64, sessions: &[u64]) -> Operation {
    let session = Number(sessions[0]);
    let part = Home::new(ShardId(0), 2).expect("one of two");
    let receipt = Receipt {
        parts: 2,
        taken_at: UnixMillis(5),
    };
    let origin = Origin {
        number: session,
        packet_id: PacketId::new(1),
    };
    Operation::Enqueue(Box::new(Enqueue {
        number: Number(number),
        message: message("a"),
        entries: sessions.iter().copied().map(queued).collect(),
        receipt: Some((origin, part, receipt)),
    }))
}

fn session(session: u64) -> Operation {
    Operation::PutSession(Box::new(PutSession {
        session: Number(session),
        client: ClientId::new(&format!("c{session}")),
        username: Some("user".into()),
        mount: "m/".into(),
        expiry_s: 60,
        detached_at: Some(UnixMillis(77)),
    }))
}

fn operations() -> Vec<Operation> {
    let subscription = Subscription {
        qos: Qos::AtLeastOnce,
        no_local: true,
        retain_as_published: true,
        retain_handling: 2,
        exclusive: false,
        identifier: None,
    };
    vec![
        session(1),
        session(2),
        Operation::PutSubscription(Box::new(PutSubscription {
            session: Number(1),
            filter: "$share/g/a/#".into(),
            subscription,
        })),
        Operation::PutWill(Box::new(PutWill {
            session: Number(2),
            message: message("will"),
            expiry_s: Some(4),
            delay_s: 5,
        })),
        enqueue(10, &[1]),
        enqueue(11, &[1, 2]),
        Operation::PutFlight {
            session: Number(1),
            packet_id: PacketId::new(5).expect("not zero"),
            flight: Flight {
                stage: FlightStage::Sent {
                    priority: 3,
                    number: Number(11),
                },
                rank: Number(12),
            },
        },
        Operation::PutFlight {
            session: Number(2),
            packet_id: PacketId::new(5).expect("not zero"),
            flight: Flight {
                stage: FlightStage::Released,
                rank: Number(13),
            },
        },
        Operation::PutRetained(message("kept")),
        Operation::Delay {
            number: Number(14),
            due: UnixMillis(1_000),
            message: message("later"),
        },
    ]
}

/// A store with a record of each kind that is in an archive.
pub(crate) fn store() -> Image {
    let mut image = Image::default();
    let format = store_model::format_bytes();
    image.put(Family::Meta, MetaKey::Format.as_bytes(), &format);
    let seed = MetaKey::Seed;
    image.put(Family::Meta, seed.as_bytes(), &seed.value(5));
    let mut writer = Writer::new(WallClock::default(), Number(1), 0);
    for operation in operations() {
        writer.apply(&operation, &mut image);
    }
    writer.finish_group(&mut image);
    image
}

pub(crate) fn archive(image: &Image) -> Vec<u8> {
    let mut bytes = Vec::new();
    let exported = export(image, &mut |more: &[u8]| {
        bytes.extend_from_slice(more);
        Ok::<(), Infallible>(())
    });
    let exported = exported.expect("an image can be read");
    assert_eq!((exported.damaged, exported.ended), (0, 0));
    bytes
}

/// Reads an archive to its end; shows every record.
pub(crate) fn read(
    bytes: &[u8],
    show: &mut dyn FnMut(Item<'_>),
) -> Result<(Header, usize), ArchiveError> {
    let cut = ArchiveError::Truncated;
    let (header, mut rest) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(cut)?;
    let (mut decoder, header) = Decoder::new(header)?;
    let mut records = 0;
    loop {
        let (prefix, behind) = rest.split_first_chunk::<4>().ok_or(cut)?;
        let length = decoder.length(*prefix)?;
        let (frame, behind) = behind.split_at_checked(length).ok_or(cut)?;
        match decoder.frame(frame)? {
            Item::End if behind.is_empty() => return Ok((header, records)),
            Item::End => return Err(ArchiveError::Trailing),
            record @ Item::Record { .. } => show(record),
        }
        (rest, records) = (behind, records + 1);
    }
}
