//! When the messages of an open loop are due.

use loadgen_plan::Schedule;
use wire_message::Instant;

use crate::mix;

const NANOS: f64 = 1e9;

/// The times of an endless row of events.
///
/// The k-th time follows from the law, not from the time before it, so nothing drifts; only
/// independent (Poisson) times are by their nature a sum, which is kept in units of the mean
/// distance.
#[derive(Clone, Debug)]
pub struct Timetable {
    start: Instant,
    law: Law,
    /// How many times were taken.
    taken: u64,
    next: Instant,
}

#[derive(Clone, Debug)]
enum Law {
    Constant {
        per_s: f64,
        phase: f64,
    },
    Poisson {
        per_s: f64,
        sum: f64,
        state: u64,
    },
    Ramp {
        per_s: f64,
        to_per_s: f64,
        over_s: f64,
        phase: f64,
    },
}

impl Timetable {
    /// Events from `start` on, `per_s` of them each second at the beginning.
    ///
    /// `phase`, from 0 to below 1, moves regular times by that part of their distance, so that
    /// several timetables interleave; `seed` is for independent times. A ramp's last rate is
    /// that of this timetable.
    #[must_use]
    pub fn new(start: Instant, per_s: f64, schedule: Schedule, phase: f64, seed: u64) -> Self {
        let law = match schedule {
            Schedule::Constant => Law::Constant { per_s, phase },
            Schedule::Poisson => Law::Poisson {
                per_s,
                sum: 0.0,
                state: seed,
            },
            Schedule::Ramp { to_per_s, over } => {
                let over_s = over.as_secs_f64();
                Law::Ramp {
                    per_s,
                    to_per_s,
                    over_s,
                    phase,
                }
            }
        };
        let mut timetable = Self {
            start,
            law,
            taken: 0,
            next: start,
        };
        timetable.next = timetable.at(0);
        timetable
    }

    /// The next time; may be over already.
    #[must_use]
    #[inline]
    pub fn next(&self) -> Instant {
        self.next
    }

    /// Takes the next time.
    pub fn take(&mut self) -> Instant {
        let due = self.next;
        self.taken += 1;
        self.next = self.at(self.taken);
        due
    }

    /// Takes the next time if it is due at `now`.
    #[inline]
    pub fn take_due(&mut self, now: Instant) -> Option<Instant> {
        (self.next <= now).then(|| self.take())
    }

    /// How many times before `now` were not taken; a mean for independent times.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "counts are above zero, far below 2^53, and the cast saturates"
    )]
    pub fn overdue(&self, now: Instant) -> u64 {
        if self.next > now {
            return 0;
        }
        let seconds = now.since(self.start).as_secs_f64();
        let due = match &self.law {
            Law::Constant { per_s, phase } => seconds * per_s - phase + 1.0,
            // The next one is due, and others by the rate.
            Law::Poisson { per_s, sum, .. } => self.taken as f64 + seconds * per_s - sum + 1.0,
            Law::Ramp {
                per_s,
                to_per_s,
                over_s,
                phase,
            } => {
                let within = seconds.min(*over_s);
                let grown = (to_per_s - per_s) / (2.0 * over_s) * within * within;
                per_s * within + grown + to_per_s * (seconds - within) - phase + 1.0
            }
        };
        (due as u64).saturating_sub(self.taken)
    }

    #[expect(clippy::cast_precision_loss, reason = "2^53 events take centuries")]
    fn at(&mut self, k: u64) -> Instant {
        let k = k as f64;
        let seconds = match &mut self.law {
            Law::Constant { per_s, phase } => (k + *phase) / *per_s,
            Law::Poisson { per_s, sum, state } => {
                *sum -= mix::unit(mix::next(state)).ln();
                *sum / *per_s
            }
            Law::Ramp {
                per_s,
                to_per_s,
                over_s,
                phase,
            } => ramp(k + *phase, *per_s, *to_per_s, *over_s),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "times are above zero, and the cast saturates"
        )]
        let nanos = (seconds * NANOS) as u64;
        Instant::from_nanos(self.start.as_nanos().saturating_add(nanos))
    }
}

/// The second in which `k` events are over, if the rate goes from `from` to `to` in `over`.
///
/// In the ramp `from * t + (to - from) / (2 * over) * t^2` events happen in `t` seconds.
fn ramp(k: f64, from: f64, to: f64, over: f64) -> f64 {
    let whole = f64::midpoint(from, to) * over;
    if k >= whole {
        return over + (k - whole) / to;
    }
    let slope = (to - from) / over;
    // The root that stays exact when the slope is small or zero.
    2.0 * k / (from + (from * from + 2.0 * slope * k).max(0.0).sqrt())
}

#[cfg(test)]
#[expect(
    clippy::cast_precision_loss,
    reason = "the numbers are small, or rounding is allowed for"
)]
mod tests {
    use core::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn times(schedule: Schedule, per_s: f64, seed: u64, count: usize) -> Vec<u64> {
        let mut timetable = Timetable::new(Instant::ZERO, per_s, schedule, 0.0, seed);
        (0..count).map(|_| timetable.take().as_nanos()).collect()
    }

