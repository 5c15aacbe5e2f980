//! `reconf withdraw`: takes back what services on this node provide.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    cli::{Global, WithdrawArgs},
    model::id::Id,
    node::{Node, manifests},
    operations::{
        machine::AskedBy,
        withdraw::{
            Last, Target, Wish, WithdrawInput, WithdrawPreview, Withdrawer, note, on_this_node,
            remembered_ids, wait_until_unused,
        },
    },
    report::{Code, Ended, Failure, Tally},
};

/// `reconf withdraw`.
pub(super) fn run(node: &Node, global: &Global, args: &WithdrawArgs) -> Ended {
    refuse_other_node(global)?;
    let (ids, asked) = if args.services.all {
        manifests::warn_of_ignored(node)?;
        (remembered_ids(node)?, AskedBy::Run)
    } else {
        (args.services.ids.clone(), AskedBy::Hand)
    };
    let mut session = node.session();
    let WithdrawInput {
        targets,
        snapshots,
        warnings,
    } = on_this_node(node, &mut session, ids, &wish(node, args)?);
    if !args.dry_run {
        node.remember(&session, snapshots.was_read())?;
    }
    node.out.warnings(&warnings);
    let mut withdrawer = Withdrawer::new(node, &mut session, asked);
    if args.dry_run {
        let previews = withdrawer.preview(&targets, &snapshots);
        return Ok(print(node, previews, args.last).code(false));
    }
    let mut reports = withdrawer.services(&targets, &snapshots);
    let mut tally = Tally::default();
    let mut withdrawn: Vec<Target> = Vec::new();
    for (id, target) in targets {
        if let Some(report) = reports.remove(&id) {
            withdrawn.extend(target.ok().filter(|_| report.is_ok()));
            tally.report(&node.out, &id, report);
        }
    }
    if let Some(limit) = args.wait {
        wait(node, &withdrawn, limit, &mut tally);
    }
    Ok(tally.code(false))
}

/// What a node announced is withdrawn there; of a machine that is gone, it is another verb's.
fn refuse_other_node(global: &Global) -> Result<(), Failure> {
    let Some(other) = &global.node else {
        return Ok(());
    };
    let message = "`withdraw` takes no `--node`: it withdraws what this node announced";
    Err(Failure::new(Code::Usage, message).hint(format!(
        "`reconf retire {other}` clears up after a machine that is gone"
    )))
}

/// Waits until no node runs with what was withdrawn.
fn wait(node: &Node, withdrawn: &[Target], limit: Duration, tally: &mut Tally) {
    match wait_until_unused(node, withdrawn, limit) {
        Ok(still_used) => {
            for (id, failure) in &still_used {
                tally.fail(&node.out, Some(id), failure);
            }
        }
        Err(failure) => tally.fail(&node.out, None, &failure),
    }
}

/// Prints what would be withdrawn, and why it is refused unless `last` providers are.
fn print(
    node: &Node,
    previews: BTreeMap<Id, Result<WithdrawPreview, Failure>>,
    last: bool,
) -> Tally {
    let mut tally = Tally::default();
    for (id, preview) in previews {
        match preview {
            Ok(WithdrawPreview { report, refused }) => {
                let consumers = report.consumers.clone();
                tally.report(&node.out, &id, Ok(report));
                for line in consumers.into_iter().flatten() {
                    node.out.line(&format!("  {line}"));
                }
                if let Some(failure) = refused.filter(|_| !last) {
                    tally.fail(&node.out, Some(&id), &failure);
                }
            }
            Err(failure) => tally.fail(&node.out, Some(&id), &failure),
        }
    }
    tally
}

/// How the services are withdrawn.
fn wish(node: &Node, args: &WithdrawArgs) -> Result<Wish, Failure> {
    Ok(Wish {
        last: if args.dry_run {
            Last::Preview
        } else if args.last {
            Last::Withdraw
        } else {
            Last::Refuse
        },
        note: Some(note(node, args.time, args.reason.as_deref())?),
    })
}
