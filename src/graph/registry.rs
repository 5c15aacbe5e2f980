//! The picture of a federation as its registry knows it: who announces, and what services run with.

use std::collections::{BTreeMap, BTreeSet};

use super::picture::{Arrow, BoxKind, FederationPicture, NeededName, PictureBox, ServiceNode};
use crate::model::{announcement::By, escape::escape_line, id::Id, key::Key, snapshot::Snapshot};

/// That a service, or the balancer, of a node runs with an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnnouncementUse {
    /// The node.
    pub node: Id,
    /// The service; `None`: the balancer.
    pub service: Option<Id>,
    /// The announcement; nothing for a service that uses none.
    pub key: Option<Key>,
}

/// The label of the box of all balancers.
const BALANCERS: &str = "local balancers";

/// The nodes that still run with a provider which was withdrawn, and with one which has expired.
type Faults<'a> = [BTreeSet<&'a Id>; 2];

/// Draws a federation.
pub(crate) fn of_registry(
    federation: &Id,
    snapshot: &Snapshot,
    uses: &[AnnouncementUse],
) -> FederationPicture {
    let fleet = Fleet::new(snapshot, uses);
    let mut boxes: Vec<PictureBox> = fleet.services.iter().map(|id| fleet.service(id)).collect();
    let services = fleet.services.iter().enumerate();
    let mut index: BTreeMap<Option<&Id>, usize> =
        services.map(|(at, id)| (Some(*id), at)).collect();
    let balanced = uses.iter().filter(|one| one.service.is_none());
    let balancers: BTreeSet<&Id> = balanced.map(|one| &one.node).collect();
    if !balancers.is_empty() {
        index.insert(None, boxes.len());
        boxes.push(balancer_box(&balancers));
    }
    FederationPicture {
        name: federation.to_string(),
        arrows: fleet.arrows(&index),
        boxes,
    }
}

/// What the registry says, ordered for questions about one service or node.
struct Fleet<'a> {
    snapshot: &'a Snapshot,
    uses: &'a [AnnouncementUse],
    /// Every service that announces, was withdrawn by hand, runs with something, or is run with.
    services: BTreeSet<&'a Id>,
    /// The nodes where each service runs with something.
    runs: BTreeMap<&'a Id, BTreeSet<&'a Id>>,
    /// What each service announces.
    live: BTreeMap<&'a Id, Vec<&'a Key>>,
    /// What of each service was withdrawn by hand.
    held: BTreeMap<&'a Id, Vec<&'a Key>>,
    /// The region of each node, as far as anything there announces.
    regions: BTreeMap<&'a Id, &'a Id>,
}

impl<'a> Fleet<'a> {
    fn new(snapshot: &'a Snapshot, uses: &'a [AnnouncementUse]) -> Self {
        let mut fleet = Self {
            snapshot,
            uses,
            services: BTreeSet::new(),
            runs: BTreeMap::new(),
            live: BTreeMap::new(),
            held: BTreeMap::new(),
            regions: BTreeMap::new(),
        };
        for key in snapshot.live.keys() {
            fleet.live.entry(&key.service).or_default().push(key);
            fleet.regions.insert(&key.node, &key.region);
        }
        for (key, entry) in &snapshot.withdrawn {
            fleet.regions.entry(&key.node).or_insert(&key.region);
            if entry.tombstone.by == By::Hand && !snapshot.live.contains_key(key) {
                fleet.held.entry(&key.service).or_default().push(key);
            }
        }
        for one in uses {
            fleet
                .services
                .extend(one.key.as_ref().map(|key| &key.service));
            if let Some(service) = &one.service {
                fleet.runs.entry(service).or_default().insert(&one.node);
            }
        }
        let announced = fleet.live.keys().chain(fleet.held.keys());
        fleet.services.extend(announced.chain(fleet.runs.keys()));
        fleet
    }

