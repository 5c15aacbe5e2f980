//! `reconf ls`: what is available where, in this node's federation.

use crate::{
    cli::LsArgs,
    edge::registry::Session,
    model::{announcement::By, datastores::Datastores, key::Kind, name::Name, snapshot::Snapshot},
    node::Node,
    operations::read_set::{ReadSet, read_names},
    report::{Ended, LsRow, no_such_names, unreadable},
};

const HEADER: [&str; 4] = ["NAME", "REGION", "PROVIDER", "VALUE"];

/// `reconf ls`.
pub(super) fn run(node: &Node, args: &LsArgs) -> Ended {
    let federation = &node.settings.federation;
    let mut session = node.session();
    let mut reads = ReadSet::default();
    for kind in [Kind::Provides, Kind::Withdrawn] {
        reads.records(federation, &args.names, kind);
    }
    let snapshots = reads.read(&mut session);
    let nothing = Snapshot::default();
    let snapshot = snapshots.of(federation).required()?.unwrap_or(&nothing);
    let datastores = node.datastores()?.remove(federation).unwrap_or_default();
    let regions = datastores
        .regions
        .iter()
        .map(|(region, values)| (Some(region), values));
    let stored = regions.chain([(None, &datastores.common)]);
    let stored = stored.flat_map(|(region, values)| {
        values
            .iter()
            .map(move |(name, value)| LsRow::stored(name, region, value, args.show_values))
    });
    let announced = snapshot
        .live
        .iter()
        .map(|(key, live)| LsRow::announced(key, live, args.show_values));
    let rows = announced.chain(withdrawn(snapshot)).chain(stored);
    let mut rows: Vec<LsRow> = rows.collect();
    rows.retain(|row| args.names.is_empty() || args.names.contains(row.name));
    rows.sort_by(|a, b| (a.name, a.region, &a.provider).cmp(&(b.name, b.region, &b.provider)));
    let of_names = args.names.iter();
    let of_names = of_names.flat_map(|name| snapshot.unreadable_of(federation, name));
    let of_all = snapshot.unreadable.iter();
    let of_all = of_all.filter(|_| args.names.is_empty());
    let of_all = of_all.map(|(key, entry)| (key, entry.why));
    node.out.warnings(&unreadable(of_names.chain(of_all)));
    let header = (!rows.is_empty() || args.names.is_empty()).then_some(HEADER);
    node.out.rows(header, &rows);
    let provided = rows.iter().filter(|row| row.value.is_some());
    let is_listed = |name: &Name| provided.clone().any(|row| row.name == name);
    let unknown: Vec<&Name> = args.names.iter().filter(|name| !is_listed(name)).collect();
    refuse_unknown(node, &mut session, &unknown, &datastores)
}

/// What was withdrawn by hand and is not announced.
fn withdrawn(snapshot: &Snapshot) -> impl Iterator<Item = LsRow<'_>> {
    let withdrawn = snapshot.withdrawn.iter().filter(|(key, withdrawn)| {
        withdrawn.tombstone.by == By::Hand && !snapshot.live.contains_key(key)
    });
    withdrawn.map(|(key, entry)| LsRow::withdrawn(key, &entry.tombstone))
}

/// The failure of names that nobody provides, with near misses.
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
