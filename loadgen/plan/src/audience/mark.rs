//! Topics as numbers, to be compared cheaply.

/// A number that hardly any two topics share, and never zero.
///
/// It is no secret and no protection: it tells a broker that mixes up topics.
#[must_use]
#[inline]
pub fn topic_mark(topic: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = topic.as_chunks::<8>();
    let mut sum = topic.len() as u64;
    for word in words {
        sum = (sum ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
    }
    let last = match topic.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => rest.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    };
    sum = (sum ^ last).wrapping_mul(FACTOR);
    u32::try_from(sum >> 32).expect("the upper half has 32 bits") | 1
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
