//! `reconf ls`: what is available where, in this node's federation.

use serde::Serialize;

use super::{Ended, node::Node, reading::Wanted};
use crate::{
    cli,
    model::{
        id::Id,
        key::{self, Key, Kind},
        name::Name,
        secret::mask_passwords,
        snapshot::{Live, Snapshot},
    },
    report::table,
};

/// One thing that is available.
#[derive(Serialize)]
struct Row<'a> {
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

/// `reconf ls`.
pub(super) fn run(node: &Node, args: &cli::Ls) -> Ended {
    let federation = &node.settings.federation;
    let mut wanted = Wanted::default();
    wanted.prefix(
        federation,
        key::all_names_prefix(federation, Kind::Provides),
    );
    let readings = wanted.read(&mut node.session());
    let nothing = Snapshot::default();
    let snapshot = match readings.of(federation) {
        Some(Ok(snapshot)) => snapshot,
        Some(Err(unread)) => return Err(unread.failure.clone()),
        None => &nothing,
    };
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
    let mut rows: Vec<Row> = announced.chain(stored).collect();
    rows.retain(|row| args.names.is_empty() || args.names.contains(row.name));
    rows.sort_by(|a, b| (a.name, a.region, &a.provider).cmp(&(b.name, b.region, &b.provider)));
    for key in snapshot.unreadable.keys() {
        node.tell.warning(&format!(
            "`{key}` is not a record of this version: it is ignored"
        ));
    }
    print(node, &rows);
    Ok(None)
}

fn announced<'a>(key: &'a Key, live: &'a Live, show_values: bool) -> Row<'a> {
    let value = &live.announcement.value;
    Row {
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
fn store<'a>(name: &'a Name, region: Option<&'a Id>, value: &str, show_values: bool) -> Row<'a> {
    Row {
        name,
        region,
        provider: "datastores".to_owned(),
        value: if show_values {
            value.to_owned()
        } else {
            "***".to_owned()
        },
        public: None,
        since: None,
    }
}

fn print(node: &Node, rows: &[Row]) {
    if node.tell.is_json() {
        for row in rows {
            node.tell.object(row);
        }
        return;
    }
    let cells = |row: &Row| {
        let region = row.region.map_or("*", Id::as_str).to_owned();
        [
            row.name.to_string(),
            region,
            row.provider.clone(),
            row.value.clone(),
        ]
    };
    let header = ["NAME", "REGION", "PROVIDER", "VALUE"].map(str::to_owned);
    let table = table(&[vec![header], rows.iter().map(cells).collect()].concat());
    for line in table {
        node.tell.data(format!("{line}\n").as_bytes());
    }
}
