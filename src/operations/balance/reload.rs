//! Step 8: a reload, with the proof that HAProxy runs the new file. A reload during another is lost, and neither exit status
//! nor service manager tells.

use std::time::Duration;

use super::{
    candidate,
    haproxy::{Haproxy, ask_after, identify},
    probe::Held,
};
use crate::{
    balance::{
        changes::Ours,
        file::{self, Candidate, ParsedFile},
        running::{Running, WorkerIdentity},
        state_file,
    },
    edge::{
        clock,
        files::{self, Access},
        haproxy,
    },
    node::{Node, balance_state},
    report::{Code, Failure},
};

/// How long the command that reloads may take.
const RELOAD_LIMIT: Duration = Duration::from_secs(60);

/// How long HAProxy may take to run the new file.
const PROOF_LIMIT: Duration = Duration::from_secs(3);

/// How often it is asked meanwhile.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// How often a reload that was lost is repeated.
const REPEATS: usize = 2;

/// A reload that is to be proved.
pub(super) struct Reload<'a> {
    pub(super) node: &'a Node,
    pub(super) candidate: &'a Candidate,
    /// HAProxy as it was before.
    pub(super) before: &'a Haproxy,
    /// What that holds.
    pub(super) held: &'a Held<'a>,
    /// Whether the reload of an earlier run may still come.
    pub(super) is_owed: bool,
    /// The servers whose maintenance is ours; `None`: that is not known any more.
    pub(super) ours: Option<&'a Ours>,
    /// The file that was proved last.
    pub(super) proved: Option<&'a [u8]>,
}

impl Reload<'_> {
    /// Reloads, or starts, HAProxy, until it runs the candidate.
    pub(super) fn run(&self) -> Result<Box<Running>, Failure> {
        write_states(self.node, &self.states(&self.candidate.parsed))?;
        self.note()?;
        let mut reason = None;
        for repeat in 0..=REPEATS {
            if repeat > 0 && !self.held.can_bind(&self.candidate.view) {
                break;
            }
            let settings = &self.node.settings.balance;
            reason = haproxy::run(&settings.reload, RELOAD_LIMIT).failure;
            // An earlier reload may be late, not lost: then one more worker reads the states, which step 9 empties.
            let may_follow = (repeat > 0 || self.is_owed) && self.before.running().is_some();
            if let Some(worker) = self.proved_worker()
                && let Haproxy::Running(running) =
                    ask_after(settings, may_follow.then_some(worker))?
                && self.is_new(running.pid, running.shape.as_deref())
            {
                return Ok(running);
            }
        }
        Err(self.roll_back(reason)?)
    }

    /// Keeps servers of a file down that are, and away those that a person has put away.
    fn states(&self, file: &ParsedFile) -> String {
        let running = self.before.running();
        let states = running.map(|running| state_file::content(running, file, self.ours));
        states.unwrap_or_else(|| state_file::EMPTY.to_owned())
    }

    /// Waits for the candidate's shape under a new process id, and returns that process id.
    fn proved_worker(&self) -> Option<u32> {
        let settings = &self.node.settings.balance;
        let start = clock::instant();
        loop {
            let left = PROOF_LIMIT.saturating_sub(start.elapsed());
            if left.is_zero() {
                return None;
            }
            let identity = identify(settings, left);
            let is_new = |found: &WorkerIdentity| self.is_new(found.pid, found.shape.as_deref());
            if let Some(found) = identity.filter(is_new) {
                return Some(found.pid);
            }
            clock::pause(POLL_INTERVAL.min(left));
        }
    }

    fn is_new(&self, pid: u32, shape: Option<&str>) -> bool {
        // A template without the shape is not proved any further.
        let wanted = self.candidate.parsed.shape.as_deref();
        self.worker_before() != Some(pid) && (wanted.is_none() || shape == wanted)
    }

    fn worker_before(&self) -> Option<u32> {
        self.before.running().map(|running| running.pid)
    }

    /// Notes which worker is to be replaced: a run that is cut off from now on may leave a reload that is yet to come.
    fn note(&self) -> Result<(), Failure> {
        let worker = self.worker_before();
        balance_state::edit(self.node, |state| state.reloading = worker)
    }

    /// Puts the proved file back, so that a reboot starts; at a first run there is none. Its states stay beside it until a
    /// run succeeds: a reload may still come.
    fn roll_back(&self, reason: Option<String>) -> Result<Failure, Failure> {
        let settings = &self.node.settings.balance;
        let mut states = state_file::EMPTY.to_owned();
        if let Some(proved) = self.proved {
            candidate::put(settings, proved)?;
            states = self.states(&file::parse(&String::from_utf8_lossy(proved)));
        }
        write_states(self.node, &states)?;
        let output = settings.output.display();
        let (message, goes_on) = match self.before {
            Haproxy::Running(_) => (
                "HAProxy did not take over the new configuration",
                "it goes on with the old one",
            ),
            Haproxy::Down => ("HAProxy did not start", "it does not run"),
        };
        let file = match self.proved {
            Some(_) => format!("{goes_on}; the last one that worked is in {output} again"),
            None => format!("{goes_on}; the new one stays in {output}"),
        };
        Ok(Failure::new(Code::System, message)
            .facts(reason)
            .note(file)
            .hint(self.hint()))
    }

    fn hint(&self) -> String {
        let words = &self.node.settings.balance.reload;
        let is_unit = words
            .first()
            .is_some_and(|word| word.ends_with("systemctl"));
        let folder = self.node.settings.balance.socket.parent();
        match (words.last().filter(|_| is_unit), folder) {
            (Some(unit), _) => format!("`journalctl -u {unit}`; the next run tries again"),
            // The unit makes it; HAProxy itself does not.
            (None, Some(folder)) if !files::exists(folder) => {
                format!(
                    "make the folder of its socket, {}; the next run tries again",
                    folder.display()
                )
            }
            (None, _) => "see HAProxy's log; the next run tries again".to_owned(),
        }
    }
}

/// Writes the file with the states of HAProxy's servers.
pub(super) fn write_states(node: &Node, states: &str) -> Result<(), Failure> {
    let path = node.paths.haproxy_state();
    let folder = node.paths.state();
    files::make_dir(&folder, node.paths.folder_mode(&folder))?;
    files::write(&path, states.as_bytes(), &Access::PRIVATE)?;
    Ok(())
}
