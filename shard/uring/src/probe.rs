//! Whether this machine lets a driver run, said in one sentence if it does not.

use std::io;

use io_uring::{IoUring, Probe, opcode};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::limits::LOCK_TRIAL_BYTES_MAX;

/// Descriptors kept back for listeners, rings, logs and files.
const DESCRIPTORS_RESERVED: u64 = 256;

/// Why a driver can't run here. The text says what is wrong and how to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The administrator switched `io_uring` off.
    #[error(
        "io_uring is switched off by the sysctl kernel.io_uring_disabled={value}: set it to 0 \
         (sysctl -w kernel.io_uring_disabled=0)"
    )]
    Disabled {
        /// The sysctl's value.
        value: u32,
    },
    /// A filter forbids the system calls, as container runtimes do by default.
    #[error(
        "io_uring is forbidden by a seccomp filter: allow io_uring_setup, io_uring_enter and \
         io_uring_register in the container's profile (Docker: --security-opt seccomp=unconfined \
         or a profile of your own)"
    )]
    Forbidden,
    /// The kernel has no `io_uring` at all, or a filter pretends so.
    #[error(
        "the system call io_uring_setup does not exist here: use Linux 6.1 or newer, and if the \
         kernel is newer, allow the call in the container's seccomp profile"
    )]
    Missing,
    /// The kernel knows `io_uring` but not what is needed of it.
    #[error("this kernel's io_uring lacks {feature}: use Linux 6.1 or newer")]
    KernelTooOld {
        /// What is missing.
        feature: &'static str,
    },
    /// The limit on locked memory is too low for the rings.
    #[error(
        "the limit on locked memory is {limit_bytes} bytes, {needed_bytes} are needed: raise it \
         (ulimit -l, LimitMEMLOCK= in the systemd unit, or memlock in /etc/security/limits.conf)"
    )]
    LockedMemory {
        /// The hard limit.
        limit_bytes: u64,
        /// What the shards need.
        needed_bytes: u64,
    },
    /// The kernel has no memory for the rings, or this user's locked memory is used up.
    #[error(
        "there is no memory for the rings, most likely because processes of this user hold all the \
         locked memory they may: raise the limit (ulimit -l, LimitMEMLOCK= in the systemd unit, or \
         memlock in /etc/security/limits.conf)"
    )]
    Memory,
    /// The limit on open files leaves no room for connections.
    #[error(
        "the limit on open files is {limit}, more than {reserved} are needed: raise it (ulimit -n, \
         LimitNOFILE= in the systemd unit, or nofile in /etc/security/limits.conf)",
        reserved = DESCRIPTORS_RESERVED
    )]
    OpenFiles {
        /// The hard limit.
        limit: u64,
    },
    /// The kernel refused for another reason.
    #[error("the kernel refused an io_uring: {0}")]
    Refused(#[source] io::Error),
}

impl ProbeError {
    /// Explains a failed `io_uring_setup`.
    pub(crate) fn from_setup(error: io::Error) -> Self {
        explain(error, disabled_sysctl())
    }
}

fn explain(error: io::Error, disabled: u32) -> ProbeError {
    match error.raw_os_error() {
        Some(libc::EPERM) if disabled > 0 => ProbeError::Disabled { value: disabled },
        Some(libc::EPERM | libc::EACCES) => ProbeError::Forbidden,
        Some(libc::ENOSYS) => ProbeError::Missing,
        Some(libc::ENOMEM) => ProbeError::Memory,
        Some(libc::EINVAL) => ProbeError::KernelTooOld {
            feature: "the set-up flags",
        },
        _ => ProbeError::Refused(error),
    }
}

fn disabled_sysctl() -> u32 {
    let text = std::fs::read_to_string("/proc/sys/kernel/io_uring_disabled");
    text.ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0)
}

/// Checks that the kernel lets this process have the rings it needs, with a ring of two entries.
///
/// # Errors
///
/// A [`ProbeError`] that says what is wrong; nothing has changed.
pub fn probe() -> Result<(), ProbeError> {
    let ring = IoUring::new(2).map_err(ProbeError::from_setup)?;
    if !ring.params().is_feature_ext_arg() {
        return Err(ProbeError::KernelTooOld {
            feature: "waits with a time-out",
        });
    }
    if !ring.params().is_feature_nodrop() {
        return Err(ProbeError::KernelTooOld {
            feature: "completions that are never dropped",
        });
    }
    let mut known = Probe::new();
    ring.submitter()
        .register_probe(&mut known)
        .map_err(ProbeError::Refused)?;
    let needed = [
        (opcode::AcceptMulti::CODE, "ACCEPT"),
        (opcode::AsyncCancel::CODE, "ASYNC_CANCEL"),
        (opcode::Close::CODE, "CLOSE"),
        (opcode::Connect::CODE, "CONNECT"),
        (opcode::MsgRingData::CODE, "MSG_RING"),
        (opcode::PollAdd::CODE, "POLL_ADD"),
        (opcode::Send::CODE, "SEND"),
        (opcode::SendMsg::CODE, "SENDMSG"),
        // Not used here, but it came with the kernel that has multishot operations without bugs.
        (opcode::SendZc::CODE, "what came with Linux 6.0"),
    ];
    match needed
        .into_iter()
        .find(|(code, _)| !known.is_supported(*code))
    {
        Some((_, feature)) => Err(ProbeError::KernelTooOld { feature }),
        None => Ok(()),
    }
}

