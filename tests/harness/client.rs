//! Clients that send without pause, never retry, and count every failure by its kind.

mod exchange;

use std::{
    collections::BTreeMap,
    fmt,
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::wait::{LONG, wait_until};
use exchange::{Response, connect, send_on};
pub(crate) use exchange::{get, say};

/// The pause of a light client.
const LIGHT: Duration = Duration::from_millis(3);

/// How a client is started: [`Client::start`] or [`Client::light`].
pub(crate) type Start = fn(SocketAddr, Sending, usize) -> Client;

/// How a client connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    /// HTTP, a connection a request.
    Close,
    /// HTTP, one lasting connection, with so long a pause after each answer.
    Keep(Duration),
    /// A line and its echo a connection.
    Tcp,
    /// Lines on one lasting connection.
    TcpKeep,
}

/// What a client has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Requests that were answered.
    pub(crate) answered: u64,
    /// By the id of who answered.
    pub(crate) by: BTreeMap<String, u64>,
    /// Failures by their kind, with the time of the first.
    pub(crate) lost: BTreeMap<String, u64>,
    /// Connections that were made.
    pub(crate) connections: u64,
    /// The longest request.
    pub(crate) slowest: Duration,
}

/// Threads that send until they are stopped.
pub(crate) struct Client {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    address: SocketAddr,
    sending: Sending,
    request: Vec<u8>,
    stopped: AtomicBool,
    /// It leaves the machine to others after each answer.
    is_light: AtomicBool,
    answered: AtomicU64,
    lost: AtomicU64,
    tally: Mutex<Tally>,
    /// How many requests of each thread have come to an end.
    ended: Vec<AtomicU64>,
}

impl Client {
    /// Starts so many threads that send to `address`.
    pub(crate) fn start(address: SocketAddr, sending: Sending, threads: usize) -> Self {
        Self::asking(address, sending, threads, "localhost", "/")
    }

    /// The same with a pause after each answer, which leaves the machine to what is tested: for the short siblings of long
    /// proofs.
    pub(crate) fn light(address: SocketAddr, sending: Sending, threads: usize) -> Self {
        let client = Self::start(address, sending, threads);
        client.shared.is_light.store(true, Ordering::Relaxed);
        client
    }

    /// The same as [`Self::start`], for a host and a path.
    pub(crate) fn asking(
        address: SocketAddr,
        sending: Sending,
        threads: usize,
        host: &str,
        path: &str,
    ) -> Self {
        let close = match sending {
            Sending::Close => "Connection: close\r\n",
            _ => "",
        };
        let request = if sending.is_http() {
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{close}\r\n")
        } else {
            "ping\n".to_owned()
        };
        let shared = Arc::new(Shared {
            address,
            sending,
            request: request.into_bytes(),
            stopped: AtomicBool::new(false),
            is_light: AtomicBool::new(false),
            answered: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            tally: Mutex::default(),
            ended: (0..threads).map(|_| AtomicU64::new(0)).collect(),
        });
        let work = |at| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.send(at))
        };
        Self {
            threads: (0..threads).map(work).collect(),
            shared,
        }
    }

    /// How many requests were answered so far.
    fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// How many requests were lost so far.
    pub(crate) fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Waits until so many more requests were answered.
    #[track_caller]
    pub(crate) fn sends(&self, more: u64) {
        let start = self.answered();
        wait_until(&format!("{more} more answers"), LONG, || {
            self.answered() >= start + more
        });
    }

    /// Waits until each of its threads has been answered a request that it begins from now on.
    #[track_caller]
    pub(crate) fn each_is_answered(&self) {
        let ended = || {
            self.shared
                .ended
                .iter()
                .map(|of| of.load(Ordering::Relaxed))
        };
        let start: Vec<u64> = ended().collect();
        // The first to end may have begun before.
        wait_until("each thread has had an answer", LONG, || {
            ended().zip(&start).all(|(now, start)| now >= start + 2)
        });
    }

    /// Ends it after the requests under way.
    pub(crate) fn stop(mut self) -> Tally {
        self.end();
        self.shared.tally.lock().unwrap().clone()
    }

    fn end(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking());
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.end();
    }
}

impl Sending {
    fn is_http(self) -> bool {
        matches!(self, Self::Close | Self::Keep(_))
    }

    fn lasts(self) -> bool {
        matches!(self, Self::Keep(_) | Self::TcpKeep)
    }
}

impl Tally {
    /// How many requests were lost.
    pub(crate) fn losses(&self) -> u64 {
        self.lost.values().sum()
    }

    /// Asserts that at least so many requests were sent, and none was lost.
    #[track_caller]
    pub(crate) fn lost_none_of(&self, least: u64) {
        assert!(self.lost.is_empty() && self.answered >= least, "{self}");
    }

    fn merge(&mut self, other: Self) {
        self.answered += other.answered;
        self.connections += other.connections;
        self.slowest = self.slowest.max(other.slowest);
        for (id, count) in other.by {
            *self.by.entry(id).or_default() += count;
        }
        for (kind, count) in other.lost {
            *self.lost.entry(kind).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            answered,
            by,
            lost,
            connections,
            slowest,
        } = self;
        write!(
            f,
            "{} lost of {} {lost:?}; by {by:?}; {connections} connections, slowest {slowest:.1?}",
            self.losses(),
            answered + self.losses(),
        )
    }
}

impl Shared {
    fn send(&self, at: usize) {
        let mut stream = None;
        let mut tally = Tally::default();
        while !self.stopped.load(Ordering::Relaxed) {
            let start = Instant::now();
            match self.exchange(&mut stream, &mut tally.connections) {
                Ok(response) => {
                    tally.answered += 1;
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    let id = response.body.split(' ').next().unwrap_or_default();
                    *tally.by.entry(id.to_owned()).or_default() += 1;
                    if response.closes || !self.sending.lasts() {
                        stream = None;
                    }
                }
                Err(kind) => {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                    *tally.lost.entry(kind).or_default() += 1;
                    stream = None;
                    thread::sleep(Duration::from_millis(1));
                }
            }
            self.ended[at].fetch_add(1, Ordering::Relaxed);
            tally.slowest = tally.slowest.max(start.elapsed());
            let pause = self.pause();
            if !pause.is_zero() {
                thread::sleep(pause);
            }
        }
        self.tally.lock().unwrap().merge(tally);
    }

    /// How long it waits after an answer.
    fn pause(&self) -> Duration {
        let least = match self.sending {
            Sending::Keep(pause) => pause,
            _ => Duration::ZERO,
        };
        if self.is_light.load(Ordering::Relaxed) {
            least.max(LIGHT)
        } else {
            least
        }
    }

    /// Sends a request on the connection that is there, else on a new one.
    fn exchange(
        &self,
        stream: &mut Option<TcpStream>,
        connections: &mut u64,
    ) -> Result<Response, String> {
        if stream.is_none() {
            let new = connect(self.address).map_err(|error| format!("connect: {error}"))?;
            *connections += 1;
            *stream = Some(new);
        }
        let Some(connected) = stream else {
            return Err("no connection".to_owned());
        };
        let response = send_on(connected, &self.request, self.sending.is_http());
        let response = response.map_err(|error| format!("send: {error}"))?;
        match response.status {
            0 | 200 => Ok(response),
            status => Err(format!("status {status}")),
        }
    }
}
