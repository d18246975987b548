//! Groups of writes as bytes: what a write-ahead log holds, and what is left of it.

use store_model::{Family, Holders, Sink};

/// Length and checksum before a group.
const HEADER: usize = 8;

const ADD: u8 = 0;
const DELETE: u8 = 1;
const PUT: u8 = 2;

/// One group: writes that are there all or not at all.
#[derive(Debug, Default)]
pub(crate) struct Group(Vec<u8>);

impl Group {
    /// Whether nothing is written.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends the group to a log.
    pub(crate) fn append_to(&self, log: &mut Vec<u8>) {
        log.extend_from_slice(&length(&self.0).to_le_bytes());
        log.extend_from_slice(&crc32c::crc32c(&self.0).to_le_bytes());
        log.extend_from_slice(&self.0);
    }

    /// Does to `sink` what was done to the group.
    pub(crate) fn replay(&self, sink: &mut impl Sink) {
        replay(&self.0, sink).expect("the group was written here");
    }

    fn push(&mut self, kind: u8, family: Family, key: &[u8], value: &[u8]) {
        self.0.extend_from_slice(&[kind, family.tag()]);
        self.0.extend_from_slice(&length(key).to_le_bytes());
        self.0.extend_from_slice(key);
        self.0.extend_from_slice(&length(value).to_le_bytes());
        self.0.extend_from_slice(value);
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a group is far below 4 GiB")
}

impl Sink for Group {
    fn add(&mut self, family: Family, key: &[u8], holders: Holders) {
        self.push(ADD, family, key, &holders.to_bytes());
    }

    fn delete(&mut self, family: Family, key: &[u8]) {
        self.push(DELETE, family, key, &[]);
    }

    fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.push(PUT, family, key, value);
    }
}

/// Does to `sink` what the whole groups at the start of `log` say; their bytes and number.
///
/// The first group that is cut short or changed ends the log: nothing after it counts.
pub(crate) fn recover(log: &[u8], sink: &mut impl Sink) -> (usize, usize) {
    let (mut rest, mut groups) = (log, 0);
    while let Some((group, behind)) = next_group(rest) {
        if replay(group, sink).is_none() {
            break;
        }
        (rest, groups) = (behind, groups + 1);
    }
    (log.len() - rest.len(), groups)
}

fn next_group(log: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, rest) = log.split_at_checked(HEADER)?;
    let (length, sum) = header.split_at(4);
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let (group, rest) = rest.split_at_checked(length)?;
    let is_whole = crc32c::crc32c(group).to_le_bytes() == sum && !group.is_empty();
    is_whole.then_some((group, rest))
}

fn replay(group: &[u8], sink: &mut impl Sink) -> Option<()> {
    let mut rest = group;
    while let Some(([kind, family], behind)) = rest.split_first_chunk::<2>() {
        let family = Family::from_tag(*family)?;
        let (key, behind) = take(behind)?;
        let (value, behind) = take(behind)?;
        match *kind {
            ADD => sink.add(family, key, Holders::decode(value).ok()?),
            DELETE => sink.delete(family, key),
            PUT => sink.put(family, key, value),
            _ => return None,
        }
        rest = behind;
    }
    rest.is_empty().then_some(())
}

fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Image;

    #[test]
    fn a_log_cut_anywhere_gives_the_whole_groups_before_the_cut() {
        let (mut log, mut states, mut ends) = (Vec::new(), vec![Image::default()], vec![0]);
        for number in 0..5_u8 {
            let mut group = Group::default();
            group.put(Family::Queue, &[number], &[number; 3]);
            group.add(Family::Holders, &[7], Holders(2));
            group.delete(Family::Queue, &[number.wrapping_sub(2)]);
            group.append_to(&mut log);
            let mut state = states.last().expect("one at least").clone();
            group.replay(&mut state);
            states.push(state);
            ends.push(log.len());
        }
        for cut in 0..=log.len() {
            let mut image = Image::default();
            let (bytes, groups) = recover(&log[..cut], &mut image);
            assert_eq!(groups, ends.iter().filter(|end| **end <= cut).count() - 1);
            assert_eq!((bytes, &image), (ends[groups], &states[groups]));
        }
    }

    #[test]
    fn a_changed_byte_ends_the_log() {
        let mut log = Vec::new();
        for _ in 0..2 {
            let mut group = Group::default();
            group.put(Family::Queue, b"key", b"value");
            group.append_to(&mut log);
        }
        for changed in 0..log.len() {
            let mut log = log.clone();
            log[changed] ^= 0x10;
            let (_, groups) = recover(&log, &mut Image::default());
            assert_eq!(groups, usize::from(changed >= log.len() / 2), "{changed}");
        }
    }
}
