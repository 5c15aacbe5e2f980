//! A line of `status` for a service of this node: its manifest, conf, announcements, tasks and health check.

use serde::Serialize;
use serde_json::{Value, json};

use super::{output::Row, words::listed};
use crate::{
    fleet::{AnnouncementStatus, ConfStatus, ServiceCondition},
    model::id::Id,
};

/// The header of these lines.
pub(super) const HEADER: [&str; 6] = [
    "SERVICE",
    "MANIFEST",
    "CONF",
    "ANNOUNCEMENT",
    "TASKS",
    "CHECK",
];

/// A service of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceStatus {
    /// The service.
    pub service: Id,
    /// Its manifest.
    pub manifest: ManifestStatus,
    /// What is wrong with its state, if that cannot be read: then no more is known.
    pub state_error: Option<String>,
    /// Its conf.
    pub conf: ConfStatus,
    /// What it provides.
    pub announcement: AnnouncementStatus,
    /// How many tasks run.
    pub tasks: usize,
    /// Its health check.
    pub check: CheckStatus,
}

/// Whether there is a manifest that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ManifestStatus {
    /// There is.
    Good,
    /// There is none.
    Missing,
    /// There is one that cannot be used.
    Bad(String),
}

/// How the health check of a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CheckStatus {
    /// It has none.
    Unneeded,
    /// It has one, and no listener asks it.
    NotAsked,
    /// It is healthy.
    Healthy,
    /// It is not.
    Failing(String),
}

impl ServiceStatus {
    /// How bad it is.
    pub(crate) fn condition(&self) -> ServiceCondition {
        let manifest = match self.manifest {
            ManifestStatus::Good | ManifestStatus::Missing => ServiceCondition::Good,
            ManifestStatus::Bad(_) => ServiceCondition::Fault,
        };
        let check = match self.check {
            CheckStatus::Failing(_) => ServiceCondition::Fault,
            CheckStatus::Unneeded | CheckStatus::NotAsked | CheckStatus::Healthy => {
                ServiceCondition::Good
            }
        };
        if self.state_error.is_some() {
            return ServiceCondition::Fault;
        }
        let parts = [self.conf.condition(), self.announcement.condition(), check];
        parts.into_iter().fold(manifest, ServiceCondition::max)
    }
}

impl Serialize for ServiceStatus {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [_, manifest, _, _, _, check] = self.cells();
        let (mut conf, mut announcement) = (Value::Null, Value::Null);
        if self.state_error.is_none() {
            conf = conf_value(&self.conf);
            announcement = announcement_value(&self.announcement);
        }
        json!({
            "service": self.service, "condition": condition_name(self.condition()),
            "manifest": manifest,
            "conf": conf, "announcement": announcement, "tasks": self.tasks, "check": check,
            "state_error": self.state_error,
        })
        .serialize(serializer)
    }
}

impl Row<6> for ServiceStatus {
    fn cells(&self) -> [String; 6] {
        let manifest = match &self.manifest {
            ManifestStatus::Good => "ok".to_owned(),
            ManifestStatus::Missing => "missing".to_owned(),
            ManifestStatus::Bad(reason) => reason.clone(),
        };
        let check = match &self.check {
            CheckStatus::Unneeded => "-".to_owned(),
            CheckStatus::NotAsked => "not asked: no listener runs".to_owned(),
            CheckStatus::Healthy => "healthy".to_owned(),
            CheckStatus::Failing(reason) => format!("failing: {reason}"),
        };
        let (conf, announcement) = match &self.state_error {
            Some(reason) => (reason.clone(), "unknown".to_owned()),
            None => (conf(&self.conf), announcement(&self.announcement)),
        };
        let tasks = self.tasks.to_string();
        let service = self.service.to_string();
        [service, manifest, conf, announcement, tasks, check]
    }
}

/// The name of a condition.
pub(super) fn condition_name(condition: ServiceCondition) -> &'static str {
    match condition {
        ServiceCondition::Good => "ok",
        ServiceCondition::Behind => "behind",
        ServiceCondition::Fault => "fault",
    }
}

