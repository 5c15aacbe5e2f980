//! The report of `ls`: what is available where, and who uses it.

mod row;

use std::{collections::BTreeMap, time::SystemTime};

use super::{output::Output, resolving::unreadable};
use crate::{
    fleet::Usage,
    model::{
        announcement::By,
        datastores::{Datastores, StoredValue},
        id::Id,
        key::{Key, applied_prefix},
        name::Name,
        snapshot::Snapshot,
    },
};

use row::LsRow;

const HEADER: [&str; 7] = [
    "NAME", "REGION", "PROVIDER", "AGE", "LEASE", "PUBLIC", "VALUE",
];

const USERS: [&str; 6] = [
    "NAME", "PROVIDER", "NODE", "USED BY", "VARIABLE", "REVISION",
];

/// Who uses what is listed.
#[derive(Debug)]
pub(crate) enum ListedUsers {
    /// No name was given, so nobody asks for them.
    NotAsked,
    /// What the `applied/` records say.
    Known(Usage),
    /// This node may not read those records.
    Unknown,
}

/// What a list is made of.
pub(crate) struct LsReport<'a> {
    /// The federation.
    pub federation: &'a Id,
    /// The names that were asked for; none: all.
    pub names: &'a [Name],
    /// Their announcements and tombstones.
    pub snapshot: &'a Snapshot,
    /// The datastores of the federation.
    pub datastores: &'a Datastores,
    /// Their users.
    pub users: &'a ListedUsers,
    /// Whether values are shown as they are.
    pub show_values: bool,
    /// The time.
    pub now: SystemTime,
}

impl<'a> LsReport<'a> {
    /// Prints it. Returns the names that were asked for and of which nothing is known.
    pub(crate) fn print(&self, out: &Output) -> Vec<&'a Name> {
        out.warnings(&self.unreadable());
        let rows = self.rows();
        let has_header = !rows.is_empty() || self.names.is_empty();
        out.rows(has_header.then_some(HEADER), &rows);
        self.warn_of_users(out);
        let users: Vec<[String; 6]> = rows.iter().flat_map(LsRow::user_cells).collect();
        if !users.is_empty() && !out.is_json() {
            out.text("\n");
            let lines = [USERS.map(str::to_owned)].into_iter().chain(users);
            out.columns(&lines.collect::<Vec<_>>());
        }
        let is_listed = |name: &Name| rows.iter().any(|row| row.name == name);
        let names = self.names.iter();
        names.filter(|name| !is_listed(name)).collect()
    }

    /// The records of announcements and tombstones that cannot be read: of a name that was not asked for, nothing is said.
    fn unreadable(&self) -> Vec<String> {
        let names = self.names.iter();
        let of_names = names.flat_map(|name| self.snapshot.unreadable_of(self.federation, name));
        let all = self.snapshot.unreadable.iter();
        let all = all.filter(|_| self.names.is_empty());
        unreadable(of_names.chain(all.map(|(key, entry)| (key, entry.why))))
    }

    fn warn_of_users(&self, out: &Output) {
        match self.users {
            ListedUsers::NotAsked => {}
            ListedUsers::Known(usage) => {
                let lines: Vec<String> = usage.unreadable.iter().cloned().collect();
                out.warnings(&lines);
            }
            ListedUsers::Unknown => {
                let keys = applied_prefix(self.federation);
                out.warning(&format!(
                    "users are unknown: this node may not read `{keys}`"
                ));
            }
        }
    }

    /// Its rows, by name, region and provider.
    fn rows(&self) -> Vec<LsRow<'a>> {
        let rows = self.announced().chain(self.gone()).chain(self.stored());
        let is_asked = |row: &LsRow| self.names.is_empty() || self.names.contains(row.name);
        let mut rows: Vec<LsRow> = rows.filter(is_asked).collect();
        rows.sort_by(|a, b| (a.name, a.region, &a.provider).cmp(&(b.name, b.region, &b.provider)));
        rows
    }

    fn announced(&self) -> impl Iterator<Item = LsRow<'a>> {
        let live = self.snapshot.live.iter();
        live.map(|(key, live)| {
            self.with_users(LsRow::announced(key, live, self.show_values, self.now), key)
        })
    }

    /// What is announced no more: what was withdrawn by hand, and whatever has users still.
    fn gone(&self) -> impl Iterator<Item = LsRow<'a>> {
        let Snapshot {
            live, withdrawn, ..
        } = self.snapshot;
        let is_shown = |key, by| by == By::Hand || self.has_users(key);
        let tombstones = withdrawn.iter().filter(move |(key, entry)| {
            is_shown(*key, entry.tombstone.by) && !live.contains_key(key)
        });
        let tombstones = tombstones
            .map(|(key, entry)| self.with_users(LsRow::withdrawn(key, &entry.tombstone), key));
        let used = self
            .usage()
            .into_iter()
            .flat_map(|usage| usage.users.keys());
        let expired = used.filter(|key| !live.contains_key(key) && !withdrawn.contains_key(key));
        tombstones.chain(expired.map(|key| self.with_users(LsRow::expired(key), key)))
    }

    fn stored(&self) -> impl Iterator<Item = LsRow<'a>> {
        let regions = self.datastores.regions.iter();
        let regions = regions.map(|(region, values)| (Some(region), values));
        let all = regions.chain([(None, &self.datastores.common)]);
        all.flat_map(
            move |(region, values): (_, &'a BTreeMap<Name, StoredValue>)| {
                let values = values.iter();
                values
                    .map(move |(name, value)| LsRow::stored(name, region, value, self.show_values))
            },
        )
    }

    fn usage(&self) -> Option<&'a Usage> {
        match self.users {
            ListedUsers::Known(usage) => Some(usage),
            ListedUsers::NotAsked | ListedUsers::Unknown => None,
        }
    }

    fn has_users(&self, key: &Key) -> bool {
        let usage = self.usage();
        usage.is_some_and(|usage| usage.users.contains_key(key))
    }

    fn with_users(&self, row: LsRow<'a>, key: &Key) -> LsRow<'a> {
        match self.usage() {
            Some(usage) => row.with_users(usage.users.get(key)),
            None => row,
        }
    }
}
