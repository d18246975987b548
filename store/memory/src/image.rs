//! Keys and values, as a database holds them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Bound;

use store_model::{Damage, Family, Holders, Sink, Source, Stored, Visit, prefix_end};

/// All records. Two images are equal if every byte is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image(BTreeMap<(Family, Vec<u8>), Vec<u8>>);

impl Image {
    /// The value at `key`.
    #[must_use]
    pub fn value(&self, family: Family, key: &[u8]) -> Option<&[u8]> {
        self.0.get(&(family, key.to_vec())).map(Vec::as_slice)
    }

    /// For tests of damage: the value at `key`, to be changed.
    pub fn value_mut(&mut self, family: Family, key: &[u8]) -> Option<&mut Vec<u8>> {
        self.0.get_mut(&(family, key.to_vec()))
    }

    /// The records of a family with keys that begin with `prefix`, in the order of their keys.
    pub fn prefixed<'a>(
        &'a self,
        family: Family,
        prefix: &'a [u8],
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.from(family, Bound::Included(prefix.to_vec()))
            .take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// The records of a family from a key on, in the order of their keys.
    pub fn from(
        &self,
        family: Family,
        from: Bound<Vec<u8>>,
    ) -> impl Iterator<Item = (&[u8], &[u8])> {
        let from = from.map(|key| (family, key));
        self.0
            .range((from, Bound::Unbounded))
            .take_while(move |((other, _), _)| *other == family)
            .map(|((_, key), value)| (key.as_slice(), value.as_slice()))
    }

    /// Every record, read.
    pub fn stored(&self) -> impl Iterator<Item = Result<Stored<'_>, Damage>> {
        self.0
            .iter()
            .map(|((family, key), value)| Stored::decode(*family, key, value))
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Sink for Image {
    fn add(&mut self, family: Family, key: &[u8], holders: Holders) {
        let value = self.0.entry((family, key.to_vec())).or_default();
        let before = Holders::decode(value).unwrap_or(Holders(0));
        *value = before.plus(holders).to_bytes().to_vec();
    }

    fn delete(&mut self, family: Family, key: &[u8]) {
        self.0.remove(&(family, key.to_vec()));
    }

    fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.0.insert((family, key.to_vec()), value.to_vec());
    }
}

impl Source for Image {
    type Error = Infallible;

    fn last_key(&self, family: Family, prefix: &[u8]) -> Result<Option<Vec<u8>>, Infallible> {
        let end = prefix_end(prefix).map(|end| (family, end));
        let end = end.map_or(Bound::Unbounded, Bound::Excluded);
        let mut range = self.0.range((Bound::Unbounded, end));
        let last = range.rfind(|((other, _), _)| *other == family);
        let key = last.map(|((_, key), _)| key.clone());
        Ok(key.filter(|key| key.starts_with(prefix)))
    }

    fn value(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(Self::value(self, family, key).map(<[u8]>::to_vec))
    }

    fn walk(
        &self,
        family: Family,
        prefix: &[u8],
        from: Bound<&[u8]>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Infallible> {
        let from = match from {
            Bound::Unbounded => Bound::Included(prefix.to_vec()),
            Bound::Included(key) => Bound::Included(key.to_vec()),
            Bound::Excluded(key) => Bound::Excluded(key.to_vec()),
        };
        let records = self.from(family, from);
        for (key, value) in records.take_while(|(key, _)| key.starts_with(prefix)) {
            if visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_and_a_family_end_where_they_should() {
        let mut image = Image::default();
        for key in [&[1, 1][..], &[1, 2], &[2], &[2, 0], &[3]] {
            image.put(Family::Queue, key, &[9]);
        }
        image.put(Family::Bodies, &[1, 3], &[9]);
        let keys = |image: &Image, prefix: &[u8]| {
            let found = image.prefixed(Family::Queue, prefix);
            found.map(|(key, _)| key.to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(keys(&image, &[1]), [[1, 1], [1, 2]]);
        image.delete(Family::Queue, &[2]);
        assert_eq!(keys(&image, &[]), [&[1, 1][..], &[1, 2], &[2, 0], &[3]]);
        assert_eq!(image.len(), 5);
    }

    #[test]
    fn the_last_key_is_that_of_the_family_and_prefix() {
        let mut image = Image::default();
        for key in [&[1, 1][..], &[1, 2], &[255, 255]] {
            image.put(Family::Queue, key, &[9]);
        }
        image.put(Family::Bodies, &[1, 3], &[9]);
        for (prefix, last) in [
            (&[][..], Some(&[255, 255][..])),
            (&[1], Some(&[1, 2])),
            (&[2], None),
            (&[255], Some(&[255, 255])),
            (&[0], None),
        ] {
            let found = image.last_key(Family::Queue, prefix);
            assert_eq!(found.expect("never fails").as_deref(), last, "{prefix:?}");
        }
    }
}
