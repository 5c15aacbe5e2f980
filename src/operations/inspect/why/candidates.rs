//! What a value is made of, and what it is not made of, name by name.

use super::Subject;
use crate::{
    model::{
        environment::Source,
        id::Id,
        key::{Key, Kind},
        manifest::Requirement,
        snapshot::Snapshot,
    },
    report::{
        NotTakenRow, ReasonContext, TakenRow, WhyReport, datastore_rows, fallback_rows, not_taken,
        unreadable_row,
    },
    resolve::{NameTrace, NotTaken, RegistryState, Trace},
};

impl Subject<'_> {
    /// Adds what the value is made of, and what it is not made of, name by name.
    pub(super) fn add_candidates(
        &self,
        report: &mut WhyReport,
        requirement: &Requirement,
        trace: &Trace,
    ) {
        for of_name in &trace.names {
            let name = &of_name.name;
            let (mut taken, mut others) = datastore_rows(of_name);
            let context = ReasonContext {
                now: self.now,
                name: name.clone(),
            };
            for (key, why) in &of_name.not_taken {
                let mut row = not_taken(&context, key, why);
                row.revision = row.revision.or_else(|| self.revision_of(key, why));
                report.not_taken.push(row);
            }
            match of_name.local_port {
                Some(port) => self.add_port(report, of_name, port),
                None => report.taken.extend(self.announced(of_name)),
            }
            report.taken.append(&mut taken);
            let unreadable = of_name.unreadable.iter();
            let unreadable = unreadable.map(|(path, why)| unreadable_row(name, path, *why));
            report.not_taken.extend(unreadable);
            report.not_taken.append(&mut others);
        }
        let (taken, other) = fallback_rows(requirement, trace);
        report.taken.extend(taken);
        report.not_taken.extend(other);
    }

    /// Adds a port of the local balancer that fills a name. Whatever is behind it is taken, so that the spread says nothing.
    fn add_port(&self, report: &mut WhyReport, of_name: &NameTrace, port: u16) {
        let Some(statistics) = &self.statistics else {
            return;
        };
        let balanced = statistics.port(port);
        let is_behind = |row: &NotTakenRow| {
            let mut servers = balanced.servers.iter();
            servers.any(|server| {
                let region = row.region.as_ref().map(Id::as_str);
                server.provider == row.candidate && server.region.as_deref() == region
            })
        };
        let rows = of_name.taken.iter().map(|(key, _)| {
            let row = NotTakenRow::new(Some(&key.name), &key.provider(), "", String::new());
            NotTakenRow {
                region: Some(key.region.clone()),
                revision: self.revision(key),
                key: Some(key.path(Kind::Provides)),
                ..row
            }
        });
        report.not_taken.extend(rows);
        report
            .not_taken
            .retain(|row| row.name.as_ref() != Some(&of_name.name) || !is_behind(row));
        for row in &mut report.not_taken {
            let is_choice = matches!(row.reason, "" | "other-share" | "later-region");
            if is_choice && row.name.as_ref() == Some(&of_name.name) {
                row.reason = "not-balanced";
                row.why = match balanced.error {
                    Some(_) => format!("whether it is behind {} is not known", balanced.port),
                    None => format!("not behind {}", balanced.port),
                };
            }
        }
        if !report.balanced.contains(&balanced) {
            report.balanced.push(balanced);
        }
    }

    /// The announcements that fill a name.
    fn announced(&self, of_name: &NameTrace) -> Vec<TakenRow> {
        let row = |(key, source): &(Key, Source)| {
            let live = self.snapshot().and_then(|snapshot| snapshot.live.get(key));
            let detail = match (source, self.input.registry, live) {
                (Source::LastKnown, RegistryState::Available(_), _) => {
                    "expired: its last known value"
                }
                (Source::LastKnown, RegistryState::Unavailable(_), _) => "last known",
                (_, _, None) => "offered by a manifest on this node, not announced",
                (_, _, Some(_)) => "",
            };
            TakenRow {
                name: Some(key.name.clone()),
                candidate: key.provider(),
                region: Some(key.region.clone()),
                since: live.map(|live| live.announcement.since.clone()),
                revision: self.revision(key),
                key: Some(key.path(Kind::Provides)),
                detail: detail.to_owned(),
            }
        };
        of_name.taken.iter().map(row).collect()
    }

    fn snapshot(&self) -> Option<&Snapshot> {
        match self.input.registry {
            RegistryState::Available(snapshot) => Some(snapshot),
            RegistryState::Unavailable(_) => None,
        }
    }

    /// The revision of what the row of a candidate is about: its tombstone, if it was withdrawn.
    fn revision_of(&self, key: &Key, why: &NotTaken) -> Option<i64> {
        if let NotTaken::Withdrawn(_) = why {
            let withdrawn = self
                .snapshot()
                .and_then(|snapshot| snapshot.withdrawn.get(key));
            return withdrawn.map(|entry| entry.revision);
        }
        self.revision(key)
    }

    /// The revision of an announcement, as it is or as it was last known.
    fn revision(&self, key: &Key) -> Option<i64> {
        let live = self.snapshot().and_then(|snapshot| snapshot.live.get(key));
        let known = || {
            let of_name = self.seen.of(&key.federation, &key.region, &key.name);
            of_name.get(key).map(|known| known.revision)
        };
        live.map(|live| live.revision).or_else(known)
    }
}
