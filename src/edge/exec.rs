//! Replaces this process with another program, so that signals and the exit code are those of the command.

use std::{
    ffi::{OsStr, OsString},
    fmt, io, iter,
    os::unix::process::CommandExt,
    process::Command,
};

use rustix::process::{Resource, getrlimit};

use super::files::system_reason;

/// Why a command could not be executed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExecError {
    /// There is no such program in the resulting `PATH` (127).
    #[error("`{program}` was not found{place}")]
    NotFound {
        /// The program as given.
        program: String,
        /// Where it was searched for.
        place: &'static str,
    },
    /// The program exists but cannot be executed (126).
    #[error("cannot run `{program}`: {reason}")]
    CannotRun {
        /// The program as given.
        program: String,
        /// What the system said.
        reason: String,
    },
    /// Its arguments and variables are more than the system takes (126).
    #[error("cannot run `{program}`: {size}")]
    TooLarge {
        /// The program as given.
        program: String,
        /// How large they are.
        size: Size,
    },
}

/// How large the arguments and variables of a command are, in the bytes that the kernel counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// All together, with a pointer for each.
    total: u64,
    /// What all together may be.
    limit: u64,
    /// The largest one, and its bytes.
    largest: (String, u64),
}

/// What one argument or variable may be, with its closing NUL.
const LONGEST_STRING: u64 = 128 * 1024;

/// Executes `program` in place of this process with exactly these variables; it is looked up in the `PATH` among them.
/// If a variable occurs more than once, the last one counts. Returns only if that fails.
pub(crate) fn exec(
    program: &OsStr,
    arguments: &[OsString],
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> ExecError {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment);
    let error = command.exec();
    let program = program.to_string_lossy().into_owned();
    if error.kind() == io::ErrorKind::ArgumentListTooLong {
        let size = Size::of(&command);
        return ExecError::TooLarge { program, size };
    }
    if error.kind() != io::ErrorKind::NotFound {
        let reason = system_reason(&error);
        return ExecError::CannotRun { program, reason };
    }
    let place = if program.contains('/') {
        ", or the interpreter that it names was not"
    } else {
        " in `PATH`"
    };
    ExecError::NotFound { program, place }
}

impl Size {
    fn of(command: &Command) -> Self {
        let words = iter::once(command.get_program()).chain(command.get_args());
        let words = words.enumerate().map(|(number, word)| match number {
            0 => ("the program's name".to_owned(), word.len()),
            _ => (format!("argument {number}"), word.len()),
        });
        let variables = command.get_envs().map(|(name, value)| {
            let bytes = name.len() + 1 + value.map_or(0, OsStr::len);
            (format!("variable `{}`", name.to_string_lossy()), bytes)
        });
        let mut size = Self {
            total: 0,
            limit: limit(),
            largest: (String::new(), 0),
        };
        for (what, bytes) in words.chain(variables) {
            // Each ends with a NUL.
            let bytes = bytes as u64 + 1;
            size.total += bytes + size_of::<usize>() as u64;
            if bytes > size.largest.1 {
                size.largest = (what, bytes);
            }
        }
        size
    }
}

impl Size {
    /// What to shorten, where it is not said already.
    pub(crate) fn hint(&self) -> Option<String> {
        let (what, bytes) = &self.largest;
        (*bytes <= LONGEST_STRING).then(|| format!("the largest is {what} with {bytes} bytes"))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, bytes) = &self.largest;
        if *bytes > LONGEST_STRING {
            write!(
                f,
                "{what} has {bytes} bytes, and the system takes {LONGEST_STRING}"
            )
        } else {
            let (total, limit) = (self.total, self.limit);
            write!(
                f,
                "arguments and variables have {total} bytes, and the system takes {limit}, a quarter of `ulimit -s`"
            )
        }
    }
}

/// A quarter of the stack's limit, at least 128 KiB and at most 6 MiB (execve(2)).
fn limit() -> u64 {
    let stack = getrlimit(Resource::Stack).current.unwrap_or(u64::MAX);
    (stack / 4).clamp(128 * 1024, 6 * 1024 * 1024)
}