    proptest! {
        #[test]
        fn the_kth_time_is_k_distances_after_the_start(
            per_s in 0.001..2e6_f64,
            start in 0..1_u64 << 60,
            phase in 0.0..1.0_f64,
            k in 0..2000_usize,
        ) {
            let from = Instant::from_nanos(start);
            let mut timetable = Timetable::new(from, per_s, Schedule::Constant, phase, 0);
            let taken = (0..=k).map(|_| timetable.take()).last().expect("one at least");
            let expected = (k as f64 + phase) / per_s * 1e9;
            let off = (taken.as_nanos() - start) as f64 - expected;
            prop_assert!(off.abs() <= 1.0 + expected * 1e-12, "{off}");
        }

        #[test]
        fn times_never_go_back(
            schedule in prop_oneof![
                Just(Schedule::Constant),
                Just(Schedule::Poisson),
                (0.1..1e5_f64, 1..10_000_u64).prop_map(|(to_per_s, millis)| Schedule::Ramp {
                    to_per_s,
                    over: Duration::from_millis(millis),
                }),
            ],
            per_s in 0.1..1e5_f64,
            seed in any::<u64>(),
        ) {
            let times = times(schedule, per_s, seed, 500);
            prop_assert!(times.is_sorted());
        }
    }

    #[test]
    fn a_day_of_messages_has_not_drifted() {
        let mut timetable = Timetable::new(Instant::ZERO, 3.0, Schedule::Constant, 0.0, 0);
        timetable.taken = 3 * 86_400 - 1;
        timetable.take();
        assert_eq!(timetable.next(), Instant::from_secs(86_400));
    }

    #[test]
    fn independent_times_have_the_rate_and_the_spread_they_should() {
        let count = 100_000;
        let times = times(Schedule::Poisson, 1000.0, 42, count);
        let seconds = times[count - 1] as f64 / 1e9;
        assert!((99.0..101.0).contains(&seconds), "{seconds}");
        // The numbers in equal intervals have a variance equal to their mean.
        let mut per_interval = vec![0.0_f64; 10_000];
        for time in times {
            if let Some(count) = per_interval.get_mut((time / 10_000_000) as usize) {
                *count += 1.0;
            }
        }
        let mean = per_interval.iter().sum::<f64>() / 10_000.0;
        let variance = per_interval
            .iter()
            .map(|count| (count - mean).powi(2))
            .sum::<f64>();
        let ratio = variance / 10_000.0 / mean;
        assert!((0.95..1.05).contains(&ratio), "{ratio}");
    }

    #[test]
    fn equal_seeds_give_equal_times() {
        let draw = |seed| times(Schedule::Poisson, 10.0, seed, 50);
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn a_ramp_has_the_mean_rate_in_its_time_and_the_last_one_after_it() {
        for (from, to) in [(100.0, 300.0), (300.0, 100.0), (200.0, 200.0)] {
            let over = Duration::from_secs(10);
            let times = times(Schedule::Ramp { to_per_s: to, over }, from, 0, 5000);
            let within = times.iter().filter(|&&time| time < 10_000_000_000).count();
            assert!((1999..=2001).contains(&within), "{within}");
            let first = times.iter().filter(|&&time| time < 1_000_000_000).count() as f64;
            let middle = from + (to - from) / 20.0;
            assert!((first - middle).abs() < 2.0, "{first} {middle}");
            let after = (times[4000] - times[3999]) as f64;
            assert!((after - 1e9 / to).abs() < 2.0, "{after}");
        }
    }

    #[test]
    fn what_is_overdue_is_what_would_be_taken() {
        let over = Duration::from_secs(2);
        let schedules = [
            Schedule::Constant,
            Schedule::Poisson,
            Schedule::Ramp {
                to_per_s: 900.0,
                over,
            },
        ];
        for schedule in schedules {
            let mut timetable = Timetable::new(Instant::from_secs(1), 300.0, schedule, 0.25, 9);
            assert_eq!(timetable.overdue(Instant::from_secs(1)), 0);
            for _ in 0..100 {
                timetable.take();
            }
            let now = Instant::from_millis(4_321);
            let overdue = timetable.overdue(now);
            let taken = std::iter::from_fn(|| timetable.take_due(now)).count() as u64;
            let spread = if schedule == Schedule::Poisson {
                150
            } else {
                1
            };
            assert!(overdue.abs_diff(taken) <= spread, "{overdue} {taken}");
            assert_eq!(timetable.overdue(now), 0);
        }
    }

    #[test]
    fn only_what_is_due_is_taken() {
        let mut timetable = Timetable::new(Instant::from_secs(1), 1.0, Schedule::Constant, 0.5, 0);
        assert_eq!(timetable.take_due(Instant::from_millis(1499)), None);
        let due = Instant::from_millis(1500);
        assert_eq!(timetable.take_due(due), Some(due));
        assert_eq!(timetable.take_due(due), None);
    }
}
