//! The start of a provision: its stamp, then the supervisor that runs the command.

use std::{ffi::OsString, sync::mpsc::Sender};

use serde_json::json;

use super::{
    event::{Event, report_provision_end, system_failure},
    slots::Slot,
    store,
    supervise::{self, Order},
};
use crate::{
    cli::Global,
    edge::{clock, supervisor},
    node::Node,
    provision::ProvisionCause,
    report::Failure,
};

/// Starts provisions.
pub(super) struct Launcher {
    global: Global,
    /// The command of the command line; empty for that of config.json.
    given: Vec<OsString>,
    sender: Sender<Event>,
}

impl Launcher {
    /// A launcher that passes on these flags and reports to `sender`.
    pub(super) fn new(global: &Global, given: &[OsString], sender: Sender<Event>) -> Self {
        Self {
            global: global.clone(),
            given: given.to_vec(),
            sender,
        }
    }

    /// Where the main thread receives events.
    pub(super) fn sender(&self) -> Sender<Event> {
        self.sender.clone()
    }

    /// The command that provisions this node; empty if there is none.
    pub(super) fn command(&self, node: &Node) -> Vec<OsString> {
        if !self.given.is_empty() {
            return self.given.clone();
        }
        let configured = node.settings.listen.command.iter().flatten();
        configured.map(OsString::from).collect()
    }

    /// Starts a supervisor; returns its process id. The thread that waits for it starts first, so that its end cannot be
    /// missed; the stamp is written before it starts, so that a listener that crashes right after is throttled.
    pub(super) fn launch(
        &self,
        node: &Node,
        cause: &ProvisionCause,
        slot: Option<Slot>,
    ) -> Result<u32, Failure> {
        let arguments = supervise::arguments(&self.global, &self.command(node));
        let waiting = report_provision_end(node.paths.clone(), self.sender())?;
        let started = clock::rfc3339_exact(clock::now());
        let reasons = cause.reasons().map(str::to_owned).collect();
        store::edit_stamp(&node.paths, |stamp| {
            *stamp = stamp.next(started.clone(), reasons);
        })?;
        store::expect_render(&node.paths);
        let environment = cause.environment();
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let order = Order {
            started,
            slot,
            environment: environment.into(),
        };
        let order = json!(order).to_string();
        let supervisor = supervisor::start(&arguments, &order)
            .map_err(|error| system_failure("start a process", &error))?;
        let pid = supervisor.id();
        // The thread is waiting for this.
        let _received = waiting.send(supervisor);
        Ok(pid)
    }
}
