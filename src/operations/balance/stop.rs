//! The end of the last section: HAProxy is stopped, and nothing but the switch is left.

use std::time::Duration;

use super::{
    candidate::{self, is_ours},
    haproxy::{Haproxy, ask, pid_file},
    published,
    settle::publish,
};
use crate::{
    edge::{files, haproxy, registry::Session},
    model::balance_state::BalanceState,
    node::{Node, balance_state},
    report::{Code, Failure},
};

/// How long the command that stops HAProxy may take.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// The end of what an earlier run has put in use.
pub(super) struct Ending<'a> {
    pub(super) node: &'a Node,
    pub(super) before: &'a BalanceState,
    pub(super) haproxy: &'a Haproxy,
    /// HAProxy's file.
    pub(super) output: Option<&'a [u8]>,
}

impl Ending<'_> {
    /// Whether anything is left of a balancer.
    pub(super) fn is_left(&self) -> bool {
        self.before.has_to_be_ended() || self.is_output_ours()
    }

    fn is_output_ours(&self) -> bool {
        self.output.is_some_and(is_ours)
    }

    /// Stops HAProxy, and removes what is left of it; what of `balance.json` says how it was set up goes last, so that a
    /// run that is cut off is repeated. Returns warnings.
    pub(super) fn run(&self, session: &mut Session) -> Result<Vec<String>, Failure> {
        self.stop()?;
        balance_state::edit(self.node, |state| {
            let published = std::mem::take(&mut state.published);
            let is_owed = state.owed || !published.is_empty();
            *state = BalanceState {
                off: state.off.take(),
                haproxy: state.haproxy.take(),
                published,
                owed: is_owed,
                // Something that has to be ended, until all of it has.
                noted: [ENDING.to_owned()].into(),
                ..BalanceState::default()
            };
            published::note(state, &published::Records::new());
        })?;
        let failed = publish(self.node, session)?;
        candidate::remove_all(&self.node.settings.balance)?;
        let paths = &self.node.paths;
        for path in [paths.proved_balance(), paths.haproxy_state()] {
            files::remove_with_leftovers(&path)?;
        }
        balance_state::edit(self.node, |state| {
            state.noted.clear();
            state.haproxy = None;
        })?;
        Ok(failed.into_iter().collect())
    }

    /// Stops it. One that runs without its file is ours if `balance.json` says how it was set up.
    fn stop(&self) -> Result<(), Failure> {
        let settings = &self.node.settings.balance;
        let runs = self.before.haproxy.is_some() && self.haproxy.running().is_some();
        if !self.is_output_ours() && !runs {
            return Ok(());
        }
        let ran = haproxy::run(&settings.stop, STOP_LIMIT);
        match ran.failure {
            Some(reason) => Err(not_stopped(self.node, reason, &ran.output)),
            None => self.remove_socket(),
        }
    }

    /// Removes HAProxy's socket and its PID file, unless something answers there still.
    fn remove_socket(&self) -> Result<(), Failure> {
        let settings = &self.node.settings.balance;
        if let Ok(Haproxy::Down) = ask(settings) {
            files::remove_with_leftovers(&settings.socket)?;
            files::remove_with_leftovers(&pid_file(settings))?;
        }
        Ok(())
    }
}

/// Stands in `noted` while a balancer is ended; no server has such a name.
const ENDING: &str = "ending";

fn not_stopped(node: &Node, reason: String, printed: &str) -> Failure {
    let lines = printed.lines().take(3).map(str::to_owned);
    let output = node.settings.balance.output.display();
    Failure::new(Code::System, "HAProxy was not stopped")
        .facts([reason].into_iter().chain(lines))
        .note(format!("its file {output} is still there"))
        .hint("the next run tries again; `balance.stop` in config.json is the command")
}