    fn service(&self, id: &Id) -> PictureBox {
        let [live, held] = [&self.live, &self.held].map(|keys| keys.get(id));
        let live = live.into_iter().flatten();
        let nodes = self.nodes(id, held.into_iter().flatten());
        let provides: BTreeSet<String> = live.clone().map(|key| key.name.to_string()).collect();
        let mut announced = live.filter_map(|key| self.snapshot.live.get(key));
        PictureBox {
            // It is used, and nobody announces or runs it any more.
            kind: if nodes.is_empty() {
                BoxKind::Unmet
            } else {
                BoxKind::Service
            },
            label: id.to_string(),
            nodes: nodes.into_iter().collect(),
            provides: provides.into_iter().collect(),
            is_public: announced.any(|entry| entry.announcement.public),
        }
    }

    /// Where a service is announced, was withdrawn by hand, or runs without announcing anything.
    fn nodes<'k>(&self, id: &Id, held: impl Iterator<Item = &'k &'a Key>) -> BTreeSet<ServiceNode>
    where
        'a: 'k,
    {
        let live = self.live.get(id).into_iter().flatten();
        let mut nodes: BTreeSet<ServiceNode> = live
            .map(|key| service_node(&key.node, Some(&key.region), "announced".to_owned()))
            .collect();
        for key in held {
            let tombstone = self.snapshot.withdrawn.get(*key);
            let state = tombstone.map(|entry| entry.tombstone.to_string());
            let state = escape_line(&state.unwrap_or_default()).into_owned();
            nodes.insert(service_node(&key.node, Some(&key.region), state));
        }
        let known: BTreeSet<String> = nodes.iter().map(|node| node.node.clone()).collect();
        let runs = self.runs.get(id).into_iter().flatten();
        let runs = runs.filter(|node| !known.contains(node.as_str()));
        nodes.extend(
            runs.map(|node| {
                service_node(node, self.regions.get(*node).copied(), "runs".to_owned())
            }),
        );
        nodes
    }

    fn arrows(&self, index: &BTreeMap<Option<&Id>, usize>) -> Vec<Arrow> {
        let mut needs: BTreeMap<(usize, usize), BTreeMap<String, Faults<'_>>> = BTreeMap::new();
        for one in self.uses {
            let Some(key) = &one.key else { continue };
            let from = index.get(&one.service.as_ref());
            let to = index.get(&Some(&key.service));
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            let names = needs.entry((*from, *to)).or_default();
            let [withdrawn, expired] = names.entry(key.name.to_string()).or_default();
            if self.snapshot.live.contains_key(key) {
                continue;
            }
            if self.snapshot.withdrawn.contains_key(key) {
                withdrawn.insert(&one.node);
            } else {
                expired.insert(&one.node);
            }
        }
        let arrow = |((from, to), names): ((usize, usize), BTreeMap<_, _>)| Arrow {
            from,
            to,
            names: names.into_iter().map(needed).collect(),
        };
        needs.into_iter().map(arrow).collect()
    }
}

fn service_node(node: &Id, region: Option<&Id>, state: String) -> ServiceNode {
    ServiceNode {
        node: node.to_string(),
        region: region.map(ToString::to_string),
        state,
    }
}

fn balancer_box(nodes: &BTreeSet<&Id>) -> PictureBox {
    let nodes = nodes.iter();
    PictureBox {
        kind: BoxKind::Balancer,
        label: BALANCERS.to_owned(),
        nodes: nodes
            .map(|node| service_node(node, None, "balances".to_owned()))
            .collect(),
        provides: Vec::new(),
        is_public: false,
    }
}

fn needed((name, [withdrawn, expired]): (String, Faults<'_>)) -> NeededName {
    let fault = |what: &str, nodes: &BTreeSet<&Id>| {
        let first = nodes.first()?;
        let others = match nodes.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        Some(format!("{what}, still used on {first}{others}"))
    };
    let faults = [fault("withdrawn", &withdrawn), fault("expired", &expired)];
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    NeededName {
        name,
        fault: (!faults.is_empty()).then(|| faults.join("; ")),
        is_optional: false,
    }
}

#[cfg(test)]
mod tests;
