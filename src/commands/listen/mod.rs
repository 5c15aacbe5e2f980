//! `reconf listen`: watches what this node requires, and provisions the node when that has moved (design.md section 8);
//! and the listener's switch.

mod attempt;
mod calls;
mod compare;
mod daemon;
mod digest;
mod event;
mod keeper;
mod metrics;
mod mirror;
mod places;
mod probing;
mod reload;
mod setup;
mod slots;
mod status;
mod supervise;
mod switch;
mod telling;

pub(super) use supervise::run as supervise;

use super::{Ended, node::Node};
use crate::{
    cli::{self, Global, ListenAction},
    report::{Code, Failure},
};

/// `reconf listen`.
pub(super) fn run(node: Node, global: &Global, args: &cli::Listen) -> Ended {
    if args.action.is_some() && (args.metrics.is_some() || !args.command.is_empty()) {
        let message = "`--metrics` and a command are for the listener itself";
        return Err(
            Failure::new(Code::Usage, message).hint("`reconf listen --help` tells what each takes")
        );
    }
    match &args.action {
        None => daemon::run(node, global, args),
        Some(ListenAction::On) => switch::on(&node),
        Some(ListenAction::Off(off)) => switch::off(&node, off),
        Some(ListenAction::Kick) => switch::kick(&node),
        Some(ListenAction::Status) => status::run(&node),
    }
}
