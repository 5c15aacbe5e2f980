//! The reactor that provisions this node: decides when, by the queue and by what differs, and starts the command.

use std::time::Duration;

use super::{
    event::{report_end_of_earlier, report_lock_release},
    history::{History, ProvisionCounts},
    launcher::Launcher,
    ranges::Ranges,
    registry_link::{RegistryChange, RegistryLink},
    schedule::Schedule,
    services::Services,
    slots::{self, Slot},
    store, survivor,
};
use crate::{
    edge::{
        clock, locks,
        registry::{Logins, Session},
    },
    model::switch::StoredSwitch,
    node::Node,
    operations::read_set::Snapshots,
    provision::{Need, Obstacle, ProvisionCause, ProvisionEnd, Step, slot_backoff},
    report::{Failure, Journal, LastError},
};

/// How long a provision that could not be started is deferred.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// Provisions this node.
pub(super) struct Provisioner {
    journal: Journal,
    schedule: Schedule,
    services: Services,
    launcher: Launcher,
    logins: Logins,
    /// Without a command, nothing is watched, compared or started.
    has_command: bool,
    /// How often in a row it was refused a slot.
    slot_refusals: u32,
    /// Why the last start failed.
    deferred: LastError,
    history: History,
}

impl Provisioner {
    /// Reads the manifests, the switch and the stamp of the last provision.
    pub(super) fn new(
        node: &Node,
        link: &RegistryLink,
        journal: Journal,
        launcher: Launcher,
    ) -> Result<Self, Failure> {
        let has_command = !launcher.command(node).is_empty();
        Ok(Self {
            journal,
            schedule: Schedule::load(node, journal)?,
            services: Services::load(node, link.session(), journal)?,
            launcher,
            logins: link.logins(),
            has_command,
            slot_refusals: 0,
            deferred: LastError::default(),
            history: History::new(&node.paths, journal),
        })
    }

    /// The ranges of the registry that decide about provisions.
    pub(super) fn ranges(&self) -> Ranges {
        if self.has_command {
            self.services.ranges()
        } else {
            Ranges::new()
        }
    }

    /// How many names decide about provisions.
    pub(super) fn watched_names(&self) -> usize {
        self.services.names() * usize::from(self.has_command)
    }

    /// Whether there is a command that provisions this node.
    pub(super) fn has_command(&self) -> bool {
        self.has_command
    }

    /// When it provisions, for the status.
    pub(super) fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// What this node's services have applied and would apply, for the status.
    pub(super) fn services(&self) -> &Services {
        &self.services
    }

    /// What was counted, for the metrics.
    pub(super) fn counts(&self) -> &ProvisionCounts {
        self.history.counts()
    }

    /// What the queued provision is waiting for, besides its time.
    pub(super) fn obstacle(&self, node: &Node) -> Option<Obstacle> {
        let lock = node.settings.listen.busy_lock.as_ref();
        let lock = lock.map(|lock| lock.display().to_string());
        Obstacle::of(
            self.schedule.queue(),
            lock,
            self.deferred.reason(),
            self.slot_refusals,
        )
    }

    /// Waits for the provision of an earlier listener, if one is running.
    pub(super) fn find_running(&mut self, node: &Node) -> Result<(), Failure> {
        let is_held = locks::is_held(&node.paths.provision_lock())?;
        if is_held || survivor::running(&node.paths).is_some() {
            self.journal.event("provision-running", &[]);
            self.schedule.found_running();
            report_end_of_earlier(node.paths.clone(), self.launcher.sender())?;
        }
        Ok(())
    }

    /// Queues the provision of a start: what changed while no listener ran is unknown.
    pub(super) fn queue_start(&mut self, node: &Node) {
        if self.has_command {
            self.schedule.start(node);
        }
    }

    /// Reads this node's files again. A failure leaves everything as it was.
    pub(super) fn reload(&mut self, node: &Node, session: &Session) -> Result<(), Failure> {
        self.services.reload(node, session)?;
        self.schedule.set_limits(node);
        let had_command = self.has_command;
        self.has_command = !self.launcher.command(node).is_empty();
        if !had_command {
            self.queue_start(node);
        }
        Ok(())
    }

    /// A new watch started, whose snapshots begin empty.
    pub(super) fn watch_started(&mut self) {
        self.services.watch_started();
    }

    /// Takes what changed in the snapshots.
    pub(super) fn take(&mut self, node: &Node, snapshots: &Snapshots, change: &RegistryChange) {
        self.services.take(node, snapshots, change);
    }

