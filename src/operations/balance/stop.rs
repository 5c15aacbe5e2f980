//! The end of the last section: HAProxy is stopped, and nothing but the switch is left.

use std::{collections::BTreeSet, path::Path, time::Duration};

use super::{
    candidate::{is_ours, remove_leftover},
    published,
    settle::publish,
};
use crate::{
    edge::{
        files,
        haproxy::{self, remove_other_maps},
        registry::Session,
    },
    model::balance_state::BalanceState,
    node::{Node, balance_state},
    report::{Code, Failure},
};

/// How long the command that stops HAProxy may take.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Whether anything is left of a balancer.
pub(super) fn is_left(before: &BalanceState, output: Option<&[u8]>) -> bool {
    before.has_to_be_ended() || output.is_some_and(is_ours)
}

/// Stops HAProxy, and removes what is left of it; `balance.json` goes last, so that a run that is cut off is repeated.
/// Returns warnings.
pub(super) fn run(
    node: &Node,
    session: &mut Session,
    output: Option<&[u8]>,
) -> Result<Vec<String>, Failure> {
    let settings = &node.settings.balance;
    if output.is_some_and(is_ours) {
        let ran = haproxy::run(&settings.stop, STOP_LIMIT);
        if let Some(reason) = ran.failure {
            return Err(not_stopped(node, reason, &ran.output));
        }
    }
    balance_state::edit(node, |state| {
        let published = std::mem::take(&mut state.published);
        let is_owed = state.owed || !published.is_empty();
        *state = BalanceState {
            off: state.off.take(),
            published,
            owed: is_owed,
            // Something that has to be ended, until all of it has.
            noted: [ENDING.to_owned()].into(),
            ..BalanceState::default()
        };
        published::note(state, &published::Records::new());
    })?;
    let failed = publish(node, session)?;
    if output.is_some_and(is_ours) {
        files::remove_with_leftovers(&settings.output)?;
    }
    remove_leftover(settings)?;
    remove_other_maps(&settings.output, &BTreeSet::new());
    for path in [node.paths.proved_balance(), node.paths.haproxy_state()] {
        remove(&path)?;
    }
    balance_state::edit(node, |state| state.noted.clear())?;
    Ok(failed.into_iter().collect())
}

/// Stands in `noted` while a balancer is ended; no server has such a name.
const ENDING: &str = "ending";

fn remove(path: &Path) -> Result<(), Failure> {
    files::remove_with_leftovers(path)?;
    Ok(())
}

fn not_stopped(node: &Node, reason: String, printed: &str) -> Failure {
    let lines = printed.lines().take(3).map(str::to_owned);
    let output = node.settings.balance.output.display();
    Failure::new(Code::System, "HAProxy was not stopped")
        .facts([reason].into_iter().chain(lines))
        .note(format!("its file {output} is still there"))
        .hint("the next run tries again; `balance.stop` in config.json is the command")
}
