//! Step 2: what the running HAProxy says of itself.

use std::{path::PathBuf, time::Duration};

use crate::{
    balance::running::{QUESTION, Running, WHO, WorkerIdentity},
    edge::{
        clock,
        haproxy::{self, Master, SocketError},
    },
    model::settings::BalanceSettings,
    report::{Code, Failure},
};

/// How long HAProxy may take for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// How long a HAProxy whose process lives may be without a socket: it may have just been started.
const START_LIMIT: Duration = Duration::from_secs(1);

/// How often it is asked meanwhile.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// HAProxy, as a run finds it.
#[derive(Debug)]
pub(super) enum Haproxy {
    /// It does not run.
    Down,
    /// It answers.
    Running(Box<Running>),
}

impl Haproxy {
    /// What it says of itself, if it runs.
    pub(super) fn running(&self) -> Option<&Running> {
        match self {
            Self::Down => None,
            Self::Running(running) => Some(running),
        }
    }
}

/// Asks HAProxy what it runs. One that lives and does not answer is a failure, so that its own ports are not taken for
/// somebody else's.
pub(super) fn ask(settings: &BalanceSettings) -> Result<Haproxy, Failure> {
    let start = clock::instant();
    loop {
        let error = match haproxy::ask(&settings.socket, QUESTION, ANSWER_LIMIT) {
            Ok(answer) => {
                let running = Running::parse(&answer).map(Box::new);
                let running = running.ok_or_else(|| not_haproxy(settings))?;
                let is_ours =
                    running.shape.is_some() || haproxy::master(&pid_file(settings)) != Master::Gone;
                return is_ours
                    .then_some(Haproxy::Running(running))
                    .ok_or_else(|| another_haproxy(settings));
            }
            Err(error) => error,
        };
        let is_silent = matches!(error, SocketError::Silent(_) | SocketError::System(_));
        let master = haproxy::master(&pid_file(settings));
        if master == Master::Gone && !is_silent {
            return Ok(Haproxy::Down);
        }
        if is_silent || start.elapsed() >= START_LIMIT {
            return Err(unanswered(settings, &error, master));
        }
        clock::pause(POLL_INTERVAL);
    }
}

/// Which process answers, and which file it runs; `None` if nothing answers in time.
pub(super) fn identify(settings: &BalanceSettings, limit: Duration) -> Option<WorkerIdentity> {
    let answer = haproxy::ask(&settings.socket, WHO, limit).ok()?;
    WorkerIdentity::parse(&answer)
}

/// Sends commands; what HAProxy made of them is asked afterwards.
pub(super) fn send(settings: &BalanceSettings, line: &str) -> Result<(), SocketError> {
    haproxy::ask(&settings.socket, line, ANSWER_LIMIT).map(drop)
}

/// HAProxy's PID file, beside its socket.
pub(super) fn pid_file(settings: &BalanceSettings) -> PathBuf {
    settings.socket.with_file_name("haproxy.pid")
}

fn unanswered(settings: &BalanceSettings, error: &SocketError, master: Master) -> Failure {
    let socket = settings.socket.display();
    let message = match master {
        Master::Alive(pid) => {
            format!("HAProxy (pid {pid}) does not answer at its socket `{socket}`")
        }
        Master::Gone => format!("HAProxy does not answer at its socket `{socket}`"),
    };
    Failure::new(Code::TryAgain, message)
        .facts([error.to_string()])
        .note("nothing was changed")
        .hint("try again; if it stays so, restart HAProxy")
}

/// Ours would take the socket's place, and share its ports with it where both are root's.
fn another_haproxy(settings: &BalanceSettings) -> Failure {
    let (socket, pid) = (settings.socket.display(), pid_file(settings));
    let message = format!("another HAProxy answers at `{socket}`");
    let fact = format!(
        "it does not run a file of reconf's, and `{}` names no process",
        pid.display()
    );
    Failure::new(Code::CannotWrite, message)
        .facts([fact])
        .note("nothing was changed")
        .hint("set `balance.socket` in config.json to a path that only reconf's own HAProxy uses")
}

fn not_haproxy(settings: &BalanceSettings) -> Failure {
    let socket = settings.socket.display();
    let message = format!("what answers at `{socket}` is no HAProxy that reconf knows");
    Failure::new(Code::TryAgain, message)
        .note("nothing was changed")
        .hint("`balance.socket` in config.json is the runtime socket of the HAProxy that reconf configures")
}
