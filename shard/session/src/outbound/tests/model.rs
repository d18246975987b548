//! The window against the simplest thing that could be right: a list in order of sending.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Push(bool),
    PushMany(u16),
    Puback(usize),
    Pubrec(usize, bool),
    Pubcomp(usize),
    /// An acknowledgement for whatever id.
    Stray(u16),
    Reconnect(u16),
    Resend,
    Leave,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => any::<bool>().prop_map(Step::Push),
        // Rounds of ids make old entries stragglers.
        1 => (1..400_u16).prop_map(Step::PushMany),
        4 => any::<usize>().prop_map(Step::Puback),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(pick, refused)| Step::Pubrec(pick, refused)),
        3 => any::<usize>().prop_map(Step::Pubcomp),
        1 => (1..=u16::MAX).prop_map(Step::Stray),
        1 => (1..20_u16).prop_map(Step::Reconnect),
        2 => Just(Step::Resend),
        1 => Just(Step::Leave),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Qos1,
    Qos2,
    Pubrel,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    id: PacketId,
    number: u32,
    phase: Phase,
    /// Sent on this connection.
    open: bool,
}

#[derive(Debug)]
struct Model {
    sent: Vec<Sent>,
    window: usize,
    next_number: u32,
}

impl Model {
    fn open(&self) -> usize {
        self.sent.iter().filter(|sent| sent.open).count()
    }

    fn has_room(&self) -> bool {
        self.open() < self.window && self.sent.iter().all(|sent| sent.open)
    }

    fn pick(&self, pick: usize) -> Option<usize> {
        (!self.sent.is_empty()).then(|| pick % self.sent.len())
    }

    fn push(&mut self, outbound: &mut Outbound, exactly_once: bool) -> Result<(), TestCaseError> {
        self.next_number += 1;
        let number = self.next_number;
        let delivery = if exactly_once {
            qos2(number)
        } else {
            qos1(number)
        };
        let id = outbound.push(delivery.with_group(1), T0);
        prop_assert_eq!(id.is_some(), self.has_room());
        if let Some(id) = id {
            prop_assert!(
                self.sent.iter().all(|sent| sent.id != id),
                "{:?} is in use",
                id
            );
            let phase = if exactly_once {
                Phase::Qos2
            } else {
                Phase::Qos1
            };
            self.sent.push(Sent {
                id,
                number,
                phase,
                open: true,
            });
        }
        Ok(())
    }

    fn finish(
        &mut self,
        place: Option<usize>,
        phase: Phase,
        result: &Acknowledged,
    ) -> Result<(), TestCaseError> {
        match place.map(|place| (place, self.sent[place])) {
            Some((place, sent)) if sent.phase == phase => {
                let Acknowledged::Done(delivery) = result else {
                    return Err(TestCaseError::fail(format!(
                        "{sent:?} was not done: {result:?}"
                    )));
                };
                let number = (phase != Phase::Pubrel).then_some(sent.number);
                prop_assert_eq!(
                    delivery.as_ref().map(crate::delivery::tests::number),
                    number
                );
                self.sent.remove(place);
            }
            Some(_) | None => prop_assert_eq!(result, &Acknowledged::Unknown),
        }
        Ok(())
    }

    fn pubrec(
        &mut self,
        place: Option<usize>,
        refused: bool,
        result: &Acknowledged,
    ) -> Result<(), TestCaseError> {
        let phase = place.map(|place| self.sent[place].phase);
        match (place, phase) {
            (Some(place), Some(Phase::Qos2)) if !refused => {
                prop_assert_eq!(result, &Acknowledged::SendPubrel);
                self.sent[place].phase = Phase::Pubrel;
                self.sent[place].open = true;
                Ok(())
            }
            (_, Some(Phase::Pubrel)) => {
                prop_assert_eq!(result, &Acknowledged::SendPubrel);
                Ok(())
            }
            _ => self.finish(place, Phase::Qos2, result),
        }
    }

