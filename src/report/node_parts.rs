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
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{
        balance_state::{OpenPort, SwitchedOff},
        listening::Listening,
        settings::{Flags, Settings},
        stamp::Stamp,
        switch::StoredSwitch,
    };

    #[test]
    fn a_registry_is_as_bad_as_the_certificate_for_it() {
        for (validity, expected) in [
            (Validity::Valid, ServiceCondition::Good),
            (Validity::EndsSoon(Duration::ZERO), ServiceCondition::Behind),
            (Validity::Ended, ServiceCondition::Fault),
        ] {
            let status = RegistryStatus {
                federation: Id::default_scope(),
                reach: RegistryReach::Read(5),
                certificate: Some(CertificateStatus::of(validity, "then".to_owned())),
            };
            assert_eq!(status.condition(), expected, "{validity:?}");
            assert!(status.text().ends_with("; own certificate ends then"));
        }
    }

    fn listener(running: bool, failures: u32, queued: &[&str]) -> ListenerStatus {
        let listening = Listening {
            since: "12:00".to_owned(),
            on: true,
            queued: queued.iter().map(ToString::to_string).collect(),
            waits_for: Some("the busy lock".to_owned()),
            ..Listening::default()
        };
        ListenerStatus {
            running,
            on: true,
            switch: StoredSwitch::default(),
            listening: running.then_some(listening),
            provisioning: false,
            stamp: running.then(|| Stamp {
                started: "11:00".to_owned(),
                reasons: vec!["kick".to_owned()],
                ended: Some("11:01".to_owned()),
                exit: Some(u8::from(failures > 0)),
                failures,
                succeeded: None,
                process: None,
            }),
            balance_off: None,
            config_error: None,
        }
    }

    #[test]
    fn a_listener_says_what_it_does_in_one_line() {
        let ended = "provisions on; last provision started 11:00 (kick); ended 11:01 with exit";
        for (status, is_expected, text, condition) in [
            (
                listener(false, 0, &[]),
                false,
                "not running; provisions on",
                ServiceCondition::Good,
            ),
            (
                listener(false, 0, &[]),
                true,
                "not running; provisions on",
                ServiceCondition::Fault,
            ),
            (
                listener(true, 0, &[]),
                true,
                &format!("running since 12:00; {ended} 0"),
                ServiceCondition::Good,
            ),
            (
                listener(true, 2, &["change"]),
                true,
                &format!(
                    "running since 12:00; {ended} 1; queued: change; waiting for the busy lock"
                ),
                ServiceCondition::Behind,
            ),
        ] {
            let line = ListenerLine::of(&status, is_expected);
            assert_eq!((line.text.as_str(), line.condition), (text, condition));
        }
    }

    fn settings(config: &str) -> BalanceSettings {
        let file = Some(("config.json", config));
        let settings = Settings::load(&Flags::default(), |_| None, file);
        settings.unwrap().balance
    }

    #[test]
    fn a_balancer_says_what_it_has_open_and_why_it_is_behind() {
        let (given, none) = (settings(r#"{"balance": {"local": true}}"#), settings("{}"));
        let run = BalanceState {
            shape: Some("0123".to_owned()),
            ports: [(21100, OpenPort::default())].into(),
            ..BalanceState::default()
        };
        let off = BalanceState {
            off: Some(SwitchedOff {
                since: "11:00".to_owned(),
                ..SwitchedOff::default()
            }),
            owed: true,
            ..run.clone()
        };
        let failing = Balancing {
            error: Some("no answer".to_owned()),
            ..Balancing::default()
        };
        let judged = |settings, state, listening| {
            let status = BalancerStatus::of(settings, state, listening, SystemTime::UNIX_EPOCH);
            status.map(|status| (status.text, status.condition))
        };
        let says = |text: &str, condition| Some((text.to_owned(), condition));
        let new = BalanceState::default();
        assert_eq!(judged(&none, &new, None), None);
        let behind = |text| says(text, ServiceCondition::Behind);
        assert_eq!(judged(&given, &new, None), behind("never run"));
        let ends = "1 local port; `reconf balance` ends it";
        assert_eq!(judged(&none, &run, None), behind(ends));
        let owed = "1 local port; local: off since 11:00; its records are owed to the registry";
        assert_eq!(judged(&given, &off, None), behind(owed));
        let good = says("1 local port", ServiceCondition::Good);
        assert_eq!(judged(&given, &run, None), good);
        let fault = says(
            "1 local port; runs fail: no answer",
            ServiceCondition::Fault,
        );
        assert_eq!(judged(&given, &run, Some(&failing)), fault);
    }
}
