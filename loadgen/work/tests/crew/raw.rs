//! Against a relay that moves bytes and knows nothing of MQTT.

use std::collections::BTreeMap;
use std::sync::Arc;

use core::time::Duration;

use loadgen_plan::{Audience, Load, Options, Plan, RunId, Worker, scenario};
use loadgen_work::{Action, ClientNumber, Crew, Input, Out};
use wire_message::{Instant, Qos};

use crate::world::options;

/// What a connection said at its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Greeting {
    source: bool,
    channel: u32,
    acknowledge_every: u32,
}

struct Relay {
    crew: Crew,
    now: Instant,
    greetings: BTreeMap<ClientNumber, Greeting>,
    /// Bytes of sources that were not acknowledged.
    unacknowledged: BTreeMap<ClientNumber, usize>,
}

impl Relay {
    fn new(plan: Plan) -> Self {
        let run = RunId(3);
        let audience = Arc::new(Audience::new(&plan, run).expect("the plan is fine"));
        Self {
            crew: Crew::new(Arc::new(plan), audience, Worker::ONLY, run),
            now: Instant::from_secs(5),
            greetings: BTreeMap::new(),
            unacknowledged: BTreeMap::new(),
        }
    }

    fn input(&mut self, input: Input<'_>) {
        let mut out = Out::default();
        self.crew.handle_input(input, self.now, &mut out);
        self.carry_out(&out);
    }

    fn carry_out(&mut self, out: &Out) {
        let mut rest = out.bytes.as_slice();
        for action in &out.actions {
            match *action {
                Action::Connect { client, .. } => self.input(Input::Connected(client)),
                Action::Send { client, bytes } => {
                    let (now, behind) = rest.split_at(bytes);
                    rest = behind;
                    self.relay(client, now);
                }
                Action::Close { client, .. } => self.input(Input::Closed(client)),
                Action::Pause(_) | Action::Resume(_) | Action::Credits { .. } => {}
            }
        }
    }

    fn relay(&mut self, client: ClientNumber, bytes: &[u8]) {
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four"));
        let Some(greeting) = self.greetings.get(&client).copied() else {
            assert_eq!(
                (&bytes[..4], &bytes[5..8], bytes.len()),
                (&b"RLY1"[..], &[0; 3][..], 16)
            );
            let greeting = Greeting {
                source: bytes[4] == 1,
                channel: number(8),
                acknowledge_every: number(12),
            };
            self.greetings.insert(client, greeting);
            self.input(Input::Bytes(client, &[6]));
            return;
        };
        assert!(greeting.source, "sinks say nothing");
        let sinks = self
            .greetings
            .iter()
            .filter(|(_, other)| !other.source && other.channel == greeting.channel);
        for sink in sinks.map(|(sink, _)| *sink).collect::<Vec<_>>() {
            self.input(Input::Bytes(sink, bytes));
        }
        if greeting.acknowledge_every > 0 {
            let every = greeting.acknowledge_every as usize;
            let unacknowledged = self.unacknowledged.entry(client).or_default();
            *unacknowledged += bytes.len();
            let acknowledgements = *unacknowledged / every;
            *unacknowledged %= every;
            let answer = [0x40, 2, 0, 1].repeat(acknowledgements);
            self.input(Input::Bytes(client, &answer));
        }
    }
}

/// Runs a plan for half a second; the messages sent, and those received.
fn run(plan: &Plan) -> (Relay, u64, u64) {
    let audience = Audience::new(plan, RunId(3)).expect("the plan is fine");
    let mut relay = Relay::new(plan.clone());
    for stage in 0..3 {
        relay.input(Input::Begin(stage));
    }
    for _ in 0..500 {
        relay.now = relay.now + Duration::from_millis(1);
        let mut out = Out::default();
        relay.crew.handle_timeout(relay.now, &mut out);
        relay.carry_out(&out);
    }
    relay.input(Input::Begin(4));
    assert!(relay.crew.progress().is_settled());
    let checks = relay.crew.account().judge(plan, &audience);
    assert_eq!(checks.violations, Vec::<String>::new());
    let tally = relay.crew.sample().tally;
    let acknowledged = relay
        .greetings
        .values()
        .any(|greeting| greeting.acknowledge_every > 0);
    assert_eq!(
        tally.messages.acknowledged,
        if acknowledged { tally.messages.sent } else { 0 }
    );
    (relay, tally.messages.sent, checks.delivered)
}

fn raw(qos: Qos, load: Load) -> Options {
    let mut options = Options {
        qos,
        load,
        ..options()
    };
    options.target.raw = true;
    options
}

#[test]
fn pairs_have_channels_of_their_own_and_others_share_one() {
    let rate = options().load;
    for (qos, load) in [
        (Qos::AtMostOnce, rate),
        (Qos::AtLeastOnce, rate),
        (Qos::AtMostOnce, Load::Window(10)),
        (Qos::AtLeastOnce, Load::Window(3)),
    ] {
        let plan = scenario::p2p(&raw(qos, load), 4).expect("the plan is fine");
        let (relay, sent, received) = run(&plan);
        assert!(sent > 400 && sent == received, "{sent} {received}");
        let channels = relay.greetings.values().map(|greeting| greeting.channel);
        assert_eq!(channels.collect::<Vec<_>>(), [0, 1, 2, 3, 0, 1, 2, 3]);
        // First byte, two of length, topic, packet id, payload.
        let every = if qos == Qos::AtMostOnce {
            0
        } else {
            3 + 2 + 14 + 2 + 256
        };
        let sources = relay.greetings.values().filter(|greeting| greeting.source);
        assert!(sources.clone().count() == 4);
        assert!(
            sources
                .clone()
                .all(|greeting| greeting.acknowledge_every == every)
        );
        let plan = scenario::fan_out(&raw(qos, load), 1, 5).expect("the plan is fine");
        let (relay, sent, received) = run(&plan);
        assert_eq!(received, 5 * sent);
        assert!(
            relay
                .greetings
                .values()
                .all(|greeting| greeting.channel == 0)
        );
    }
}
