//! A way to a server that can be closed for new connections while the open ones go on, or broken for those that are open,
//! that is long, or on which something happens just before a request arrives.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::channel,
    },
    thread,
    time::{Duration, Instant},
};

/// A proxy in a thread of this process.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

type Action = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Shared {
    /// How long everything is on its way, in each direction.
    delay: Duration,
    /// What happens before the first part with these bytes goes on to the server.
    before: Option<(Vec<u8>, Mutex<Option<Action>>)>,
    ended: AtomicBool,
    refuses: AtomicBool,
    refused: AtomicUsize,
    /// The connections that were accepted and not cut.
    open: Mutex<Vec<TcpStream>>,
    accepted: AtomicUsize,
    /// How many of the accepted ones carry nothing any more.
    silenced: AtomicUsize,
}

impl Proxy {
    /// A proxy before the server at `url`, on a free port.
    pub(crate) fn before(url: &str) -> Self {
        Self::far(url, Duration::ZERO)
    }

    /// The same, with everything on its way for `delay` in each direction. To connect takes a round trip, too.
    pub(crate) fn far(url: &str, delay: Duration) -> Self {
        let shared = Shared {
            delay,
            ..Shared::default()
        };
        Self::start(url, shared)
    }

    /// A proxy that calls `action` once, when the first request with `bytes` has left the client and before it goes on.
    pub(crate) fn interrupted(
        url: &str,
        bytes: &str,
        action: impl FnOnce() + Send + 'static,
    ) -> Self {
        let action: Action = Box::new(action);
        let shared = Shared {
            before: Some((bytes.as_bytes().to_vec(), Mutex::new(Some(action)))),
            ..Shared::default()
        };
        Self::start(url, shared)
    }

    fn start(url: &str, shared: Shared) -> Self {
        let (_, server) = url.split_once("://").expect("an URL has a scheme");
        let server: SocketAddr = server.parse().expect("the server has an address");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(shared);
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, server, &accepting));
        Self { address, shared }
    }

    /// What leads through it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends every new connection at once, until [`Self::admit`]; those that are open go on.
    pub(crate) fn refuse(&self) {
        self.shared.refuses.store(true, Ordering::SeqCst);
    }

    /// Lets new connections through again.
    pub(crate) fn admit(&self) {
        self.shared.refuses.store(false, Ordering::SeqCst);
    }

    /// Ends the connections that are open; new ones are accepted.
    pub(crate) fn cut(&self) {
        for side in self.shared.open.lock().unwrap().drain(..) {
            let _closed_already = side.shutdown(Shutdown::Both);
        }
    }

    /// Carries nothing on the connections that are open, and leaves them open; new ones are as before.
    pub(crate) fn silence(&self) {
        let accepted = self.shared.accepted.load(Ordering::SeqCst);
        self.shared.silenced.store(accepted, Ordering::SeqCst);
    }

    /// How many connections it has refused.
    pub(crate) fn refused(&self) -> usize {
        self.shared.refused.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _woken = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, server: SocketAddr, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        if shared.refuses.load(Ordering::SeqCst) {
            shared.refused.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        if let Ok(client) = client
            && let Ok(server) = TcpStream::connect(server)
        {
            let number = shared.accepted.fetch_add(1, Ordering::SeqCst);
            let open = client.try_clone().unwrap();
            shared.open.lock().unwrap().push(open);
            join(&client, &server, Arc::clone(shared), number, true);
            join(&server, &client, Arc::clone(shared), number, false);
        }
    }
}

/// Passes on what comes from one side, until either ends.
fn join(from: &TcpStream, to: &TcpStream, shared: Arc<Shared>, number: usize, is_to_server: bool) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        match &shared.before {
            Some((bytes, action)) if is_to_server => interrupted(&mut from, &to, bytes, action),
            _ if shared.delay.is_zero() => drop(pass_on(&mut from, &mut to, &shared, number)),
            _ => delayed(&mut from, &to, shared.delay),
        }
        for side in [from, to] {
            let _closed_already = side.shutdown(Shutdown::Both);
        }
    });
}

/// Passes on what comes, unless the connection of that number is silenced.
fn pass_on(
    from: &mut TcpStream,
    to: &mut TcpStream,
    shared: &Shared,
    number: usize,
) -> io::Result<()> {
    let mut part = vec![0; 1 << 16];
    loop {
        let bytes = from.read(&mut part)?;
        if bytes == 0 {
            return Ok(());
        }
        if number >= shared.silenced.load(Ordering::SeqCst) {
            to.write_all(&part[..bytes])?;
        }
    }
}

/// Passes on what comes, each part `delay` after it came; the first part follows the round trip of the connection.
fn delayed(from: &mut TcpStream, to: &TcpStream, delay: Duration) {
    let (send, receive) = channel::<(Instant, Vec<u8>)>();
    let mut to = to.try_clone().unwrap();
    let opened = Instant::now() + 3 * delay;
    let sending = thread::spawn(move || {
        // Nothing is ever sent here: it is how a thread waits for a moment.
        let (_never, wait) = channel::<()>();
        for (due, part) in receive {
            let _time_has_passed = wait.recv_timeout(due.saturating_duration_since(Instant::now()));
            if to.write_all(&part).is_err() {
                return;
            }
        }
    });
    let mut part = vec![0; 1 << 16];
    while let Ok(bytes @ 1..) = from.read(&mut part) {
        let due = (Instant::now() + delay).max(opened);
        if send.send((due, part[..bytes].to_vec())).is_err() {
            break;
        }
    }
    drop(send);
    sending.join().unwrap();
}

/// Passes on what comes; calls `action` before the first part with `bytes`, if nobody has.
fn interrupted(
    from: &mut TcpStream,
    mut to: &TcpStream,
    bytes: &[u8],
    action: &Mutex<Option<Action>>,
) {
    let mut part = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut part) {
        let has_bytes = part[..read].windows(bytes.len()).any(|some| some == bytes);
        // The lock is held while it acts: no other connection overtakes this one.
        let mut action = action.lock().unwrap();
        if has_bytes && let Some(action) = action.take() {
            action();
        }
        if to.write_all(&part[..read]).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_on_its_way_for_the_delay() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let delay = Duration::from_millis(20);
        let proxy = Proxy::far(&format!("http://{}", server.local_addr().unwrap()), delay);
        let start = Instant::now();
        let mut client = TcpStream::connect(proxy.address).unwrap();
        let (mut end, _) = server.accept().unwrap();
        client.write_all(b"question").unwrap();
        let mut question = [0; 8];
        end.read_exact(&mut question).unwrap();
        assert_eq!(&question, b"question");
        assert!(start.elapsed() >= 3 * delay);
        let asked = Instant::now();
        end.write_all(b"answer").unwrap();
        let mut answer = [0; 6];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"answer");
        assert!(asked.elapsed() >= delay);
    }

    #[test]
    fn what_is_open_goes_on_while_new_connections_are_refused() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::before(&format!("http://{}", server.local_addr().unwrap()));
        let mut client = TcpStream::connect(proxy.address).unwrap();
        let (mut other_end, _) = server.accept().unwrap();
        proxy.refuse();
        let mut refused = TcpStream::connect(proxy.address).unwrap();
        let answer = refused.read(&mut [0]);
        assert!(answer.is_err() || answer.is_ok_and(|bytes| bytes == 0));
        assert_eq!(proxy.refused(), 1);
        client.write_all(b"a").unwrap();
        let mut byte = [0];
        other_end.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"a");
        proxy.admit();
        let _client = TcpStream::connect(proxy.address).unwrap();
        let _accepted = server.accept().unwrap();
    }
}
