//! Two ways to receive from many sockets: multishot `POLL_ADD` and `recv(2)`, against multishot RECV
//! into a ring of buffers.
//!
//! An echo server that does nothing else, on its own thread, in both ways in turn; everything else
//! (set-up flags, `send(2)` for the echo) is the same. CPU time is the server thread's.
//!
//! `cargo bench -p shard-uring --bench read_path`
#![allow(unsafe_code, reason = "the second way is not part of the crate")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement"
)]

use std::alloc::{Layout, alloc_zeroed};
use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use io_uring::types::{BufRingEntry, Fd};
use io_uring::{IoUring, cqueue, opcode};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};
use nix::time::{ClockId, clock_gettime};
use shard_uring::{Driver, DriverSettings, Event, ListenerSettings, SocketKey};

const MESSAGE: usize = 128;
const DURATION: Duration = Duration::from_secs(2);
const BUFFERS: u16 = 256;
const BUFFER_BYTES: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    PollThenReceive,
    MultishotReceive,
}

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    for (connections, batch) in [(50, 1), (1000, 1), (1000, 16)] {
        for round in 0..3 {
            for way in [Way::PollThenReceive, Way::MultishotReceive] {
                let (cost, rate) = measure(way, connections, batch)?;
                if round > 0 {
                    println!(
                        "{connections:5} connections, {batch:2} per segment, {way:?}: {cost:5.2} us/message, {rate:7.0}/s"
                    );
                }
            }
        }
    }
    Ok(())
}

/// CPU time of the server per message, microseconds, and messages per second.
fn measure(way: Way, connections: usize, batch: usize) -> Result<(f64, f64), Failure> {
    let (listener, address) = ListenerSettings::new(([127, 0, 0, 1], 0).into()).open()?;
    let listener = TcpListener::from(listener);
    let server = std::thread::spawn(move || serve(way, &listener, connections));
    let (messages, wall) = drive(address, connections, batch)?;
    let cpu = server.join().map_err(|_| "the server panicked")??;
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    let messages = messages as f64;
    Ok((
        cpu.as_secs_f64() * 1e6 / messages,
        messages / wall.as_secs_f64(),
    ))
}

/// Clients that send again when the echo has come; how many messages in which time.
fn drive(
    address: SocketAddr,
    connections: usize,
    batch: usize,
) -> Result<(u64, Duration), Failure> {
    let mut driver = Driver::new(DriverSettings::default())?;
    let mut sockets = Vec::new();
    for tag in 0..connections {
        sockets.push(driver.connect(address, None, tag as u64)?);
    }
    let mut buffer = vec![0; 64 * 1024];
    let mut missing = vec![batch * MESSAGE; connections];
    let (mut events, mut connected, mut messages) = (Vec::new(), 0, 0);
    let mut start = Instant::now();
    while connected < connections || start.elapsed() < DURATION {
        driver.submit_and_wait(Some(Duration::from_millis(50)))?;
        driver.reap(&mut events);
        for event in events.drain(..) {
            if matches!(event, Event::Connected { .. }) {
                connected += 1;
                if connected == connections {
                    start = Instant::now();
                    for socket in &sockets {
                        send_batch(&mut driver, *socket, batch);
                    }
                }
            } else if let Event::Readable { socket, tag, .. } = event {
                let missing = &mut missing[usize::try_from(tag)?];
                *missing -= driver.receive(socket, &mut buffer).unwrap_or(0);
                if *missing == 0 {
                    *missing = batch * MESSAGE;
                    messages += batch as u64;
                    send_batch(&mut driver, socket, batch);
                }
            }
        }
        driver.flush();
    }
    Ok((messages, start.elapsed()))
}

fn send_batch(driver: &mut Driver, socket: SocketKey, batch: usize) {
    if let Some(outbox) = driver.outbox(socket, batch * MESSAGE) {
        outbox.push(&[0; 16 * MESSAGE][..batch * MESSAGE]);
    }
}

