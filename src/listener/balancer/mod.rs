//! The reactor that balances: decides when, and has a thread run `operations::balance`. What moves behind a port changes no
//! value, so it starts no provision.

mod inputs;
mod runner;
mod timing;

use std::{
    collections::BTreeSet,
    sync::mpsc::Sender,
    time::{Duration, Instant},
};

use timing::{Debounce, Next, Timing};

use super::{
    event::{Event, RunEnd},
    ranges::{Covered, Ranges},
    registry_link::RegistryChange,
};
use crate::{
    cli::Global,
    edge::{clock, memory, registry::Logins},
    model::{balance_state::SwitchedOff, listening::Balancing},
    node::Node,
    report::{BalanceReport, Failure, Journal, LastError, Takeover},
};

/// Balances what the registry says.
pub(super) struct Balancer {
    journal: Journal,
    global: Global,
    logins: Logins,
    events: Sender<Event>,
    /// Where a run is ordered; the thread starts with the first one.
    runner: Option<Sender<()>>,
    timing: Timing,
    /// What decides about what is balanced; nothing where nothing is.
    ranges: Option<Ranges>,
    covered: Covered,
    /// Of the files that a run reads.
    digest: u64,
    last_error: LastError,
    /// Since when runs have failed.
    failing_since: Option<String>,
    /// The last run that succeeded.
    last: LastRun,
    counts: BalanceCounts,
}

/// What the last run that succeeded did.
#[derive(Default)]
struct LastRun {
    ports: usize,
    routes: usize,
    warnings: Vec<String>,
    off: Option<String>,
    changed: Option<String>,
    how: Option<&'static str>,
}

/// What was counted, for the metrics.
#[derive(Clone, Debug, Default)]
pub(super) struct BalanceCounts {
    pub(super) runs: u64,
    pub(super) failed: u64,
    pub(super) reloads: u64,
}

impl Balancer {
    /// A reactor that has read nothing yet.
    pub(super) fn new(
        node: &Node,
        global: &Global,
        journal: Journal,
        logins: Logins,
        events: Sender<Event>,
    ) -> Self {
        let mut balancer = Self {
            journal,
            global: global.clone(),
            logins,
            events,
            runner: None,
            timing: Timing::new(debounce(node)),
            ranges: None,
            covered: Covered::default(),
            digest: 0,
            last_error: LastError::default(),
            failing_since: None,
            last: LastRun::default(),
            counts: BalanceCounts::default(),
        };
        balancer.reload(node);
        balancer
    }

    /// Reads this node's files again. What cannot be read is for the run to report.
    pub(super) fn reload(&mut self, node: &Node) {
        self.timing.set_debounce(debounce(node));
        let inputs = inputs::read(node);
        memory::give_back_freed();
        let (ranges, digest) = match inputs {
            Ok(Some(inputs)) => (inputs.ranges, inputs.digest),
            Ok(None) => return self.stop(),
            // The run finds that too.
            Err(_) => (self.ranges(), 0),
        };
        if self.ranges.is_none() {
            self.timing.ask();
        } else if self.digest != digest {
            self.timing.change(clock::instant());
        }
        self.digest = digest;
        self.covered = Covered::by(&ranges);
        self.ranges = Some(ranges);
    }

    /// There is nothing to balance, or nothing any more.
    fn stop(&mut self) {
        self.timing.clear();
        self.ranges = None;
        self.covered = Covered::default();
        self.last = LastRun::default();
        self.failing_since = None;
        self.last_error.clear();
    }

    /// The ranges of the registry that decide about what is balanced.
    pub(super) fn ranges(&self) -> Ranges {
        self.ranges.clone().unwrap_or_default()
    }

    /// Takes what changed in the registry.
    pub(super) fn take(&mut self, change: &RegistryChange) {
        let concerns = match change {
            RegistryChange::Listed => self.ranges.is_some(),
            RegistryChange::Names(federation, names) => {
                names.iter().any(|name| self.covered.has(federation, name))
            }
        };
        if concerns {
            self.timing.change(clock::instant());
        }
    }

