//! Whether there is anything to balance on this node.

use crate::{
    node::{Node, balance_state},
    report::{Code, Failure},
};

/// Whether a kind of balancer is given, or something of an earlier one is still to be ended.
pub(crate) fn is_wanted(node: &Node) -> Result<bool, Failure> {
    if node.settings.balance.is_on() {
        return Ok(true);
    }
    let (state, lost) = balance_state::load_or_lost(node)?;
    Ok(lost.is_some() || state.has_to_be_ended())
}

/// Refuses a run where there is nothing to balance.
pub(crate) fn refuse_unwanted(node: &Node) -> Result<(), Failure> {
    if is_wanted(node)? {
        return Ok(());
    }
    let message = "no kind of balancer is given";
    Err(Failure::new(Code::Configuration, message)
        .note("nothing was changed, and nothing of an earlier balancer is left to be ended")
        .hint("set `balance.local`, `balance.internal` or `balance.external` in config.json; `true` takes its defaults"))
}
