//! Sets of processors.

use core::fmt;
use std::collections::BTreeSet;

use super::Value;
use crate::node::Scalar;

/// Processor numbers as the kernel writes them: `0-3,8`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CpuList(pub BTreeSet<u16>);

impl Value for CpuList {
    fn kind() -> String {
        "a list of processors such as `\"0-3,8\"`".to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        let mut cpus = BTreeSet::new();
        for part in scalar.raw.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            // The largest number that a kernel can be built for.
            (first <= last && last < 8192).then(|| cpus.extend(first..=last))?;
        }
        Some(Self(cpus))
    }
}

impl fmt::Display for CpuList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cpus = self.0.iter().copied().peekable();
        let mut separator = "";
        while let Some(first) = cpus.next() {
            let mut last = first;
            while let Some(next) = cpus.next_if_eq(&(last + 1)) {
                last = next;
            }
            write!(f, "{separator}{first}")?;
            if last > first {
                write!(f, "-{last}")?;
            }
            separator = ",";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_numbers_mix() {
        let cpus = CpuList::parse(&Scalar::text("0-3, 8,9")).unwrap();
        assert_eq!(cpus.0, BTreeSet::from([0, 1, 2, 3, 8, 9]));
        assert_eq!(cpus.to_string(), "0-3,8-9");
        for text in ["", "3-1", "a", "0-99999", "1,,2"] {
            assert_eq!(CpuList::parse(&Scalar::text(text)), None, "{text}");
        }
    }
}
