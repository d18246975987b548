//! A round: a broker with several lives on one data folder, and the audit of all of them.

use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use wire_mqtt::Version;

use crate::audit::{audit, missing, tell};
use crate::broker::{Broker, Launch};
use crate::cast::cast;
use crate::chance::Chance;
use crate::device::{Card, Device, Wish};
use crate::history::Event;
use crate::log::Log;
use crate::part::{Attendance, Mode, Part, Subscriber};
use crate::power::{Cut, Ledger, cut};
use crate::stage::Stage;
use crate::told::qos;
use crate::{Ending, Outcome, Settings, recording};

/// What publishers may need to finish what they began.
const FINISH_WITHIN: Duration = Duration::from_secs(40);

/// Without an event for so long, nothing more will come.
const QUIET: Duration = Duration::from_millis(700);

/// As long as something comes, a round goes on; but not for ever.
const DRAIN_WITHIN: Duration = Duration::from_mins(2);

/// What is missing and does not come for so long is lost: longer than wills and delays take.
const LOST_AFTER: Duration = Duration::from_secs(6);

struct Round<'a> {
    settings: &'a Settings,
    chance: Chance,
    launch: Launch,
    stage: Stage,
    lives: usize,
    lost: Cut,
    looks: usize,
}

/// Plays the round of `seed`.
///
/// # Errors
///
/// What kept the round from being judged, such as a broker that does not start.
pub fn play(settings: &Settings, seed: u64) -> Result<Outcome, String> {
    let began = Instant::now();
    let folder = tempfile::Builder::new().prefix("skein-crash-").tempdir();
    let folder = folder.map_err(|error| format!("make a folder: {error}"))?;
    let mut round = Round::new(settings, seed, folder.path().to_owned());
    let played = round.play();
    let history = &round.stage.log.history;
    let violations = played.as_ref().map(|()| audit(history)).unwrap_or_default();
    let mut told = violations.len();
    let log = fs::read_to_string(round.launch.log()).unwrap_or_default();
    let alarms: Vec<_> = log.lines().filter(|line| is_alarm(line)).collect();
    told += alarms.len();
    let mut report = tell(history, &violations);
    for alarm in &alarms {
        report += "  in the broker's log: ";
        report += alarm;
        report += "\n";
    }
    if played.is_err() || told > 0 && !settings.is_control() {
        // What is needed to find out why stays behind.
        let kept = folder.keep();
        report += "  log and data are kept in ";
        report += &kept.to_string_lossy();
        fs::write(kept.join("history"), history.whole()).map_err(|error| error.to_string())?;
    }
    played.map_err(|error| format!("seed {seed}: {error}\n{report}"))?;
    Ok(Outcome {
        violations: told,
        report,
        summary: round.summary(seed, began.elapsed()),
        log_bytes_lost: round.lost.log_bytes,
    })
}

fn is_alarm(line: &str) -> bool {
    line.contains("ERROR") || line.contains("panicked")
}

impl<'a> Round<'a> {
    fn new(settings: &'a Settings, seed: u64, folder: PathBuf) -> Self {
        let mut chance = Chance::new(seed);
        let lives = usize::try_from(chance.within(2, 4)).unwrap_or(2);
        let mut log = Log::new(seed);
        let clients = cast(lives, &mut chance, &mut log);
        let recorded = settings.ending == Ending::PowerLoss;
        let launch = Launch {
            binary: settings.binary.clone(),
            recording: recorded.then(|| folder.join("recording")),
            folder,
            shards: 1,
            durability: settings.durability,
        };
        let stage = Stage {
            log,
            clients,
            chance: chance.fork(),
            address: ([127, 0, 0, 1], 0).into(),
            mode: Mode::Pause,
            life: 0,
        };
        let (lost, looks) = (Cut::default(), 0);
        Self {
            settings,
            chance,
            launch,
            stage,
            lives,
            lost,
            looks,
        }
    }

