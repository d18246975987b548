//! What a run looks like: everything that the seed decides before the first event.

use core::time::Duration;

use shard_engine::limits::RING_RESERVE;
use shard_engine::{Durability, Settings};
use shard_session::{Overflow, Rate};
use shard_topics::Strategy;
use store_memory::{FaultPlan, Rng};
use store_model::limits::{REQUESTS_MAX, YOUNG_BODIES_MAX};

use crate::defect::Defect;

/// How the broker's process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By `kill -9`: what was written to the disk is there.
    Killed,
    /// By a loss of power: what was not synced is there in part.
    PowerLost,
    /// As it should: clients are told, and everything is synced.
    Stopped,
}

/// What a store and its process go through.
#[derive(Clone, Debug)]
pub(crate) struct StorePlan {
    /// Whether acknowledgements wait for the disk.
    pub(crate) durability: Durability,
    /// What goes wrong with the disk.
    pub(crate) faults: FaultPlan,
    /// How often, in a thousand times, the store does another step before somebody else's.
    pub(crate) pace: u32,
    /// Longest time from the store to a shard.
    pub(crate) event_delay: Duration,
    /// Steps of the run after which the process ends, ascending.
    pub(crate) ends: Vec<(usize, End)>,
    /// Whether the disk also fails when all is calm.
    pub(crate) fails_calm: bool,
    /// Whether the process also ends when all is calm.
    pub(crate) ends_calm: Option<End>,
}

/// What a run looks like.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The seed it was made from.
    pub(crate) seed: u64,
    /// Shards.
    pub(crate) shards: usize,
    /// Clients that do what they should.
    pub(crate) clients: usize,
    /// Of these, members of shared groups.
    pub(crate) members: usize,
    /// Clients that do not.
    pub(crate) vandals: usize,
    /// Events of the faults phase.
    pub(crate) steps: usize,
    /// Slots of a ring of entries.
    pub(crate) ring_entries: usize,
    /// Longest delay of an entry or answer.
    pub(crate) ring_delay: Duration,
    /// Bytes that a transport holds in each direction.
    pub(crate) pipe_bytes: usize,
    /// Longest delay of bytes.
    pub(crate) pipe_delay: Duration,
    /// How often, in a thousand, a stage of a shard's turn is put off.
    pub(crate) stall: u32,
    /// How often, in a thousand steps, a transport breaks.
    pub(crate) breaks: u32,
    /// How often, in a thousand steps of a client, it leaves or is taken over.
    pub(crate) leaves: u32,
    /// How often, in a thousand steps of a client, it stops reading for a while.
    pub(crate) sleeps: u32,
    /// Longest delay of an answer of the control side.
    pub(crate) control_delay: Duration,
    /// How often, in a thousand steps, an administrator disconnects a client.
    pub(crate) kicks: u32,
    /// Distinct topics.
    pub(crate) topics: usize,
    /// Largest payload.
    pub(crate) payload_bytes_max: u32,
    /// The store, unless sessions end with the process.
    pub(crate) store: Option<StorePlan>,
    /// What the engines are told.
    pub(crate) settings: Settings,
    /// What goes wrong on purpose.
    pub(crate) defect: Option<Defect>,
}

impl Plan {
    /// The plan that `seed` stands for, with `shards` shards.
    pub(crate) fn new(seed: u64, shards: usize, defect: Option<Defect>) -> Self {
        let mut rng = Rng::new(seed ^ ((shards as u64) << 56));
        let has_faults = rng.chance(850);
        let faults = |rng: &mut Rng, most| if has_faults { rng.between(0, most) } else { 0 };
        // Small and slow at once, and a packet takes longer than the keep alive.
        let (pipe_bytes, pipe_delay) = rng.pick(&[
            (64, Duration::from_micros(1)),
            (64, Duration::from_millis(1)),
            (1_500, Duration::from_millis(1)),
            (16_384, Duration::from_micros(1)),
            (16_384, Duration::from_millis(50)),
            (65_536, Duration::from_millis(5)),
        ]);
        let steps = 4_000 + rng.below(6_000);
        let store = StorePlan::new(seed ^ ((shards as u64) << 48), steps, defect);
        let mut settings = settings(&mut rng);
        store_settings(store.as_ref(), &mut settings);
        Self {
            seed,
            shards,
            clients: 5 + rng.below(8),
            members: rng.pick(&[0, 2, 3, 4]),
            vandals: if has_faults { rng.below(3) } else { 0 },
            steps,
            store,
            ring_entries: RING_RESERVE + rng.pick(&[2, 4, 16, 64]),
            ring_delay: rng.pick(&[
                Duration::ZERO,
                Duration::from_micros(50),
                Duration::from_millis(5),
                Duration::from_millis(20),
            ]),
            pipe_bytes,
            pipe_delay,
            stall: rng.pick(&[0, 50, 300]),
            breaks: faults(&mut rng, 6),
            leaves: faults(&mut rng, 12),
            sleeps: faults(&mut rng, 10),
            control_delay: Duration::from_millis(20),
            kicks: faults(&mut rng, 2),
            topics: rng.pick(&[2, 5, 12]),
            payload_bytes_max: rng.pick(&[16, 300, 6_000]),
            settings,
            defect,
        }
    }
}

impl Plan {
    /// Whether packets may take longer than a short keep alive.
    pub(crate) fn is_slow(&self) -> bool {
        self.pipe_bytes < 1_000 || self.settings.listeners[0].messages_rate.is_some()
    }

