//! `reconf listen`, and its switch: what a person asks is stored, for a listener that runs now or starts later.

use serde_json::json;

use crate::{
    cli::{Global, ListenAction, ListenArgs, OffArgs},
    edge::{clock, state},
    listener::{self, store},
    model::listening::Listening,
    node::{self, AssumedFiles, Node},
    report::{Code, Ended, Failure, Output},
};

/// `reconf listen`.
pub(super) fn run(node: Node, global: &Global, args: &ListenArgs) -> Ended {
    if args.action.is_some() && (args.metrics.is_some() || !args.command.is_empty()) {
        let message = "`--metrics` and a command are for the listener itself";
        return Err(Failure::new(Code::Usage, message)
            .hint("`reconf listen --help` lists the options of each command"));
    }
    match &args.action {
        None => listener::run(node, global, args),
        Some(ListenAction::On) => on(&node),
        Some(ListenAction::Off(off)) => self::off(&node, off),
        Some(ListenAction::Kick) => kick(&node),
        Some(ListenAction::Status) => status(global, &node.out),
    }
}

fn on(node: &Node) -> Ended {
    store::turn(node, |switch| {
        (switch.on, switch.since) = (true, Some(Node::now()));
        (switch.until, switch.reason) = (None, None);
    })?;
    if provisions_nothing(node)? {
        node.out
            .warning("the listener has no command: it provisions nothing");
        return Ok(None);
    }
    say(node, "a provision is queued")
}

fn off(node: &Node, off: &OffArgs) -> Ended {
    let until = off.time.map(|time| clock::rfc3339(clock::now() + time));
    store::turn(node, |switch| {
        (switch.on, switch.since) = (false, Some(Node::now()));
        (switch.until, switch.reason) = (until, off.reason.clone());
    })?;
    say(node, "no provision starts; one that runs goes on")
}

fn kick(node: &Node) -> Ended {
    if provisions_nothing(node)? {
        let message = "the listener has no command that provisions this node";
        return Err(Failure::new(Code::Usage, message).hint(
            "set `listen.command` in config.json, or start the listener with one after `--`",
        ));
    }
    let switch = store::switch(&node.paths)?;
    if !store::is_on(&switch) {
        let message = "the listener is off: it starts no provision";
        let reason = switch
            .reason
            .iter()
            .map(|reason| format!("reason: {reason}"));
        return Err(Failure::new(Code::TryAgain, message)
            .facts(reason)
            .hint("`reconf listen on` turns it on and queues one"));
    }
    store::turn(node, |_| {})?;
    if !store::is_running(&node.paths)? {
        node.out
            .warning("no listener is running; it provisions the node when it starts");
        return Ok(None);
    }
    node.out.line("a provision is queued");
    Ok(None)
}

/// Whether the arguments are those of `listen status`.
pub(super) fn is_status(args: &ListenArgs) -> bool {
    let is_status = matches!(args.action, Some(ListenAction::Status));
    is_status && args.metrics.is_none() && args.command.is_empty()
}

/// `reconf listen status`. Where `config.json` cannot be used, that is said, and all else is shown.
pub(super) fn status(global: &Global, out: &Output) -> Ended {
    let node = Node::load(global, AssumedFiles::default(), out.clone());
    let config_error = match node {
        Err(failure) if failure.code == Code::Usage => return Err(failure),
        Err(failure) => Some(failure.in_short()),
        Ok(_) => None,
    };
    let status = listener::observe(&node::paths_without_settings(global)?, config_error)?;
    if out.is_json() {
        let off = |text: &Option<String>| text.clone().filter(|_| !status.on);
        out.object(&json!({
            "running": status.running, "on": status.on, "since": status.switch.since,
            "until": off(&status.switch.until), "reason": off(&status.switch.reason),
            "balance_off": status.balance_off, "config_error": status.config_error, "listener": status.listening, "last": status.stamp,
        }));
    } else {
        out.columns(&status.rows());
    }
    Ok(None)
}

/// Whether a listener runs that has no command.
fn provisions_nothing(node: &Node) -> Result<bool, Failure> {
    let listening: Option<Listening> = state::load(&node.paths.status_file())?;
    Ok(listening.is_some_and(|listening| listening.keeps_only) && store::is_running(&node.paths)?)
}

fn say(node: &Node, done: &str) -> Ended {
    if store::is_running(&node.paths)? {
        node.out.line(done);
    } else {
        node.out
            .warning("no listener is running; the setting applies when one starts");
    }
    Ok(None)
}
