//! A process that is killed while it writes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use store_model::{Batch, Event, Number, Sequence};
use store_rocks::{Port, Settings};
use wire_message::ShardId;

use crate::oracle::Oracle;
use crate::rig::{batch, image, open, start};
use crate::script::{Actor, Dice};

/// The folder of the process that is to be killed, and what it writes there.
const FOLDER: &str = "SKEIN_STORE_KILLED_FOLDER";
const SEED: &str = "SKEIN_STORE_KILLED_SEED";

const SHARDS: usize = 2;

/// Batches of a shard that are not durable yet, at most: what may or may not be there.
const AHEAD: u64 = 8;

/// What one shard writes in one life: the same whenever it is asked for.
struct Script {
    actor: Actor,
    dice: Dice,
    next: u64,
}

impl Script {
    fn new(shard: usize, seed: u64, first: Number) -> Self {
        let number = u8::try_from(shard).expect("few");
        Self {
            actor: Actor::new(ShardId(number), first),
            dice: Dice(seed * 31 + shard as u64),
            next: 1,
        }
    }

    fn next(&mut self) -> Batch {
        let made = self.actor.batch(&mut self.dice);
        self.next += 1;
        batch(self.next - 1, made.operations)
    }
}

/// Writes until it is killed, and says what is durable.
fn write_for_ever(folder: &Path, seed: u64) -> ! {
    let first = open(folder).1.first;
    let (_store, mut ports) = start(folder, SHARDS, Settings::default());
    let mut scripts: Vec<_> = (0..SHARDS)
        .map(|shard| Script::new(shard, seed, first))
        .collect();
    let mut durable = [0; SHARDS];
    loop {
        let mut is_idle = true;
        for shard in 0..SHARDS {
            let port: &mut Port = &mut ports[shard];
            while let Some(event) = port.poll() {
                if let Event::Durable {
                    through: Sequence(through),
                } = event
                {
                    durable[shard] = through;
                    let line = format!("reached {shard} {through}\n");
                    // In one call, past what the test framework captures.
                    let mut out = std::io::stdout().lock();
                    _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
                    is_idle = false;
                }
            }
            if scripts[shard].next - 1 < durable[shard] + AHEAD {
                port.submit(scripts[shard].next()).expect("few are ahead");
                is_idle = false;
            }
        }
        if is_idle {
            std::thread::park_timeout(std::time::Duration::from_secs(1));
        }
    }
}

/// Lets a process write until it has said so many lines, kills it; how far its shards were durable.
fn kill(folder: &Path, seed: u64, lines: usize) -> [u64; SHARDS] {
    let name = "kills::a_killed_process_loses_nothing_that_was_durable";
    let mut command = Command::new(std::env::current_exe().expect("this runs"));
    command.args(["--exact", name, "--test-threads=1", "--nocapture"]);
    command.env(FOLDER, folder).env(SEED, seed.to_string());
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let out = BufReader::new(child.stdout.take().expect("it is piped"));
    let (mut durable, mut heard) = ([0; SHARDS], 0);
    for line in out.lines().map_while(Result::ok) {
        // The test framework's own line may stand before the first.
        let Some((_, said)) = line.split_once("reached ") else {
            continue;
        };
        let mut numbers = said
            .split(' ')
            .map(|part| part.parse::<u64>().expect("a number"));
        let (shard, through) = (numbers.next(), numbers.next());
        let shard = usize::try_from(shard.expect("a shard")).expect("few");
        durable[shard] = through.expect("a sequence");
        heard += 1;
        if heard == lines {
            // What it says until the kill counts as well: the loop ends with its output.
            child.kill().expect("it runs");
        }
    }
    let status = child.wait().expect("it was started");
    assert!(
        heard >= lines && !status.success(),
        "{heard} lines, {status}"
    );
    durable
}

/// The folder holds all that was durable, and of what was ahead whole batches in their order.
fn audit(folder: &Path, seed: u64, first: Number, before: &Oracle, durable: [u64; SHARDS]) {
    let found = Oracle::of(&image(&open(folder).0));
    let mut allowed = vec![before.clone()];
    for (shard, through) in durable.into_iter().enumerate() {
        let mut script = Script::new(shard, seed, first);
        let batches: Vec<_> = (0..through + AHEAD).map(|_| script.next()).collect();
        let mut states = Vec::new();
        for state in &allowed {
            let mut state = state.clone();
            if through == 0 {
                states.push(state.clone());
            }
            for batch in &batches {
                let operations = batch.operations.iter();
                operations.for_each(|operation| state.apply(operation));
                if batch.sequence.0 >= through {
                    states.push(state.clone());
                }
            }
        }
        allowed = states;
    }
    assert!(allowed.contains(&found), "seed {seed}, durable {durable:?}");
}

#[test]
fn a_killed_process_loses_nothing_that_was_durable() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let seed = std::env::var(SEED).expect("both are set");
        write_for_ever(Path::new(&folder), seed.parse().expect("a number"));
    }
    let folder = tempfile::tempdir().expect("there is room");
    let mut dice = Dice(11);
    for seed in 0..5 {
        let (database, opened) = open(folder.path());
        let before = Oracle::of(&image(&database));
        drop(database);
        let durable = kill(folder.path(), seed, 1 + dice.below(200));
        audit(folder.path(), seed, opened.first, &before, durable);
    }
}
