//! Real etcd servers on free ports. Each is started below a shell that kills it and removes its folder as soon as its
//! standard input closes, so none outlives the test process, however that ends.

mod members;
mod questions;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    mem,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{OnceLock, atomic::AtomicBool},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::net::TcpSocket;

use super::{
    certificates::Pair,
    wait::{freeze, has_ended, until},
};
use members::Ports;

const GUARD: &str = r#"
folder=$1; shift
start() { etcd "$@" >>"$folder/log" 2>&1 </dev/null & pid=$!; echo "$pid"; }
start "$@"
while read -r _; do kill -9 "$pid"; wait "$pid" 2>/dev/null; start "$@"; done
kill -9 "$pid"; wait "$pid" 2>/dev/null; rm -rf "$folder"
"#;

/// A running member.
pub(crate) struct Etcd {
    url: String,
    health: String,
    pid: Pid,
    folder: PathBuf,
    tls: Option<Tls>,
    /// Whether users log in.
    has_users: AtomicBool,
    guard: Child,
    told: BufReader<ChildStdout>,
}

/// How a member is reached over TLS.
pub(crate) struct Tls {
    /// What the server shows.
    pub(crate) server: Pair,
    /// Who signed that, and the clients' certificates.
    pub(crate) ca: PathBuf,
    /// What clients have to show; `None`: nothing.
    pub(crate) client: Option<Pair>,
}

/// One plain member for the whole run, never stopped; each test uses federations of its own.
pub(crate) fn shared() -> &'static Etcd {
    static SHARED: OnceLock<Etcd> = OnceLock::new();
    SHARED.get_or_init(Etcd::start)
}

/// An URL at which nothing listens, nor will: the port is taken for the whole run.
pub(crate) fn refused() -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    // A server that another test starts would otherwise be given this port.
    mem::forget(socket);
    format!("http://{address}")
}

/// Members that form one cluster.
pub(crate) fn cluster(members: usize) -> Vec<Etcd> {
    started(|| {
        let ports: Vec<_> = (0..members).map(|_| Ports::free()).collect();
        ports
            .iter()
            .enumerate()
            .map(|(at, own)| Etcd::spawn(at, own, &ports, None, &[]))
            .collect()
    })
}

impl Etcd {
    /// A plain member by itself.
    pub(crate) fn start() -> Self {
        Self::alone(|| None)
    }

    /// A member that speaks TLS only.
    pub(crate) fn with_tls(tls: impl Fn() -> Tls) -> Self {
        Self::alone(|| Some(tls()))
    }

    /// A plain member that takes no write: its database may not grow by a byte.
    pub(crate) fn full() -> Self {
        let mut members = started(|| {
            let ports = [Ports::free()];
            let quota = ["--quota-backend-bytes", "1"];
            vec![Self::spawn(0, &ports[0], &ports, None, &quota)]
        });
        members.remove(0)
    }

    /// A plain member that clients reach at another address of this machine.
    pub(crate) fn at(host: &'static str) -> Self {
        let mut members = started(|| {
            let ports = [Ports {
                host,
                ..Ports::free()
            }];
            vec![Self::spawn(0, &ports[0], &ports, None, &[])]
        });
        members.remove(0)
    }

    fn alone(tls: impl Fn() -> Option<Tls>) -> Self {
        let mut members = started(|| {
            let ports = [Ports::free()];
            vec![Self::spawn(0, &ports[0], &ports, tls(), &[])]
        });
        members.remove(0)
    }

    /// Where clients reach it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops it from running, with all its connections open; not one of its threads runs on.
    pub(crate) fn freeze(&self) {
        freeze(self.pid);
    }

    /// Lets it run again.
    pub(crate) fn thaw(&self) {
        kill(self.pid, Signal::SIGCONT).unwrap();
    }

    /// Ends it at once.
    pub(crate) fn kill(&self) {
        kill(self.pid, Signal::SIGKILL).unwrap();
        until("etcd ends", || self.has_ended().then_some(()));
    }

    /// Ends it, if it still runs, and starts it again with all that it had; gives it when it answers.
    pub(crate) fn restart(&mut self) {
        let orders = self.guard.stdin.as_mut().unwrap();
        orders.write_all(b"again\n").unwrap();
        self.pid = pid(&mut self.told);
        assert!(until("etcd answers", || self.is_up()), "it has ended");
    }

    /// Ends it, and starts another server without anything in its place.
    pub(crate) fn forget(&mut self) {
        self.kill();
        fs::remove_dir_all(self.folder.join("data")).unwrap();
        self.restart();
    }

    /// Ends it, and starts what a file of `etcdctl snapshot save` says in its place.
    pub(crate) fn restore(&mut self, snapshot: &Path) {
        self.kill();
        let data = self.folder.join("data");
        fs::remove_dir_all(&data).unwrap();
        let mut command = Command::new("etcdctl");
        command.env("ETCDCTL_API", "3");
        command.args(["snapshot", "restore"]).arg(snapshot);
        let restored = command.arg("--data-dir").arg(&data).output().unwrap();
        assert!(restored.status.success(), "{restored:?}");
        self.restart();
    }

    fn spawn(at: usize, own: &Ports, all: &[Ports], tls: Option<Tls>, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap().keep();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}:{}", own.host, own.client);
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard"]).arg(&folder);
        command.arg("--data-dir").arg(folder.join("data"));
        command.args([
            "--listen-client-urls",
            &url,
            "--advertise-client-urls",
            &url,
        ]);
        command.args(own.membership(at, all)).args(more);
        command.args(tls.iter().flat_map(Tls::arguments));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guard = command.stderr(Stdio::null()).spawn().unwrap();
        let mut told = BufReader::new(guard.stdout.take().unwrap());
        Self {
            url,
            health: format!("127.0.0.1:{}", own.health),
            pid: pid(&mut told),
            folder,
            tls,
            has_users: AtomicBool::new(false),
            guard,
            told,
        }
    }

    /// Whether it has a leader and answers, or has ended without ever answering (somebody else took its port).
    fn is_up(&self) -> Option<bool> {
        if self.has_ended() {
            return Some(false);
        }
        let answer = self.asked("/health")?;
        answer.contains(r#""health":"true""#).then_some(true)
    }

    /// The answer of its metrics' port.
    fn asked(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.health).ok()?;
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// The guard has not collected it yet, so it stays a zombie.
    fn has_ended(&self) -> bool {
        has_ended(self.pid)
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let ended = self.guard.wait();
        assert!(ended.is_ok() && !self.folder.exists() || std::thread::panicking());
    }
}

impl Tls {
    fn arguments(&self) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        let mut arguments = vec![
            "--cert-file".to_owned(),
            text(&self.server.cert),
            "--key-file".to_owned(),
            text(&self.server.key),
        ];
        if self.client.is_some() {
            arguments.push("--client-cert-auth".to_owned());
            arguments.extend(["--trusted-ca-file".to_owned(), text(&self.ca)]);
        }
        arguments
    }
}

/// What the guard says of the server that it started.
fn pid(told: &mut BufReader<ChildStdout>) -> Pid {
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    Pid::from_raw(line.trim().parse().unwrap())
}

/// Starts members until all answer: another test run may take a port between choosing and binding it.
fn started(spawn: impl Fn() -> Vec<Etcd>) -> Vec<Etcd> {
    for _ in 0..5 {
        let members = spawn();
        let up = |member: &Etcd| until("etcd answers", || member.is_up());
        if members.iter().all(up) {
            return members;
        }
    }
    panic!("etcd does not start");
}