    /// Whether a run is about to carry out a change: what a provision would render may follow from it.
    pub(super) fn is_behind(&self) -> bool {
        self.ranges.is_some() && self.timing.is_behind()
    }

    /// Starts the run that is due; returns how long to wait for the next one.
    pub(super) fn work(&mut self) -> Option<Duration> {
        self.ranges.as_ref()?;
        let now = clock::instant();
        match self.timing.next(clock::now(), now) {
            Next::Run => {
                self.start(now);
                None
            }
            Next::At(at) => Some(at.saturating_duration_since(now)),
            Next::Idle => None,
        }
    }

    fn start(&mut self, now: Instant) {
        self.timing.started();
        if let Err(failure) = self.order() {
            self.fail(&failure, now);
        }
    }

    fn order(&mut self) -> Result<(), Failure> {
        if self.runner.is_none() {
            let (logins, events) = (self.logins.clone(), self.events.clone());
            self.runner = Some(runner::start(&self.global, logins, events)?);
        }
        if let Some(runner) = &self.runner {
            // It ends with the process.
            let _ended = runner.send(());
        }
        self.counts.runs += 1;
        Ok(())
    }

    /// A run has ended.
    pub(super) fn ended(&mut self, end: RunEnd) {
        let now = clock::instant();
        match end.result {
            Ok(report) => {
                let off_ends = end.off.as_ref().and_then(SwitchedOff::end);
                let due = report.due.into_iter().chain(off_ends).min();
                self.last.off = end.off.map(|off| off.to_string());
                self.timing.succeeded(due, clock::now(), now);
                self.succeed(&report);
            }
            Err(failure) => self.fail(&failure, now),
        }
    }

    fn succeed(&mut self, report: &BalanceReport) {
        if self.failing_since.take().is_some() {
            self.journal.event("balance-recovered", &[]);
        }
        self.last_error.clear();
        self.counts.reloads += u64::from(report.how == Takeover::Reload);
        let warnings = report.all_warnings();
        let known: BTreeSet<&String> = self.last.warnings.iter().collect();
        for warning in warnings.iter().filter(|warning| !known.contains(warning)) {
            self.journal
                .event("balance-warning", &[("reason", warning)]);
        }
        self.last.warnings = warnings;
        (self.last.ports, self.last.routes) = (report.open_ports(), report.open_routes());
        if report.changed {
            let how = report.how.name();
            let (ports, routes) = (self.last.ports, self.last.routes);
            self.journal.event(
                "balanced",
                &[("how", &how), ("ports", &ports), ("routes", &routes)],
            );
            (self.last.changed, self.last.how) = (Some(Node::now()), Some(how));
        }
    }

    fn fail(&mut self, failure: &Failure, now: Instant) {
        self.timing.failed(now);
        self.counts.failed += 1;
        self.failing_since.get_or_insert_with(Node::now);
        let reason = failure.in_short();
        self.last_error
            .report(self.journal, "balance-failed", None, &reason);
    }

    /// What was counted, for the metrics.
    pub(super) fn counts(&self) -> &BalanceCounts {
        &self.counts
    }

    /// What is balanced, for the status; nothing where nothing is.
    pub(super) fn status(&self) -> Option<Balancing> {
        self.ranges.as_ref()?;
        Some(Balancing {
            ports: self.last.ports,
            routes: self.last.routes,
            changed: self.last.changed.clone(),
            how: self.last.how.map(str::to_owned),
            off: self.last.off.clone(),
            behind: self.timing.is_behind(),
            failing_since: self.failing_since.clone(),
            failures: self.timing.failures(),
            error: self.last_error.reason().map(str::to_owned),
            warnings: self.last.warnings.clone(),
        })
    }
}

fn debounce(node: &Node) -> Debounce {
    let listen = &node.settings.listen;
    Debounce {
        quiet: listen.debounce,
        cap: listen.debounce_max,
    }
}
