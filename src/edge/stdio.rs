//! Standard output and standard error. Whatever is printed for people or as JSON passes here and is escaped; a rendered
//! file alone is not. A reader that has closed its end is not a failure.

use std::io::{self, IsTerminal, Write};

use rustix::termios::tcgetwinsize;

use super::files::system_reason;
use crate::model::escape::escape;

/// Writes text or JSON to standard output, control characters escaped.
///
/// # Errors
/// What the system says, as one lower-case clause. A broken pipe is no error: the reader has seen enough.
pub(crate) fn write_stdout(text: &str) -> Result<(), String> {
    write_bytes(escape(text).as_bytes())
}

/// Writes a rendered file to standard output: byte for byte, but on a terminal, which would obey control characters.
///
/// # Errors
/// As [`write_stdout`].
pub(crate) fn write_file(bytes: &[u8]) -> Result<(), String> {
    if io::stdout().is_terminal() {
        write_stdout(&String::from_utf8_lossy(bytes))
    } else {
        write_bytes(bytes)
    }
}

/// The width of the terminal that standard output is, in characters.
pub(crate) fn terminal_width() -> Option<usize> {
    let stdout = io::stdout();
    let size = stdout.is_terminal().then(|| tcgetwinsize(stdout));
    let columns = size?.ok()?.ws_col;
    (columns > 0).then_some(usize::from(columns))
}

/// Writes a message to standard error, control characters escaped; a failure is ignored, since there is nowhere to report
/// it.
pub(crate) fn write_stderr(text: &str) {
    let _ignored = write_unless_closed(io::stderr().lock(), escape(text).as_bytes());
}

fn write_bytes(bytes: &[u8]) -> Result<(), String> {
    write_unless_closed(io::stdout().lock(), bytes).map_err(|error| system_reason(&error))
}

fn write_unless_closed(mut stream: impl Write, bytes: &[u8]) -> io::Result<()> {
    match stream.write_all(bytes).and_then(|()| stream.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
