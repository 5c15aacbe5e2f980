//! `reconf supervise`: the process in which the listener's command runs. Only the listener starts it.

use crate::{
    cli::{Global, SuperviseArgs},
    edge::stdio,
    listener::supervise,
};

/// `reconf supervise`; ends as the command ends.
pub(super) fn run(global: &Global, args: &SuperviseArgs) -> u8 {
    match supervise::run(global, args) {
        Ok(code) => code,
        Err(failure) => {
            stdio::write_stderr(&format!("error: {failure}\n"));
            failure.code.number()
        }
    }
}
