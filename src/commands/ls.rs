//! `reconf ls`: what is available where, in this node's federation.

use serde::Serialize;

use crate::{
    cli::LsArgs,
    edge::registry::Session,
    model::{
        datastores::{Datastores, StoredValue},
        id::Id,
        key::Key,
        name::Name,
        secret::mask_passwords,
        snapshot::{LiveEntry, Snapshot},
    },
    node::Node,
    operations::read_set::{ReadSet, read_names},
    report::{Ended, Row, no_such_names, unreadable},
};

const HEADER: [&str; 4] = ["NAME", "REGION", "PROVIDER", "VALUE"];

/// One value of a name.
#[derive(Serialize)]
struct LsRow<'a> {
    name: &'a Name,
    /// Nothing for a datastore that is common to all regions.
    region: Option<&'a Id>,
    /// `service@node`, or `datastores`.
    provider: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
}

impl Row<4> for LsRow<'_> {
    fn cells(&self) -> [String; 4] {
        let region = self.region.map_or("*", Id::as_str).to_owned();
        let name = self.name.to_string();
        [name, region, self.provider.clone(), self.value.clone()]
    }
}

/// `reconf ls`.
pub(super) fn run(node: &Node, args: &LsArgs) -> Ended {
    let federation = &node.settings.federation;
    let mut session = node.session();
    let mut reads = ReadSet::default();
    reads.announced(federation, &args.names);
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
            .map(move |(name, value)| store(name, region, value, args.show_values))
    });
    let announced = snapshot
        .live
        .iter()
        .map(|(key, live)| announced(key, live, args.show_values));
    let mut rows: Vec<LsRow> = announced.chain(stored).collect();
    rows.retain(|row| args.names.is_empty() || args.names.contains(row.name));
    rows.sort_by(|a, b| (a.name, a.region, &a.provider).cmp(&(b.name, b.region, &b.provider)));
    let of_names = args.names.iter();
    let of_names = of_names.flat_map(|name| snapshot.unreadable_of(federation, name));
    let of_all = snapshot.unreadable.iter();
    let of_all = of_all.filter(|_| args.names.is_empty());
    let of_all = of_all.map(|(key, entry)| (key, entry.why));
    node.out.warnings(&unreadable(of_names.chain(of_all)));
    node.out.rows(Some(HEADER), &rows);
    let is_listed = |name: &Name| rows.iter().any(|row| row.name == name);
    let unknown = args.names.iter().filter(|name| !is_listed(name));
    let unknown: Vec<&Name> = unknown.collect();
    refuse_unknown(node, &mut session, &unknown, &datastores)
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

fn announced<'a>(key: &'a Key, live: &'a LiveEntry, show_values: bool) -> LsRow<'a> {
    let value = &live.announcement.value;
    LsRow {
        name: &key.name,
        region: Some(&key.region),
        provider: key.provider(),
        value: if show_values {
            value.clone()
        } else {
            mask_passwords(value)
        },
        public: Some(live.announcement.public),
        since: Some(&live.announcement.since),
    }
}

/// A datastore's value may be nothing but a secret, so all of it is masked.
fn store<'a>(
    name: &'a Name,
    region: Option<&'a Id>,
    value: &StoredValue,
    show_values: bool,
) -> LsRow<'a> {
    LsRow {
        name,
        region,
        provider: "datastores".to_owned(),
        value: match value {
            StoredValue::Unusable { kind, .. } => format!("unusable: {kind}"),
            StoredValue::Text(text) if show_values => text.clone(),
            StoredValue::Text(_) => "***".to_owned(),
        },
        public: None,
        since: None,
    }
}
