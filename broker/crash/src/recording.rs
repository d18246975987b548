//! The calls of a process that change files, recorded by strace and read again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Calls by which a process writes files, names them, or asks for durability.
const CALLS: &str = "trace=write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,\
    copy_file_range,sendfile,open,openat,openat2,creat,link,linkat,symlink,symlinkat,rename,\
    renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync,sync,syncfs,msync";

/// `binary` under strace, which stops it at these calls only and writes `recording`.
///
/// A call is written down before the process goes on, so what follows from its end (such as an
/// acknowledgement) comes later than its line.
pub(crate) fn command(recording: &Path, binary: &Path) -> Command {
    let mut command = Command::new("strace");
    // No contents of files; each descriptor with its path.
    command.args([
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-y",
        "-s",
        "0",
        "-e",
        "signal=none",
        "-e",
        CALLS,
    ]);
    command.arg("-o").arg(recording).arg(binary);
    command
}

/// A call, or the begin of one that did not return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) thread: u32,
    pub(crate) name: String,
    /// As strace writes them.
    pub(crate) arguments: String,
}

/// What a line of a recording says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The call was made; the rest comes later or never.
    Begun(Call),
    /// A call that was begun has ended, with the result, if it is one of success.
    Ended(Call, Option<u64>),
    /// Begun and ended at once, as far as others are concerned.
    Whole(Call, Option<u64>),
}

/// Reads the lines of a recording in their order.
pub(crate) fn lines(text: &str) -> Vec<Line> {
    let mut open = BTreeMap::<u32, String>::new();
    text.lines()
        .filter_map(|line| read(line, &mut open))
        .collect()
}

fn read(line: &str, open: &mut BTreeMap<u32, String>) -> Option<Line> {
    let (thread, rest) = line.split_once(' ')?;
    let thread = thread.parse().ok()?;
    let rest = rest.trim_start();
    if let Some(begin) = rest.strip_suffix("<unfinished ...>") {
        open.insert(thread, begin.trim_end().to_owned());
        return Some(Line::Begun(call(thread, begin)?));
    }
    if rest.starts_with("<... ") {
        let (_, end) = rest.split_once("resumed>")?;
        let whole = open.remove(&thread)? + end;
        let (text, result) = whole.rsplit_once(" = ")?;
        return Some(Line::Ended(call(thread, text)?, success(result)));
    }
    let (text, result) = rest.rsplit_once(" = ")?;
    Some(Line::Whole(call(thread, text)?, success(result)))
}

fn call(thread: u32, text: &str) -> Option<Call> {
    let (name, arguments) = text.trim_end().split_once('(')?;
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    Some(Call {
        thread,
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn success(result: &str) -> Option<u64> {
    let digits = result
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(result.len());
    result.get(..digits)?.parse().ok()
}

impl Call {
    /// The file that the first argument, a descriptor, is open on.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let (_, rest) = self.arguments.split_once('<')?;
        let (path, _) = rest.split_once('>')?;
        Some(PathBuf::from(path))
    }

    /// The path among the arguments at place `index`, counted from 0.
    pub(crate) fn path(&self, index: usize) -> Option<PathBuf> {
        self.arguments
            .split('"')
            .skip(1)
            .step_by(2)
            .nth(index)
            .map(PathBuf::from)
    }

    /// The last argument, a number.
    pub(crate) fn last_number(&self) -> Option<u64> {
        self.arguments.rsplit(", ").next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_of_one_line_is_read() {
        let text = "71  pwrite64(12</d/a.log>, \"\"..., 4096, 8192)  = 4096\n";
        let [Line::Whole(call, Some(4096))] = &lines(text)[..] else {
            panic!("{:?}", lines(text))
        };
        assert_eq!((call.thread, call.name.as_str()), (71, "pwrite64"));
        assert_eq!(call.file(), Some("/d/a.log".into()));
        assert_eq!(call.last_number(), Some(8192));
    }

    #[test]
    fn a_call_that_others_interrupt_begins_and_ends() {
        let text = "71 fdatasync(12</d/a.log> <unfinished ...>\n\
                    72 write(9</d/b>, \"\"..., 7) = 7\n\
                    71 <... fdatasync resumed>)        = 0\n";
        let lines = lines(text);
        assert!(matches!(&lines[0], Line::Begun(call) if call.name == "fdatasync"));
        assert!(matches!(&lines[1], Line::Whole(call, Some(7)) if call.thread == 72));
        assert!(
            matches!(&lines[2], Line::Ended(call, Some(0)) if call.file() == Some("/d/a.log".into()))
        );
    }

    #[test]
    fn failures_have_no_result_and_names_have_two_paths() {
        let text = "71 rename(\"/d/a\", \"/d/b\") = -1 ENOENT (No such file or directory)\n\
                    71 fsync(3</d> <unfinished ...>\n";
        let lines = lines(text);
        let Line::Whole(call, None) = &lines[0] else {
            panic!("{lines:?}")
        };
        assert_eq!(
            (call.path(0), call.path(1)),
            (Some("/d/a".into()), Some("/d/b".into()))
        );
        assert!(matches!(&lines[1], Line::Begun(call) if call.file() == Some("/d".into())));
        assert_eq!(lines.len(), 2);
    }
}
