//! `reconf withdraw`: what services on this node, or on another one, provide is taken back (design.md section 5).
//!
//! A service whose manifest is there is *held* from then on: only `announce ID` announces it again. One whose manifest
//! is gone was cleared away: it is taken back as its manifest would have, and forgotten.

mod other;
mod service;
mod target;
mod wait;

use super::{Ended, Tally, node::Node};
use crate::{
    cli::{self, Global},
    model::id::Id,
    report::{Failure, Withdrawn},
};
use service::Withdrawing;

/// `reconf withdraw`.
pub(super) fn run(node: &Node, global: &Global, args: &cli::Withdraw) -> Ended {
    let mut session = node.session();
    let (targets, readings, unread) = if global.node.is_some() {
        other::on_other(node, &mut session, &args.services)?
    } else {
        let (targets, readings) = target::here(node, &mut session, &args.services)?;
        (targets, readings, Vec::new())
    };
    let mut withdrawing = Withdrawing::new(node, &mut session);
    let mut tally = Tally::default();
    let mut taken_back = Vec::new();
    for (id, target) in targets {
        let result = target.and_then(|target| {
            let withdrawn = withdrawing.service(&target, &readings)?;
            Ok((target, withdrawn))
        });
        match result {
            Ok((target, withdrawn)) => {
                node.tell.outcome(&withdrawn);
                tally.done(withdrawn.changed);
                taken_back.push(target);
            }
            Err(failure) => tally.fail(node, Some(&id), &failure),
        }
    }
    for failure in &unread {
        tally.fail(node, None, failure);
    }
    if let Some(limit) = args.wait {
        wait::until_unused(node, &taken_back, limit, &mut tally);
    }
    Ok(tally.code(false))
}

/// Takes back what a service owes to have taken back.
pub(super) fn again(node: &Node, id: &Id) -> Result<Withdrawn, Failure> {
    let services = cli::Services {
        ids: vec![id.clone()],
        all: false,
    };
    let mut session = node.session();
    let (targets, readings) = target::here(node, &mut session, &services)?;
    let mut withdrawn = Withdrawn::new(id, false);
    for target in targets.into_values() {
        withdrawn = Withdrawing::new(node, &mut session).service(&target?, &readings)?;
    }
    Ok(withdrawn)
}
