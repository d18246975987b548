//! Both stages together, as a publisher's shard and the members' shards run them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wire_message::{FilterTarget, Seed, ShardId};

use super::{Cursors, Pick, Strategy};
use crate::{GroupId, GroupRoute, GroupShard, Index, SessionIndex, Subscription};

const SEED: Seed = Seed(3);

/// A shared subscription over several shards.
struct World {
    shards: Vec<(Index, GroupId)>,
    route: GroupRoute,
    cursors: Cursors,
    local: ShardId,
}

impl World {
    /// Shards with so many online and offline members each; session `n` of shard `s` is `1000 s + n`.
    fn new(members: &[(u32, u32)]) -> Self {
        let target = FilterTarget::parse("$share/g/a/+").expect("valid");
        let (mut shards, mut counts) = (Vec::new(), Vec::new());
        for (number, (online, offline)) in members.iter().enumerate() {
            let mut index = Index::new(SEED);
            let mut group = None;
            for n in 0..online + offline {
                let session = SessionIndex(u32::try_from(number).expect("few") * 1_000 + n);
                let id = index.subscribe(target, session, Subscription::default()).id;
                group = id.group();
                let group = index.group_mut(group.expect("a shared subscription"));
                assert_eq!(group.set_online(session, n < *online), n >= *online);
            }
            let Some(group) = group else { continue };
            let shard = ShardId(u8::try_from(number).expect("few"));
            counts.push(GroupShard {
                shard,
                online: *online,
                offline: *offline,
            });
            shards.push((index, group));
        }
        let hash = shards
            .first()
            .map_or(0, |(index, id)| index.group(*id).hash());
        let route = GroupRoute {
            group: "g".into(),
            filter: "a/+".into(),
            hash,
            shards: counts.into(),
        };
        Self {
            shards,
            route,
            cursors: Cursors::new(SEED),
            local: ShardId(0),
        }
    }

    fn publish(&mut self, strategy: Strategy, number: u64) -> Option<SessionIndex> {
        let hash = SEED.hash(&number.to_le_bytes());
        let pick = Pick {
            strategy,
            local: self.local,
            client: hash,
            topic: hash,
            random: hash,
        };
        let shard = self.cursors.pick_shard(&self.route, &pick)?;
        let place = self
            .route
            .shards
            .iter()
            .position(|count| count.shard == shard);
        let (index, group) = &mut self.shards[place.expect("a shard of the route")];
        let member = index.group_mut(*group).pick(&pick, |session| session.0 % 7);
        Some(member.expect("the shard has a member").session)
    }
}

fn strategies() -> impl proptest::strategy::Strategy<Value = Strategy> {
    prop::sample::select(vec![
        Strategy::HashClientId,
        Strategy::HashTopic,
        Strategy::LeastInflight,
        Strategy::Local,
        Strategy::Random,
        Strategy::RoundRobin,
        Strategy::Sticky,
    ])
}

fn members() -> impl proptest::strategy::Strategy<Value = Vec<(u32, u32)>> {
    prop::collection::vec((0..6_u32, 0..3_u32), 1..6)
}

