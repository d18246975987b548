//! What a message costs the generator: publish, bytes, delivery, acknowledgements, without sockets.
//!
//! Prints the time per message; for instructions run it under callgrind twice and take the
//! difference: `valgrind --tool=callgrind BINARY --messages 10000`, then with 110000.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and prints what it found"
)]

use std::sync::Arc;

use core::time::Duration;

use loadgen_plan::{
    Audience, Load, Options, Plan, RunId, Schedule, Size, Target, Worker, scenario,
};
use loadgen_work::{Account, Action, ClientNumber, Crew, Input, Out};
use wire_message::{Instant, Qos};

/// Pairs of a publisher and a subscriber.
const PAIRS: u32 = 50;

struct Arguments {
    messages: u64,
    qos: Qos,
    size: u32,
    open: bool,
}

fn main() {
    let arguments = arguments();
    let plan = Arc::new(plan(&arguments));
    let audience = Arc::new(Audience::new(&plan, RunId(7)).expect("the plan is fine"));
    let crew = Crew::new(
        Arc::clone(&plan),
        Arc::clone(&audience),
        Worker::ONLY,
        RunId(7),
    );
    let mut bench = Bench {
        crew,
        now: Instant::from_secs(1),
        qos: arguments.qos,
        pending: Vec::new(),
    };
    bench.connect();
    let begun = std::time::Instant::now();
    let sent = bench.run(arguments.messages);
    let elapsed = begun.elapsed();
    let mut account = Account::default();
    account.merge(&bench.crew.account());
    let checks = account.judge(&plan, &audience);
    assert!(checks.violations.is_empty(), "{:?}", checks.violations);
    let each = elapsed.as_nanos() / u128::from(sent.max(1));
    println!(
        "{sent} messages of {} bytes, {:?}: {each} ns each",
        arguments.size, arguments.qos
    );
}

fn arguments() -> Arguments {
    let mut arguments = Arguments {
        messages: 1_000_000,
        qos: Qos::AtMostOnce,
        size: 256,
        open: false,
    };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        // `cargo bench` adds this one.
        if name == "--bench" {
            continue;
        }
        if name == "--open" {
            arguments.open = true;
            continue;
        }
        let value = given.next().and_then(|value| value.parse::<u64>().ok());
        let value = value.expect("each option has a number");
        match name.as_str() {
            "--messages" => arguments.messages = value,
            "--size" => arguments.size = u32::try_from(value).expect("a small size"),
            "--qos" => {
                let qos = u8::try_from(value).ok().and_then(Qos::from_bits);
                arguments.qos = qos.expect("QoS is 0, 1 or 2");
            }
            _ => assert!(
                name.is_empty(),
                "options are --messages, --qos, --size and --open"
            ),
        }
    }
    arguments
}

fn plan(arguments: &Arguments) -> Plan {
    let broker = "127.0.0.1:1883".parse().expect("an address");
    let load = if arguments.open {
        Load::Rate {
            per_s: 1e6,
            schedule: Schedule::Constant,
        }
    } else {
        Load::Window(20)
    };
    let options = Options {
        target: Target {
            brokers: vec![broker],
            ..Target::default()
        },
        qos: arguments.qos,
        size: Size::Fixed(arguments.size),
        load,
        connect_rate: None,
        keep_alive_s: 0,
        ..Options::default()
    };
    scenario::p2p(&options, PAIRS).expect("the plan is fine")
}

/// A crew whose publishers are wired to its subscribers.
struct Bench {
    crew: Crew,
    now: Instant,
    qos: Qos,
    /// Bytes on their way, and for whom.
    pending: Vec<(ClientNumber, Vec<u8>)>,
}

impl Bench {
    fn connect(&mut self) {
        let mut out = Out::default();
        for stage in 0..2 {
            self.crew
                .handle_input(Input::Begin(stage), self.now, &mut out);
        }
        for number in 0..2 * PAIRS {
            let client = ClientNumber(number);
            let connack = [0x20, 3, 0, 0, 0];
            self.crew
                .handle_input(Input::Connected(client), self.now, &mut out);
            self.crew
                .handle_input(Input::Bytes(client, &connack), self.now, &mut out);
            if number < PAIRS {
                let suback = [0x90, 4, 0, 1, 0, self.qos.bits()];
                self.crew
                    .handle_input(Input::Bytes(client, &suback), self.now, &mut out);
            }
        }
        assert!(self.crew.progress().is_sent(), "all are connected");
        self.crew.handle_input(Input::Begin(2), self.now, &mut out);
    }

    /// Runs until `messages` were delivered, and returns how many were.
    fn run(&mut self, messages: u64) -> u64 {
        let mut out = Out::default();
        let mut buffers = Vec::<Vec<u8>>::new();
        while self.crew.progress().delivered < messages {
            self.now = self.now + Duration::from_micros(100);
            out.clear();
            self.crew.handle_timeout(self.now, &mut out);
            self.collect(&out, &mut buffers);
            while !self.pending.is_empty() {
                for (client, bytes) in core::mem::take(&mut self.pending) {
                    out.clear();
                    self.crew
                        .handle_input(Input::Bytes(client, &bytes), self.now, &mut out);
                    buffers.push(bytes);
                    self.collect(&out, &mut buffers);
                }
            }
        }
        self.crew.progress().delivered
    }

    /// Takes what is to be sent to the other end of each pair.
    fn collect(&mut self, out: &Out, buffers: &mut Vec<Vec<u8>>) {
        let mut rest = out.bytes.as_slice();
        for action in &out.actions {
            let Action::Send { client, bytes } = *action else {
                continue;
            };
            let (now, behind) = rest.split_at(bytes);
            rest = behind;
            let other = if client.0 < PAIRS {
                client.0 + PAIRS
            } else {
                client.0 - PAIRS
            };
            let mut buffer = buffers.pop().unwrap_or_default();
            buffer.clear();
            buffer.extend_from_slice(now);
            self.pending.push((ClientNumber(other), buffer));
        }
        for action in &out.actions {
            let Action::Send { client, .. } = *action else {
                continue;
            };
            let writable = Input::Writable { client, left: 0 };
            self.crew
                .handle_input(writable, self.now, &mut Out::default());
        }
    }
}
