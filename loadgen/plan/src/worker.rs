//! Which thread drives which client.

use serde::{Deserialize, Serialize};

/// One of the threads of a run, over all its processes.
///
/// The i-th client of every group belongs to worker `i % count`, so clients of equal index in
/// different groups, such as the two ends of a pair, are driven by the same thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub struct Worker {
    /// Its number, below `count`.
    pub index: u16,
    /// All workers of the run, one at least.
    pub count: u16,
}

impl Worker {
    /// The only worker of a run.
    pub const ONLY: Self = Self { index: 0, count: 1 };

    /// The worker that drives the client with this index in its group.
    ///
    /// # Panics
    ///
    /// If `self.count` is zero.
    #[must_use]
    pub fn of(self, index: u32) -> u16 {
        u16::try_from(index % u32::from(self.count)).expect("a remainder is below its divisor")
    }

    /// Whether this worker drives the client with this index in its group.
    #[must_use]
    pub fn owns(self, index: u32) -> bool {
        self.count == 1 || self.of(index) == self.index
    }

    /// How many of a group's `clients` this worker drives.
    #[must_use]
    pub fn share(self, clients: u32) -> u32 {
        let (index, count) = (u32::from(self.index), u32::from(self.count));
        clients / count + u32::from(index < clients % count)
    }

    /// The index in its group of the `local`-th client that this worker drives.
    #[must_use]
    pub fn index(self, local: u32) -> u32 {
        local * u32::from(self.count) + u32::from(self.index)
    }

    /// The inverse of [`Self::index`], for clients that this worker drives.
    #[must_use]
    pub fn local(self, index: u32) -> u32 {
        index / u32::from(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_has_one_worker_that_finds_it_again() {
        for count in 1..5_u16 {
            for clients in 0..23 {
                let mut seen = vec![0; clients as usize];
                for index in 0..count {
                    let worker = Worker { index, count };
                    for local in 0..worker.share(clients) {
                        let client = worker.index(local);
                        assert!(worker.owns(client) && worker.local(client) == local);
                        seen[client as usize] += 1;
                    }
                }
                assert!(seen.iter().all(|&times| times == 1), "{clients} on {count}");
            }
        }
    }
}