    fn play(&mut self) -> Result<(), String> {
        let changes = self.chance.once_in(2);
        self.launch.shards = *self.chance.pick(&[1, 2, 3]);
        let mut running = None;
        for life in 0..self.lives {
            if changes {
                self.launch.shards = *self.chance.pick(&[1, 2, 3]);
            }
            let (mut broker, ledger) = match running.take() {
                Some(running) => running,
                None => self.start(life)?,
            };
            self.begin(life, &broker);
            if life > 0 {
                self.look(&mut broker)?;
            }
            self.load(&mut broker)?;
            if life + 1 == self.lives {
                self.finish(&mut broker)?;
                broker.ask_to_stop()?;
                return broker.stopped();
            }
            if self.settings.ending == Ending::Never {
                self.stage.hang_up();
                running = Some((broker, ledger));
            } else {
                self.end(broker, &ledger)?;
            }
        }
        Ok(())
    }

    /// Starts the broker, with what was on its disk then.
    fn start(&mut self, life: usize) -> Result<(Broker, Ledger), String> {
        if life > 0 && self.chance.once_in(3) {
            self.die_while_starting()?;
        }
        let ledger = self.ledger()?;
        Ok((self.launch.start()?, ledger))
    }

    fn begin(&mut self, life: usize, broker: &Broker) {
        self.stage.address = broker.address;
        self.stage.life = life;
        let shards = self.launch.shards;
        self.stage.log.note(Event::Started { shards });
    }

    /// Publishers publish and subscribers come and go, for a time that chance chooses.
    fn load(&mut self, broker: &mut Broker) -> Result<(), String> {
        for (_, part) in &mut self.stage.clients {
            if let Part::Publisher(publisher) = part {
                publisher.left = self.chance.within(50, 600);
            }
        }
        // Mostly in the thick of it, sometimes while the first subscribe.
        let longest = if self.chance.once_in(4) { 150 } else { 1500 };
        let time = Duration::from_millis(self.chance.within(10, longest));
        self.stage.mode = Mode::Load;
        self.go_on(broker, time, |_| false).map(|_| ())
    }

    /// Lets the clients go on until `condition` holds, at most for `limit`; whether it held.
    fn go_on(
        &mut self,
        broker: &mut Broker,
        limit: Duration,
        mut condition: impl FnMut(&mut Stage) -> bool,
    ) -> Result<bool, String> {
        let mut ended = false;
        let held = self.stage.until(limit, |stage| {
            ended = broker.has_ended();
            ended || condition(stage)
        });
        if ended {
            let log = fs::read_to_string(self.launch.log()).unwrap_or_default();
            return Err(format!("the broker ended by itself:\n{log}"));
        }
        Ok(held)
    }

    /// Ends the broker's life as the settings say.
    fn end(&mut self, mut broker: Broker, ledger: &Ledger) -> Result<(), String> {
        // Now and then in peace, which must lose nothing either.
        let peaceful = self.settings.ending != Ending::Wiped && self.chance.once_in(6);
        if peaceful {
            broker.ask_to_stop()?;
        } else {
            broker.kill()?;
            self.after_kill(ledger)?;
        }
        // When a connection ends is noted as it happens, while the broker stops.
        if !self.stage.broker_ended() {
            return Err("connections outlive the broker".to_owned());
        }
        if peaceful { broker.stopped() } else { Ok(()) }
    }

    /// Ends the broker at some time of its start, when nobody has asked it for anything.
    fn die_while_starting(&mut self) -> Result<(), String> {
        let ledger = self.ledger()?;
        let mut broker = self.launch.spawn()?;
        let time = Duration::from_millis(self.chance.within(0, 300));
        self.stage.until(time, |_| false);
        broker.kill()?;
        self.stage.log.note(Event::Killed);
        self.after_kill(&ledger)
    }

    fn ledger(&self) -> Result<Ledger, String> {
        Ledger::of(&self.launch.data()).map_err(|error| format!("list the data: {error}"))
    }

    fn after_kill(&mut self, ledger: &Ledger) -> Result<(), String> {
        match self.settings.ending {
            Ending::Kill | Ending::Never => Ok(()),
            Ending::PowerLoss => {
                let path = self.launch.folder.join("recording");
                let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
                let mut ledger = ledger.clone();
                ledger.follow(&recording::lines(&text))?;
                let lost = cut(&ledger, &mut self.chance)?;
                self.lost.log_bytes += lost.log_bytes;
                self.lost.bytes += lost.bytes;
                self.lost.names += lost.names;
                Ok(())
            }
            Ending::Wiped => {
                fs::remove_dir_all(self.launch.data()).map_err(|error| format!("wipe: {error}"))
            }
        }
    }

