//! What is said where `io_uring` is forbidden.
#![allow(unsafe_code, reason = "installs a seccomp filter, for one thread")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "needs a thread of its own")]

use shard_uring::{Driver, DriverSettings, ProbeError, probe};

/// Makes `io_uring_setup` fail with `errno` in this thread from now on.
fn forbid(errno: i32) {
    let statement = |code: u32, jump_true, k| libc::sock_filter {
        code: u16::try_from(code).unwrap(),
        jt: jump_true,
        jf: 0,
        k,
    };
    let setup = u32::try_from(libc::SYS_io_uring_setup).unwrap();
    let deny = libc::SECCOMP_RET_ERRNO | errno.cast_unsigned();
    let mut filter = [
        // The number of the system call is the first word of `seccomp_data`.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, setup),
        statement(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW),
        statement(libc::BPF_RET | libc::BPF_K, 0, deny),
    ];
    let program = libc::sock_fprog {
        len: 4,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: `program` names four statements that live through the call, and the kernel checks them.
    let results = unsafe {
        [
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
            libc::prctl(
                libc::PR_SET_SECCOMP,
                libc::SECCOMP_MODE_FILTER,
                &raw const program,
            ),
        ]
    };
    assert_eq!(results, [0, 0]);
}

fn errors_with(errno: i32) -> [ProbeError; 2] {
    let thread = std::thread::spawn(move || {
        forbid(errno);
        let driver = Driver::new(DriverSettings::default()).err().unwrap();
        [probe().unwrap_err(), driver]
    });
    thread.join().unwrap()
}

#[test]
fn a_seccomp_filter_is_named() {
    for error in errors_with(libc::EPERM) {
        assert!(matches!(error, ProbeError::Forbidden), "{error}");
        assert!(error.to_string().contains("seccomp"));
    }
}

#[test]
fn a_kernel_without_it_is_named() {
    for error in errors_with(libc::ENOSYS) {
        assert!(matches!(error, ProbeError::Missing), "{error}");
    }
}

#[test]
fn this_machine_will_do() {
    probe().unwrap();
}
