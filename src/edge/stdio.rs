//! Standard output and standard error. A reader that has closed its end is not a failure.

use std::io::{self, Write};

use super::files::system_reason;

/// Writes data to standard output.
///
/// # Errors
/// What the system says, as one lower-case clause. A broken pipe is no error: the reader has seen enough.
pub(crate) fn write_stdout(bytes: &[u8]) -> Result<(), String> {
    write_unless_closed(io::stdout().lock(), bytes).map_err(|error| system_reason(&error))
}

/// Writes a message to standard error; a failure is ignored, since there is nowhere to report it.
pub(crate) fn write_stderr(text: &str) {
    let _ignored = write_unless_closed(io::stderr().lock(), text.as_bytes());
}

fn write_unless_closed(mut stream: impl Write, bytes: &[u8]) -> io::Result<()> {
    match stream.write_all(bytes).and_then(|()| stream.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