    fn resend(&mut self, outbound: &mut Outbound) -> Result<(), TestCaseError> {
        for place in 0..self.sent.len() {
            let sent = self.sent[place];
            if sent.open {
                continue;
            }
            if sent.phase != Phase::Pubrel && self.open() >= self.window {
                break;
            }
            let found = outbound.next_resend(T0);
            let (id, number, phase) = match found {
                Some(Resend::Publish(id, delivery)) => {
                    let exactly_once = delivery.qos() == Qos::ExactlyOnce;
                    let phase = if exactly_once {
                        Phase::Qos2
                    } else {
                        Phase::Qos1
                    };
                    (id, number(delivery), phase)
                }
                Some(Resend::Pubrel(id)) => (id, sent.number, Phase::Pubrel),
                None => return Err(TestCaseError::fail(format!("{sent:?} was not resent"))),
            };
            prop_assert_eq!((id, number, phase), (sent.id, sent.number, sent.phase));
            self.sent[place].open = true;
        }
        prop_assert_eq!(outbound.next_resend(T0), None);
        Ok(())
    }

    fn apply(&mut self, outbound: &mut Outbound, step: &Step) -> Result<(), TestCaseError> {
        let id_at = |model: &Self, place: Option<usize>| place.map_or(id(1), |p| model.sent[p].id);
        match *step {
            Step::Push(exactly_once) => self.push(outbound, exactly_once)?,
            Step::PushMany(count) => {
                for _ in 0..count {
                    self.push(outbound, false)?;
                    let place = self.sent.iter().rposition(|sent| sent.phase == Phase::Qos1);
                    let result = outbound.puback(id_at(self, place));
                    if place.is_some() {
                        self.finish(place, Phase::Qos1, &result)?;
                    }
                }
            }
            Step::Puback(pick) => {
                let place = self.pick(pick);
                let result = outbound.puback(id_at(self, place));
                self.finish(place, Phase::Qos1, &result)?;
            }
            Step::Pubrec(pick, refused) => {
                let place = self.pick(pick);
                let result = outbound.pubrec(id_at(self, place), refused, T0);
                self.pubrec(place, refused, &result)?;
            }
            Step::Pubcomp(pick) => {
                let place = self.pick(pick);
                let result = outbound.pubcomp(id_at(self, place));
                self.finish(place, Phase::Pubrel, &result)?;
            }
            Step::Stray(value) => {
                let place = self.sent.iter().position(|sent| sent.id == id(value));
                let result = outbound.puback(id(value));
                self.finish(place, Phase::Qos1, &result)?;
            }
            Step::Reconnect(window) => {
                outbound.resume(window);
                self.window = usize::from(window);
                self.sent.iter_mut().for_each(|sent| sent.open = false);
            }
            Step::Resend => self.resend(outbound)?,
            Step::Leave => {
                let taken = outbound.take_group_deliveries();
                let (qos1, rest) = self.sent.iter().partition(|sent| sent.phase == Phase::Qos1);
                let qos1: Vec<Sent> = qos1;
                self.sent = rest;
                prop_assert!(
                    taken
                        .iter()
                        .map(number)
                        .eq(qos1.iter().map(|sent| sent.number))
                );
            }
        }
        Ok(())
    }
}

proptest! {
    /// Whatever the client does, and however often it comes back: no packet id is in use twice,
    /// the window is never exceeded, the order is that of the first sending, nothing is lost.
    #[test]
    fn behaves_like_a_list_in_order_of_sending(
        steps in prop::collection::vec(step(), 0..120), window in 1..20_u16, start in 1..=u16::MAX,
    ) {
        let mut outbound = Outbound { next: id(start), ..Outbound::new(window) };
        let mut model = Model { sent: Vec::new(), window: usize::from(window), next_number: 0 };
        for step in steps {
            model.apply(&mut outbound, &step)?;
            prop_assert_eq!(outbound.has_room(), model.has_room());
            prop_assert_eq!(outbound.has_resends(), !model.sent.iter().all(|sent| sent.open));
            prop_assert_eq!(outbound.len(), model.sent.len());
            prop_assert_eq!(outbound.is_empty(), model.sent.is_empty());
            let undelivered = model.sent.iter().filter(|sent| sent.phase != Phase::Pubrel);
            prop_assert!(outbound.deliveries().map(number).eq(undelivered.map(|sent| sent.number)));
            // A PUBREL passes at any time, so only what a push added must fit.
            let publishes = model.sent.iter().filter(|s| s.open && s.phase != Phase::Pubrel);
            prop_assert!(publishes.count() <= model.window);
        }
    }
}
