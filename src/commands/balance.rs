//! `reconf balance`: one run, and the switch of the local balancer.

use crate::{
    cli::{BalanceAction, BalanceArgs, BalanceOffArgs},
    edge::clock,
    model::balance_state::SwitchedOff,
    node::{Node, balance_state},
    operations::balance::{self, BalanceOptions, Show},
    report::{Code, Ended, Failure},
};

/// `reconf balance`.
pub(super) fn run(node: &Node, args: &BalanceArgs) -> Ended {
    if args.action.is_some() && args.has_options() {
        let message = "the options of `balance` do not go with its switch";
        return Err(Failure::new(Code::Usage, message)
            .hint("`reconf balance --help` lists the options of each command"));
    }
    match &args.action {
        Some(BalanceAction::On) => on(node),
        Some(BalanceAction::Off(off)) => self::off(node, off),
        None => run_once(node, args),
    }
}

fn run_once(node: &Node, args: &BalanceArgs) -> Ended {
    balance::refuse_unwanted(node)?;
    let show = match (args.diff, args.stdout, args.view) {
        (true, _, _) => Show::Diff,
        (_, true, _) => Show::File,
        (_, _, true) => Show::View,
        (false, false, false) => Show::Nothing,
    };
    let options = BalanceOptions {
        dry_run: args.only_looks(),
        show,
        drop_expired: args.drop_expired,
        reload: args.reload,
    };
    let report = balance::run(node, &mut node.session(), options)?;
    report.print(&node.out);
    say_if_off(node)?;
    let is_changed = args.detailed_exitcode && report.changed;
    Ok(is_changed.then_some(Code::Changed))
}

/// A damaged `balance.json` says nothing of the switch; the report warns of it.
fn say_if_off(node: &Node) -> Result<(), Failure> {
    let (state, _warned) = balance_state::load_or_lost(node)?;
    if let Some(off) = state.off_at(clock::now()) {
        node.out.line(&format!(
            "note: local balancing is {off}; `reconf balance on` ends that"
        ));
    }
    Ok(())
}

fn on(node: &Node) -> Ended {
    warn_if_unused(node);
    let was_off = balance_state::edit(node, |state| state.off.take().is_some())?;
    node.out.line(if was_off {
        "local balancing is on; `reconf balance` opens the ports, and the next render of each service uses them"
    } else {
        "local balancing was on already"
    });
    Ok(None)
}

fn off(node: &Node, args: &BalanceOffArgs) -> Ended {
    warn_if_unused(node);
    let off = SwitchedOff {
        since: Node::now(),
        until: args.time.map(|time| clock::rfc3339(clock::now() + time)),
        reason: args.reason.clone(),
    };
    let until = off.until.iter().map(|until| format!(" until {until}"));
    let until: String = until.collect();
    balance_state::edit(node, |state| state.off = Some(off))?;
    node.out.line(&format!(
        "local balancing is off{until}: values become direct with the next render of each service; ports stay open until nothing uses them"
    ));
    Ok(None)
}

/// The switch is kept for the time when there is something to switch.
fn warn_if_unused(node: &Node) {
    let balance = &node.settings.balance;
    if balance.local.is_none() {
        node.out
            .warning("this node has no local balancer: `balance.local` is not set in config.json");
    }
}
