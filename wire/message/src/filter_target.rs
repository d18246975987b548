//! What a SUBSCRIBE names: a filter, plain, shared or exclusive.

use crate::{FilterError, FilterRef};

/// The name of a shared subscription's group, borrowed.
///
/// Invariant: not empty; no `/`, `+` or `#`.
///
/// # Specification
///
/// MQTT 5.0 section 4.8.2, \[v5 4.8.2-1\], \[v5 4.8.2-2\].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShareGroup<'a>(&'a str);

impl<'a> ShareGroup<'a> {
    /// Checks a group's name.
    ///
    /// # Errors
    ///
    /// [`FilterError::ShareName`].
    pub fn new(text: &'a str) -> Result<Self, FilterError> {
        if text.is_empty() || text.contains(['/', '+', '#']) {
            return Err(FilterError::ShareName);
        }
        Ok(Self(text))
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// The text of a subscription, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FilterTarget<'a> {
    /// `$exclusive/<topic>`: at most one subscriber at a time.
    Exclusive(FilterRef<'a>),
    /// An ordinary subscription.
    Plain(FilterRef<'a>),
    /// `$share/<group>/<filter>`, or `$queue/<filter>` whose group is `$queue`.
    Shared(ShareGroup<'a>, FilterRef<'a>),
}

impl<'a> FilterTarget<'a> {
    /// Takes the text of a subscription apart.
    ///
    /// # Errors
    ///
    /// [`FilterError`], which says which rule was broken.
    pub fn parse(text: &'a str) -> Result<Self, FilterError> {
        if let Some(rest) = text.strip_prefix("$share/") {
            let (group, filter) = rest.split_once('/').ok_or(FilterError::ShareName)?;
            return Ok(Self::Shared(
                ShareGroup::new(group)?,
                FilterRef::new(filter)?,
            ));
        }
        if let Some(filter) = text.strip_prefix("$queue/") {
            return Ok(Self::Shared(ShareGroup("$queue"), FilterRef::new(filter)?));
        }
        if let Some(topic) = text.strip_prefix("$exclusive/") {
            let filter = FilterRef::new(topic)?;
            if filter.is_wildcard() || topic.starts_with("$share/") || topic.starts_with("$queue/")
            {
                return Err(FilterError::Exclusive);
            }
            return Ok(Self::Exclusive(filter));
        }
        FilterRef::new(text).map(Self::Plain)
    }

    /// The filter that topics are matched against.
    #[must_use]
    pub const fn filter(self) -> FilterRef<'a> {
        match self {
            Self::Exclusive(filter) | Self::Plain(filter) | Self::Shared(_, filter) => filter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_are_told_apart() {
        let shared = FilterTarget::parse("$share/g/a/+").expect("valid");
        assert!(matches!(shared, FilterTarget::Shared(group, _) if group.as_str() == "g"));
        assert_eq!(shared.filter().as_str(), "a/+");
        let queue = FilterTarget::parse("$queue/a").expect("valid");
        assert!(matches!(queue, FilterTarget::Shared(group, _) if group.as_str() == "$queue"));
        assert!(matches!(
            FilterTarget::parse("$exclusive/a"),
            Ok(FilterTarget::Exclusive(_))
        ));
        assert!(matches!(
            FilterTarget::parse("$SYS/#"),
            Ok(FilterTarget::Plain(_))
        ));
    }

    #[test]
    fn v5_4_8_2_1_a_share_name_has_a_character_at_least() {
        assert_eq!(
            FilterTarget::parse("$share//a"),
            Err(FilterError::ShareName)
        );
        assert_eq!(FilterTarget::parse("$share/g"), Err(FilterError::ShareName));
        assert_eq!(FilterTarget::parse("$share/g/"), Err(FilterError::Empty));
    }

    #[test]
    fn v5_4_8_2_2_a_share_name_holds_no_wildcard() {
        assert_eq!(
            FilterTarget::parse("$share/g+/a"),
            Err(FilterError::ShareName)
        );
        assert_eq!(
            FilterTarget::parse("$share/#/a"),
            Err(FilterError::ShareName)
        );
    }

    #[test]
    fn exclusive_subscriptions_take_one_topic() {
        for text in ["$exclusive/a/#", "$exclusive/$share/g/a"] {
            assert_eq!(
                FilterTarget::parse(text),
                Err(FilterError::Exclusive),
                "{text}"
            );
        }
    }
}