    /// Whether a session's client may be disconnected because its queue is full.
    pub(crate) fn may_refuse(&self) -> bool {
        self.settings.mqtt.queue.overflow == Overflow::Refuse
    }
}

impl StorePlan {
    /// The plan that `seed` stands for; some runs have no store.
    fn new(seed: u64, steps: usize, defect: Option<Defect>) -> Option<Self> {
        let mut rng = Rng::new(seed);
        if defect.map_or_else(|| rng.chance(250), |defect| !defect.is_of_store()) {
            return None;
        }
        let durability = rng.pick(&[
            Durability::Relaxed,
            Durability::Strict,
            Durability::Strict,
            Durability::Strict,
        ]);
        // What is not awaited may be lost with the process.
        let ways = match durability {
            Durability::Strict => &[End::Killed, End::PowerLost, End::PowerLost, End::Stopped][..],
            Durability::Memory | Durability::Relaxed => &[End::Stopped],
        };
        let count = if defect.is_some() { 4 } else { rng.below(5) };
        let mut ends: Vec<(usize, End)> = (0..count)
            .map(|_| (rng.below(steps), rng.pick(ways)))
            .collect();
        ends.sort_by_key(|(step, _)| *step);
        Some(Self {
            durability,
            faults: faults(durability, &mut rng),
            pace: rng.pick(&[300, 700, 950]),
            event_delay: rng.pick(&[
                Duration::ZERO,
                Duration::from_micros(50),
                Duration::from_millis(20),
            ]),
            ends,
            fails_calm: durability == Durability::Strict && rng.chance(300),
            ends_calm: rng.chance(500).then(|| rng.pick(ways)),
        })
    }

    /// The faults of the next process.
    pub(crate) fn renew(&mut self, seed: u64) {
        self.faults.seed = seed;
    }
}

/// What goes wrong with the disk, with chances that suit a run of some thousand groups.
fn faults(durability: Durability, rng: &mut Rng) -> FaultPlan {
    // What is promised without the disk is lost with it.
    let fails = u32::from(durability == Durability::Strict);
    FaultPlan {
        seed: rng.number(),
        batches_max: REQUESTS_MAX,
        delay_steps_max: rng.pick(&[0, 2, 20]),
        sync_steps_max: rng.pick(&[0, 5, 50, 500]),
        full: rng.pick(&[0, 0, 2, 10]),
        full_steps_max: rng.pick(&[10, 200, 2_000]),
        write_fails: rng.pick(&[0, 0, 0, fails]),
        sync_fails: rng.pick(&[0, 0, 0, fails]),
        unreadable: rng.pick(&[0, 0, 50, 300]),
        garbles: rng.pick(&[0, 500, 1000]),
        young_bodies_max: rng.pick(&[0, 1, 8, YOUNG_BODIES_MAX]),
    }
}

/// What the engines are told of the store.
fn store_settings(store: Option<&StorePlan>, settings: &mut Settings) {
    let durability = store.map_or(Durability::Memory, |store| store.durability);
    settings.listeners[0].durability = durability;
    if let Some(store) = store {
        let is_short = store.faults.seed.is_multiple_of(2);
        settings.store_wait_max = Duration::from_millis(if is_short { 300 } else { 10_000 });
        // More comes while clients are away: one that is refused for its own messages never gets on.
        if settings.mqtt.queue.overflow == Overflow::Refuse {
            settings.mqtt.queue.messages_max = 100_000;
        }
    }
}

/// Settings small enough that every limit is met, except where the plan says otherwise.
fn settings(rng: &mut Rng) -> Settings {
    let mut settings = Settings::default();
    let listener = &mut settings.listeners[0];
    listener.unsent_bytes_max = rng.pick(&[256, 4_096, 65_536]);
    listener.send_timeout = Duration::from_secs(20);
    let mqtt = &mut settings.mqtt;
    mqtt.connect_timeout = Duration::from_secs(10);
    mqtt.connect.packet_bytes_max = 16_384;
    mqtt.connect.inflight_max = rng.pick(&[1, 3, 32]);
    mqtt.connect.receive_max = rng.pick(&[1, 4, 32]);
    mqtt.inbound.receive_max = mqtt.connect.receive_max;
    mqtt.queue.bytes_max = 1 << 30;
    mqtt.queue.overflow = rng.pick(&[Overflow::DropNewest, Overflow::DropOldest, Overflow::Refuse]);
    // A client that is refused for less may never get what it published itself.
    mqtt.queue.messages_max = match mqtt.queue.overflow {
        Overflow::DropNewest | Overflow::DropOldest => rng.pick(&[100_000, 100_000, 8, 40]),
        Overflow::Refuse => rng.pick(&[100_000, 300]),
    };
    mqtt.queue.store_qos0 = rng.chance(700);
    settings.shared.strategy = rng.pick(&[
        Strategy::HashClientId,
        Strategy::HashTopic,
        Strategy::LeastInflight,
        Strategy::Local,
        Strategy::Random,
        Strategy::RoundRobin,
        Strategy::Sticky,
    ]);
    settings.authenticate = rng.chance(200);
    settings.authorize = rng.chance(200);
    settings.listeners[0].messages_rate = rng.chance(150).then_some(Rate {
        per_second: 100,
        burst: 5,
    });
    settings.route_cache_topics = rng.pick(&[1, 4, 1_000]);
    settings
}
