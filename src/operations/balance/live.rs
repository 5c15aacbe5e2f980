//! Step 7: commands on HAProxy's socket.

use super::haproxy::{Haproxy, ask, send};
use crate::{
    balance::{
        changes::{Comparison, NeededChanges, Ours, SocketChanges},
        file::ParsedFile,
        running::Running,
    },
    node::{Node, balance_state},
    report::Failure,
};

/// Sends the commands to a worker, and asks HAProxy what it made of them; `None` if that is not what the file says, such as
/// where an older HAProxy does not know them.
pub(super) fn change(
    node: &Node,
    file: &ParsedFile,
    ours: &mut Ours,
    changes: &SocketChanges,
    worker: u32,
) -> Result<Option<Box<Running>>, Failure> {
    let settings = &node.settings.balance;
    // First of all: a run that is cut off leaves servers in maintenance, which are not a person's then.
    balance_state::edit(node, |state| {
        let noted = changes.noted.iter().map(ToString::to_string);
        state.noted.extend(noted);
    })?;
    ours.note(&changes.noted);
    for batch in &changes.batches {
        // What became of it is asked next.
        if !send(settings, worker, &batch.line) {
            break;
        }
    }
    let Haproxy::Running(running) = ask(settings)? else {
        return Ok(None);
    };
    let comparison = Comparison {
        file,
        running: &running,
        ours: Some(ours),
    };
    let is_done = comparison.changes() == NeededChanges::None;
    Ok(is_done.then_some(running))
}
