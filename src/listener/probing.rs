//! The checks of a node's services: a thread each, which asks again and again and sends the answers.

use std::{
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    time::Duration,
};

use super::{event, keeper::Word};
use crate::{
    edge::probe,
    model::manifest::{Check, Manifest, Probe},
    report::Failure,
};

/// A check that goes on until this is dropped.
pub(super) struct Probing {
    pub(super) check: Check,
    pub(super) port: Option<u16>,
    _end: Sender<()>,
}

impl Probing {
    /// Asks a service whether it is healthy, for the first time at once.
    pub(super) fn start(
        manifest: &Manifest,
        check: &Check,
        host: String,
        answers: Sender<Word>,
    ) -> Result<Self, Failure> {
        let (end, ended) = channel::<()>();
        let (id, port, required_successes) = (manifest.id.clone(), manifest.port, check.clone());
        event::start("check", move || {
            loop {
                let success = ask(
                    &required_successes.probe,
                    &host,
                    port,
                    required_successes.timeout,
                );
                if answers.send(Word::Answer(id.clone(), success)).is_err() {
                    return;
                }
                if ended.recv_timeout(required_successes.interval)
                    == Err(RecvTimeoutError::Disconnected)
                {
                    return;
                }
            }
        })?;
        Ok(Self {
            check: check.clone(),
            port: manifest.port,
            _end: end,
        })
    }

    /// Whether it asks what the manifest says.
    pub(super) fn is_that_of(&self, manifest: &Manifest) -> bool {
        manifest.check.as_ref() == Some(&self.check) && manifest.port == self.port
    }
}

fn ask(what: &Probe, host: &str, port: Option<u16>, timeout: Duration) -> bool {
    match what {
        Probe::Tcp => port.is_some_and(|port| probe::tcp(host, port, timeout)),
        Probe::Command(words) => probe::command(words, timeout),
    }
}
