//! What a withdrawal by hand says of itself.

use std::time::Duration;

use crate::{
    edge::{clock, users},
    model::withdrawal_note::WithdrawalNote,
    node::Node,
    report::Failure,
};

/// What a withdrawal says that somebody asks for now, on this node; it ends after `time`, if that is given.
pub(crate) fn note(
    node: &Node,
    time: Option<Duration>,
    reason: Option<&str>,
) -> Result<WithdrawalNote, Failure> {
    // Records have whole seconds: it lasts at least as long as was asked for.
    let end = time.map(|time| clock::now() + time + Duration::from_nanos(999_999_999));
    Ok(WithdrawalNote {
        until: end.map(clock::rfc3339),
        reason: reason.map(str::to_owned),
        user: Some(users::caller()),
        node: Some(node.id()?.to_string()),
    })
}
