//! An archive of version 1, which every later program must read.

use store_memory::Image;
use store_model::{Family, Sink};

use crate::record::{archive, read, store};

/// Each frame in hexadecimal, header first.
const VERSION_1: &str = include_str!("version_1.txt");

fn unhex(line: &str) -> Vec<u8> {
    let digits: Vec<_> = line.chars().map(|digit| digit.to_digit(16)).collect();
    let byte = |pair: &[Option<u32>]| {
        let value = pair
            .iter()
            .fold(0, |value, digit| 16 * value + digit.expect("a digit"));
        u8::try_from(value).expect("two digits")
    };
    digits.chunks(2).map(byte).collect()
}

#[test]
fn an_archive_of_version_1_is_read() {
    let bytes: Vec<u8> = VERSION_1.lines().flat_map(unhex).collect();
    let mut records = Image::default();
    let (header, count) = read(&bytes, &mut |item| {
        if let store_archive::Item::Record {
            family, key, value, ..
        } = item
        {
            records.put(family, key, value);
        }
    })
    .expect("it is whole");
    assert_eq!((header.next.0, header.seed.0), (15, 5));
    let store = store();
    for family in Family::ALL {
        if store_archive::FAMILIES.contains(&family) {
            let (found, wanted) = (records.prefixed(family, &[]), store.prefixed(family, &[]));
            assert!(found.eq(wanted), "{family:?}");
        }
    }
    assert_eq!(count, VERSION_1.lines().count() - 2);
    // This program writes the same; one that writes another version reads this one.
    assert_eq!(archive(&store), bytes);
}
