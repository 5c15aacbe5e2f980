//! A real HAProxy in master-worker mode below a scratch root, started, reloaded and stopped by scripts as systemd does it
//! for the unit. No HAProxy outlives the test process, however that ends.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    not_run, shells,
    wait::{LONG, has_ended, until, wait_until},
};

/// As `systemctl reload-or-restart`: the signal if the master runs, whatever becomes of it; else a start, which fails if
/// HAProxy does. The test process holds the lock of `alive`: when it ends, so does HAProxy, and none is started any more.
/// Who waits for that is in a session of its own, since a killed test run is a killed process group.
const RELOAD: &str = r#"#!/bin/sh
cd "${0%/*}" || exit 1
echo >>reloads
flock -n alive true && exit 1
master=$(cat master 2>/dev/null)
# Not one that nobody has collected yet.
if [ -n "$master" ] && grep -q '^State:.[^Z]' "/proc/$master/status" 2>/dev/null; then
  kill -USR2 "$master"
  exit
fi
rm -f haproxy.pid
setsid haproxy -W -f "$(cat output)" -p "$PWD/haproxy.pid" </dev/null >>log 2>&1 &
master=$!
echo "$master" >master
setsid sh -c 'flock alive true; kill -9 "-$1"' sh "$master" </dev/null >/dev/null 2>&1 &
while ! [ -s haproxy.pid ]; do
  grep -q '^State:.[^Z]' "/proc/$master/status" || exit 1
  sleep 0.01
done
"#;

/// As `systemctl disable --now`.
const STOP: &str = r#"#!/bin/sh
cd "${0%/*}" || exit 1
master=$(cat master 2>/dev/null)
[ -n "$master" ] || exit 0
kill -TERM "$master" 2>/dev/null
while grep -q '^State:.[^Z]' "/proc/$master/status" 2>/dev/null; do sleep 0.01; done
rm -f master haproxy.pid
"#;

/// Where a root's HAProxy has its socket and its PID file, as the product's defaults have it.
pub(crate) const FOLDER: &str = "run/reconf-haproxy";

/// A column of `show servers state`, from 0.
const ADDRESS: usize = 4;
const OPERATION: usize = 5;
const ADMIN: usize = 6;
const PORT: usize = 18;

/// Whether HAProxy is there; where it is not, `what` is recorded as not tried.
pub(crate) fn is_there(what: &str) -> bool {
    let found = Command::new("haproxy").arg("-v").output().is_ok();
    if !found {
        not_run::record(not_run::LIST.as_ref(), &format!("{what}: no haproxy"));
    }
    found
}

/// The HAProxy of a root; it is ended when this is dropped.
pub(crate) struct Haproxy {
    folder: PathBuf,
    output: PathBuf,
    /// Locked as long as this process lives.
    alive: File,
}

/// A server as HAProxy has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunningServer {
    /// The section's name and its own.
    pub(crate) name: String,
    /// `ADDRESS:PORT`.
    pub(crate) address: String,
    /// Whether HAProxy takes it as up.
    pub(crate) is_up: bool,
    /// Whether it is in maintenance.
    pub(crate) in_maintenance: bool,
}

