//! `reconf ls`: what is available where, in this node's federation, and who uses it.

use crate::{
    cli::LsArgs,
    edge::clock,
    node::Node,
    operations::inspect::listing::{self, ListedNames},
    report::{Ended, LsReport, begin_answer, no_such_names},
};

/// `reconf ls`.
pub(super) fn run(node: &Node, args: &LsArgs) -> Ended {
    let federation = &node.settings.federation;
    let mut session = node.session();
    let ListedNames {
        snapshot,
        datastores,
        users,
    } = listing::read(node, &mut session, &args.names)?;
    let listing = LsReport {
        federation,
        names: &args.names,
        snapshot: &snapshot,
        datastores: &datastores,
        users: &users,
        show_values: args.show_values,
        now: clock::now(),
    };
    let is_alone = node.settings.is_registry_of_this_machine();
    begin_answer(&node.out, is_alone);
    let unknown = listing.print(&node.out);
    if unknown.is_empty() {
        return Ok(None);
    }
    let known = listing::known_names(node, &mut session, &datastores);
    Err(no_such_names(federation, &unknown, &known, is_alone))
}
