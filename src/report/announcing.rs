//! Reports of `announce` and `withdraw` for one service: the JSON lines that the cookbook reads, and the lines for
//! people.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use super::output::Report;
use crate::{
    announce::Plan,
    model::{
        id::Id,
        key::{Key, Kind},
        name::Name,
        withdrawal_note::WithdrawalNote,
    },
};

/// What `announce` did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AnnounceReport {
    /// The service.
    pub service: Id,
    /// Whether the registry was changed, or would be.
    pub changed: bool,
    /// Why it was left withdrawn, if it was.
    #[serde(serialize_with = "is_held")]
    pub held: Option<HeldBy>,
    /// What is announced.
    pub announcements: Vec<AnnouncementReport>,
    /// The keys of what was taken back.
    pub withdrawn: Vec<String>,
    /// Warnings, one lower-case clause each.
    pub warnings: Vec<String>,
    /// Whether nothing was written, because of `--dry-run`.
    #[serde(skip)]
    pub dry: bool,
    /// Whether the registry was not asked, which may be another one by now.
    #[serde(skip)]
    pub assumed: bool,
}

/// What a service stays withdrawn by, until it is announced by hand or the time of that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeldBy {
    /// A person withdrew it, and said this.
    Hand(WithdrawalNote),
    /// Its node was retired.
    Retirement,
}

/// In JSON, only whether it is held.
#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn is_held<S: Serializer>(held: &Option<HeldBy>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(held.is_some())
}

/// One announcement of a service.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AnnouncementReport {
    /// What is provided.
    pub name: Name,
    /// The registry's key.
    pub key: String,
    /// Whether it is new, or has changed.
    pub changed: bool,
}

impl AnnounceReport {
    /// Nothing done yet.
    pub(crate) fn new(service: &Id) -> Self {
        Self {
            service: service.clone(),
            changed: false,
            held: None,
            announcements: Vec::new(),
            withdrawn: Vec::new(),
            warnings: Vec::new(),
            dry: false,
            assumed: false,
        }
    }

    /// Adds what a plan keeps, announces and takes back.
    pub(crate) fn add_plan(&mut self, plan: &Plan) {
        for (key, _, _) in &plan.kept {
            self.add(key, false);
        }
        for put in &plan.puts {
            self.add(&put.key, true);
        }
        for withdrawal in &plan.withdrawals {
            self.changed = true;
            self.withdrawn.push(withdrawal.key.path(Kind::Provides));
        }
    }

    /// What is withdrawn, as a person knows it: `NAME of service@node`, with the region of what has only left that.
    fn withdrawn_names(&self) -> String {
        let announced = self.announcements.iter().map(|a| a.key.as_str());
        let announced: Vec<Key> = announced
            .filter_map(|path| Some(Key::parse(path)?.1))
            .collect();
        let name = |path: &String| {
            let Some((_, key)) = Key::parse(path) else {
                return path.clone();
            };
            let named = format!("{} of {}", key.name, key.provider());
            let has_left = |now: &Key| {
                now.name == key.name && now.provider() == key.provider() && now.region != key.region
            };
            if announced.iter().any(has_left) {
                format!("{named} in region `{}`", key.region)
            } else {
                named
            }
        };
        let names: Vec<String> = self.withdrawn.iter().map(name).collect();
        names.join(", ")
    }

    /// Adds an announcement, and whether it is new.
    pub(crate) fn add(&mut self, key: &Key, changed: bool) {
        self.changed |= changed;
        self.announcements.push(AnnouncementReport {
            name: key.name.clone(),
            key: key.path(Kind::Provides),
            changed,
        });
    }
}

impl Report for AnnounceReport {
    fn line(&self) -> Option<String> {
        let service = &self.service;
        let (announced, withdrawn) = if self.dry {
            ("would announce", "would withdraw")
        } else {
            ("announced", "withdrawn")
        };
        let names = |changed: bool| {
            let some = self.announcements.iter().filter(|a| a.changed == changed);
            some.map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let kept = if self.assumed {
            "announced before, as this node recorded:"
        } else {
            "already announced"
        };
        let mut parts = Vec::new();
        for (verb, names) in [
            (announced, names(true)),
            (kept, names(false)),
            (withdrawn, self.withdrawn_names()),
        ] {
            if !names.is_empty() {
                parts.push(format!("{verb} {names}"));
            }
        }
        if let Some(by) = &self.held {
            let reason = match by {
                HeldBy::Retirement => "its node was retired".to_owned(),
                HeldBy::Hand(note) => format!("it was {}", note.withdrawn("")),
            };
            parts.push(format!(
                "held, because {reason}; `reconf announce {service}` announces it again"
            ));
        }
        if parts.is_empty() {
            parts.push("provides nothing".to_owned());
        }
        Some(format!("{service}: {}", parts.join("; ")))
    }

    fn details(&self) -> Vec<String> {
        let announced = self.announcements.iter().map(|a| &a.key);
        announced
            .map(|key| format!("  announced {key}"))
            .chain(withdrawn_keys(&self.withdrawn))
            .collect()
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn changed(&self) -> bool {
        self.changed
    }
}

fn withdrawn_keys(keys: &[String]) -> impl Iterator<Item = String> {
    keys.iter().map(|key| format!("  withdrawn {key}"))
}

/// What `withdraw` did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WithdrawReport {
    /// The service.
    pub service: Id,
    /// Whether the registry was changed.
    pub changed: bool,
    /// The keys of what was taken back.
    pub withdrawn: Vec<String>,
    /// Whether it stays so until `announce ID`.
    pub held: bool,
    /// Where nothing was written, because of `--dry-run`: what each user would take instead, a line each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumers: Option<Vec<String>>,
    /// When it is announced again by itself (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Whether the service had no manifest any more, so that its state was removed.
    pub forgotten: bool,
    /// Warnings, one lower-case clause each.
    pub warnings: Vec<String>,
}

impl WithdrawReport {
    /// Nothing done yet.
    pub(crate) fn new(service: &Id, held: bool) -> Self {
        Self {
            service: service.clone(),
            changed: false,
            withdrawn: Vec::new(),
            held,
            consumers: None,
            until: None,
            forgotten: false,
            warnings: Vec::new(),
        }
    }
}

impl Report for WithdrawReport {
    fn line(&self) -> Option<String> {
        let service = &self.service;
        let names = self.withdrawn.iter().filter_map(|path| Key::parse(path));
        let names: BTreeSet<String> = names.map(|(_, key)| key.name.to_string()).collect();
        let mut line = if names.is_empty() {
            format!("{service}: nothing to withdraw")
        } else {
            let names: Vec<String> = names.into_iter().collect();
            let withdrawn = if self.consumers.is_some() {
                "would withdraw"
            } else {
                "withdrawn"
            };
            format!("{service}: {withdrawn} {}", names.join(", "))
        };
        if self.held {
            let end = self.until.as_ref();
            let end = end.map_or(String::new(), |until| format!("{until} or "));
            let stays = if self.consumers.is_some() {
                "would stay"
            } else {
                "stays"
            };
            line.push_str(&format!(
                "; {stays} so until {end}`reconf announce {service}`"
            ));
        }
        if self.forgotten {
            line.push_str("; forgotten, since its manifest is gone");
        }
        Some(line)
    }

    fn details(&self) -> Vec<String> {
        withdrawn_keys(&self.withdrawn).collect()
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn changed(&self) -> bool {
        self.changed
    }
}

#[cfg(test)]
mod tests;
