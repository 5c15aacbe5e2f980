//! The report of `status --fleet`: a summary, the nodes by their versions, and a line for whatever is not current.

use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Output, begin_answer, output::Row, words::counted};
use crate::{
    fleet::{
        Currency, FleetStatus, FleetUser, HeldProvider, OutdatedSource, OutdatedUse, VersionGroup,
    },
    model::id::Id,
};

/// How many things of one line are named; then how many more there are.
const NAMED: usize = 5;

const GROUPS: [&str; 4] = ["CONFIGURATION", "RECONF", "NODES", ""];
const LINES: [&str; 4] = ["NODE", "SERVICE", "STATE", "WHY"];

/// What is said of a fleet.
pub(crate) struct FleetReport<'a> {
    /// The federation.
    pub federation: &'a Id,
    /// Whether the registry knows this machine only.
    pub is_alone: bool,
    /// What its nodes run with.
    pub status: &'a FleetStatus<'a>,
    /// Whether those that are current are listed as well.
    pub all: bool,
    /// The time.
    pub now: SystemTime,
}

impl FleetReport<'_> {
    /// Prints it.
    pub(crate) fn print(&self, out: &Output) {
        if out.is_json() {
            out.object(&self.summary());
        } else {
            begin_answer(out, self.is_alone);
            out.text(&format!("{}\n", self.headline()));
        }
        let groups: Vec<GroupRow> = self.groups().collect();
        out.rows((!groups.is_empty()).then_some(GROUPS), &groups);
        let lines = self.lines();
        out.rows((!lines.is_empty()).then_some(LINES), &lines);
    }

    fn summary(&self) -> Value {
        let Self { status, .. } = self;
        json!({
            "federation": self.federation, "revision": status.revision,
            "this_machine_only": self.is_alone, "nodes": status.nodes(),
            "current": status.count(Currency::Current),
            "perhaps": status.count(Currency::Perhaps),
            "behind": status.count(Currency::Behind),
        })
    }

    fn headline(&self) -> String {
        let Self { status, .. } = self;
        let mut text = format!(
            "federation `{}` at revision {}: {}, {} of announcements",
            self.federation,
            status.revision,
            counted(status.nodes(), "node"),
            counted(status.users.len(), "user"),
        );
        for (separator, currency) in [
            (": ", Currency::Current),
            (", ", Currency::Perhaps),
            (", ", Currency::Behind),
        ] {
            let count = status.count(currency);
            text.push_str(&format!("{separator}{count} {}", currency.name()));
        }
        text
    }

    /// The most common versions need no names: who looks for the others wants those.
    fn groups(&self) -> impl Iterator<Item = GroupRow<'_>> {
        let groups = self.status.groups.iter().enumerate();
        groups.map(|(at, group)| GroupRow {
            group,
            named: match (self.all, at) {
                (true, _) => usize::MAX,
                (false, 0) => 0,
                (false, _) => NAMED,
            },
        })
    }

    /// A user of whom nothing but an unreadable record is known has the line of that record.
    fn lines(&self) -> Vec<FleetRow<'_>> {
        let is_shown = |user: &&FleetUser| {
            !user.is_unknown() && (self.all || user.currency != Currency::Current)
        };
        let users = self.status.users.iter().filter(is_shown);
        let held = self.status.held.iter();
        let held = held.map(|held| FleetRow::Held(held, held_state(held, self.now)));
        let unreadable = self.status.unreadable.iter();
        let unreadable = unreadable.map(|(key, why)| FleetRow::Unreadable(key, why));
        let mut users: Vec<&FleetUser> = users.collect();
        users.sort_by_key(|user| std::cmp::Reverse(user.currency));
        let users = users.into_iter().map(FleetRow::User);
        users.chain(held).chain(unreadable).collect()
    }
}

/// Nodes of the same versions.
struct GroupRow<'a> {
    group: &'a VersionGroup,
    /// How many of them are named.
    named: usize,
}

impl Serialize for GroupRow<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let versions = self.group.versions.as_ref();
        json!({
            "configuration": versions.and_then(|versions| versions.configuration.as_ref()),
            "reconf": versions.map(|versions| &versions.reconf),
            "nodes": self.group.nodes,
        })
        .serialize(serializer)
    }
}

