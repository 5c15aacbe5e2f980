//! The signals that this process handles itself instead of being ended by them.

use std::{fmt, io, os::fd::AsFd, os::fd::BorrowedFd};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal as SystemSignal},
        signalfd::{SfdFlags, SignalFd},
    },
};

/// A signal that asks this process for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// End, says a service manager (TERM).
    Terminate,
    /// End, says a terminal (INT).
    Interrupt,
    /// The terminal has gone away (HUP); a daemon reads its files again.
    HangUp,
    /// A child has ended (CHLD), for a daemon that has others than those that it waits for.
    ChildEnded,
}

impl Signal {
    /// Those that would end this process.
    const ENDING: [Self; 3] = [Self::Terminate, Self::Interrupt, Self::HangUp];

    /// Whether a daemon ends at this signal.
    pub(crate) fn ends_daemon(self) -> bool {
        matches!(self, Self::Terminate | Self::Interrupt)
    }

    fn system(self) -> SystemSignal {
        match self {
            Self::Terminate => SystemSignal::SIGTERM,
            Self::Interrupt => SystemSignal::SIGINT,
            Self::HangUp => SystemSignal::SIGHUP,
            Self::ChildEnded => SystemSignal::SIGCHLD,
        }
    }

    fn from_number(number: u32) -> Option<Self> {
        let number = i32::try_from(number).ok()?;
        Self::ENDING
            .into_iter()
            .chain([Self::ChildEnded])
            .find(|signal| signal.system() as i32 == number)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.system().as_str())
    }
}

/// The signals of this process, queued.
#[derive(Debug)]
pub(crate) struct Signals {
    queue: SignalFd,
}

impl Signals {
    /// Queues them from now on, for this thread and for those that it starts after that. Programs inherit the block
    /// unless they are started with [`super::process::unblock_signals`].
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn catch() -> io::Result<Self> {
        Self::queue(&Signal::ENDING)
    }

    /// As [`Self::catch`], with [`Signal::ChildEnded`].
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn catch_with_children() -> io::Result<Self> {
        let [terminate, interrupt, hang_up] = Signal::ENDING;
        Self::queue(&[terminate, interrupt, hang_up, Signal::ChildEnded])
    }

    fn queue(signals: &[Signal]) -> io::Result<Self> {
        let set: SigSet = signals.iter().map(|signal| signal.system()).collect();
        let queue = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        set.thread_block()?;
        Ok(Self { queue })
    }

    /// Queues them while `work` runs; then this thread's mask is what it was.
    ///
    /// # Errors
    /// What the system says, or that of the work.
    pub(super) fn catch_during<T>(work: impl FnOnce(&Self) -> io::Result<T>) -> io::Result<T> {
        let mask = SigSet::thread_get_mask()?;
        let done = work(&Self::catch()?);
        mask.thread_set_mask()?;
        done
    }

    /// Waits for the next one.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn next(&self) -> io::Result<Signal> {
        loop {
            if let Some(signal) = self.pending()? {
                return Ok(signal);
            }
            wait_readable(&[self.as_fd()], PollTimeout::NONE)?;
        }
    }

    /// The next one if it has arrived already.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn pending(&self) -> io::Result<Option<Signal>> {
        let info = self.queue.read_signal()?;
        Ok(info.and_then(|info| Signal::from_number(info.ssi_signo)))
    }
}

impl AsFd for Signals {
    /// Readable when a signal is queued.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}

/// Waits until one of these can be read, or the time is over, or a signal handler has run.
///
/// # Errors
/// What the system says.
pub(super) fn wait_readable(files: &[BorrowedFd<'_>], time: PollTimeout) -> io::Result<()> {
    let watched = files.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN));
    match poll(&mut watched.collect::<Vec<_>>(), time) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::signal::raise;

    use super::*;

    #[test]
    fn each_signal_is_queued_and_told_apart() {
        Signals::catch_during(|signals| {
            for signal in Signal::ENDING {
                // To this thread, so that no other test is ended by it.
                raise(signal.system())?;
                assert_eq!(signals.next()?, signal);
                assert_eq!(signals.pending()?, None);
            }
            Ok(())
        })
        .unwrap();
    }
}
