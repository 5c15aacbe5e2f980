//! `reconf listen on|off|kick`: what a person asks of the listener, kept for the time when there is none.

use super::places;
use crate::{
    cli::Off,
    commands::{Ended, node::Node},
    edge::{clock, locks},
    provision::Switch,
    report::{Code, Failure},
};

/// `reconf listen on`.
pub(super) fn on(node: &Node) -> Ended {
    places::turn(node, |switch| {
        (switch.on, switch.since) = (true, Some(Node::now()));
        (switch.until, switch.reason) = (None, None);
    })?;
    tell_running(node, "a provision is queued")
}

/// `reconf listen off`.
pub(super) fn off(node: &Node, off: &Off) -> Ended {
    let until = off.time.map(|time| clock::rfc3339(clock::now() + time));
    places::turn(node, |switch| {
        (switch.on, switch.since) = (false, Some(Node::now()));
        (switch.until, switch.reason) = (until, off.reason.clone());
    })?;
    tell_running(node, "no provision starts; one that runs goes on")
}

/// `reconf listen kick`.
pub(super) fn kick(node: &Node) -> Ended {
    let switch = places::switch(node)?;
    let is_on = places::position(&switch, std::time::Duration::ZERO) == Switch::On;
    if !is_on {
        let failure = Failure::new(
            Code::TryAgain,
            "the listener is off: it starts no provision",
        );
        return Err(failure
            .facts(switch.reason.iter().map(|reason| format!("why: {reason}")))
            .hint("`reconf listen on` turns it on and queues one"));
    }
    places::turn(node, |_| {})?;
    tell_running(node, "a provision is queued")
}

/// Whether a listener runs on this node.
pub(super) fn is_running(node: &Node) -> Result<bool, Failure> {
    Ok(locks::is_held(&node.places.listener_lock())?)
}

fn tell_running(node: &Node, done: &str) -> Ended {
    if is_running(node)? {
        node.tell.line(done);
    } else {
        node.tell
            .warning("no listener runs on this node: it is kept for the next one");
    }
    Ok(None)
}
