//! `reconf applied`: what was written is now in use.

use super::{
    Ended, Tally,
    node::Node,
    render::{mark_applied, tell_fleet},
    services,
};
use crate::{
    cli,
    edge::registry::Session,
    model::id::Id,
    report::{Applied, Failure},
};

/// `reconf applied`.
pub(super) fn run(node: &Node, args: &cli::Services) -> Ended {
    let ids = services::chosen(node, args)?;
    let mut session = node.session();
    let mut tally = Tally::default();
    for id in &ids {
        match apply(node, &mut session, id) {
            Ok(applied) => {
                node.tell.outcome(&applied);
                tally.done(applied.changed);
            }
            Err(failure) => tally.fail(node, Some(id), &failure),
        }
    }
    Ok(tally.code(false))
}

fn apply(node: &Node, session: &mut Session, id: &Id) -> Result<Applied, Failure> {
    let (changed, running) = mark_applied(node, id, None)?;
    Ok(Applied {
        service: id.clone(),
        changed,
        warnings: tell_fleet(node, session, id, running)?,
    })
}