impl Row<4> for GroupRow<'_> {
    fn cells(&self) -> [String; 4] {
        let versions = self.group.versions.as_ref();
        let text = |text: Option<&String>| text.map_or("-", String::as_str).to_owned();
        let nodes = &self.group.nodes;
        let named = nodes.iter().map(Id::to_string).take(self.named);
        let mut named = named.collect::<Vec<_>>().join(" ");
        if self.named > 0 && nodes.len() > self.named {
            named.push_str(&format!(" and {} more", nodes.len() - self.named));
        }
        [
            text(versions.and_then(|versions| versions.configuration.as_ref())),
            text(versions.map(|versions| &versions.reconf)),
            nodes.len().to_string(),
            named,
        ]
    }
}

/// One line: a user, a provider that was withdrawn by hand, or a record that cannot be read.
enum FleetRow<'a> {
    User(&'a FleetUser<'a>),
    Held(&'a HeldProvider<'a>, &'static str),
    Unreadable(&'a str, &'a str),
}

impl Serialize for FleetRow<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = match self {
            Self::User(user) => json!({
                "node": user.node, "service": user.user, "state": user.currency.name(),
                "outdated": user.outdated.iter().map(source_value).collect::<Vec<_>>(),
            }),
            Self::Held(held, state) => {
                let (service, node) = of_provider(held);
                json!({
                    "node": node, "service": service, "state": state,
                    "names": held.names, "withdrawn": held.tombstone,
                })
            }
            Self::Unreadable(key, why) => {
                json!({"key": key, "state": "unreadable", "why": why})
            }
        };
        value.serialize(serializer)
    }
}

impl Row<4> for FleetRow<'_> {
    fn cells(&self) -> [String; 4] {
        match self {
            Self::User(user) => [
                user.node.to_string(),
                user.user.clone(),
                user.currency.name().to_owned(),
                reasons(&user.outdated),
            ],
            Self::Held(held, state) => {
                let (service, node) = of_provider(held);
                let names: Vec<String> = held.names.iter().map(ToString::to_string).collect();
                let why = format!("{}: {}", names.join(", "), held.tombstone);
                [
                    node.to_owned(),
                    service.to_owned(),
                    (*state).to_owned(),
                    why,
                ]
            }
            Self::Unreadable(key, why) => [
                String::new(),
                String::new(),
                "unreadable".to_owned(),
                format!("{key}: {why}"),
            ],
        }
    }
}

/// The state of a service that was withdrawn by hand.
fn held_state(held: &HeldProvider<'_>, now: SystemTime) -> &'static str {
    if held.is_live {
        "live, but held"
    } else if held.is_at_fault(now) {
        "held too long"
    } else {
        "held"
    }
}

fn of_provider<'a>(held: &'a HeldProvider<'_>) -> (&'a str, &'a str) {
    held.provider.split_once('@').unwrap_or_default()
}

fn reasons(outdated: &[OutdatedSource<'_>]) -> String {
    let named = outdated.iter().take(NAMED).map(|source| {
        let (variable, provider) = (&source.variable, source.provider());
        format!("{variable}: {provider} {}", reason(source))
    });
    let mut text = named.collect::<Vec<_>>().join("; ");
    if outdated.len() > NAMED {
        text.push_str(&format!("; and {} more", outdated.len() - NAMED));
    }
    text
}

fn reason(source: &OutdatedSource<'_>) -> String {
    match &source.why {
        OutdatedUse::Withdrawn(tombstone) => tombstone.to_string(),
        OutdatedUse::Expired => "expired".to_owned(),
        OutdatedUse::Announced(now) => {
            format!(
                "was announced anew: revision {now}, not {}",
                source.revision
            )
        }
        OutdatedUse::Unreadable => "cannot be read".to_owned(),
    }
}

fn source_value(source: &OutdatedSource<'_>) -> Value {
    let (why, now) = match source.why {
        OutdatedUse::Withdrawn(_) => ("withdrawn", None),
        OutdatedUse::Expired => ("expired", None),
        OutdatedUse::Announced(now) => ("announced", Some(now)),
        OutdatedUse::Unreadable => ("unreadable", None),
    };
    json!({
        "variable": source.variable, "provider": source.provider(), "key": source.key,
        "revision": source.revision, "why": why, "now": now,
    })
}
