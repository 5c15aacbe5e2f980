//! The thread that runs `balance`, one run after the other: it reads the registry and waits for HAProxy.

use std::{
    sync::mpsc::{Sender, channel},
    thread,
};

use crate::{
    cli::Global,
    edge::{clock, files, memory, registry::Logins},
    listener::event::{self, Event, RunEnd},
    node::{AssumedFiles, Node, balance_state},
    operations::balance::{self, BalanceOptions},
    report::{Failure, Output},
};

/// Starts the thread; whatever it receives starts a run.
pub(super) fn start(
    global: &Global,
    logins: Logins,
    events: Sender<Event>,
) -> Result<Sender<()>, Failure> {
    let (orders, received) = channel();
    let global = global.clone();
    event::spawn("balancer", move || {
        while received.recv().is_ok() {
            let Some(end) = run_apart(&global, &logins) else {
                return;
            };
            memory::give_back_freed();
            if events.send(Event::Balanced(Box::new(end))).is_err() {
                return;
            }
        }
    })?;
    Ok(orders)
}

/// Runs it once in a thread of its own; nothing if that panicked. The allocator keeps some of what a thread has freed until
/// that ends: after a run over a large fleet, that would hold megabytes of pages.
fn run_apart(global: &Global, logins: &Logins) -> Option<RunEnd> {
    thread::scope(|scope| {
        let started = thread::Builder::new().spawn_scoped(scope, || run(global, logins));
        match started {
            Ok(thread) => thread.join().ok(),
            // A system without a thread to spare has it done here.
            Err(_) => Some(run(global, logins)),
        }
    })
}

/// Runs it once, with this node's files as they are now.
fn run(global: &Global, logins: &Logins) -> RunEnd {
    let node = match Node::load(global, AssumedFiles::default(), Output::new(global)) {
        Ok(node) => node,
        Err(failure) => {
            return RunEnd {
                result: Err(failure),
                has_written: false,
                off: None,
            };
        }
    };
    let before = stored(&node);
    let result = balance::run(
        &node,
        &mut node.session_sharing(logins),
        BalanceOptions::default(),
    );
    let state = balance_state::load(&node).unwrap_or_default();
    RunEnd {
        result,
        has_written: stored(&node) != before,
        off: state.off_at(clock::now()),
    }
}

/// `balance.json` as it is; one that cannot be read counts as none.
fn stored(node: &Node) -> Option<Vec<u8>> {
    files::read_own(&node.paths.balance_state()).ok().flatten()
}
