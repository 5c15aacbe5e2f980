//! `reconf ls`: what is available where, in this node's federation, and who uses it.

use crate::{
    cli::LsArgs,
    edge::{clock, registry::Session},
    fleet::{self, Usage},
    model::{
        announcement::By,
        datastores::Datastores,
        key::{self, Kind},
        name::Name,
        snapshot::Snapshot,
    },
    node::Node,
    operations::read_set::{ReadSet, read_names},
    report::{Ended, LsRow, no_such_names, unreadable},
};

const HEADER: [&str; 7] = [
    "NAME", "REGION", "PROVIDER", "AGE", "LEASE", "PUBLIC", "VALUE",
];

const USERS: [&str; 6] = [
    "NAME", "PROVIDER", "NODE", "USED BY", "VARIABLE", "REVISION",
];

/// `reconf ls`.
pub(super) fn run(node: &Node, args: &LsArgs) -> Ended {
    let federation = &node.settings.federation;
    let mut session = node.session();
    let mut reads = ReadSet::default();
    for kind in [Kind::Provides, Kind::Withdrawn] {
        reads.records(federation, &args.names, kind);
    }
    if !args.names.is_empty() {
        reads.prefix(federation, key::applied_prefix(federation));
    }
    let snapshots = reads.read(&mut session);
    let nothing = Snapshot::default();
    let snapshot = snapshots.of(federation).required()?.unwrap_or(&nothing);
    let datastores = node.datastores()?.remove(federation).unwrap_or_default();
    let usage = fleet::usage(federation, &args.names, snapshot);
    let rows = rows(args, snapshot, &datastores, &usage);
    let of_names = args.names.iter();
    let of_names = of_names.flat_map(|name| snapshot.unreadable_of(federation, name));
    let of_all = snapshot.unreadable.iter();
    let of_all = of_all.filter(|_| args.names.is_empty());
    let of_all = of_all.map(|(key, entry)| (key, entry.why));
    node.out.warnings(&unreadable(of_names.chain(of_all)));
    print(node, args, &rows, &usage);
    let is_listed = |name: &Name| rows.iter().any(|row| row.name == name);
    let unknown: Vec<&Name> = args.names.iter().filter(|name| !is_listed(name)).collect();
    refuse_unknown(node, &mut session, &unknown, &datastores)
}

/// The rows of what was asked for, by name, region and provider.
fn rows<'a>(
    args: &LsArgs,
    snapshot: &'a Snapshot,
    datastores: &'a Datastores,
    usage: &'a Usage,
) -> Vec<LsRow<'a>> {
    let now = clock::now();
    let with_users = |row: LsRow<'a>, key| {
        if args.names.is_empty() {
            row
        } else {
            row.with_users(usage.users.get(key))
        }
    };
    let announced = snapshot
        .live
        .iter()
        .map(|(key, live)| with_users(LsRow::announced(key, live, args.show_values, now), key));
    let is_shown = |key, by| by == By::Hand || usage.users.contains_key(key);
    let withdrawn = snapshot.withdrawn.iter();
    let withdrawn = withdrawn.filter(|(key, entry)| {
        is_shown(*key, entry.tombstone.by) && !snapshot.live.contains_key(key)
    });
    let withdrawn =
        withdrawn.map(|(key, entry)| with_users(LsRow::withdrawn(key, &entry.tombstone), key));
    let is_gone = |key| !snapshot.live.contains_key(key) && !snapshot.withdrawn.contains_key(key);
    let expired = usage.users.keys().filter(|key| is_gone(*key));
    let expired = expired.map(|key| with_users(LsRow::expired(key), key));
    let regions = datastores.regions.iter();
    let stored = regions.map(|(region, values)| (Some(region), values));
    let stored = stored.chain([(None, &datastores.common)]);
    let stored = stored.flat_map(|(region, values)| {
        let values = values.iter();
        values.map(move |(name, value)| LsRow::stored(name, region, value, args.show_values))
    });
    let rows = announced.chain(withdrawn).chain(expired).chain(stored);
    let is_asked = |row: &LsRow| args.names.is_empty() || args.names.contains(row.name);
    let mut rows: Vec<LsRow> = rows.filter(is_asked).collect();
    rows.sort_by(|a, b| (a.name, a.region, &a.provider).cmp(&(b.name, b.region, &b.provider)));
    rows
}

fn print(node: &Node, args: &LsArgs, rows: &[LsRow], usage: &Usage) {
    let header = (!rows.is_empty() || args.names.is_empty()).then_some(HEADER);
    node.out.rows(header, rows);
    let warnings = usage.unreadable.iter().cloned();
    node.out.warnings(&warnings.collect::<Vec<_>>());
    let users: Vec<[String; 6]> = rows.iter().flat_map(LsRow::user_cells).collect();
    if users.is_empty() || node.out.is_json() {
        return;
    }
    node.out.text("\n");
    let header = USERS.map(str::to_owned);
    let lines: Vec<[String; 6]> = [header].into_iter().chain(users).collect();
    node.out.columns(&lines);
    if node.settings.is_registry_of_this_machine() {
        node.out
            .line("note: users of this machine only: the registry is the embedded one");
    }
}

/// The failure of names of which nothing is known, with near misses.
fn refuse_unknown(
    node: &Node,
    session: &mut Session,
    unknown: &[&Name],
    datastores: &Datastores,
) -> Ended {
    if unknown.is_empty() {
        return Ok(None);
    }
    let federation = &node.settings.federation;
    let mut known = read_names(session, federation);
    let stored = datastores.regions.values().chain([&datastores.common]);
    known.extend(stored.flat_map(|values| values.keys().cloned()));
    let is_alone = node.settings.is_registry_of_this_machine();
    Err(no_such_names(federation, unknown, &known, is_alone))
}
