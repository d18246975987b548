//! The ring itself: entries in, completions out, one system call for both.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use io_uring::types::{SubmitArgs, Timespec};
use io_uring::{EnterFlags, IoUring, cqueue, squeue};

use crate::DriverSettings;

/// How long to stay in the kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    /// Until there is a completion.
    Forever,
    /// Not at all.
    No,
    /// Until there is a completion or this much time has passed.
    UpTo(Duration),
}

pub(crate) struct Ring {
    uring: IoUring,
    /// Number of the ring in the thread's own table, which spares a look-up in each call.
    registered: Option<i32>,
    /// Completions that had to be taken to make room for entries.
    early: Vec<Completion>,
}

/// One completion, decoded no further than the kernel's layout.
pub(crate) struct Completion {
    pub(crate) user_data: u64,
    pub(crate) result: i32,
    /// The operation goes on and will complete again.
    pub(crate) more: bool,
}

impl Ring {
    /// The best ring that this kernel offers: flags it does not know are left out.
    pub(crate) fn new(settings: &DriverSettings) -> io::Result<Self> {
        let mut refused = None;
        for level in 0..FLAG_LEVELS {
            match build(settings, level) {
                Ok(uring) => {
                    let registered = register(&uring);
                    return Ok(Self {
                        uring,
                        registered,
                        early: Vec::new(),
                    });
                }
                Err(error) if error.raw_os_error() == Some(libc::EINVAL) => refused = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| io::ErrorKind::Unsupported.into()))
    }

    /// Queues `entry`; submits what is queued if there is no room.
    ///
    /// # Safety
    ///
    /// Whatever `entry` points at must stay valid, and unchanged unless the operation writes it, until
    /// its last completion; its descriptor must be open until it is submitted.
    pub(crate) unsafe fn push(&mut self, entry: &squeue::Entry) {
        loop {
            // SAFETY: passed on to the caller.
            if unsafe { self.uring.submission().push(entry) }.is_ok() {
                return;
            }
            // This empties the queue unless the kernel is short of memory, or wants its completions taken
            // first. Both pass, and the entry must not be lost.
            _ = self.enter(Wait::No);
            if self.uring.submission().is_full() {
                let mut early = core::mem::take(&mut self.early);
                self.take_completions(&mut early);
                self.early = early;
            }
        }
    }

    /// Submits all that is queued, lets the kernel post completions, and waits as `wait` says.
    pub(crate) fn enter(&mut self, wait: Wait) -> io::Result<()> {
        let queue = self.uring.submission();
        let queued = u32::try_from(queue.len()).expect("queues are shorter than 2^32");
        drop(queue);
        let time_out;
        let (least, args) = match wait {
            Wait::No => (0, None),
            Wait::Forever | Wait::UpTo(_) if !self.early.is_empty() => (0, None),
            Wait::Forever => (1, Some(SubmitArgs::new())),
            Wait::UpTo(duration) => {
                time_out = Timespec::from(duration);
                (1, Some(SubmitArgs::new().timespec(&time_out)))
            }
        };
        match self.call(queued, least, args.as_ref()) {
            Ok(()) => Ok(()),
            Err(error) => match error.raw_os_error() {
                // Time is up, a signal came, or completions must be taken first: all of them are reasons to
                // go and reap.
                Some(libc::ETIME | libc::EINTR | libc::EBUSY | libc::EAGAIN) => Ok(()),
                _ => Err(error),
            },
        }
    }

    fn call(&self, queued: u32, least: u32, args: Option<&SubmitArgs<'_, '_>>) -> io::Result<()> {
        let mut flags = EnterFlags::GETEVENTS;
        let (pointer, size) = args.map_or((core::ptr::null(), 0), |args| {
            flags |= EnterFlags::EXT_ARG;
            (
                core::ptr::from_ref(args).cast::<libc::c_void>(),
                size_of::<SubmitArgs<'_, '_>>(),
            )
        });
        let descriptor = self.registered.unwrap_or_else(|| self.uring.as_raw_fd());
        if self.registered.is_some() {
            flags |= EnterFlags::REGISTERED_RING;
        }
        // SAFETY: `pointer` is null with size 0, or points at the kernel's `io_uring_getevents_arg`, which
        // `SubmitArgs` wraps transparently, and lives through the call.
        let result = unsafe {
            libc::syscall(
                libc::SYS_io_uring_enter,
                descriptor,
                queued,
                least,
                flags.bits(),
                pointer,
                size,
            )
        };
        if result < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    }

    /// Moves all completions that are there into `into`.
    pub(crate) fn reap(&mut self, into: &mut Vec<Completion>) {
        into.append(&mut self.early);
        self.take_completions(into);
    }

    fn take_completions(&mut self, into: &mut Vec<Completion>) {
        into.extend(self.uring.completion().map(|entry| Completion {
            user_data: entry.user_data(),
            result: entry.result(),
            more: cqueue::more(entry.flags()),
        }));
    }
}

impl AsFd for Ring {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor belongs to `uring`, which lives as long as the borrow.
        unsafe { BorrowedFd::borrow_raw(self.uring.as_raw_fd()) }
    }
}

const FLAG_LEVELS: u32 = 4;

/// Level 0 asks for everything (Linux 6.6), each further level for less, the last for nothing.
fn build(settings: &DriverSettings, level: u32) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder.setup_cqsize(settings.completions);
    if level < 1 {
        builder.setup_no_sqarray();
    }
    if level < 2 {
        builder
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_taskrun_flag();
    } else if level < 3 {
        builder.setup_coop_taskrun().setup_taskrun_flag();
    }
    if level < 3 {
        builder.setup_submit_all();
    }
    builder.dontfork().build(settings.submissions)
}

/// `struct io_uring_rsrc_update` of the kernel.
#[repr(C)]
struct RegisterUpdate {
    offset: u32,
    reserved: u32,
    data: u64,
}

/// Registers the ring's descriptor with this thread; `None` where the kernel can't (before 5.18).
fn register(uring: &IoUring) -> Option<i32> {
    const REGISTER_RING_FDS: libc::c_uint = 20;
    let data = u64::try_from(uring.as_raw_fd()).expect("descriptors are positive");
    let mut update = RegisterUpdate {
        offset: u32::MAX,
        reserved: 0,
        data,
    };
    let descriptor: RawFd = uring.as_raw_fd();
    // SAFETY: `update` is one element of the array that this operation reads and writes.
    let result = unsafe {
        libc::syscall(
            libc::SYS_io_uring_register,
            descriptor,
            REGISTER_RING_FDS,
            &raw mut update,
            1 as libc::c_uint,
        )
    };
    if result == 1 {
        i32::try_from(update.offset).ok()
    } else {
        None
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        const UNREGISTER_RING_FDS: libc::c_uint = 21;
        let Some(registered) = self.registered else {
            return;
        };
        let offset = u32::try_from(registered).expect("it came from a u32");
        let mut update = RegisterUpdate {
            offset,
            reserved: 0,
            data: 0,
        };
        // SAFETY: as in `register`. A failure leaves the thread's table with a dead entry, no more.
        unsafe {
            libc::syscall(
                libc::SYS_io_uring_register,
                self.uring.as_raw_fd(),
                UNREGISTER_RING_FDS,
                &raw mut update,
                1 as libc::c_uint,
            );
        }
    }
}
