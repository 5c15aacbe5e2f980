//! Withdrawing what services on this node provide (section 5).
//!
//! A service whose manifest exists is *held* from then on: only `announce ID` announces it again. One whose manifest is
//! gone has left: it is withdrawn as its manifest would have been, and forgotten.

#[cfg(test)]
mod consumers;
mod last;
mod note;
mod owed;
mod preview;
mod service;
mod target;
mod wait;
mod write;

pub(crate) use last::Last;
pub(crate) use note::note;
pub(crate) use owed::make_up;
pub(crate) use preview::WithdrawPreview;
pub(crate) use service::{Targets, Withdrawer};
pub(crate) use target::{Target, on_this_node, remembered_ids};
pub(crate) use wait::wait_until_unused;

use super::{machine::AskedBy, read_set::Snapshots};
use crate::{
    edge::registry::Session,
    model::{id::Id, withdrawal_note::WithdrawalNote},
    node::Node,
    report::{Failure, WithdrawReport},
};

/// How services are withdrawn.
pub(crate) struct Wish {
    pub(crate) last: Last,
    /// What a withdrawal by hand says of itself; `None`: what the state says.
    pub(crate) note: Option<WithdrawalNote>,
}

/// What a call withdraws, and what was read for it.
pub(crate) struct WithdrawInput {
    pub(crate) targets: Targets,
    pub(crate) snapshots: Snapshots,
    /// What a person should know.
    pub(crate) warnings: Vec<String>,
}

/// Withdraws what is still owed of a service.
pub(crate) fn again(
    node: &Node,
    session: &mut Session,
    id: &Id,
) -> Result<WithdrawReport, Failure> {
    let wish = Wish {
        last: Last::Withdraw,
        note: None,
    };
    let withdrawal = on_this_node(node, session, vec![id.clone()], &wish);
    let WithdrawInput {
        targets, snapshots, ..
    } = withdrawal;
    let mut withdrawn = Withdrawer::new(node, session, AskedBy::Run).services(&targets, &snapshots);
    withdrawn
        .remove(id)
        .unwrap_or_else(|| Ok(WithdrawReport::new(id, false)))
}
