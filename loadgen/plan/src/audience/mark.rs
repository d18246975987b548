//! Topics as numbers, to be compared cheaply.

/// A number that hardly any two topics share, and never zero.
///
/// It is no secret and no protection: it tells a broker that mixes up topics.
#[must_use]
#[inline]
pub fn topic_mark(topic: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut sum = topic.len() as u64;
    let mut rest = topic;
    while let Some((word, behind)) = rest.split_first_chunk::<8>()
        && !behind.is_empty()
    {
        sum = (sum ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
        rest = behind;
    }
    sum = (sum ^ last_word(topic)).wrapping_mul(FACTOR);
    (sum >> 32) as u32 | 1
}

/// The last eight bytes, or all of them if there are fewer.
#[inline]
fn last_word(topic: &[u8]) -> u64 {
    if let Some(last) = topic.last_chunk::<8>() {
        return u64::from_le_bytes(*last);
    }
    if let (Some(first), Some(last)) = (topic.first_chunk::<4>(), topic.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    topic
        .iter()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn topics_that_differ_in_a_letter_or_in_length_have_other_marks() {
        for topic in [
            "",
            "a",
            "p2p/3",
            "fan-out/0000abcd/17",
            "a/topic/of/many/levels/and/letters",
        ] {
            let mut marks = BTreeSet::from([topic_mark(topic.as_bytes())]);
            for at in 0..topic.len() {
                let mut other = topic.as_bytes().to_vec();
                other[at] ^= 1;
                assert!(marks.insert(topic_mark(&other)), "{topic} {at}");
                assert!(
                    marks.insert(topic_mark(&topic.as_bytes()[..at])),
                    "{topic} {at}"
                );
            }
        }
    }

    #[test]
    fn the_topics_of_a_run_hardly_collide() {
        let topics = (0..100_000).map(|index| format!("p2p/0000abcd/{index}"));
        let marks = topics.map(|topic| topic_mark(topic.as_bytes()));
        let marks = marks.collect::<BTreeSet<_>>();
        assert!(marks.len() > 99_990, "{}", marks.len());
    }
}
