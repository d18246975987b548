//! The clients of a round.

use std::rc::Rc;
use std::time::Duration;

use wire_message::Qos;
use wire_mqtt::Version;

use crate::chance::Chance;
use crate::device::{Card, Device, Draft, Wish};
use crate::history::Kind;
use crate::log::Log;
use crate::part::Attendance::{Always, Away, Flapping};
use crate::part::{
    Attendance, Departure, NEVER, Part, Progress, Publisher, Subscriber, WillBearer,
};
use crate::told::qos;

/// Topics that all publishers share.
const TOPICS: u64 = 6;

/// Publishers.
const PUBLISHERS: u64 = 6;

/// Longer than any round.
const EXPIRY_S: u32 = 3600;

/// The session expiry of a client before 5.0, which the broker sets.
const EXPIRY_BEFORE_V5_S: u32 = 7200;

/// Everybody who plays while the broker has so many `lives`.
pub(crate) fn cast(lives: usize, chance: &mut Chance, log: &mut Log) -> Vec<(Device, Part)> {
    let mut clients = Vec::new();
    let mut add = |card: Card, part: Part| clients.push((Device::new(card, log), part));
    for number in 0..PUBLISHERS {
        let (card, publisher) = publisher(number, chance);
        add(card, Part::Publisher(publisher));
    }
    for number in 0..12 {
        let (card, subscriber) = subscriber(number, chance);
        add(card, Part::Subscriber(subscriber));
    }
    for (number, attendance) in (0..).zip([Always, Away]) {
        for (filter, name) in [("r/#", "retained"), ("d/#", "delayed"), ("w/#", "wills")] {
            let card = card(&format!("{name}-{number}"), number, chance);
            let wishes = vec![wish(filter, qos(1 + number), 1)];
            add(card, Part::Subscriber(steady(attendance, wishes)));
        }
    }
    for (number, attendance) in (0..).zip([Always, Flapping, Away]) {
        let card = card(&format!("sharing-{number}"), number, chance);
        let wishes = vec![wish("$share/group/t/3", qos(2), 1)];
        add(card, Part::Subscriber(steady(attendance, wishes)));
    }
    let short = Card {
        expiry_s: 2,
        ..card("short", 1, chance)
    };
    let wishes = vec![wish("t/#", qos(chance.within(1, 2)), 1)];
    add(short, Part::Subscriber(steady(Away, wishes)));
    let short = Card {
        expiry_s: 2,
        ..card("short-online", 1, chance)
    };
    let wishes = vec![wish("t/1", qos(chance.within(1, 2)), 1)];
    add(short, Part::Subscriber(steady(Flapping, wishes)));
    for life in 0..lives {
        for (name, bearer) in bearers(life, chance) {
            add(card(&name, 1, chance), Part::WillBearer(bearer));
        }
    }
    clients
}

/// Even numbers speak 3.1.1, odd ones 5.0.
fn card(name: &str, number: u64, chance: &mut Chance) -> Card {
    let is_v5 = number % 2 == 1;
    Card {
        name: name.to_owned(),
        version: if is_v5 { Version::V5 } else { Version::V311 },
        expiry_s: if is_v5 { EXPIRY_S } else { EXPIRY_BEFORE_V5_S },
        receive_maximum: (is_v5 && chance.once_in(3)).then_some(4),
        window: 16,
    }
}

fn wish(filter: &str, qos: Qos, identifier: u32) -> Wish {
    Wish {
        filter: Rc::from(filter),
        qos,
        identifier,
    }
}

fn topic(number: u64) -> Rc<str> {
    Rc::from(format!("t/{number}"))
}

fn publisher(number: u64, chance: &mut Chance) -> (Card, Publisher) {
    let window = *chance.pick(&[1, 4, 16, 64]);
    let card = Card {
        window,
        ..card(&format!("publisher-{number}"), number, chance)
    };
    let retained = |one: u64| (Rc::from(format!("r/{number}/{one}")), qos(1 + one % 2));
    let publisher = Publisher {
        topics: (0..TOPICS).map(topic).collect(),
        retained: (0..4).map(retained).collect(),
        delayed: Rc::from(format!("d/{number}")),
        left: 0,
        window: window.into(),
        is_restless: chance.once_in(3),
    };
    (card, publisher)
}

fn subscriber(number: u64, chance: &mut Chance) -> (Card, Subscriber) {
    let attendances = [Always, Away, Flapping];
    let attendance = *chance.pick(&attendances);
    let one = |chance: &mut Chance| format!("t/{}", chance.within(0, TOPICS - 1));
    let mut wishes = match chance.within(0, 4) {
        0 => vec![wish("t/#", qos(2), 1)],
        1 => vec![wish("t/+", qos(1), 1)],
        // Overlapping ones, where the higher QoS counts.
        2 => vec![wish("t/#", qos(1), 1), wish("t/2", qos(2), 2)],
        _ => vec![wish(&one(chance), qos(chance.within(1, 2)), 1)],
    };
    let changes = attendance != Away && chance.once_in(2);
    let mut whims = Vec::new();
    if changes {
        // A filter of its own for each topic, and none of the wishes.
        whims.extend((0..TOPICS).map(|number| wish(&format!("+/{number}"), qos(1), 3)));
    }
    // Before 5.0 a session that starts clean ends with its connection: there is nothing to audit.
    let forgets = number % 2 == 1 && attendance == Flapping && chance.once_in(2);
    if chance.once_in(4) {
        for wish in &mut wishes {
            wish.identifier = 0;
        }
    }
    let name = format!("subscriber-{number}");
    let settled = false;
    let subscriber = Subscriber {
        attendance,
        wishes,
        whims,
        forgets,
        settled,
    };
    (card(&name, number, chance), subscriber)
}

fn steady(attendance: Attendance, wishes: Vec<Wish>) -> Subscriber {
    Subscriber {
        attendance,
        wishes,
        whims: Vec::new(),
        forgets: false,
        settled: false,
    }
}

/// Clients with wills for one life of the broker.
fn bearers(life: usize, chance: &mut Chance) -> Vec<(String, WillBearer)> {
    let plan = [
        ("due", Duration::from_secs(1), Departure::Killed),
        ("at-once", Duration::ZERO, Departure::Killed),
        ("not-due", NEVER, Departure::Killed),
        ("peaceful", Duration::ZERO, Departure::Peaceful),
    ];
    let bearers = plan.into_iter().map(|(name, delay, departure)| {
        let kind = Kind::Will(delay);
        let topic = Rc::from(format!("w/{name}/{life}"));
        let will = Draft {
            topic,
            qos: qos(chance.within(1, 2)),
            kind,
            padding: 30,
        };
        let bearer = WillBearer {
            will,
            departure,
            life,
            progress: Progress::default(),
        };
        (format!("{name}-{life}"), bearer)
    });
    bearers.collect()
}
