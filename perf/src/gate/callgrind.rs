//! Instructions and allocations of a program that does one thing as often as it is told.
//!
//! Two runs under callgrind, with few and with many operations; the difference is what the
//! operations between cost, without start and end. The program prints what came of its operations,
//! so that something which has stopped doing its work does not pass for cheap.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::watched;
use crate::interrupt::Interrupt;

/// How long one run may take.
const TIME_MAX: Duration = Duration::from_mins(1);

/// Functions of the C library that give out memory; Rust's programs call nothing else, unless they
/// bring an allocator.
const ALLOCATING: [&str; 6] = [
    "aligned_alloc",
    "calloc",
    "malloc",
    "memalign",
    "posix_memalign",
    "realloc",
];

/// What one run took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    instructions: u64,
    allocations: u64,
    /// As the program prints it.
    outcomes: u64,
}

/// What each outcome takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Costs {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

/// Operations of the two runs, and what comes of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operations {
    pub(crate) few: u64,
    pub(crate) many: u64,
    /// Outcomes of one operation, at least 1.
    pub(crate) outcomes: u64,
}

/// Which functions of a program are counted with all that they call, if not all of it.
pub(crate) const COUNTED: &str = "*::counted_*";

/// Runs `program` twice; its last argument is the number of operations.
///
/// # Errors
///
/// If there is no valgrind, or the program fails or does not do as often what it is told.
pub(crate) fn measure(
    program: &Path,
    arguments: &[&str],
    operations: Operations,
    inside: Option<&str>,
    interrupt: &Interrupt,
) -> Result<Costs> {
    let [few, many] = [operations.few, operations.many].map(|count| {
        let mut arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        arguments.push(count.to_string());
        run(program, &arguments, inside, interrupt)
    });
    costs(few?, many?, operations)
}

fn run(
    program: &Path,
    arguments: &[String],
    inside: Option<&str>,
    interrupt: &Interrupt,
) -> Result<Counts> {
    let folder = TempDir::with_prefix("skein-perf-").context("make a folder")?;
    let path = folder.path().join("callgrind.out");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--quiet", "--compress-strings=no"])
        .arg(format!("--callgrind-out-file={}", path.display()))
        .args(inside.map(|functions| format!("--toggle-collect={functions}")))
        .arg(program)
        .args(arguments)
        // The size of the environment moves the stack, and with it what copies cost.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let said = watched::run(&mut command, TIME_MAX, interrupt)
        .context("count with valgrind (Debian package valgrind)")?;
    let profile = fs::read_to_string(&path).context("read what callgrind counted")?;
    let outcomes = said.split_whitespace().next();
    Ok(Counts {
        instructions: instructions(&profile).context("callgrind has no total")?,
        allocations: allocations(&profile).context("callgrind has a call without a number")?,
        outcomes: outcomes
            .and_then(|word| word.parse().ok())
            .with_context(|| format!("{} does not say what it did", program.display()))?,
    })
}

fn costs(few: Counts, many: Counts, operations: Operations) -> Result<Costs> {
    let due = (operations.many - operations.few) * operations.outcomes;
    let done = many.outcomes.saturating_sub(few.outcomes);
    // A program whose operations overlap ends with those that are under way.
    ensure!(
        done.abs_diff(due) <= due / 10,
        "{done} operations came to their end, {due} should have"
    );
    let each = |few: u64, many: u64| {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let each = many.saturating_sub(few) as f64 / done as f64;
        each
    };
    let instructions = each(few.instructions, many.instructions);
    ensure!(
        instructions > 0.0,
        "callgrind saw no difference between few and many operations"
    );
    Ok(Costs {
        instructions,
        allocations: each(few.allocations, many.allocations),
    })
}

/// The total of a profile that counts instructions only.
fn instructions(profile: &str) -> Option<u64> {
    let mut lines = profile.lines();
    let total = lines.find_map(|line| line.strip_prefix("totals: "))?;
    total.trim().parse().ok()
}

/// Calls of allocating functions in a profile without compressed names; `None` if it has another form.
fn allocations(profile: &str) -> Option<u64> {
    let (mut sum, mut allocates) = (0, false);
    for line in profile.lines() {
        if let Some(callee) = line.strip_prefix("cfn=") {
            // A call from within itself has a number behind an apostrophe.
            let name = callee.split('\'').next().unwrap_or_default();
            allocates = ALLOCATING.contains(&name);
        } else if allocates && let Some(calls) = line.strip_prefix("calls=") {
            sum += calls.split(' ').next()?.parse::<u64>().ok()?;
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
events: Ir

ob=/lib/libc.so.6
fl=???
fn=realloc
0 20
cfn=_int_malloc
calls=9 0
0 900

fn=publish
16 400
cfi=/rustc/alloc.rs
cob=/lib/libc.so.6
cfn=malloc
calls=3 50
16 1200
cfn=malloc'2
calls=1 50
16 10
cfn=free
calls=4 80
16 100
cfn=realloc
+3 calls=7
calls=2 81
16 100

totals: 2338051
";

    fn counts(instructions: u64, allocations: u64, outcomes: u64) -> Counts {
        Counts {
            instructions,
            allocations,
            outcomes,
        }
    }

    const OPERATIONS: Operations = Operations {
        few: 100,
        many: 300,
        outcomes: 5,
    };

    #[test]
    fn a_profile_tells_its_total_and_its_allocations() {
        assert_eq!(instructions(PROFILE), Some(2_338_051));
        assert_eq!(allocations(PROFILE), Some(6));
        let text = PROFILE.replace("calls=3", "calls=+3x");
        assert_eq!(allocations(&text), None);
        assert_eq!(instructions("events: Ir\n"), None);
    }

    #[test]
    fn costs_are_those_of_the_operations_between() {
        let costs = costs(
            counts(5_000, 70, 600),
            counts(105_000, 2_070, 1_600),
            OPERATIONS,
        );
        let costs = costs.unwrap();
        assert_eq!((costs.instructions, costs.allocations), (100.0, 2.0));
    }

    #[test]
    fn work_that_was_not_done_is_no_saving() {
        let error = costs(counts(5_000, 0, 600), counts(6_000, 0, 601), OPERATIONS);
        let text = error.unwrap_err().to_string();
        assert_eq!(text, "1 operations came to their end, 1000 should have");
    }
}
