//! The lines of `status` below its services: registry, listener, balancer.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::{Code, ListenerStatus, listener_status::queued, words::counted};
use crate::{
    fleet::ServiceCondition,
    model::{
        balance_state::BalanceState, certificate::Validity, id::Id, listening::Balancing,
        settings::BalanceSettings,
    },
};

/// The registry of a federation, as this node reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegistryStatus {
    /// The federation.
    pub federation: Id,
    /// What it answered.
    pub reach: RegistryReach,
    /// The certificate of this node for it, if it has one.
    pub certificate: Option<CertificateStatus>,
}

/// What a registry answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RegistryReach {
    /// It was read at this revision.
    Read(i64),
    /// It is away.
    Away {
        /// When it was last read, if that is known.
        last_read: Option<String>,
        /// Why.
        reason: String,
    },
    /// It refuses.
    Refused(Code, String),
}

/// Until when a certificate of this node is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CertificateStatus {
    /// Until this time (RFC 3339).
    Ends(String, ServiceCondition),
    /// Its file holds none that can be read.
    Unreadable(String),
}

impl CertificateStatus {
    /// A certificate that ends at a time, which is shown as `ends`.
    pub(crate) fn of(validity: Validity, ends: String) -> Self {
        let condition = match validity {
            Validity::Valid => ServiceCondition::Good,
            Validity::EndsSoon(_) => ServiceCondition::Behind,
            Validity::Ended => ServiceCondition::Fault,
        };
        Self::Ends(ends, condition)
    }
}

impl RegistryStatus {
    pub(super) fn text(&self) -> String {
        let federation = &self.federation;
        let mut text = match &self.reach {
            RegistryReach::Read(revision) => {
                format!("`{federation}` reachable, read at revision {revision}")
            }
            RegistryReach::Away { last_read, reason } => {
                let last_read = last_read.as_deref().unwrap_or("never");
                format!("`{federation}` away, last read {last_read}: {reason}")
            }
            RegistryReach::Refused(_, reason) => format!("`{federation}`: {reason}"),
        };
        match &self.certificate {
            Some(CertificateStatus::Ends(ends, _)) => {
                text.push_str(&format!("; own certificate ends {ends}"));
            }
            Some(CertificateStatus::Unreadable(reason)) => text.push_str(&format!("; {reason}")),
            None => {}
        }
        text
    }

    /// How bad it is.
    pub(crate) fn condition(&self) -> ServiceCondition {
        let reach = match self.reach {
            RegistryReach::Read(_) => ServiceCondition::Good,
            RegistryReach::Away { .. } | RegistryReach::Refused(..) => ServiceCondition::Fault,
        };
        match &self.certificate {
            Some(CertificateStatus::Ends(_, condition)) => reach.max(*condition),
            Some(CertificateStatus::Unreadable(_)) => ServiceCondition::Fault,
            None => reach,
        }
    }

    /// The exit code of one that does not answer. An embedded one whose file is damaged, or no file, counts as a damaged state.
    pub(super) fn code(&self) -> Option<Code> {
        match self.reach {
            RegistryReach::Read(_) => None,
            RegistryReach::Away { .. } => Some(Code::Unreachable),
            RegistryReach::Refused(Code::CannotWrite | Code::Data, _) => Some(Code::Configuration),
            RegistryReach::Refused(code, _) => Some(code),
        }
    }

    /// Its values for programs.
    pub(super) fn details(&self) -> Value {
        let (revision, last_read) = match &self.reach {
            RegistryReach::Read(revision) => (Some(revision), None),
            RegistryReach::Away { last_read, .. } => (None, last_read.as_ref()),
            RegistryReach::Refused(..) => (None, None),
        };
        let ends = match &self.certificate {
            Some(CertificateStatus::Ends(ends, _)) => Some(ends),
            Some(CertificateStatus::Unreadable(_)) | None => None,
        };
        json!({
            "federation": self.federation, "reachable": revision.is_some(), "revision": revision,
            "last_read": last_read, "certificate_ends": ends,
        })
    }
}

/// The listener in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenerLine {
    /// What it does.
    pub text: String,
    /// How bad that is.
    pub condition: ServiceCondition,
}

impl ListenerLine {
    /// Of a listener that `is_expected`, if the configuration says what it provisions.
    pub(crate) fn of(status: &ListenerStatus, is_expected: bool) -> Self {
        let mut parts = vec![match (&status.listening, status.running) {
            (Some(listening), _) => format!("running since {}", listening.since),
            (None, true) => "starting".to_owned(),
            (None, false) => "not running".to_owned(),
        }];
        parts.push(format!("provisions {}", status.switched()));
        let has_failed = status
            .stamp
            .as_ref()
            .is_some_and(|stamp| stamp.failures > 0);
        if status.stamp.is_some() || status.running {
            parts.push(format!("last provision {}", status.last_provision()));
        }
        if let Some(listening) = status
            .listening
            .as_ref()
            .filter(|one| !one.queued.is_empty())
        {
            parts.push(format!("queued: {}", queued(listening)));
        }
        let reload = status.listening.as_ref();
        let reload = reload.and_then(|listening| listening.reload_error.as_ref());
        parts.extend(reload.map(|reason| format!("not reloaded: {reason}")));
        let is_missing = is_expected && !status.running;
        let condition = if is_missing {
            ServiceCondition::Fault
        } else if has_failed || reload.is_some() {
            ServiceCondition::Behind
        } else {
            ServiceCondition::Good
        };
        Self {
            text: parts.join("; "),
            condition,
        }
    }
}

/// The balancer in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BalancerStatus {
    /// What it does.
    pub text: String,
    /// How bad that is.
    pub condition: ServiceCondition,
}

impl BalancerStatus {
    /// Of what the last run has put in use, and of the listener that runs `balance`, if one does. `None` on a node that has
    /// no balancer, and nothing to be ended of one.
    pub(crate) fn of(
        settings: &BalanceSettings,
        state: &BalanceState,
        listening: Option<&Balancing>,
        now: SystemTime,
    ) -> Option<Self> {
        let is_wanted = settings.is_on();
        if !is_wanted && !state.has_to_be_ended() {
            return None;
        }
        let mut parts = vec![counted(state.ports.len(), "local port")];
        if state.shape.is_none() {
            parts = vec!["never run".to_owned()];
        }
        let off = state.off.as_ref().filter(|off| off.is_in_force(now));
        parts.extend(off.map(|off| format!("local: {off}")));
        if !is_wanted {
            parts.push("`reconf balance` ends it".to_owned());
        }
        let error = listening.and_then(|balancing| balancing.error.as_ref());
        parts.extend(error.map(|reason| format!("runs fail: {reason}")));
        if state.owed {
            parts.push("its records are owed to the registry".to_owned());
        }
        let is_behind = listening.is_some_and(|balancing| balancing.behind);
        if is_behind {
            parts.push("a change is about to be carried out".to_owned());
        }
        let has_run = state.shape.is_some();
        let condition = if error.is_some() {
            ServiceCondition::Fault
        } else if state.owed || is_behind || !is_wanted || !has_run {
            ServiceCondition::Behind
        } else {
            ServiceCondition::Good
        };
        Some(Self {
            text: parts.join("; "),
            condition,
        })
    }
}

#[cfg(test)]
mod tests;
