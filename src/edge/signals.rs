//! The signals that a daemon waits for instead of being ended by them.

use std::io;

use nix::sys::{
    signal::{SigSet, Signal as SystemSignal},
    signalfd::{SfdFlags, SignalFd},
};

/// What a daemon is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// To end (TERM, INT).
    Terminate,
    /// To read its files again (HUP).
    Reload,
}

/// The signals of this process, queued.
#[derive(Debug)]
pub(crate) struct Signals {
    queue: SignalFd,
}

impl Signals {
    /// Catches them from now on, in this thread and in those that it starts after that. Programs that are started are
    /// not concerned: the standard library gives them a mask of their own.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn catch() -> io::Result<Self> {
        let mut set = SigSet::empty();
        for signal in [
            SystemSignal::SIGTERM,
            SystemSignal::SIGINT,
            SystemSignal::SIGHUP,
        ] {
            set.add(signal);
        }
        let queue = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC)?;
        set.thread_block()?;
        Ok(Self { queue })
    }

    /// Waits for the next one.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn next(&self) -> io::Result<Signal> {
        loop {
            let Some(info) = self.queue.read_signal()? else {
                continue;
            };
            let hangup = u32::try_from(SystemSignal::SIGHUP as i32).unwrap_or_default();
            return Ok(if info.ssi_signo == hangup {
                Signal::Reload
            } else {
                Signal::Terminate
            });
        }
    }
}
