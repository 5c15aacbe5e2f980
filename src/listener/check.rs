//! The checks of a node's services: a thread each, which probes at an interval and sends the results to the keeper.

use std::{
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    time::Duration,
};

use super::event::{self, KeeperMessage};
use crate::{
    edge::probe,
    model::manifest::{Check, Manifest, Probe},
    report::Failure,
};

/// A check that runs until this is dropped.
pub(super) struct RunningCheck {
    check: Check,
    port: Option<u16>,
    _end: Sender<()>,
}

impl RunningCheck {
    /// Starts the check of a service; it probes at once for the first time.
    pub(super) fn start(
        manifest: &Manifest,
        check: &Check,
        host: String,
        results: Sender<KeeperMessage>,
    ) -> Result<Self, Failure> {
        let (end, ended) = channel::<()>();
        let running = Self {
            check: check.clone(),
            port: manifest.port,
            _end: end,
        };
        let (id, port, check) = (manifest.id.clone(), manifest.port, check.clone());
        event::spawn("check", move || {
            loop {
                let result = probe(&check.probe, &host, port, check.timeout);
                let result = KeeperMessage::CheckResult(id.clone(), result);
                if results.send(result).is_err()
                    || ended.recv_timeout(check.interval) == Err(RecvTimeoutError::Disconnected)
                {
                    return;
                }
            }
        })?;
        Ok(running)
    }

    /// Whether it is the check that the manifest has now.
    pub(super) fn is_that_of(&self, manifest: &Manifest) -> bool {
        manifest.check.as_ref() == Some(&self.check) && manifest.port == self.port
    }
}

/// Why the check fails, if it does.
fn probe(kind: &Probe, host: &str, port: Option<u16>, timeout: Duration) -> Result<(), String> {
    match kind {
        Probe::Tcp => port.map_or_else(
            || Err("the service has no port".to_owned()),
            |port| probe::tcp(host, port, timeout),
        ),
        Probe::Command(words) => probe::command(words, timeout),
    }
}
