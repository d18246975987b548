//! Records under other numbers.

use store_archive::{Item, renumber};
use store_memory::Image;
use store_model::{Family, Holders, MetaKey, Sink, Stored, check};

use crate::record::{archive, read, store};

/// A store made of an archive, with `by` added to all numbers.
fn renumbered(bytes: &[u8], by: u64) -> Image {
    let mut image = Image::default();
    let format = store_model::format_bytes();
    image.put(Family::Meta, MetaKey::Format.as_bytes(), &format);
    let (mut key, mut value) = (Vec::new(), Vec::new());
    let read = read(bytes, &mut |item| {
        if let Item::Record { family, stored, .. } = item {
            assert!(renumber(&stored, by, &mut key, &mut value));
            image.put(family, &key, &value);
            if let Stored::Entry(place, entry) = stored
                && entry.body.is_none()
            {
                let body = (place.number.0 + by).to_be_bytes();
                image.add(Family::Holders, &body, Holders(1));
            }
        }
    });
    let (header, _) = read.expect("it is whole");
    for (key, number) in [
        (MetaKey::Seed, header.seed.0),
        (MetaKey::Next, header.next.0 + by),
    ] {
        image.put(Family::Meta, key.as_bytes(), &key.value(number));
    }
    image
}

#[test]
fn raised_by_nothing_everything_is_as_it_was() {
    let image = store();
    assert_eq!(renumbered(&archive(&image), 0), image);
}

#[test]
fn raised_numbers_fit_together_as_before() {
    let image = store();
    let raised = renumbered(&archive(&image), 1 << 40);
    let found = check(&raised);
    assert!(found.is_sound(), "{found:?}");
    assert_eq!((raised.len(), found.sessions), (image.len(), 2));
    let key = |number: u64| number.to_be_bytes();
    assert_eq!(raised.prefixed(Family::Queue, &key(1)).count(), 0);
    let session = key(1 + (1 << 40));
    assert_eq!(raised.prefixed(Family::Queue, &session).count(), 2);
    assert_eq!(raised.prefixed(Family::Receipts, &session).count(), 1);
    for stored in raised.stored() {
        stored.expect("every record is whole under its new key");
    }
}

#[test]
fn a_number_that_would_be_too_large_is_refused() {
    let bytes = archive(&store());
    let (mut key, mut value) = (Vec::new(), Vec::new());
    let read = read(&bytes, &mut |item| {
        if let Item::Record { family, stored, .. } = item {
            let is_done = renumber(&stored, u64::MAX, &mut key, &mut value);
            // A retained message has no number.
            assert_eq!(is_done, family == Family::Retained);
        }
    });
    assert!(read.is_ok());
}
