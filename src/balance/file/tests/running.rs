//! A real HAProxy, instances behind it, and what they answer.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command},
};

use super::{empty, placed, pool, server};
use crate::{
    balance::{
        file::{BoundAddress, bound_addresses},
        view::{Frontend, Pool, View},
    },
    harness::{
        backend::{Backend, Protocol},
        wait::until,
    },
    model::balancing::Mode,
};

/// A HAProxy that runs until this is dropped.
pub(super) struct Running {
    haproxy: Child,
    _folder: tempfile::TempDir,
}

impl Running {
    /// Starts HAProxy with a view, and waits until each of its binds accepts; `None`: there is no HAProxy.
    pub(super) fn start(mut view: View) -> Option<Self> {
        let sockets = tempfile::tempdir().unwrap();
        view.socket = sockets.path().join("admin.sock");
        let binds: Vec<String> = view
            .frontends
            .iter()
            .flat_map(|one| one.binds.clone())
            .collect();
        let (_files, file, _) = placed(view);
        let log = fs::File::create(sockets.path().join("log")).unwrap();
        let mut command = Command::new("haproxy");
        command
            .arg("-db")
            .arg("-f")
            .arg(&file)
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let running = Self {
            haproxy: command.spawn().ok()?,
            _folder: sockets,
        };
        for bind in binds.iter().flat_map(|bind| bound_addresses(bind)) {
            let BoundAddress::Socket(address) = bind else {
                panic!("{bind:?}");
            };
            until("HAProxy accepts connections", || {
                TcpStream::connect(address).ok()
            });
        }
        Some(running)
    }

    pub(super) fn pid(&self) -> u32 {
        self.haproxy.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.haproxy.kill().unwrap();
        self.haproxy.wait().unwrap();
    }
}

/// Instances, each in a pool of its own, which has its name.
pub(super) struct Instances(Vec<(String, Backend)>);

impl Instances {
    pub(super) fn start(names: &[&str]) -> Self {
        let start = |name: &&str| {
            let backend = Backend::start(name, "127.0.0.1:0", Protocol::Http);
            ((*name).to_owned(), backend)
        };
        Self(names.iter().map(start).collect())
    }

    fn pools(&self) -> Vec<Pool> {
        let pool = |(name, backend): &(String, Backend)| {
            let server = server("default:one:one", "127.0.0.1", backend.port(), false);
            pool(name, Mode::Http, vec![server])
        };
        self.0.iter().map(pool).collect()
    }

    pub(super) fn view(&self, frontends: Vec<Frontend>) -> View {
        View {
            frontends,
            pools: self.pools(),
            ..empty()
        }
    }
}

/// The answer to a request's head, of which the connection's end is added.
#[track_caller]
pub(super) fn ask(port: u16, head: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The instance that answers a request, or the status of HAProxy's own answer.
#[track_caller]
pub(super) fn who_answers(port: u16, host: &str, path: &str) -> String {
    let answer = ask(port, &format!("GET {path} HTTP/1.1\r\nHost: {host}"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    match head.split(' ').nth(1).unwrap() {
        "200" => body.split(' ').next().unwrap().to_owned(),
        status => status.to_owned(),
    }
}
