//! `reconf applied`: marks what was written as applied.

use crate::{
    cli::AppliedArgs,
    node::{Node, manifests},
    operations::render::mark_applied,
    report::{Ended, Tally},
};

/// `reconf applied`.
pub(super) fn run(node: &Node, args: &AppliedArgs) -> Ended {
    let mut session = node.session();
    let mut tally = Tally::default();
    for id in &manifests::select(node, &args.services)? {
        let applied = mark_applied(node, &mut session, id, None);
        tally.report(&node.out, id, applied);
    }
    Ok(tally.code(false))
}
