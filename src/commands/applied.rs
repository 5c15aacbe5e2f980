//! `reconf applied`: what was written is now in use.

use super::{Ended, Tally, node::Node, render::mark_applied, services};
use crate::cli;

/// `reconf applied`.
pub(super) fn run(node: &Node, args: &cli::Services) -> Ended {
    let ids = services::chosen(node, args)?;
    let mut session = node.session();
    let mut tally = Tally::default();
    for id in &ids {
        match mark_applied(node, &mut session, id, None) {
            Ok(applied) => {
                node.tell.outcome(&applied);
                tally.done(applied.changed);
            }
            Err(failure) => tally.fail(node, Some(id), &failure),
        }
    }
    Ok(tally.code(false))
}
