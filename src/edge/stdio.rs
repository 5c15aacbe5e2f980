//! Standard output and standard error. A reader that went away is no failure.

use std::io::{self, Write};

use super::files::plain;

/// Writes data to standard output.
///
/// # Errors
/// What the system says, in one lower-case clause; but for a broken pipe: who stopped reading has seen enough.
pub(crate) fn out(bytes: &[u8]) -> Result<(), String> {
    forgiving(io::stdout().lock(), bytes).map_err(|error| plain(&error))
}

/// Writes a message to standard error. When that fails there is nobody left to tell.
pub(crate) fn tell(text: &str) {
    let _nobody_left = forgiving(io::stderr().lock(), text.as_bytes());
}

fn forgiving(mut stream: impl Write, bytes: &[u8]) -> io::Result<()> {
    match stream.write_all(bytes).and_then(|()| stream.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
