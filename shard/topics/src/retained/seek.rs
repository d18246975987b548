//! Where a walk in the order of topics goes on behind a topic that does not match.

/// What to look at next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing further can match.
    End,
    /// The topic that follows.
    Following,
    /// The first topic that is not less than this text.
    From(String),
}

/// The character behind `/`: a topic followed by it is greater than all topics below that topic.
const BEHIND_SEPARATOR: char = '0';

/// Says where `filter` can match again behind `topic`, which it does not match.
///
/// Topics are in the order of their bytes, in which all topics that begin with the same levels and
/// a `/` stand together. So behind a level that is too small, the next candidate is the level that
/// the filter names; behind one that is too great, it is the next value of the last `+` before.
pub(super) fn behind(filter: &str, topic: &str) -> Next {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        // [v5 4.7.2-1]: all of them are passed by.
        return Next::From("%".into());
    }
    let mut names = topic.split('/');
    // Where the present level begins, and where the level of the last `+` ends.
    let (mut start, mut plus_end) = (0, None);
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let Some(name) = names.next() else {
            // The topic ends early: what the filter names is longer.
            return Next::Following;
        };
        let end = start + name.len();
        if level == "+" {
            plus_end = Some(end);
        } else if level != name {
            let rest = &topic[start..];
            let more = levels.peek().is_some();
            if level > rest {
                return Next::From([&topic[..start], level].concat());
            }
            // Longer values of this level stand before the topics below the level itself.
            let below = [level, "/"].concat();
            if more && *below > *rest {
                return Next::From([&topic[..start], &below].concat());
            }
            return plus_end.map_or(Next::End, |end| after(&topic[..end]));
        }
        start = end + 1;
    }
    // The topic has more levels than the filter.
    after(&topic[..start - 1])
}

/// Behind all topics below `topic`.
fn after(topic: &str) -> Next {
    let mut text = topic.to_owned();
    text.push(BEHIND_SEPARATOR);
    Next::From(text)
}
