//! Becoming another program: the same process, so that signals and the exit code are the command's own.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::process::CommandExt,
    process::Command,
};

use super::files::plain;

/// A command that this process could not become.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExecError {
    /// There is no such program in the resulting `PATH` (127).
    #[error("`{program}` was not found{place}")]
    NotFound {
        /// The program, as it was given.
        program: String,
        /// Where it was looked for.
        place: &'static str,
    },
    /// It is there and cannot be run (126).
    #[error("cannot run `{program}`: {reason}")]
    CannotRun {
        /// The program, as it was given.
        program: String,
        /// What the system said.
        reason: String,
    },
}

/// Becomes `program` with exactly these variables; it is looked up in the `PATH` among them.
/// Of several variables of one name the last counts.
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
        let reason = plain(&error);
        return ExecError::CannotRun { program, reason };
    }
    let place = if program.contains('/') {
        ", or the interpreter that it names was not"
    } else {
        " in `PATH`"
    };
    ExecError::NotFound { program, place }
}
