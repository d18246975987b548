//! A process and all that it started, from `/proc`.

use std::fs;

use nix::sys::signal::Signal;

/// One process. Numbers are used again by the kernel, so the time of its start belongs to its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) pid: u32,
    parent: u32,
    group: u32,
    /// Clock ticks since the machine started.
    pub(super) started: u64,
}

/// The process of this number, those in the group that it leads, and all their children; first
/// itself, then in the order of their numbers.
pub(super) fn family(leader: u32) -> Vec<Member> {
    let mut all = processes();
    all.sort_by_key(|process| (process.pid != leader, process.pid));
    let mut inside = vec![false; all.len()];
    loop {
        let mut grown = false;
        for index in 0..all.len() {
            let process = all[index];
            let is_child = || {
                let parent = all.iter().position(|other| other.pid == process.parent);
                parent.is_some_and(|parent| inside[parent])
            };
            let belongs = process.pid == leader || process.group == leader || is_child();
            if belongs && !inside[index] {
                inside[index] = true;
                grown = true;
            }
        }
        if !grown {
            break;
        }
    }
    let members = all.into_iter().zip(inside);
    members
        .filter(|(_, inside)| *inside)
        .map(|(member, _)| member)
        .collect()
}

/// Kills those that still are what they were.
pub(super) fn kill_again(members: &[Member]) {
    for member in members.iter().filter(|member| super::is_same(member)) {
        super::signal(member.pid, Signal::SIGKILL);
    }
}

/// When the process of this number started, if there is one that has not ended.
pub(super) fn started(pid: u32) -> Option<u64> {
    read(pid).map(|member| member.started)
}

fn processes() -> Vec<Member> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter_map(read).collect()
}

/// `None` if there is no such process, or only its exit status.
fn read(pid: u32) -> Option<Member> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may contain anything; fields are counted behind it.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let started = fields.nth(16)?.parse().ok()?;
    (state != "Z").then_some(Member {
        pid,
        parent,
        group,
        started,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    #[test]
    fn children_belong_to_the_family_and_can_be_killed_after_their_parent() {
        // The shell stays, with a child that stays, too, and says its number.
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 60 & echo $!; wait"])
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("there is a shell");
        let mut line = String::new();
        let stdout = shell.stdout.take().expect("it was asked for");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says a number");
        let sleep = line.trim().parse::<u32>().expect("it says a number");
        let members = family(shell.id());
        let pids = members.iter().map(|member| member.pid).collect::<Vec<_>>();
        assert_eq!(pids[0], shell.id());
        assert!(pids.contains(&sleep), "{pids:?} with {sleep}");
        assert!(!pids.contains(&std::process::id()));

        shell.kill().expect("it runs");
        shell.wait().expect("it was killed");
        assert!(started(sleep).is_some(), "the child outlives its parent");
        kill_again(&members);
        while started(sleep).is_some() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_number_that_was_used_again_is_not_killed() {
        let own = std::process::id();
        let mut member = read(own).expect("this process runs");
        member.started -= 1;
        // This test goes on.
        kill_again(&[member]);
    }
}
