//! `reconf applied`: marks what was written as applied.

use crate::{
    cli::AppliedArgs,
    node::{Node, manifests},
    operations::render::{Seen, mark_applied},
    report::{Ended, Tally},
};

/// `reconf applied`.
pub(super) fn run(node: &Node, args: &AppliedArgs) -> Ended {
    let mut session = node.session();
    let mut tally = Tally::default();
    let ids = manifests::select(node, &args.services)?.into_iter();
    let confs: Vec<Seen> = ids.map(|id| Seen { id, conf: None }).collect();
    for (id, applied) in mark_applied(node, &mut session, &confs) {
        tally.report(&node.out, &id, applied);
    }
    Ok(tally.code(false))
}
