//! An address at which packets vanish.

use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket},
    runtime::{Builder, Runtime},
};

/// A listener whose queue is full: the kernel drops every further attempt to connect.
pub(crate) struct BlackHole {
    url: String,
    _queued: Vec<TcpStream>,
    _listener: TcpListener,
    _runtime: Runtime,
}

impl BlackHole {
    /// A new one on a free port.
    pub(crate) fn dig() -> Self {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let entered = runtime.enter();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = socket.listen(1).unwrap();
        drop(entered);
        let address = listener.local_addr().unwrap();
        // The queue takes one more than it was asked for: these come in, however long that takes.
        let mut queued: Vec<_> = (0..2)
            .map(|_| TcpStream::connect(address).unwrap())
            .collect();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            queued.push(stream);
        }
        Self {
            url: format!("http://{address}"),
            _queued: queued,
            _listener: listener,
            _runtime: runtime,
        }
    }

    /// What leads there.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}
