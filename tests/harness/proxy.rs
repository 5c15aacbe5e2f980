//! A way to a server that can be closed for new connections while the open ones go on, or that is long.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
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

#[derive(Default)]
struct Shared {
    /// How long everything is on its way, in each direction.
    delay: Duration,
    ended: AtomicBool,
    refuses: AtomicBool,
    refused: AtomicUsize,
}

impl Proxy {
    /// A proxy before the server at `url`, on a free port.
    pub(crate) fn before(url: &str) -> Self {
        Self::far(url, Duration::ZERO)
    }

    /// The same, with everything on its way for `delay` in each direction. To connect takes a round trip, too.
    pub(crate) fn far(url: &str, delay: Duration) -> Self {
        let (_, server) = url.split_once("://").expect("an URL has a scheme");
        let server: SocketAddr = server.parse().expect("the server has an address");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            delay,
            ..Shared::default()
        });
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

fn accept(listener: &TcpListener, server: SocketAddr, shared: &Shared) {
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
            join(&client, &server, shared.delay);
            join(&server, &client, shared.delay);
        }
    }
}

/// Passes on what comes from one side, until either ends.
fn join(from: &TcpStream, to: &TcpStream, delay: Duration) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        if delay.is_zero() {
            let _either_has_ended = io::copy(&mut from, &mut to);
        } else {
            delayed(&mut from, &to, delay);
        }
        for side in [from, to] {
            let _closed_already = side.shutdown(Shutdown::Both);
        }
    });
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
