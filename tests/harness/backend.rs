//! Instances that balancers send to: threads that answer HTTP/1.1 with lasting connections, or echo lines. Each answer
//! begins with the instance's id.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{
    ports::fixed_port,
    wait::{LONG, wait_until},
};

/// How long a connection may rest before a graceful stop ends it: what was on its way has arrived by then.
const REST: Duration = Duration::from_millis(20);

/// What an instance speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// A line of `ID PATH` for each request; below `/echo` with the request's head after it.
    Http,
    /// Each line with the id before it.
    Lines,
}

/// A running instance; it ends abruptly when this is dropped.
pub(crate) struct Backend {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    id: String,
    protocol: Protocol,
    /// How long an answer takes.
    delay: Duration,
    /// It answers what arrives, and closes what rests.
    stopping: AtomicBool,
    /// It is gone.
    killed: AtomicBool,
    answered: AtomicU64,
    open: Mutex<Vec<Arc<Connection>>>,
}

struct Connection {
    stream: TcpStream,
    /// Whether a request was read and not answered.
    busy: AtomicBool,
    ended: AtomicBool,
}

impl Backend {
    /// An instance at `address`; port 0: a free one.
    pub(crate) fn start(id: &str, address: &str, protocol: Protocol) -> Self {
        Self::slow(id, address, protocol, Duration::ZERO)
    }

    /// The same, with answers that take so long.
    pub(crate) fn slow(id: &str, address: &str, protocol: Protocol, delay: Duration) -> Self {
        let mut address: SocketAddr = address.parse().unwrap();
        if address.port() == 0 {
            // Once it has ended, nothing else listens there.
            address.set_port(fixed_port());
        }
        let listener = TcpListener::bind(address).unwrap_or_else(|e| panic!("{address}: {e}"));
        Self::serving(id, listener, protocol, delay)
    }

    /// The same, at a listener that is there.
    pub(crate) fn listening(id: &str, listener: TcpListener, protocol: Protocol) -> Self {
        Self::serving(id, listener, protocol, Duration::ZERO)
    }

    fn serving(id: &str, listener: TcpListener, protocol: Protocol, delay: Duration) -> Self {
        let shared = Arc::new(Shared {
            id: id.to_owned(),
            protocol,
            delay,
            stopping: AtomicBool::new(false),
            killed: AtomicBool::new(false),
            answered: AtomicU64::new(0),
            open: Mutex::default(),
        });
        let address = listener.local_addr().unwrap();
        let accepting = Arc::clone(&shared);
        let accepting = thread::spawn(move || accept(listener, &accepting));
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many requests it has answered.
    pub(crate) fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// How many connections are open.
    pub(crate) fn connections(&self) -> usize {
        self.shared.still_open().len()
    }

    /// Ends it as a good program ends at SIGTERM: it accepts no more, answers what has arrived, and closes what rests.
    pub(crate) fn stop(mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.close_listener();
        let mut rested: Vec<Arc<Connection>> = Vec::new();
        wait_until("all connections are closed", LONG, || {
            for connection in rested
                .drain(..)
                .filter(|one| !one.busy.load(Ordering::SeqCst))
            {
                let _closed = connection.stream.shutdown(Shutdown::Both);
            }
            let open = self.shared.still_open();
            rested = open
                .into_iter()
                .filter(|one| !one.busy.load(Ordering::SeqCst))
                .collect();
            thread::sleep(REST);
            rested.is_empty() && self.shared.still_open().is_empty()
        });
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.killed.store(true, Ordering::SeqCst);
        self.close_listener();
        for connection in self.shared.still_open() {
            let _closed = connection.stream.shutdown(Shutdown::Both);
        }
    }

    fn close_listener(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            // It sees that it is to end once it has accepted one more.
            let _refused = TcpStream::connect(self.address);
            accepting.join().unwrap();
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn still_open(&self) -> Vec<Arc<Connection>> {
        let mut open = self.open.lock().unwrap();
        open.retain(|one| !one.ended.load(Ordering::SeqCst));
        open.clone()
    }

    fn is_to_end(&self) -> bool {
        self.stopping.load(Ordering::SeqCst) || self.killed.load(Ordering::SeqCst)
    }
}

fn accept(listener: TcpListener, shared: &Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept() {
        serve(stream, shared);
        if shared.is_to_end() {
            break;
        }
    }
    if shared.killed.load(Ordering::SeqCst) {
        return;
    }
    // Whose connection the kernel has accepted for us is answered.
    listener.set_nonblocking(true).unwrap();
    while let Ok((stream, _)) = listener.accept() {
        stream.set_nonblocking(false).unwrap();
        serve(stream, shared);
    }
    drop(listener);
}

fn serve(stream: TcpStream, shared: &Arc<Shared>) {
    let _closed_already = stream.set_nodelay(true);
    let connection = Arc::new(Connection {
        stream,
        busy: AtomicBool::new(false),
        ended: AtomicBool::new(false),
    });
    let mut open = shared.open.lock().unwrap();
    if open.len() % 64 == 63 {
        open.retain(|one| !one.ended.load(Ordering::SeqCst));
    }
    open.push(Arc::clone(&connection));
    drop(open);
    let shared = Arc::clone(shared);
    let work = move || {
        let _broken = answer_all(&connection, &shared);
        let _closed = connection.stream.shutdown(Shutdown::Both);
        connection.ended.store(true, Ordering::SeqCst);
    };
    thread::Builder::new()
        .stack_size(128 * 1024)
        .spawn(work)
        .unwrap();
}

fn answer_all(connection: &Connection, shared: &Shared) -> io::Result<()> {
    let mut stream = &connection.stream;
    let mut buffer = Vec::new();
    let mut part = [0; 16 * 1024];
    loop {
        while let Some(request) = next_request(&mut buffer, shared.protocol) {
            connection.busy.store(true, Ordering::SeqCst);
            if !shared.delay.is_zero() {
                thread::sleep(shared.delay);
            }
            let (answer, closes) = answer(shared, &request);
            shared.answered.fetch_add(1, Ordering::Relaxed);
            stream.write_all(&answer)?;
            connection.busy.store(false, Ordering::SeqCst);
            if closes {
                return Ok(());
            }
        }
        match stream.read(&mut part)? {
            0 => return Ok(()),
            length => buffer.extend_from_slice(&part[..length]),
        }
    }
}

fn next_request(buffer: &mut Vec<u8>, protocol: Protocol) -> Option<String> {
    let end: &[u8] = match protocol {
        Protocol::Http => b"\r\n\r\n",
        Protocol::Lines => b"\n",
    };
    let at = buffer.windows(end.len()).position(|window| window == end)?;
    let request: Vec<u8> = buffer.drain(..at + end.len()).collect();
    Some(String::from_utf8_lossy(&request).into_owned())
}

/// The answer, and whether the connection ends with it.
fn answer(shared: &Shared, request: &str) -> (Vec<u8>, bool) {
    let id = &shared.id;
    if shared.protocol == Protocol::Lines {
        return (format!("{id} {request}").into_bytes(), false);
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let mut body = format!("{id} {path}\n");
    if path.starts_with("/echo") {
        body += request;
    }
    let asked_to_close = request
        .to_ascii_lowercase()
        .contains("\r\nconnection: close");
    let closes = asked_to_close || shared.is_to_end();
    let close = if closes { "Connection: close\r\n" } else { "" };
    let length = body.len();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{close}\r\n{body}");
    (answer.into_bytes(), closes)
}
