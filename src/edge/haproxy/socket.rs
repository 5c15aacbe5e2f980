//! HAProxy's runtime socket: one connection a question.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with, sockopt},
};

use crate::edge::files::system_reason;

/// The longest answer that is read: that of tens of thousands of servers.
const LONGEST_ANSWER: u64 = 256 * 1024 * 1024;

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    /// There is no socket.
    #[error("there is no such socket")]
    Absent,
    /// Nothing listens at it.
    #[error("nothing listens at it")]
    Refused,
    /// What listens does not answer in time.
    #[error("it does not answer within {}", humantime::format_duration(*.0))]
    Silent(Duration),
    /// The system refused.
    #[error("{}", system_reason(.0))]
    System(#[from] io::Error),
}

/// Sends a line of commands, joined by `;`, and returns what is answered until HAProxy closes the connection.
///
/// # Errors
/// [`SocketError`]. The commands may have been executed, or some of them.
pub(crate) fn ask(path: &Path, line: &str, limit: Duration) -> Result<String, SocketError> {
    let deadline = Instant::now() + limit;
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => SocketError::Absent,
        io::ErrorKind::ConnectionRefused => SocketError::Refused,
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => SocketError::Silent(limit),
        _ => SocketError::System(error),
    };
    exchange(path, line, deadline).map_err(failed)
}

fn exchange(path: &Path, line: &str, deadline: Instant) -> io::Result<String> {
    let mut stream = open(path, deadline)?;
    // Without the newline at its end HAProxy executes nothing of a line that was cut off.
    stream.write_all(format!("{line}\n").as_bytes())?;
    let mut answer = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    while u64::try_from(answer.len()).is_ok_and(|length| length <= LONGEST_ANSWER) {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut piece) {
            Ok(0) => return Ok(String::from_utf8_lossy(&answer).into_owned()),
            Ok(length) => answer.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("its answer does not end"))
}

/// Connects. A socket whose queue is full would block for ever without a time limit, which the standard library cannot set
/// before it connects.
fn open(path: &Path, deadline: Instant) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(left(deadline)?))?;
    loop {
        match connect(&socket, &address) {
            Ok(()) => return Ok(UnixStream::from(socket)),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixListener, thread};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    #[test]
    fn a_line_is_sent_whole_and_the_answer_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let long = "x".repeat(3_000_000);
        let answer = long.clone();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = [0; 10];
            stream.read_exact(&mut line).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(line.to_vec()).unwrap()
        });
        assert_eq!(ask(&path, "show info", LONG).unwrap(), long);
        assert_eq!(server.join().unwrap(), "show info\n");
    }

    #[test]
    fn an_absent_a_refused_and_a_silent_socket_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let asked = |limit| ask(&path, "show info", limit).unwrap_err();
        assert!(matches!(asked(LONG), SocketError::Absent));
        let listener = UnixListener::bind(&path).unwrap();
        assert!(matches!(asked(SHORT), SocketError::Silent(_)));
        // It is full: not even the connection is made.
        rustix::net::listen(&listener, 0).unwrap();
        let mut errors = (0..4).map(|_| asked(SHORT));
        assert!(errors.all(|error| matches!(error, SocketError::Silent(_))));
        drop(listener);
        assert!(matches!(asked(LONG), SocketError::Refused));
    }
}
