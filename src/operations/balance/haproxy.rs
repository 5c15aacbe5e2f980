//! Step 2: what the running HAProxy says of itself.

use std::{path::PathBuf, time::Duration};

use crate::{
    balance::running::{QUESTION, Running, UnreadableAnswer, WHO, WorkerIdentity},
    edge::{
        clock,
        haproxy::{self, Master, SocketError, Succession},
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

/// How long an old worker may answer while a newer one is there that does not.
const REPLACED_LIMIT: Duration = Duration::from_secs(5);

/// How long an old worker may go on accepting connections beside the new one. Their answers are told apart, so that a run
/// goes on then, such as where `grace` in HAProxy's file has it go on for longer.
const OLD_LIMIT: Duration = Duration::from_secs(1);

/// How long to wait for the worker that a late reload brings; the reload may also have been lost.
const LATE_LIMIT: Duration = Duration::from_secs(3);

/// How often commands are sent again that an old worker was given.
const SEND_REPEATS: usize = 20;

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
/// somebody else's. It is the newest worker that answers, and no other accepts connections any more.
pub(super) fn ask(settings: &BalanceSettings) -> Result<Haproxy, Failure> {
    ask_after(settings, None)
}

/// The same where a reload may still be under way: waits a while for a worker after `replaced`.
pub(super) fn ask_after(
    settings: &BalanceSettings,
    replaced: Option<u32>,
) -> Result<Haproxy, Failure> {
    let start = clock::instant();
    loop {
        match haproxy::ask(&settings.socket, QUESTION, ANSWER_LIMIT) {
            Ok(answer) => {
                let running = ours(settings, &answer)?;
                let place = place(settings, &running);
                let late = if replaced == Some(running.pid) {
                    LATE_LIMIT
                } else {
                    Duration::ZERO
                };
                let limit = match place {
                    Succession::Replaced => REPLACED_LIMIT,
                    Succession::OldAccepts => OLD_LIMIT.max(late),
                    Succession::Done => late,
                };
                if start.elapsed() >= limit {
                    return match place {
                        Succession::Replaced => Err(new_worker_silent(settings)),
                        _ => Ok(Haproxy::Running(running)),
                    };
                }
            }
            Err(error) => {
                if is_down(settings, &error, start.elapsed())? {
                    return Ok(Haproxy::Down);
                }
            }
        }
        clock::pause(POLL_INTERVAL);
    }
}

/// What answers, if it is a HAProxy of ours.
fn ours(settings: &BalanceSettings, answer: &str) -> Result<Box<Running>, Failure> {
    let running = Running::parse(answer).map_err(|error| not_haproxy(settings, &error))?;
    if running.shape.is_none() && haproxy::master(&pid_file(settings)) == Master::Gone {
        return Err(another_haproxy(settings));
    }
    Ok(Box::new(running))
}

/// How far the worker that answers has replaced the others.
fn place(settings: &BalanceSettings, running: &Running) -> Succession {
    if running.is_stopping {
        return Succession::Replaced;
    }
    haproxy::succession(&pid_file(settings), running.pid)
}

/// Whether it does not run, after an error; one that has not answered for so long is a failure if it does.
fn is_down(
    settings: &BalanceSettings,
    error: &SocketError,
    elapsed: Duration,
) -> Result<bool, Failure> {
    let is_silent = matches!(error, SocketError::Silent(_) | SocketError::System(_));
    let master = haproxy::master(&pid_file(settings));
    if master == Master::Gone && !is_silent {
        return Ok(true);
    }
    if is_silent || elapsed >= START_LIMIT {
        return Err(unanswered(settings, error, master));
    }
    Ok(false)
}

/// Which process answers, and which file it runs; `None` if nothing answers in time.
pub(super) fn identify(settings: &BalanceSettings, limit: Duration) -> Option<WorkerIdentity> {
    let answer = haproxy::ask(&settings.socket, WHO, limit).ok()?;
    WorkerIdentity::parse(&answer).ok()
}

/// Sends commands to a worker; what it made of them is asked afterwards. Where another worker, an old one, was given the
/// connection, they are sent again. Returns whether the worker has them.
pub(super) fn send(settings: &BalanceSettings, worker: u32, line: &str) -> bool {
    let line = format!("{WHO};{line}");
    for _ in 0..=SEND_REPEATS {
        let answer = haproxy::ask(&settings.socket, &line, ANSWER_LIMIT).ok();
        match answer.and_then(|answer| WorkerIdentity::parse(&answer).ok()) {
            Some(identity) if identity.pid != worker => {}
            identity => return identity.is_some(),
        }
    }
    false
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

fn new_worker_silent(settings: &BalanceSettings) -> Failure {
    let socket = settings.socket.display();
    let message = format!("HAProxy's new worker does not answer at its socket `{socket}`");
    Failure::new(Code::TryAgain, message)
        .facts(["an old worker, which a reload has replaced, answers still".to_owned()])
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

fn not_haproxy(settings: &BalanceSettings, error: &UnreadableAnswer) -> Failure {
    let socket = settings.socket.display();
    let message = format!("what answers at `{socket}` is no HAProxy that reconf knows");
    Failure::new(Code::TryAgain, message)
        .facts([error.to_string()])
        .note("nothing was changed")
        .hint("`balance.socket` in config.json is the runtime socket of the HAProxy that reconf configures")
}