    /// Compares the services that something changed for, and queues a provision if one needs it.
    pub(super) fn compare(&mut self, node: &Node, snapshots: &Snapshots) {
        if !self.has_command {
            return;
        }
        match self.services.compare(node, snapshots) {
            Need::Change => self.schedule.change(node),
            Need::Stale => self.queue_stale(),
            Need::Nothing if self.services.differing().is_empty() => self.schedule.up_to_date(),
            Need::Nothing => {}
        }
    }

    fn queue_stale(&mut self) {
        if !self.schedule.stale() {
            return;
        }
        let stale = self.services.stale();
        self.history.stale(stale.iter(), &self.schedule);
    }

    /// Turns the switch as it is stored.
    pub(super) fn turn(&mut self, switch: StoredSwitch) {
        self.schedule.turn(switch);
    }

    /// What to do next.
    pub(super) fn next(&mut self) -> Step {
        match self.schedule.next() {
            Step::Due if !self.has_command => Step::Idle,
            step => step,
        }
    }

    /// Starts the provision that is due, unless it has to wait or nothing needs it any more.
    pub(super) fn attempt(&mut self, node: &Node, snapshots: &Snapshots) {
        if let Err(failure) = self.try_start(node, snapshots) {
            let reason = failure.in_short();
            self.deferred
                .report(self.journal, "provision-deferred", None, &reason);
            self.schedule.refuse(RETRY_INTERVAL);
        }
    }

    fn try_start(&mut self, node: &Node, snapshots: &Snapshots) -> Result<(), Failure> {
        if let Some(lock) = node.settings.listen.busy_lock.clone()
            && locks::is_held(&lock)?
        {
            self.journal
                .event("lock-held", &[("lock", &lock.display())]);
            // Without the thread nothing would report the release.
            report_lock_release(lock, self.launcher.sender())?;
            self.schedule.busy(true);
            return Ok(());
        }
        self.services.affect_all();
        self.services.compare(node, snapshots);
        if self.services.differing().is_empty() {
            self.schedule.up_to_date();
            if self.schedule.queue().reasons().is_empty() {
                return Ok(());
            }
        }
        match node.settings.listen.max_parallel {
            None => self.start(node, None),
            Some(limit) => self.start_with_slot(node, limit),
        }
    }

    fn start_with_slot(&mut self, node: &Node, limit: u32) -> Result<(), Failure> {
        let mut session = node.session_sharing(&self.logins);
        let Some(slot) = slots::take(node, &mut session, limit, clock::random())? else {
            if self.slot_refusals == 0 {
                self.journal
                    .event("no-free-slot", &[("max_parallel", &limit)]);
            }
            self.slot_refusals = self.slot_refusals.saturating_add(1);
            let wait = slot_backoff(self.slot_refusals, clock::random());
            self.schedule.refuse(wait);
            return Ok(());
        };
        let started = self.start(node, Some(slot.clone()));
        if started.is_err() {
            // A slot that cannot be given back expires with its lease.
            let _expires = slots::give_back(node, &mut node.session_sharing(&self.logins), &slot);
        }
        started
    }

    fn start(&mut self, node: &Node, slot: Option<Slot>) -> Result<(), Failure> {
        let reasons = self.schedule.queue().reasons();
        let cause = ProvisionCause::new(reasons, self.services.differing());
        let pid = self.launcher.launch(node, &cause, slot)?;
        self.services.provision_started();
        let services = self.services.differing().keys();
        self.history.started(&cause, services, pid);
        self.schedule.started();
        self.slot_refusals = 0;
        self.deferred.clear();
        Ok(())
    }

    /// The running provision ended.
    pub(super) fn provision_ended(&mut self, node: &Node, code: u8) {
        let success = code == 0;
        let end = if !success {
            ProvisionEnd::Failed
        } else if store::has_rendered(&node.paths) {
            ProvisionEnd::Rendered
        } else {
            ProvisionEnd::RenderedNothing
        };
        self.schedule.ended(success);
        self.services.provision_ended(node, end);
        self.history.ended(&node.paths, code, &self.schedule);
    }

    /// The provision of an earlier listener ended.
    pub(super) fn earlier_ended(&mut self, node: &Node) {
        let stamp = store::stamp(&node.paths).ok().flatten();
        let code = stamp.and_then(|stamp| stamp.exit);
        self.provision_ended(node, code.unwrap_or(u8::MAX));
    }

    /// `busy_lock` was released.
    pub(super) fn lock_released(&mut self) {
        self.journal.event("lock-released", &[]);
        self.schedule.busy(false);
    }
}
