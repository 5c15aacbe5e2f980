//! One request and its answer, over HTTP or as a line and its echo.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A request without an answer for so long counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request that came back.
pub(crate) struct Response {
    /// 0 for lines.
    pub(crate) status: u16,
    /// Without the head.
    pub(crate) body: String,
    /// Whether the server closes the connection after it.
    pub(super) closes: bool,
}

/// Sends one request for a host and a path and gives what comes back, whatever that is.
pub(crate) fn get(address: SocketAddr, host: &str, path: &str) -> io::Result<Response> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    send_on(&mut connect(address)?, request.as_bytes(), true)
}

/// Sends one line and gives its echo.
pub(crate) fn say(address: SocketAddr) -> io::Result<String> {
    send_on(&mut connect(address)?, b"ping\n", false).map(|response| response.body)
}

/// A connection on which no answer is waited for without end.
pub(super) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends a request, and gives what comes back on the same connection.
pub(super) fn send_on(
    stream: &mut TcpStream,
    request: &[u8],
    is_http: bool,
) -> io::Result<Response> {
    stream.write_all(request)?;
    if is_http {
        return receive(stream);
    }
    let mut line = Vec::new();
    read_until(stream, &mut line, |line| line.ends_with(b"\n"))?;
    Ok(Response {
        status: 0,
        body: String::from_utf8_lossy(&line).into_owned(),
        closes: false,
    })
}

fn receive(stream: &mut TcpStream) -> io::Result<Response> {
    let mut bytes = Vec::new();
    let end_of_head = |bytes: &[u8]| bytes.windows(4).position(|window| window == b"\r\n\r\n");
    read_until(stream, &mut bytes, |bytes| end_of_head(bytes).is_some())?;
    let at = end_of_head(&bytes).unwrap_or_default();
    let body = bytes.split_off(at + 4);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").and_then(|text| text.parse().ok());
    let length: usize = length.unwrap_or_default();
    let mut body = body;
    read_until(stream, &mut body, |body| body.len() >= length)?;
    let closes = header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
    Ok(Response {
        status: status.unwrap_or_default(),
        body: String::from_utf8_lossy(&body).into_owned(),
        closes,
    })
}

fn read_until(
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
    is_whole: impl Fn(&[u8]) -> bool,
) -> io::Result<()> {
    let mut part = [0; 16 * 1024];
    while !is_whole(bytes) {
        match stream.read(&mut part)? {
            0 if bytes.is_empty() => return Err(io::Error::other("closed before the answer")),
            0 => return Err(io::Error::other("closed within the answer")),
            length => bytes.extend_from_slice(&part[..length]),
        }
    }
    Ok(())
}
