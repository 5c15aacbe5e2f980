//! `reconf withdraw`: takes back what services on this node, or on another one, provide.

use crate::{
    cli::{Global, WithdrawArgs},
    node::{Node, manifests},
    operations::withdraw::{
        OtherServices, Target, WithdrawInput, Withdrawer, on_other_node, on_this_node,
        remembered_ids, wait_until_unused,
    },
    report::{Ended, Tally},
};

/// `reconf withdraw`.
pub(super) fn run(node: &Node, global: &Global, args: &WithdrawArgs) -> Ended {
    let mut session = node.session();
    let withdrawal = if global.node.is_some() {
        on_other_node(node, &mut session, other_services(args))?
    } else if args.services.all {
        manifests::warn_of_ignored(node)?;
        on_this_node(node, &mut session, remembered_ids(node)?)?
    } else {
        on_this_node(node, &mut session, args.services.ids.clone())?
    };
    let WithdrawInput {
        targets,
        snapshots,
        failures,
        warnings,
    } = withdrawal;
    for warning in &warnings {
        node.out.warning(warning);
    }
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

/// Which services of the other node are meant.
fn other_services(args: &WithdrawArgs) -> OtherServices<'_> {
    if args.services.all {
        OtherServices::All
    } else {
        OtherServices::Named(&args.services.ids)
    }
}