fn serve(way: Way, listener: &TcpListener, connections: usize) -> Result<Duration, Failure> {
    let mut ring: IoUring = IoUring::builder()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_submit_all()
        .setup_cqsize(8192)
        .build(2048)?;
    let mut buffers = Buffers::register(&ring)?;
    let mut streams = Vec::new();
    for index in 0..connections {
        streams.push(listener.accept()?.0);
        streams[index].set_nodelay(true)?;
        arm(&mut ring, way, &streams, index);
    }
    let before = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    let mut scratch = vec![0; 64 * 1024];
    let mut open = connections;
    while open > 0 {
        ring.submit_and_wait(1)?;
        let completions: Vec<_> = ring
            .completion()
            .map(|entry| (entry.user_data(), entry.result(), entry.flags()))
            .collect();
        for (user_data, result, flags) in completions {
            let index = usize::try_from(user_data)?;
            let stream = &streams[index];
            let ended = match way {
                Way::PollThenReceive => {
                    match recv(stream.as_raw_fd(), &mut scratch, MsgFlags::MSG_DONTWAIT) {
                        Ok(received) => {
                            echo(stream, &scratch[..received]);
                            // The end may be reported together with the last bytes.
                            received == 0 || result & i32::from(libc::POLLRDHUP) != 0
                        }
                        // A reset is an end, too: clients leave with echoes unread.
                        Err(errno) => errno != Errno::EAGAIN,
                    }
                }
                Way::MultishotReceive => {
                    if let (Some(buffer), Ok(length)) =
                        (cqueue::buffer_select(flags), usize::try_from(result))
                    {
                        echo(stream, buffers.bytes(buffer, length));
                        buffers.give_back(buffer);
                    }
                    result == 0 || result == -libc::ECONNRESET
                }
            };
            if ended {
                open -= 1;
            } else if !cqueue::more(flags) {
                arm(&mut ring, way, &streams, index);
            }
        }
    }
    Ok((clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)? - before).into())
}

fn echo(stream: &TcpStream, bytes: &[u8]) {
    // The clients are gone at the end, and their last echoes with them.
    _ = send(stream.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL);
}

fn arm(ring: &mut IoUring, way: Way, streams: &[TcpStream], index: usize) {
    let descriptor = Fd(streams[index].as_raw_fd());
    let entry = match way {
        Way::PollThenReceive => {
            let events = (libc::POLLIN | libc::POLLRDHUP).cast_unsigned();
            opcode::PollAdd::new(descriptor, events.into())
                .multi(true)
                .build()
        }
        Way::MultishotReceive => opcode::RecvMulti::new(descriptor, 0).build(),
    };
    let entry = entry.user_data(index as u64);
    // SAFETY: the entry points at nothing; the buffers it selects live as long as the ring.
    while unsafe { ring.submission().push(&entry) }.is_err() {
        _ = ring.submit();
    }
}

/// A ring of buffers, leaked: the ring may outlive this value in the kernel.
struct Buffers {
    entries: *mut BufRingEntry,
    memory: *mut u8,
    tail: u16,
}

impl Buffers {
    #[allow(clippy::cast_ptr_alignment, reason = "the layout is aligned to a page")]
    fn register(ring: &IoUring) -> io::Result<Self> {
        let layout = |bytes| Layout::from_size_align(bytes, 4096).map_err(io::Error::other);
        let count = usize::from(BUFFERS);
        // SAFETY: neither size is zero.
        let (entries, memory) = unsafe {
            (
                alloc_zeroed(layout(count * size_of::<BufRingEntry>())?).cast::<BufRingEntry>(),
                alloc_zeroed(layout(count * BUFFER_BYTES)?),
            )
        };
        // SAFETY: both allocations are never freed.
        unsafe {
            ring.submitter()
                .register_buf_ring_with_flags(entries as u64, BUFFERS, 0, 0)?;
        };
        let mut buffers = Self {
            entries,
            memory,
            tail: 0,
        };
        (0..BUFFERS).for_each(|buffer| buffers.give_back(buffer));
        Ok(buffers)
    }

    fn bytes(&self, buffer: u16, length: usize) -> &[u8] {
        // SAFETY: the kernel wrote `length` bytes into this buffer and does not touch it until it is
        // given back.
        unsafe {
            core::slice::from_raw_parts(self.memory.add(usize::from(buffer) * BUFFER_BYTES), length)
        }
    }

    fn give_back(&mut self, buffer: u16) {
        let place = usize::from(self.tail % BUFFERS);
        // SAFETY: `place` is one of the entries, and the kernel reads only those below the tail.
        unsafe {
            let entry = &mut *self.entries.add(place);
            entry.set_addr(self.memory.add(usize::from(buffer) * BUFFER_BYTES) as u64);
            entry.set_len(u32::try_from(BUFFER_BYTES).unwrap_or(u32::MAX));
            entry.set_bid(buffer);
            self.tail = self.tail.wrapping_add(1);
            let tail = BufRingEntry::tail(self.entries).cast::<AtomicU16>();
            (*tail).store(self.tail, Ordering::Release);
        }
    }
}