fn conf(status: &ConfStatus) -> String {
    match status {
        ConfStatus::Unneeded => "-".to_owned(),
        ConfStatus::Orphan => "orphan: `reconf remove` ends the service".to_owned(),
        ConfStatus::Missing => "missing".to_owned(),
        ConfStatus::Unmet(names) => format!("unmet: {}", listed(names)),
        ConfStatus::Failing(reason) => reason.clone(),
        ConfStatus::Pending(since) => format!("pending since {since}"),
        ConfStatus::WouldChange(what) => format!("would change: {}", what.join(", ")),
        ConfStatus::Degraded(Some(since)) => format!("degraded since {since}"),
        ConfStatus::Degraded(None) => "degraded: a provider has expired".to_owned(),
        ConfStatus::Applied(Some(since)) => format!("applied {since}"),
        ConfStatus::Applied(None) => "applied".to_owned(),
    }
}

/// A conf for programs.
fn conf_value(status: &ConfStatus) -> Value {
    match status {
        ConfStatus::Unneeded => json!({"state": "unneeded"}),
        ConfStatus::Orphan => json!({"state": "orphan"}),
        ConfStatus::Missing => json!({"state": "missing"}),
        ConfStatus::Unmet(names) => json!({"state": "unmet", "names": names}),
        ConfStatus::Failing(reason) => json!({"state": "failing", "reason": reason}),
        ConfStatus::Pending(since) => json!({"state": "pending", "since": since}),
        ConfStatus::WouldChange(what) => json!({"state": "would-change", "what": what}),
        ConfStatus::Degraded(since) => json!({"state": "degraded", "since": since}),
        ConfStatus::Applied(since) => json!({"state": "applied", "since": since}),
    }
}

/// Announcements for programs.
fn announcement_value(status: &AnnouncementStatus) -> Value {
    match status {
        AnnouncementStatus::Unneeded => json!({"state": "unneeded"}),
        AnnouncementStatus::Announced(count) => json!({"state": "announced", "count": count}),
        AnnouncementStatus::Owed(names) => json!({"state": "owed", "names": names}),
        AnnouncementStatus::Expired(names) => json!({"state": "expired", "names": names}),
        AnnouncementStatus::NotAnnounced(names) => {
            json!({"state": "not-announced", "names": names})
        }
        AnnouncementStatus::Differs(names) => json!({"state": "would-change", "names": names}),
        AnnouncementStatus::Held {
            since,
            note,
            is_over,
            is_live,
        } => json!({
            "state": "held", "since": since, "by": note.user, "on": note.node, "until": note.until,
            "reason": note.reason, "over": is_over, "live": is_live,
        }),
    }
}

fn announcement(status: &AnnouncementStatus) -> String {
    match status {
        AnnouncementStatus::Unneeded => "-".to_owned(),
        AnnouncementStatus::Announced(1) => "announced 1 name".to_owned(),
        AnnouncementStatus::Announced(count) => format!("announced {count} names"),
        AnnouncementStatus::Owed(names) => format!("owed: {}", listed(names)),
        AnnouncementStatus::Expired(names) => format!("expired: {}", listed(names)),
        AnnouncementStatus::NotAnnounced(names) => format!("not announced: {}", listed(names)),
        AnnouncementStatus::Differs(names) => format!("would change: {}", listed(names)),
        AnnouncementStatus::Held {
            since,
            note,
            is_over,
            is_live,
        } => {
            let at = since.as_ref().map(|since| format!(" at {since}"));
            let mut text = format!("held: {}", note.withdrawn(&at.unwrap_or_default()));
            match (is_live, is_over) {
                (true, _) => text.push_str("; announced all the same"),
                (false, true) => text.push_str("; its time is over"),
                (false, false) => {}
            }
            text
        }
    }
}

impl ServiceStatus {
    /// The words for what is wrong with it.
    pub(super) fn worst(&self) -> String {
        let [_, manifest, conf, announcement, _, check] = self.cells();
        let is_bad = |condition: ServiceCondition| condition > ServiceCondition::Good;
        let parts = [
            (matches!(self.manifest, ManifestStatus::Bad(_)), manifest),
            (
                self.state_error.is_some() || is_bad(self.conf.condition()),
                conf,
            ),
            (
                self.state_error.is_none() && is_bad(self.announcement.condition()),
                announcement,
            ),
            (
                matches!(self.check, CheckStatus::Failing(_)),
                format!("check {check}"),
            ),
        ];
        let wrong = parts.into_iter().filter(|(is_wrong, _)| *is_wrong);
        wrong.map(|(_, text)| text).collect::<Vec<_>>().join(", ")
    }
}
