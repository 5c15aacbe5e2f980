//! What became of this listener's provisions: written to the journal, and counted for the metrics.

use super::{schedule::Schedule, store};
use crate::{
    model::{id::Id, paths::Paths},
    provision::{ProvisionCause, in_seconds},
    report::Journal,
};

/// The provisions since this listener started.
pub(super) struct History {
    journal: Journal,
    counts: ProvisionCounts,
}

/// What was counted since this listener started.
#[derive(Clone, Debug, Default)]
pub(super) struct ProvisionCounts {
    pub(super) started: u64,
    pub(super) failed: u64,
    pub(super) last_exit: Option<u8>,
    /// When the last successful one started, be it an earlier listener's (RFC 3339, UTC).
    pub(super) last_success: Option<String>,
}

impl History {
    /// The history of a listener that starts.
    pub(super) fn new(paths: &Paths, journal: Journal) -> Self {
        let counts = ProvisionCounts {
            last_success: last_success(paths),
            ..ProvisionCounts::default()
        };
        Self { journal, counts }
    }

    /// What was counted.
    pub(super) fn counts(&self) -> &ProvisionCounts {
        &self.counts
    }

    /// A provision started for these services.
    pub(super) fn started<'a>(
        &mut self,
        cause: &ProvisionCause,
        services: impl Iterator<Item = &'a Id>,
        pid: u32,
    ) {
        let reasons = joined(cause.reasons());
        let services = joined(services.map(Id::as_str));
        self.journal.event(
            "provision-started",
            &[
                ("reasons", &reasons),
                ("services", &services),
                ("pid", &pid),
            ],
        );
        self.counts.started += 1;
    }

    /// A provision ended with this exit code; the schedule knows.
    pub(super) fn ended(&mut self, paths: &Paths, code: u8, schedule: &Schedule) {
        self.counts.last_exit = Some(code);
        self.counts.last_success = last_success(paths);
        if code == 0 {
            self.journal.event("provision-ended", &[("exit", &code)]);
            return;
        }
        self.counts.failed += 1;
        let failures = schedule.queue().failures();
        let wait = humantime::format_duration(in_seconds(schedule.wait()));
        self.journal.event(
            "provision-failed",
            &[
                ("exit", &code),
                ("failures", &failures),
                ("retry_in", &wait),
            ],
        );
    }

    /// A provision left these services stale; another one is queued.
    pub(super) fn stale<'a>(&self, services: impl Iterator<Item = &'a Id>, schedule: &Schedule) {
        let services = joined(services.map(Id::as_str));
        let provisions = schedule.queue().stale_provisions();
        let wait = humantime::format_duration(in_seconds(schedule.wait()));
        self.journal.event(
            "stale",
            &[
                ("services", &services),
                ("provisions", &provisions),
                ("retry_in", &wait),
            ],
        );
    }
}

/// When the last successful provision started, as the stamp says.
fn last_success(paths: &Paths) -> Option<String> {
    let stamp = store::stamp(paths).ok().flatten();
    stamp.and_then(|stamp| stamp.succeeded)
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(",")
}
