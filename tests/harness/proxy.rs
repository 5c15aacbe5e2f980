//! A way to a server that can be closed for new connections while the open ones go on.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// A proxy in a thread of this process.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    ended: AtomicBool,
    refuses: AtomicBool,
    refused: AtomicUsize,
}

impl Proxy {
    /// A proxy before the server at `url`, on a free port.
    pub(crate) fn before(url: &str) -> Self {
        let (_, server) = url.split_once("://").expect("an URL has a scheme");
        let server: SocketAddr = server.parse().expect("the server has an address");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
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
            join(&client, &server);
            join(&server, &client);
        }
    }
}

/// Passes on what comes from one side, until either ends.
fn join(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        let _either_has_ended = io::copy(&mut from, &mut to);
        for side in [from, to] {
            let _closed_already = side.shutdown(std::net::Shutdown::Both);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn what_is_open_goes_on_while_new_connections_are_refused() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::before(&format!("http://{}", server.local_addr().unwrap()));
        let mut client = TcpStream::connect(proxy.address).unwrap();
        let (mut served, _) = server.accept().unwrap();
        proxy.refuse();
        let mut refused = TcpStream::connect(proxy.address).unwrap();
        let answer = refused.read(&mut [0]);
        assert!(answer.is_err() || answer.is_ok_and(|bytes| bytes == 0));
        assert_eq!(proxy.refused(), 1);
        client.write_all(b"a").unwrap();
        let mut byte = [0];
        served.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"a");
        proxy.admit();
        let _client = TcpStream::connect(proxy.address).unwrap();
        let _served = server.accept().unwrap();
    }
}
