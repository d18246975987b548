//! From the format before to this one.

use store_model::{FORMAT, Family, MetaKey, Sink};

use crate::{Database, DiskError, Group};

/// Adds to a group what a store of one format lacks of the next.
type Step = fn(&Database, &mut Group<'_>) -> Result<(), DiskError>;

/// The steps of this program, each with the format that it begins at. Format 1 is the first.
const STEPS: &[(u32, Step)] = &[];

/// Brings a store of format `found`, which [`store_model::check_format`] let pass, up to [`FORMAT`].
pub(crate) fn bring_up(database: &Database, found: u32) -> Result<(), DiskError> {
    climb(database, found, FORMAT, STEPS)
}

/// Takes every step from `found` to `wanted`. A step and the number that says it was taken are one
/// group: a crash leaves the store in one format or the other.
fn climb(
    database: &Database,
    found: u32,
    wanted: u32,
    steps: &[(u32, Step)],
) -> Result<(), DiskError> {
    for format in found..wanted {
        let step = steps.iter().find(|(from, _)| *from == format);
        let (_, step) = step.expect("formats that pass the check have their steps");
        let mut group = database.group();
        step(database, &mut group)?;
        let (key, next) = (MetaKey::Format.as_bytes(), format + 1);
        group.put(Family::Meta, key, &next.to_be_bytes());
        database.write_now(&group)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use store_model::Source;
    use wire_message::Seed;

    use super::*;
    use crate::Options;
    use crate::view::View;

    #[test]
    fn steps_are_taken_one_after_the_other_and_only_once() {
        let folder = tempfile::tempdir().expect("there is room for a few files");
        let options = Options {
            reserve_bytes: 0,
            ..Options::default()
        };
        let opened = Database::open(folder.path(), options, Seed(1));
        let (database, _) = opened.expect("a new store");
        let first: Step = |_, group| {
            group.put(Family::Retained, b"a", b"1");
            Ok(())
        };
        let second: Step = |database, group| {
            let value = View::of(database).value(Family::Retained, b"a");
            assert_eq!(value.expect("the disk is sound"), Some(b"1".to_vec()));
            group.delete(Family::Retained, b"a");
            Ok(())
        };
        let steps = [(FORMAT, first), (FORMAT + 1, second)];
        climb(&database, FORMAT, FORMAT + 2, &steps).expect("both steps are there");
        let value = |family, key: &[u8]| View::of(&database).value(family, key).expect("sound");
        assert_eq!(value(Family::Retained, b"a"), None);
        let format = value(Family::Meta, MetaKey::Format.as_bytes());
        assert_eq!(format, Some((FORMAT + 2).to_be_bytes().to_vec()));
        climb(&database, FORMAT + 2, FORMAT + 2, &[]).expect("nothing is left to do");
    }
}
