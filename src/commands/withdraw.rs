//! `reconf withdraw`: takes back what services on this node, or on another one, provide.

use crate::{
    cli::{Global, WithdrawArgs},
    edge::registry::Session,
    node::{Node, manifests},
    operations::withdraw::{
        OtherServices, Target, WithdrawInput, Withdrawer, on_other_node, on_this_node,
        remembered_ids, wait_until_unused,
    },
    report::{Ended, Failure, Tally},
};

/// `reconf withdraw`.
pub(super) fn run(node: &Node, global: &Global, args: &WithdrawArgs) -> Ended {
    let mut session = node.session();
    let WithdrawInput {
        targets,
        snapshots,
        failures,
        warnings,
    } = read_input(node, &mut session, global, args)?;
    node.remember(&session, snapshots.was_read())?;
    node.out.warnings(&warnings);
    let mut withdrawer = Withdrawer::new(node, &mut session);
    let mut tally = Tally::default();
    let mut withdrawn: Vec<Target> = Vec::new();
    for (id, target) in targets {
        let report = target.and_then(|target| {
            let report = withdrawer.service(&target, &snapshots)?;
            withdrawn.push(target);
            Ok(report)
        });
        tally.report(&node.out, &id, report);
    }
    for failure in &failures {
        tally.fail(&node.out, None, failure);
    }
    if let Some(limit) = args.wait {
        match wait_until_unused(node, &withdrawn, limit) {
            Ok(still_used) => {
                for (id, failure) in &still_used {
                    tally.fail(&node.out, Some(id), failure);
                }
            }
            Err(failure) => tally.fail(&node.out, None, &failure),
        }
    }
    Ok(tally.code(false))
}

/// What is to be withdrawn: of the node that `--node` names, or of this one.
fn read_input(
    node: &Node,
    session: &mut Session,
    global: &Global,
    args: &WithdrawArgs,
) -> Result<WithdrawInput, Failure> {
    if global.node.is_some() {
        return on_other_node(node, session, other_services(args));
    }
    let ids = if args.services.all {
        manifests::warn_of_ignored(node)?;
        remembered_ids(node)?
    } else {
        args.services.ids.clone()
    };
    Ok(on_this_node(node, session, ids))
}

/// Which services of the other node are meant.
fn other_services(args: &WithdrawArgs) -> OtherServices<'_> {
    if args.services.all {
        OtherServices::All
    } else {
        OtherServices::Named(&args.services.ids)
    }
}