/// What the limit on open files allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    /// The limit now in force.
    pub limit: u64,
    /// Connections that fit below it.
    pub connections: u64,
}

/// Raises the limit on open files as far as this process may, and says how many connections it allows.
///
/// # Errors
///
/// [`ProbeError::OpenFiles`] if not even a handful of connections fit.
pub fn raise_open_files() -> Result<OpenFiles, ProbeError> {
    let limit = raise(Resource::RLIMIT_NOFILE)?;
    match limit.checked_sub(DESCRIPTORS_RESERVED) {
        None | Some(0) => Err(ProbeError::OpenFiles { limit }),
        Some(connections) => Ok(OpenFiles { limit, connections }),
    }
}

/// Raises the limit on locked memory as far as this process may; a privileged one may go beyond the hard
/// limit, up to `needed_bytes`. Then locks that much for a moment: the limit counts what all processes
/// of the user hold.
///
/// # Errors
///
/// [`ProbeError::LockedMemory`] if the limit stays below `needed_bytes`, [`ProbeError::Memory`] if other
/// processes leave too little of it.
pub fn raise_memory_lock(needed_bytes: u64) -> Result<(), ProbeError> {
    let limit_bytes = raise(Resource::RLIMIT_MEMLOCK)?;
    if limit_bytes < needed_bytes
        && setrlimit(Resource::RLIMIT_MEMLOCK, needed_bytes, needed_bytes).is_err()
    {
        return Err(ProbeError::LockedMemory {
            limit_bytes,
            needed_bytes,
        });
    }
    let bytes = usize::try_from(needed_bytes).map_err(|_| ProbeError::Memory)?;
    lock_for_a_moment(bytes.clamp(1, LOCK_TRIAL_BYTES_MAX))
}

/// Registers a buffer of this size with a ring, as an executor does, and gives it back.
fn lock_for_a_moment(bytes: usize) -> Result<(), ProbeError> {
    let ring = IoUring::new(2).map_err(ProbeError::from_setup)?;
    let mut buffer = vec![0_u8; bytes];
    let whole = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: the registration ends with `ring`, which is dropped before `buffer`; no operation uses it.
    unsafe { ring.submitter().register_buffers(&[whole]) }.map_err(ProbeError::from_setup)?;
    drop(ring);
    drop(buffer);
    Ok(())
}

/// Raises the soft limit to the hard one; returns the limit now in force.
fn raise(resource: Resource) -> Result<u64, ProbeError> {
    let refused = |errno: nix::Error| ProbeError::Refused(errno.into());
    let (soft, hard) = getrlimit(resource).map_err(refused)?;
    if soft < hard && setrlimit(resource, hard, hard).is_ok() {
        return Ok(hard);
    }
    Ok(soft)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errno(number: i32) -> io::Error {
        io::Error::from_raw_os_error(number)
    }

    #[test]
    fn each_refusal_says_how_to_mend_it() {
        let text = |number, disabled| explain(errno(number), disabled).to_string();
        assert!(text(libc::EPERM, 2).contains("kernel.io_uring_disabled=2"));
        assert!(text(libc::EPERM, 0).contains("seccomp"));
        assert!(text(libc::ENOSYS, 0).contains("Linux 6.1"));
        assert!(text(libc::EINVAL, 0).contains("Linux 6.1"));
        assert!(text(libc::ENOMEM, 0).contains("locked memory"));
        assert!(text(libc::EMFILE, 0).contains("refused"));
    }

    #[test]
    fn a_low_memory_limit_is_reported_with_both_numbers() {
        let error = ProbeError::LockedMemory {
            limit_bytes: 65_536,
            needed_bytes: 524_288,
        };
        let text = error.to_string();
        assert!(text.contains("65536") && text.contains("524288") && text.contains("ulimit -l"));
    }

    #[test]
    fn locked_memory_is_raised_to_the_hard_limit() {
        let (_, hard) = getrlimit(Resource::RLIMIT_MEMLOCK).unwrap();
        raise_memory_lock(0).unwrap();
        assert_eq!(getrlimit(Resource::RLIMIT_MEMLOCK).unwrap(), (hard, hard));
    }

    #[test]
    fn open_files_are_raised_to_the_hard_limit() {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let files = raise_open_files().unwrap();
        assert_eq!(files.limit, hard);
        assert_eq!(files.connections, hard - DESCRIPTORS_RESERVED);
    }
}