proptest! {
    /// In turn, every online member gets exactly one message of each cycle, whatever its shard.
    #[test]
    fn round_robin_is_fair_across_both_stages(members in members(), cycles in 1..4_u64) {
        let mut world = World::new(&members);
        let online: u32 = members.iter().map(|(online, _)| online).sum();
        let offline: u32 = members.iter().map(|(_, offline)| offline).sum();
        let eligible = if online > 0 { online } else { offline };
        let mut received = BTreeMap::new();
        for number in 0..cycles * u64::from(eligible) {
            let session = world.publish(Strategy::RoundRobin, number).expect("there are members");
            *received.entry(session).or_insert(0_u64) += 1;
        }
        prop_assert_eq!(received.len(), eligible as usize);
        prop_assert!(received.values().all(|count| *count == cycles), "{:?}", received);
    }

    /// Whatever the strategy, offline members get nothing while an online one exists, and somebody
    /// gets the message if there is anybody.
    #[test]
    fn offline_members_get_nothing_while_an_online_one_exists(
        members in members(), strategy in strategies(), number in any::<u64>(), local in 0..6_u8,
    ) {
        let mut world = World::new(&members);
        world.local = ShardId(local);
        let picked = world.publish(strategy, number);
        let any_online = members.iter().any(|(online, _)| *online > 0);
        prop_assert_eq!(picked.is_some(), members.iter().any(|(on, off)| on + off > 0));
        if let Some(session) = picked && any_online {
            let (online, _) = members[(session.0 / 1_000) as usize];
            prop_assert!(session.0 % 1_000 < online);
        }
    }

    /// The hash strategies send equals to the same member; chance and hashes reach everybody.
    #[test]
    fn hashes_are_stable_and_reach_everybody(
        members in members(),
        strategy in prop::sample::select(vec![
            Strategy::HashClientId, Strategy::HashTopic, Strategy::Random,
        ]),
    ) {
        let mut world = World::new(&members);
        let online: u32 = members.iter().map(|(online, _)| online).sum();
        let mut reached = BTreeMap::new();
        for number in 0..2_000 {
            let first = world.publish(strategy, number);
            prop_assert_eq!(world.publish(strategy, number), first);
            *reached.entry(first).or_insert(0_u32) += 1;
        }
        if online > 0 {
            prop_assert_eq!(reached.len(), online as usize, "{:?}", reached);
        }
    }
}

#[test]
fn sticky_stays_until_the_member_goes() {
    let mut world = World::new(&[(2, 0), (2, 0)]);
    let first = world
        .publish(Strategy::Sticky, 0)
        .expect("there are members");
    assert!((1..50).all(|n| world.publish(Strategy::Sticky, n) == Some(first)));
    let (index, group) = &mut world.shards[(first.0 / 1_000) as usize];
    index.unsubscribe((*group).into(), first).expect("a member");
    let second = world
        .publish(Strategy::Sticky, 50)
        .expect("there are members");
    assert_ne!(first, second);
    assert!((51..99).all(|n| world.publish(Strategy::Sticky, n) == Some(second)));
}

#[test]
fn local_prefers_the_publishers_shard() {
    let mut world = World::new(&[(2, 0), (0, 2), (5, 0)]);
    world.local = ShardId(2);
    let all = (0..20).map(|n| world.publish(Strategy::Local, n).expect("members").0 / 1_000);
    assert!(all.collect::<Vec<_>>().iter().all(|shard| *shard == 2));
    world.local = ShardId(1);
    let others = (0..20).map(|n| world.publish(Strategy::Local, n).expect("members").0 / 1_000);
    assert!(others.collect::<Vec<_>>().iter().all(|shard| *shard != 1));
}

#[test]
fn least_inflight_compares_what_members_owe() {
    let mut world = World::new(&[(10, 0)]);
    // Sessions owe their number modulo 7: the eligible ones are 0 and 7.
    let picks: Vec<u32> = (0..10)
        .map(|n| {
            world
                .publish(Strategy::LeastInflight, n)
                .expect("members")
                .0
        })
        .collect();
    assert!(picks.iter().all(|session| session % 7 == 0), "{picks:?}");
    assert!(
        picks.contains(&0) && picks.contains(&7),
        "ties are broken in turn: {picks:?}"
    );
}

#[test]
fn a_shards_turns_do_not_come_in_a_row() {
    let mut world = World::new(&[(100, 0), (100, 0)]);
    let shards: Vec<u32> = (0..200)
        .map(|n| world.publish(Strategy::RoundRobin, n).expect("members").0 / 1_000)
        .collect();
    let longest = shards.chunk_by(|a, b| a == b).map(<[u32]>::len).max();
    assert!(longest.expect("not empty") <= 2, "{shards:?}");
}