    /// Everybody comes to an end and takes what there is.
    fn finish(&mut self, broker: &mut Broker) -> Result<(), String> {
        self.stage.mode = Mode::Finish;
        if !self.go_on(broker, FINISH_WITHIN, |stage| stage.unfinished() == 0)? {
            let left = self.stage.unfinished();
            return Err(format!(
                "{left} messages of publishers are never acknowledged"
            ));
        }
        self.stage.mode = Mode::Drain;
        self.go_on(broker, DRAIN_WITHIN, |stage| {
            let quiet = stage.log.quiet();
            quiet > LOST_AFTER || quiet > QUIET && missing(&stage.log.history).is_empty()
        })?;
        self.stage.mode = Mode::Pause;
        self.look(broker)
    }

    /// A new client looks at all retained messages, while nobody else does anything.
    fn look(&mut self, broker: &mut Broker) -> Result<(), String> {
        self.stage.mode = Mode::Pause;
        self.looks += 1;
        let card = Card {
            name: format!("look-{}", self.looks),
            version: Version::V5,
            expiry_s: 0,
            receive_maximum: None,
            window: 1,
        };
        let wish = Wish {
            filter: Rc::from("r/#"),
            qos: qos(2),
            identifier: 0,
        };
        let mut device = Device::new(card, &mut self.stage.log);
        device.clean = true;
        self.stage
            .clients
            .push((device, Part::Subscriber(onlooker())));
        // A broker that is about to listen may close what comes too early.
        let connected = |stage: &mut Stage| {
            let Stage {
                clients,
                log,
                address,
                ..
            } = stage;
            clients.last_mut().is_some_and(|(device, _)| {
                if !device.is_open() {
                    device.connect(*address, log);
                }
                device.is_connected()
            })
        };
        if !self.go_on(broker, FINISH_WITHIN, connected)? {
            return Err("a new client can't connect".to_owned());
        }
        self.ask(&wish);
        let filter = Rc::clone(&wish.filter);
        let seen = self.go_on(broker, FINISH_WITHIN, |stage| {
            stage.log.quiet() > QUIET && last(stage).is_some_and(|one| one.has(&filter))
        })?;
        if !seen {
            return Err("a new client can't subscribe".to_owned());
        }
        if let Some((mut device, _)) = self.stage.clients.pop() {
            self.stage.log.note(Event::Looked(device.id));
            device.close(&mut self.stage.log);
        }
        Ok(())
    }

    fn ask(&mut self, wish: &Wish) {
        let Stage { clients, log, .. } = &mut self.stage;
        if let Some((device, _)) = clients.last_mut() {
            log.note(Event::Looking(device.id));
            device.subscribe(wish, log);
        }
    }

    fn summary(&self, seed: u64, took: Duration) -> String {
        let events = &self.stage.log.history.events;
        let count = |of: fn(&Event) -> bool| events.iter().filter(|(_, event)| of(event)).count();
        let mut shards = Vec::new();
        for (_, event) in events {
            if let Event::Started { shards: one } = event {
                shards.push(*one);
            }
        }
        format!(
            "seed {seed}: shards {:?}, {} messages acknowledged, {} delivered, {} connections, \
             {} bytes and {} names lost, {} of the log's, {:.1} s",
            shards,
            count(|event| matches!(event, Event::Taken(_))),
            count(|event| matches!(event, Event::Delivered(..))),
            count(|event| matches!(event, Event::Connected { .. })),
            self.lost.bytes,
            self.lost.names,
            self.lost.log_bytes,
            took.as_secs_f64()
        )
    }
}

fn last(stage: &Stage) -> Option<&Device> {
    stage.clients.last().map(|(device, _)| device)
}

/// Does nothing by itself.
fn onlooker() -> Subscriber {
    Subscriber {
        attendance: Attendance::Always,
        wishes: Vec::new(),
        whims: Vec::new(),
        forgets: false,
        settled: true,
    }
}
