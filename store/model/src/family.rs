//! Column families: kinds of records that are kept apart.

/// A kind of records with keys of one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Family {
    /// Format version, hash seed, the number that all stored ones are below.
    Meta = 0,
    /// Sessions, their wills and subscriptions: what is read when the process starts.
    Sessions = 1,
    /// What waits for sessions or is on its way to them, in order.
    Queue = 2,
    /// Messages that several sessions' entries share.
    Bodies = 3,
    /// How many entries still share each body.
    Holders = 4,
    /// Packet ids of deliveries that were not sent when they were stored, or were released.
    Flight = 5,
    /// QoS 2 messages from clients between PUBLISH and PUBREL.
    Receipts = 6,
    /// Retained messages by topic.
    Retained = 7,
    /// Messages to be published later, by time.
    Delayed = 8,
    /// Sessions that ended and whose records are still being removed.
    Dropped = 9,
    /// Records that could not be read, as they were found.
    Quarantine = 10,
}

impl Family {
    /// Every family, in the order of their tags.
    pub const ALL: [Self; 11] = [
        Self::Meta,
        Self::Sessions,
        Self::Queue,
        Self::Bodies,
        Self::Holders,
        Self::Flight,
        Self::Receipts,
        Self::Retained,
        Self::Delayed,
        Self::Dropped,
        Self::Quarantine,
    ];

    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Sessions => "sessions",
            Self::Queue => "queue",
            Self::Bodies => "bodies",
            Self::Holders => "holders",
            Self::Flight => "flight",
            Self::Receipts => "receipts",
            Self::Retained => "retained",
            Self::Delayed => "delayed",
            Self::Dropped => "dropped",
            Self::Quarantine => "quarantine",
        }
    }

    /// The byte that stands for the family in logs and in keys of the quarantine.
    #[must_use]
    pub const fn tag(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Self::tag`].
    #[must_use]
    pub fn from_tag(tag: u8) -> Option<Self> {
        Self::ALL.get(usize::from(tag)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_leads_back_to_its_family_and_names_differ() {
        let mut names = std::collections::BTreeSet::new();
        for family in Family::ALL {
            assert_eq!(Family::from_tag(family.tag()), Some(family));
            assert!(names.insert(family.name()), "{}", family.name());
        }
        assert_eq!(Family::from_tag(11), None);
    }
}
