//! `reconf remove`: ends services on this node whose manifests are gone.

use crate::{
    cli::RemoveArgs,
    node::Node,
    operations::remove,
    report::{Ended, Tally},
};

/// `reconf remove`.
pub(super) fn run(node: &Node, args: &RemoveArgs) -> Ended {
    let ids = if args.all_orphans {
        remove::orphans(node)?
    } else {
        args.ids.clone()
    };
    let mut session = node.session();
    let input = remove::read(node, &mut session, ids);
    node.remember(&session, input.snapshots.was_read())?;
    let mut tally = Tally::default();
    for (id, report) in remove::remove(node, &mut session, &input) {
        tally.report(&node.out, &id, report);
    }
    Ok(tally.code(false))
}
