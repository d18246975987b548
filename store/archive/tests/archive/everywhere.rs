//! Damage at every place.

use store_archive::{ArchiveError, Encoder, Header};
use store_memory::Image;
use store_model::{Check, Family, FormatError, Holders, Number, Sink, check};
use wire_message::Seed;

use crate::record::{archive, read, store};

#[test]
fn a_whole_archive_has_every_record_and_what_a_store_begins_with() {
    let image = store();
    let bytes = archive(&image);
    let mut copy = Image::default();
    let read = read(&bytes, &mut |item| {
        if let store_archive::Item::Record {
            family, key, value, ..
        } = item
        {
            copy.put(family, key, value);
        }
    });
    let (header, records) = read.expect("it is whole");
    let (next, seed) = (Number(15), Seed(5));
    assert_eq!(header, Header { next, seed });
    // All but the store's own three and the one that counts who shares a message.
    assert_eq!(records, image.len() - 4);
    copy.add(Family::Holders, &11_u64.to_be_bytes(), Holders(2));
    for family in Family::ALL.into_iter().filter(|one| *one != Family::Meta) {
        let (found, wanted) = (copy.prefixed(family, &[]), image.prefixed(family, &[]));
        assert!(found.eq(wanted), "{family:?}");
    }
    assert!(check(&image).is_sound());
}

#[test]
fn an_archive_cut_anywhere_is_an_error() {
    let bytes = archive(&store());
    for length in 0..bytes.len() {
        let error = read(&bytes[..length], &mut |_| ()).expect_err("it is cut");
        assert_eq!(error, ArchiveError::Truncated, "{length} bytes");
    }
    let more = [bytes.as_slice(), &[0]].concat();
    assert_eq!(read(&more, &mut |_| ()), Err(ArchiveError::Trailing));
}

#[test]
fn an_archive_changed_anywhere_is_an_error() {
    let bytes = archive(&store());
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[place] ^= 1 << bit;
            let read = read(&bytes, &mut |_| ());
            assert!(read.is_err(), "bit {bit} of byte {place}");
        }
    }
}

/// Frames of an archive, header first.
fn frames(bytes: &[u8]) -> Vec<&[u8]> {
    let (header, mut rest) = bytes.split_at(store_archive::HEADER_BYTES);
    let mut frames = vec![header];
    while let Some((prefix, _)) = rest.split_first_chunk::<4>() {
        let length = 4 + u32::from_be_bytes(*prefix) as usize;
        let (frame, behind) = rest.split_at(length);
        frames.push(frame);
        rest = behind;
    }
    frames
}

#[test]
fn a_frame_left_out_repeated_or_moved_is_an_error() {
    let bytes = archive(&store());
    let whole = frames(&bytes);
    for place in 1..whole.len() {
        let mut fewer = whole.clone();
        fewer.remove(place);
        assert!(read(&fewer.concat(), &mut |_| ()).is_err(), "{place}");
        let mut more = whole.clone();
        more.insert(place, whole[place]);
        assert!(read(&more.concat(), &mut |_| ()).is_err(), "{place}");
        let mut moved = whole.clone();
        moved.swap(place, place - 1);
        assert!(read(&moved.concat(), &mut |_| ()).is_err(), "{place}");
    }
}

#[test]
fn records_out_of_order_or_unreadable_are_errors_although_their_sums_are_right() {
    let (next, seed) = (Number(15), Seed(5));
    let image = store();
    let records: Vec<_> = image.prefixed(Family::Queue, &[]).collect();
    let made = |records: &[(Family, &[u8], &[u8])]| {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(Header { next, seed }, &mut bytes);
        for (family, key, value) in records {
            encoder.record(*family, key, value, &mut bytes);
        }
        encoder.finish(&mut bytes);
        read(&bytes, &mut |_| ()).map(|(_, records)| records)
    };
    let queue = |place: usize| (Family::Queue, records[place].0, records[place].1);
    assert_eq!(made(&[queue(0), queue(1)]), Ok(2));
    let order = |frame| Err(ArchiveError::Order { frame });
    assert_eq!(made(&[queue(1), queue(0)]), order(2));
    assert_eq!(made(&[queue(0), queue(0)]), order(2));
    let head = image.prefixed(Family::Sessions, &[]).next();
    let (key, value) = head.expect("there are sessions");
    let head = (Family::Sessions, key, value);
    assert_eq!(made(&[queue(0), head]), order(2));
    let wrong = (Family::Queue, records[0].0, records[1].1);
    let made = made(&[wrong]);
    assert!(
        matches!(made, Err(ArchiveError::Damaged { frame: 1, .. })),
        "{made:?}"
    );
}

#[test]
fn what_is_no_archive_of_this_version_is_told_as_such() {
    let bytes = archive(&store());
    let changed = |place: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[place] = byte;
        let sum = crc32c::crc32c(&bytes[..32]).to_be_bytes();
        bytes[32..36].copy_from_slice(&sum);
        read(&bytes, &mut |_| ()).map(|_| ())
    };
    assert_eq!(changed(0, b'X'), Err(ArchiveError::Magic));
    assert_eq!(changed(11, 2), Err(ArchiveError::Version { version: 2 }));
    let newer = FormatError::Newer { found: 9 };
    assert_eq!(changed(15, 9), Err(ArchiveError::Store(newer)));
}

#[test]
fn the_rest_of_what_ended_and_what_is_damaged_is_left_out() {
    let mut image = store();
    let mut writer = store_model::Writer::new(store_model::WallClock::default(), Number(15), 0);
    let session = Number(1);
    writer.apply(&store_model::Operation::DropSession { session }, &mut image);
    let body = image.value_mut(Family::Bodies, &11_u64.to_be_bytes());
    body.expect("it is there")[9] ^= 1;
    let mut bytes = Vec::new();
    let exported = store_archive::export(&image, &mut |more: &[u8]| {
        bytes.extend_from_slice(more);
        Ok::<(), std::convert::Infallible>(())
    });
    let exported = exported.expect("it can be read");
    // The first session's subscription, entry, flight and receipt; the message, and what shares it.
    assert_eq!((exported.ended, exported.damaged), (4, 3));
    let (_, records) = read(&bytes, &mut |_| ()).expect("it is whole");
    assert_eq!(records as u64, exported.records.iter().sum::<u64>());
    let Check { wrong, .. } = check(&image);
    assert!(wrong > 0);
}
