//! The listener's status as text: the rows of `listen status`, and the line for the service manager.

use crate::model::{listening::Listening, stamp::Stamp, switch::StoredSwitch};

/// A listener, by its files and its lock.
pub(crate) struct ListenerStatus {
    /// Whether a listener is running.
    pub running: bool,
    /// Whether provisions may start.
    pub on: bool,
    /// The switch, as an operator turned it.
    pub switch: StoredSwitch,
    /// The latest status of the running listener.
    pub listening: Option<Listening>,
    /// Whether a provision runs.
    pub provisioning: bool,
    /// The last provision.
    pub stamp: Option<Stamp>,
}

impl ListenerStatus {
    /// Key and text of each row.
    pub(crate) fn rows(&self) -> Vec<[String; 2]> {
        let mut switch = switched(&self.switch, self.on);
        let differs = |listening: &Listening| listening.on != self.on;
        if self.listening.as_ref().is_some_and(differs) {
            switch.push_str("; the listener is about to take that up");
        }
        let mut rows = vec![row("switch", switch)];
        match &self.listening {
            Some(listening) => rows.extend(of_listener(listening)),
            None if self.running => rows.push(row("listener", "starting".to_owned())),
            None => rows.push(row("listener", "not running".to_owned())),
        }
        let last = self
            .stamp
            .as_ref()
            .map(|stamp| last(stamp, self.provisioning));
        rows.push(row("last", last.unwrap_or_else(|| "none yet".to_owned())));
        rows
    }
}

fn row(key: &str, value: String) -> [String; 2] {
    [key.to_owned(), value]
}

fn switched(switch: &StoredSwitch, on: bool) -> String {
    let mut text = if on { "on" } else { "off" }.to_owned();
    if let Some(since) = &switch.since {
        text.push_str(&format!(" since {since}"));
    }
    if let Some(until) = switch.until.as_ref().filter(|_| !on) {
        text.push_str(&format!(" until {until}"));
    }
    if let Some(reason) = switch.reason.as_ref().filter(|_| !on) {
        text.push_str(&format!(": {reason}"));
    }
    text
}

fn of_listener(listening: &Listening) -> Vec<[String; 2]> {
    let Listening {
        pid, since, names, ..
    } = listening;
    let mut rows = vec![row(
        "listener",
        format!("pid {pid} since {since}, {names} names"),
    )];
    for (federation, connected) in &listening.registry {
        let state = if *connected {
            "connected"
        } else {
            "not connected"
        };
        rows.push(row("registry", format!("{federation}: {state}")));
    }
    for (service, variables) in &listening.changed {
        let key = if listening.stale.contains(service) {
            "stale"
        } else {
            "changed"
        };
        rows.push(row(key, format!("{service}: {}", variables.join(", "))));
    }
    for (service, names) in &listening.unmet {
        rows.push(row("unmet", format!("{service}: {}", names.join(", "))));
    }
    rows.push(row("queued", queued(listening)));
    for (service, is_healthy) in &listening.kept_alive {
        let state = if *is_healthy {
            "kept alive"
        } else {
            "unhealthy: lease will expire"
        };
        rows.push(row("announced", format!("{service}: {state}")));
    }
    if listening.running {
        rows.push(row("running", "a provision".to_owned()));
    }
    rows
}

fn queued(listening: &Listening) -> String {
    let mut queued = match &listening.queued[..] {
        [] => "nothing".to_owned(),
        reasons => reasons.join(", "),
    };
    if let Some(what) = &listening.waits_for {
        queued.push_str(&format!("; waiting for {what}"));
    } else if let Some(due) = &listening.due {
        queued.push_str(&format!("; not before {due}"));
    }
    queued
}

fn last(stamp: &Stamp, is_running: bool) -> String {
    let reasons = stamp.reasons.join(", ");
    let end = match (&stamp.ended, stamp.exit) {
        (Some(ended), Some(exit)) => format!("ended {ended} with exit {exit}"),
        _ if is_running => "still running".to_owned(),
        _ => "its end was not recorded".to_owned(),
    };
    format!("started {} ({reasons}); {end}", stamp.started)
}

/// The listener's state in one line.
pub(crate) fn summary(listening: &Listening) -> String {
    let state = if listening.running {
        "provisioning"
    } else if !listening.on {
        "off"
    } else if !listening.queued.is_empty() {
        "a provision is queued"
    } else {
        "watching"
    };
    let is_connected = listening.registry.values().all(|connected| *connected);
    let registry = if is_connected {
        ""
    } else {
        "; the registry is not connected"
    };
    format!("{state}; {} names{registry}", listening.names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;

    #[test]
    fn the_summary_names_what_matters_most() {
        let cases = [
            (true, false, false, true, "watching; 3 names"),
            (true, true, false, true, "a provision is queued; 3 names"),
            (true, true, true, true, "provisioning; 3 names"),
            (false, true, false, true, "off; 3 names"),
            (false, true, true, true, "provisioning; 3 names"),
            (
                true,
                false,
                false,
                false,
                "watching; 3 names; the registry is not connected",
            ),
        ];
        for (on, queued, running, connected, expected) in cases {
            let id = |text| Id::parse(text).unwrap();
            let listening = Listening {
                on,
                running,
                names: 3,
                queued: queued.then(|| "change".to_owned()).into_iter().collect(),
                registry: [(id("one"), true), (id("two"), connected)].into(),
                ..Listening::default()
            };
            assert_eq!(summary(&listening), expected);
        }
    }

    #[test]
    fn the_queue_shows_its_reasons_and_what_it_waits_for() {
        let cases = [
            (&[][..], None, None, "nothing"),
            (&["start", "change"], None, None, "start, change"),
            (&["change"], Some("12:00"), None, "change; not before 12:00"),
            (
                &["change"],
                Some("12:00"),
                Some("`reconf listen on`"),
                "change; waiting for `reconf listen on`",
            ),
        ];
        for (reasons, due, waits_for, expected) in cases {
            let listening = Listening {
                queued: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
                due: due.map(str::to_owned),
                waits_for: waits_for.map(str::to_owned),
                ..Listening::default()
            };
            assert_eq!(queued(&listening), expected);
        }
    }

    #[test]
    fn the_last_provision_has_ended_is_running_or_left_no_end() {
        let ended = Some("2026-01-01T00:01:00Z".to_owned());
        for (ended, exit, is_running, expected) in [
            (
                ended,
                Some(3),
                false,
                "ended 2026-01-01T00:01:00Z with exit 3",
            ),
            (None, None, true, "still running"),
            (None, None, false, "its end was not recorded"),
        ] {
            let stamp = Stamp {
                started: "2026-01-01T00:00:00Z".to_owned(),
                reasons: vec!["kick".to_owned()],
                ended,
                exit,
                ..Stamp::default()
            };
            let text = last(&stamp, is_running);
            assert_eq!(
                text,
                format!("started 2026-01-01T00:00:00Z (kick); {expected}")
            );
        }
    }
}
