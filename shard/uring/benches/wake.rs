//! What it costs one sleeping driver to wake another: a ring message against an event descriptor.
//!
//! Two threads wake each other in turns and sleep in between. CPU time is the whole process's, so it
//! is divided by all wakes of both.
//!
//! `cargo bench -p shard-uring --bench wake`
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement"
)]

use std::error::Error;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use shard_uring::{Driver, DriverSettings, Event, WakePath, Waker};

const ROUNDS: u32 = 50_000;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    for _ in 0..3 {
        for wake_path in [WakePath::RingMessage, WakePath::EventDescriptor] {
            let (cpu, wall) = ping_pong(wake_path)?;
            println!(
                "{wake_path:?}: {:.2} us CPU and {:.2} us latency per wake",
                cpu.as_secs_f64() * 1e6 / f64::from(2 * ROUNDS),
                wall.as_secs_f64() * 1e6 / f64::from(2 * ROUNDS),
            );
        }
    }
    Ok(())
}

fn ping_pong(wake_path: WakePath) -> Result<(Duration, Duration), Box<dyn Error + Send + Sync>> {
    let (to_second, from_first) = mpsc::channel();
    let (to_first, from_second) = mpsc::channel();
    let cpu = || clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map(Duration::from);
    let (before, start) = (cpu()?, Instant::now());
    let second =
        std::thread::spawn(move || wake_in_turns(wake_path, &to_first, &from_first, false));
    wake_in_turns(wake_path, &to_second, &from_second, true)?;
    second.join().map_err(|_| "the second thread panicked")??;
    Ok((cpu()?.saturating_sub(before), start.elapsed()))
}

fn wake_in_turns(
    wake_path: WakePath,
    to_peer: &mpsc::Sender<Waker>,
    from_peer: &mpsc::Receiver<Waker>,
    begins: bool,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut driver = Driver::new(DriverSettings {
        wake_path,
        ..DriverSettings::default()
    })?;
    to_peer.send(driver.waker())?;
    let peer = driver.add_peer(from_peer.recv()?);
    if begins {
        driver.wake_peer(peer);
    }
    let mut events = Vec::new();
    let mut woken = 0;
    while woken < ROUNDS {
        driver.submit_and_wait(None)?;
        driver.reap(&mut events);
        if events.drain(..).any(|event| matches!(event, Event::Woken)) {
            woken += 1;
            driver.wake_peer(peer);
        }
    }
    driver.submit()?;
    Ok(())
}
