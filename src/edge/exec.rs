//! Replaces this process with another program, so that signals and the exit code are those of the command.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::process::CommandExt,
    process::Command,
};

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
}

/// Executes `program` in place of this process with exactly these variables; it is looked up in the `PATH` among them.
/// If a variable occurs more than once, the last one counts. Returns only if that fails.
pub(crate) fn exec(
    program: &OsStr,
    arguments: &[OsString],
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> ExecError {
    let error = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment)
        .exec();
    let program = program.to_string_lossy().into_owned();
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
