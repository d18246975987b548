//! What goes wrong, and how often.

use store_model::limits::YOUNG_BODIES_MAX;

use crate::rng::Rng;

/// What goes wrong, and how often: everything that chance decides follows from `seed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    /// Equal seeds and equal calls give equal runs.
    pub seed: u64,
    /// Batches of a shard that wait to be written. More: [`crate::MemoryStore::submit`] gives the
    /// batch back.
    pub batches_max: usize,
    /// Steps that an event takes to its shard at the most. Those of one shard keep their order.
    pub delay_steps_max: usize,
    /// Steps from the first write that is not synced to the sync, at most. A group with an urgent
    /// batch is synced before anything else is written.
    pub sync_steps_max: usize,
    /// How often, in a thousand groups, there is no room for one.
    pub full: u32,
    /// Steps after which there is room again at the latest.
    pub full_steps_max: usize,
    /// How often, in a thousand groups, the write fails for good.
    pub write_fails: u32,
    /// How often, in a thousand syncs, the sync fails for good.
    pub sync_fails: u32,
    /// How often, in a thousand questions, the disk cannot be read.
    pub unreadable: u32,
    /// How often, in a thousand crashes, bytes of what was not synced are changed too.
    pub garbles: u32,
    /// Bodies whose holders are known in memory, see
    /// [`store_model::limits::YOUNG_BODIES_MAX`].
    pub young_bodies_max: usize,
}

impl FaultPlan {
    /// Nothing fails and nothing takes long. A crash still loses what was not synced.
    #[must_use]
    pub const fn calm(seed: u64) -> Self {
        Self {
            seed,
            batches_max: 1024,
            delay_steps_max: 0,
            sync_steps_max: 0,
            full: 0,
            full_steps_max: 0,
            write_fails: 0,
            sync_fails: 0,
            unreadable: 0,
            garbles: 0,
            young_bodies_max: YOUNG_BODIES_MAX,
        }
    }

    /// A plan by chance: most have slow answers and full disks, few have errors.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut one_of = |choices: &[usize]| choices[rng.up_to(choices.len() - 1)];
        let (batches_max, delay_steps_max) = (one_of(&[1, 4, 64]), one_of(&[0, 2, 20]));
        let (full, full_steps_max) = (one_of(&[0, 0, 20, 200]), one_of(&[1, 10, 60]));
        let (write_fails, sync_fails) = (one_of(&[0, 0, 0, 0, 20]), one_of(&[0, 0, 0, 0, 20]));
        let sync_steps_max = one_of(&[0, 5, 50]);
        let per_mille = |number: usize| u32::try_from(number).unwrap_or(0);
        Self {
            seed,
            batches_max,
            delay_steps_max,
            sync_steps_max,
            full: per_mille(full),
            full_steps_max,
            write_fails: per_mille(write_fails),
            sync_fails: per_mille(sync_fails),
            garbles: per_mille(one_of(&[0, 500, 1000])),
            young_bodies_max: one_of(&[0, 1, 8, YOUNG_BODIES_MAX]),
            unreadable: per_mille(one_of(&[0, 0, 100])),
        }
    }
}
