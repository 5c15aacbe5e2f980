//! Step 9: what a run that succeeded keeps. Nothing is written that is there already.

use std::collections::BTreeSet;

use super::{
    candidate,
    draining::{self, Draining},
    installed::Installed,
    published,
    reload::write_states,
};
use crate::{
    balance::{
        changes::{Comparison, Ours},
        file::Candidate,
        plan::BalancePlan,
        running::Running,
        state_file,
    },
    edge::{
        files::{self, Access},
        registry::Session,
    },
    model::balance_state::BalanceState,
    node::{Node, balance_state},
    report::Failure,
};

/// A run whose file HAProxy uses.
pub(super) struct Settled<'a> {
    pub(super) node: &'a Node,
    pub(super) plan: &'a BalancePlan,
    pub(super) installed: &'a Installed,
    pub(super) candidate: &'a Candidate,
    /// The servers whose maintenance is ours.
    pub(super) ours: &'a Ours,
    /// HAProxy as it was before, if it ran.
    pub(super) earlier: Option<&'a Running>,
}

/// What a run leaves that cannot keep what it did.
const TAKEN_OVER: &str = "HAProxy runs the new configuration; the next run keeps what is missing";

/// What came of it.
pub(super) struct Kept {
    /// What a person is to know of it, one lower-case clause each.
    pub(super) warnings: Vec<String>,
    /// Whether a server that was put away has connections, or what is balanced is not published: soon to be looked at
    /// again.
    pub(super) is_unfinished: bool,
}

impl Settled<'_> {
    /// Keeps what the run put in use, and publishes it.
    pub(super) fn keep(&self, session: &mut Session, running: &Running) -> Result<Kept, Failure> {
        let kept = self.write(session, running);
        kept.map_err(|failure| failure.note(TAKEN_OVER))
    }

    fn write(&self, session: &mut Session, running: &Running) -> Result<Kept, Failure> {
        let settings = &self.node.settings.balance;
        let proved = self.node.paths.proved_balance();
        files::write(&proved, &self.candidate.bytes, &Access::PRIVATE)?;
        write_states(self.node, state_file::EMPTY)?;
        candidate::write_maps(self.candidate)?;
        let before = balance_state::load_or_lost(self.node)?.0;
        let earlier = self.earlier.map(|running| self.comparison(running));
        let comparison = self.comparison(running);
        let draining = draining::look(settings, &comparison, earlier.as_ref(), &before.parked)?;
        let is_draining = !draining.connections.is_empty();
        let after = self.state(&before, draining)?;
        self.remove_former()?;
        balance_state::edit(self.node, |state| {
            // The switch may have been used meanwhile.
            let off = state.off.take();
            *state = BalanceState { off, ..after };
        })?;
        candidate::remove_old_maps(settings, self.candidate);
        let mut warnings = self.warnings(running);
        let failed = publish(self.node, session)?;
        let is_unfinished = is_draining || failed.is_some();
        warnings.extend(failed);
        Ok(Kept {
            warnings,
            is_unfinished,
        })
    }

    /// Removes the files of a HAProxy that has been stopped, unless they are this one's now.
    fn remove_former(&self) -> Result<(), Failure> {
        let former = self.installed.former.as_ref();
        match former.filter(|former| former.output != self.installed.settings.output) {
            Some(former) => candidate::remove_all(former),
            None => Ok(()),
        }
    }

    fn comparison<'a>(&'a self, running: &'a Running) -> Comparison<'a> {
        Comparison {
            file: &self.candidate.parsed,
            running,
            ours: Some(self.ours),
        }
    }

    fn state(&self, before: &BalanceState, draining: Draining) -> Result<BalanceState, Failure> {
        let mut after = BalanceState {
            haproxy: Some(self.installed.haproxy.clone()),
            shape: Some(self.candidate.shape.clone()),
            noted: BTreeSet::new(),
            reloading: None,
            published: before.published.clone(),
            owed: before.owed,
            parked: draining.parked,
            ..self.plan.state.clone()
        };
        let id = self.node.id()?;
        let connections = &draining.connections;
        let wanted = published::wanted(&id, self.plan, connections, &before.published);
        published::note(&mut after, &wanted);
        Ok(after)
    }

    fn warnings(&self, running: &Running) -> Vec<String> {
        let by_hand = self.comparison(running).by_hand().into_iter();
        by_hand
            .map(|server| format!("`{server}` was put into maintenance by hand, and is left so"))
            .collect()
    }
}

/// Publishes what is owed; a registry that is away is a warning.
pub(super) fn publish(node: &Node, session: &mut Session) -> Result<Option<String>, Failure> {
    let state = balance_state::load(node)?;
    if !state.owed {
        return Ok(None);
    }
    let failed = published::send(session, &state.published);
    if failed.is_none() {
        balance_state::edit(node, published::note_done)?;
    }
    Ok(failed)
}
