//! What to do with a QoS 2 message that comes again after a start.

use wire_message::Seed;

use crate::StoredReceipt;

/// Whether the message of these receipts, all of one origin, was taken over whole, so that its
/// repetition is a duplicate.
///
/// So if one run of the process left as many receipts as there are parts. A repetition that went
/// to fewer shards than the first attempt is as whole as the larger number of parts says.
#[must_use]
pub fn is_taken_over(receipts: &[StoredReceipt]) -> bool {
    receipts.iter().any(|one| {
        let shards = one.key.part.shards();
        let same = receipts
            .iter()
            .filter(|other| other.key.part.shards() == shards);
        let parts = same.clone().map(|other| other.receipt.parts).max();
        parts.is_some_and(|parts| same.count() >= usize::from(parts))
    })
}

/// Whether the session of `client` has the message of these receipts, all of one origin, or had it:
/// a repetition is not for it.
#[must_use]
pub fn has_message(receipts: &[StoredReceipt], client: &str, seed: Seed) -> bool {
    receipts.iter().any(|one| one.key.part.is_of(client, seed))
}

#[cfg(test)]
mod tests {
    use wire_message::ShardId;

    use super::*;
    use crate::{Home, Number, Receipt, ReceiptKey, UnixMillis};

    fn receipt(shard: u8, shards: usize, parts: u16) -> StoredReceipt {
        StoredReceipt {
            key: ReceiptKey {
                origin: Number(1),
                packet_id: None,
                part: Home::new(ShardId(shard), shards).expect("one of them"),
            },
            receipt: Receipt {
                parts,
                taken_at: UnixMillis(0),
            },
        }
    }

    #[test]
    fn all_parts_of_one_number_of_shards_are_the_whole() {
        assert!(!is_taken_over(&[]));
        assert!(is_taken_over(&[receipt(0, 1, 1)]));
        let (one, other) = (receipt(0, 4, 2), receipt(3, 4, 2));
        assert!(!is_taken_over(&[one]));
        assert!(is_taken_over(&[one, other]));
        let of_another_run = receipt(2, 3, 2);
        assert!(!is_taken_over(&[one, of_another_run]));
        assert!(is_taken_over(&[one, of_another_run, receipt(1, 3, 2)]));
    }

    #[test]
    fn a_repetition_to_fewer_shards_is_not_the_whole_sooner() {
        let (first, repeated) = (receipt(2, 4, 3), receipt(0, 4, 2));
        assert!(!is_taken_over(&[first, repeated]));
        assert!(is_taken_over(&[first, repeated, receipt(1, 4, 2)]));
    }
}