impl Haproxy {
    /// Prepares one below `root` that reads `output`, a path below `root`; it does not run yet.
    pub(crate) fn below(root: &Path, output: &str) -> Self {
        let folder = root.join(FOLDER);
        let output = root.join(output);
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(output.parent().unwrap()).unwrap();
        fs::write(folder.join("output"), output.to_str().unwrap()).unwrap();
        for (name, script) in [("reload", RELOAD), ("stop", STOP)] {
            // By another process: a child that some other test forks meanwhile would have the script open for writing,
            // and such a file cannot be run.
            let mut shell = Command::new("sh");
            shell.args(["-c", "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"", "sh"]);
            shell.arg(script).arg(folder.join(name));
            assert!(shell.status().unwrap().success());
        }
        let alive = File::create(folder.join("alive")).unwrap();
        alive.lock().unwrap();
        let haproxy = Self {
            folder,
            output,
            alive,
        };
        let length = haproxy.socket().as_os_str().len();
        assert!(length <= 97, "HAProxy cannot bind it: {length} bytes");
        haproxy
    }

    /// Its runtime socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("admin.sock")
    }

    /// The file that it reads.
    pub(crate) fn output(&self) -> &Path {
        &self.output
    }

    /// The command that reloads it, or starts it where it does not run.
    pub(crate) fn reload_command(&self) -> PathBuf {
        self.folder.join("reload")
    }

    /// The command that stops it for good.
    pub(crate) fn stop_command(&self) -> PathBuf {
        self.folder.join("stop")
    }

    /// Reloads or starts it; whether the command succeeded.
    pub(crate) fn reload(&self) -> bool {
        let mut command = Command::new(self.reload_command());
        command
            .env("PATH", shells::PATH)
            .status()
            .unwrap()
            .success()
    }

    /// Reloads it and waits until a new worker answers. The signal is repeated: HAProxy forgets one that comes while the
    /// master is still at the last one, after the worker has answered.
    #[track_caller]
    pub(crate) fn reloads(&self) {
        let before = self.worker();
        let mut signalled: Option<Instant> = None;
        until("a new worker answers", || {
            if signalled.is_none_or(|last| last.elapsed() > Duration::from_millis(500)) {
                assert!(self.reload(), "{}", self.log());
                signalled = Some(Instant::now());
            }
            (self.worker()? != before?).then_some(())
        });
    }

    /// Starts it and waits until it answers.
    #[track_caller]
    pub(crate) fn starts(&self) {
        assert!(self.reload(), "{}", self.log());
        until("HAProxy answers", || self.worker());
    }

    /// How often it was reloaded or started, or was to be.
    pub(crate) fn reload_calls(&self) -> usize {
        let calls = fs::read_to_string(self.folder.join("reloads"));
        calls.unwrap_or_default().len()
    }

    /// Puts a server into maintenance or takes it out, as a person does.
    #[track_caller]
    pub(crate) fn sets_state(&self, server: &str, state: &str) {
        let answer = self
            .ask(&format!("set server {server} state {state}"))
            .unwrap();
        assert_eq!(answer.trim(), "");
    }

    /// A server, by section and name.
    #[track_caller]
    pub(crate) fn server(&self, name: &str) -> RunningServer {
        let servers = self.servers();
        let found = servers.iter().find(|server| server.name == name);
        found
            .unwrap_or_else(|| panic!("no {name} in {servers:#?}"))
            .clone()
    }

    /// Ends master and workers at once.
    pub(crate) fn kill(&self) {
        if let Some(master) = self.master() {
            let mut all = children(master);
            all.push(master);
            let _gone = kill(Pid::from_raw(-master.as_raw()), Signal::SIGKILL);
            // A worker accepts until its last thread has ended.
            wait_until("HAProxy has ended", LONG, || {
                all.iter().all(|one| has_ended(*one))
            });
        }
    }

    /// The running master.
    pub(crate) fn master(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.folder.join("master")).ok()?;
        let master = Pid::from_raw(text.trim().parse().ok()?);
        (!has_ended(master)).then_some(master)
    }

    /// Its two workers, the older one first.
    #[track_caller]
    pub(crate) fn two_workers(&self) -> [Pid; 2] {
        until("it has two workers", || {
            let workers = children(self.master()?);
            <[Pid; 2]>::try_from(workers).ok()
        })
    }

    /// The worker that answers at the socket.
    pub(crate) fn worker(&self) -> Option<Pid> {
        self.info("Pid")?.parse().ok().map(Pid::from_raw)
    }

    /// What it says of itself in a line of `show info`.
    pub(crate) fn info(&self, name: &str) -> Option<String> {
        let answer = self.ask("show info").ok()?;
        let start = format!("{name}: ");
        let line = answer.lines().find(|line| line.starts_with(&start))?;
        Some(line[start.len()..].to_owned())
    }

    /// Its answer to a command, or to several that `;` joins.
    pub(crate) fn ask(&self, commands: &str) -> io::Result<String> {
        let mut stream = UnixStream::connect(self.socket())?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(format!("{commands}\n").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// All its servers, by section and name.
    pub(crate) fn servers(&self) -> Vec<RunningServer> {
        let answer = self.ask("show servers state").unwrap();
        let rows = answer
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
        let rows = rows.map(|line| line.split(' ').collect::<Vec<_>>());
        let servers = rows
            .filter(|row| row.len() > PORT)
            .map(|row| RunningServer {
                name: format!("{}/{}", row[1], row[3]),
                address: format!("{}:{}", row[ADDRESS], row[PORT]),
                is_up: row[OPERATION] == "2",
                in_maintenance: row[ADMIN] != "0",
            });
        let mut servers: Vec<_> = servers.collect();
        servers.sort_by(|one, other| one.name.cmp(&other.name));
        servers
    }

    /// All that it has said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Replaces its file, as a swap does.
    pub(crate) fn write(&self, text: &str) {
        let next = self.output.with_extension("next");
        fs::write(&next, text).unwrap();
        fs::set_permissions(&next, fs::Permissions::from_mode(0o644)).unwrap();
        fs::rename(next, &self.output).unwrap();
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The processes that this one started, the oldest first.
fn children(parent: Pid) -> Vec<Pid> {
    let pids = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let pids = pids.unwrap_or_default();
    let pids = pids.split_whitespace().map(|pid| pid.parse().unwrap());
    pids.map(Pid::from_raw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_the_process_that_holds_the_lock_and_is_not_started_again() {
        if !is_there("the end of HAProxy with its test") {
            return;
        }
        let root = tempfile::tempdir().unwrap();
        let haproxy = Haproxy::below(root.path(), "haproxy.cfg");
        let socket = haproxy.socket();
        let text = format!("global\n  stats socket {} level admin\n", socket.display());
        haproxy.write(&text);
        haproxy.starts();
        haproxy.alive.unlock().unwrap();
        wait_until("HAProxy has ended", LONG, || haproxy.master().is_none());
        assert!(!haproxy.reload());
    }
}
