//! The report of `retire` for one node.

use std::collections::BTreeSet;

use serde::Serialize;

use super::output::Report;
use crate::{
    fleet::Remains,
    model::{
        id::Id,
        key::{Key, Kind},
    },
};

/// What `retire` did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RetireReport {
    /// The node.
    pub node: Id,
    /// Whether the registry was changed, or would be.
    pub changed: bool,
    /// The keys of what was withdrawn.
    pub withdrawn: Vec<String>,
    /// The keys of other records that were deleted.
    pub deleted: Vec<String>,
    /// Where nothing was written, because of `--dry-run`: what each user would take instead, a line each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumers: Option<Vec<String>>,
    /// Warnings, one lower-case clause each.
    pub warnings: Vec<String>,
    /// What was withdrawn, now or before.
    #[serde(skip)]
    pub keys: BTreeSet<Key>,
    /// Whether nothing was written, because of `--dry-run`.
    #[serde(skip)]
    pub dry: bool,
}

impl RetireReport {
    /// Nothing done yet.
    pub(crate) fn new(node: &Id, dry: bool) -> Self {
        Self {
            node: node.clone(),
            changed: false,
            withdrawn: Vec::new(),
            deleted: Vec::new(),
            consumers: dry.then(Vec::new),
            warnings: Vec::new(),
            keys: BTreeSet::new(),
            dry,
        }
    }

    /// Adds what a federation had of the node.
    pub(crate) fn add(&mut self, remains: &Remains) {
        for key in remains.leaving() {
            self.withdrawn.push(key.path(Kind::Provides));
            self.keys.insert(key.clone());
        }
        self.keys.extend(remains.withdrawn.iter().cloned());
        self.deleted.extend(remains.records.keys().cloned());
        let left = remains.unreadable.iter();
        let left = left.map(|path| format!("left `{path}`, whose value cannot be read"));
        self.warnings.extend(left);
        self.changed |= remains.leaving().next().is_some() || !remains.records.is_empty();
    }

    /// What was done, for a person.
    pub(crate) fn done(&self) -> String {
        let (withdrawn, deleted) = if self.dry {
            ("would withdraw", "would delete")
        } else {
            ("withdrawn", "deleted")
        };
        let names = self.withdrawn.iter().filter_map(|path| Key::parse(path));
        let names = names.map(|(_, key)| format!("{} of {}", key.name, key.service));
        let names: Vec<String> = names.collect();
        let mut parts = Vec::new();
        if !names.is_empty() {
            parts.push(format!("{withdrawn} {}", names.join(", ")));
        }
        match self.deleted.len() {
            0 => {}
            1 => parts.push(format!("{deleted} 1 record of it")),
            records => parts.push(format!("{deleted} {records} records of it")),
        }
        if parts.is_empty() {
            parts.push("nothing is left of it".to_owned());
        }
        parts.join("; ")
    }
}

impl Report for RetireReport {
    fn line(&self) -> Option<String> {
        Some(format!("{}: {}", self.node, self.done()))
    }

    fn details(&self) -> Vec<String> {
        let all = self.withdrawn.iter().chain(&self.deleted);
        all.map(|key| format!("  {key}")).collect()
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn changed(&self) -> bool {
        self.changed
    }
}
