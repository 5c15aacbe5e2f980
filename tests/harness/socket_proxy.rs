//! What stands between a client and HAProxy's socket: an older HAProxy, or a connection that is cut.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::Shutdown,
    os::unix::{
        fs::MetadataExt as _,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{haproxy::Haproxy, wait::freeze};

/// How commands begin that change something.
const CHANGING: [&str; 6] = ["add ", "del ", "set ", "enable ", "disable ", "shutdown "];

/// What HAProxy says to each line of commands that it does not know.
const UNKNOWN: &[u8] =
    b"Unknown command: 'set', but maybe one of the following ones is a better match:\n\n";

/// What becomes of commands that change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// HAProxy executes them.
    Pass,
    /// An older HAProxy knows none of them.
    Unknown,
    /// So many bytes arrive, then the connection ends on both sides.
    CutAfter(usize),
    /// The same, and who sent them is killed before it sees that.
    KillAfter(usize),
    /// HAProxy executes them as it answers everything: of two workers that accept connections, the first one is given the
    /// first connection, the third and so on, and the second one the others. The other worker is frozen meanwhile.
    Alternately([Pid; 2]),
}

/// A thread at the place of HAProxy's socket, until this is dropped or HAProxy binds its socket anew.
pub(crate) struct SocketProxy {
    path: PathBuf,
    real: PathBuf,
    reaction: Reaction,
    inode: u64,
    ended: Arc<AtomicBool>,
    reacted: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

impl SocketProxy {
    /// Takes the place of the socket of a running HAProxy.
    pub(crate) fn before(haproxy: &Haproxy, reaction: Reaction) -> Self {
        let path = haproxy.socket();
        let real = path.with_extension("real");
        fs::rename(&path, &real).unwrap();
        let listener = UnixListener::bind(&path).unwrap();
        let proxy = Self {
            inode: inode(&path).unwrap(),
            path,
            real,
            reaction,
            ended: Arc::default(),
            reacted: Arc::default(),
            asked: Arc::default(),
        };
        let (real, ended) = (proxy.real.clone(), Arc::clone(&proxy.ended));
        let reacted = Arc::clone(&proxy.reacted);
        let asked = Arc::clone(&proxy.asked);
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                if let Reaction::Alternately(workers) = reaction {
                    let turn = asked.load(Ordering::SeqCst) % 2;
                    freeze(workers[1 - turn]);
                    kill(workers[turn], Signal::SIGCONT).unwrap();
                }
                serve(client, &real, reaction, &reacted);
                asked.fetch_add(1, Ordering::SeqCst);
            }
        });
        proxy
    }

    /// How many connections it has served, in whatever way.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// How many connections it has treated so.
    pub(crate) fn reacted(&self) -> usize {
        self.reacted.load(Ordering::SeqCst)
    }
}

impl Drop for SocketProxy {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        if let Reaction::Alternately(workers) = self.reaction {
            for worker in workers {
                let _may_have_ended = kill(worker, Signal::SIGCONT);
            }
        }
        if inode(&self.path) == Some(self.inode) {
            let _woken = UnixStream::connect(&self.path);
            let _back = fs::rename(&self.real, &self.path);
        } else {
            let _replaced = fs::remove_file(&self.real);
        }
    }
}

fn inode(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.ino())
}

fn serve(mut client: UnixStream, real: &Path, reaction: Reaction, reacted: &AtomicUsize) {
    let mut request = Vec::new();
    let mut part = [0; 8 * 1024];
    while !request.ends_with(b"\n") {
        match client.read(&mut part) {
            Ok(length @ 1..) => request.extend_from_slice(&part[..length]),
            _ => break,
        }
    }
    let is_change = changes_something(&request);
    if is_change {
        reacted.fetch_add(1, Ordering::SeqCst);
    }
    let answer = match reaction {
        Reaction::CutAfter(bytes) | Reaction::KillAfter(bytes) if is_change => {
            let _executed = pass_on(real, &request[..bytes.min(request.len())]);
            if reaction == Reaction::KillAfter(bytes) {
                kill_peer(&client);
            }
            return;
        }
        Reaction::Unknown if is_change => UNKNOWN.to_vec(),
        _ => pass_on(real, &request),
    };
    let _gone = client.write_all(&answer);
}

/// Whether one of the commands is of those with which servers are added, moved, parked and brought back.
fn changes_something(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let mut commands = text.split([';', '\n']).map(str::trim_start);
    commands.any(|command| CHANGING.iter().any(|word| command.starts_with(word)))
}

/// Kills the process at the other end.
fn kill_peer(client: &UnixStream) {
    let peer = rustix::net::sockopt::socket_peercred(client).unwrap();
    let pid = Pid::from_raw(peer.pid.as_raw_nonzero().get());
    assert_ne!(pid, Pid::this(), "it is the test itself that sends");
    kill(pid, Signal::SIGKILL).unwrap();
}

fn pass_on(real: &Path, request: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    if let Ok(mut server) = UnixStream::connect(real) {
        let _sent = server.write_all(request);
        let _half = server.shutdown(Shutdown::Write);
        let _received = server.read_to_end(&mut answer);
    }
    answer
}
