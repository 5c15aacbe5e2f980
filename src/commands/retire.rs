//! `reconf retire`: clears up after machines that are gone.

use std::collections::BTreeSet;

use crate::{
    cli::RetireArgs,
    model::{id::Id, service_state::ServiceState},
    node::Node,
    operations::{
        retire::{self, Retirer},
        withdraw::{Target, wait_until_unused},
    },
    report::{Ended, Tally},
};

/// `reconf retire`.
pub(super) fn run(node: &Node, args: &RetireArgs) -> Ended {
    let nodes: BTreeSet<Id> = args.nodes.iter().cloned().collect();
    let nodes: Vec<Id> = nodes.into_iter().collect();
    let mut session = node.session();
    let snapshots = retire::read(node, &mut session, &nodes);
    let mut ending = Retirer::new(node, &mut session, &nodes, args.dry_run);
    let mut tally = Tally::default();
    let mut withdrawn = Vec::new();
    for id in nodes.clone() {
        match ending.retire(&id, &snapshots) {
            Ok(report) => {
                node.out.report(&report);
                for line in report.consumers.iter().flatten() {
                    node.out.line(&format!("  {line}"));
                }
                tally.done(report.changed);
                withdrawn.push(Target::held(id, ServiceState::default(), report.keys));
            }
            Err(failure) => tally.fail(&node.out, None, &failure),
        }
    }
    if let Some(limit) = args.wait.filter(|_| !args.dry_run) {
        for failure in wait_until_unused(node, &withdrawn, limit)?.values() {
            tally.fail(&node.out, None, failure);
        }
    }
    Ok(tally.code(false))
}
