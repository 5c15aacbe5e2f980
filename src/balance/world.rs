//! A node and a fleet for the tests of plans.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{
    plan::{BalancePlan, PlanInput, ServerAddress, plan},
    view::ServedName,
};
use crate::model::{
    announcement::Announcement,
    balance_state::BalanceState,
    balancing::PortsInUse,
    id::Id,
    key::Key,
    manifest::Manifest,
    name::Name,
    sample,
    settings::{BalanceSettings, ExtraLines, LocalBalancer, RoutingBalancer},
    snapshot::{LiveEntry, Snapshot},
};

/// All that a plan of the node `web01` depends on.
pub(super) struct World {
    pub settings: BalanceSettings,
    pub regions: Vec<Id>,
    pub snapshots: BTreeMap<Id, Snapshot>,
    pub unread: BTreeSet<Id>,
    pub manifests: BTreeMap<Id, Option<Manifest>>,
    pub used: PortsInUse,
    pub before: BalanceState,
    pub down: BTreeSet<ServerAddress>,
    pub taken: BTreeMap<u16, String>,
    pub now: SystemTime,
}

pub(super) fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// A balancer that routes everything.
pub(super) fn routing() -> RoutingBalancer {
    RoutingBalancer {
        bind: vec![":80".to_owned()],
        domain: None,
        https: false,
        names: None,
    }
}

impl World {
    /// A node of federation `f` with a local balancer, and nothing else.
    pub(super) fn new() -> Self {
        Self {
            settings: BalanceSettings {
                local: Some(LocalBalancer {
                    addresses: vec!["127.0.0.1".parse().unwrap()],
                    names: BTreeSet::new(),
                }),
                internal: None,
                external: None,
                output: PathBuf::from("/etc/haproxy/reconf.cfg"),
                check: Vec::new(),
                reload: Vec::new(),
                socket: PathBuf::new(),
                template: String::new(),
                drain: Duration::ZERO,
                close_after: Duration::from_secs(3600),
                stop: Vec::new(),
                stats: None,
                extra: ExtraLines::default(),
            },
            regions: vec![id("east"), id("west"), id("south")],
            snapshots: BTreeMap::from([(id("f"), Snapshot::default())]),
            unread: BTreeSet::new(),
            manifests: BTreeMap::new(),
            used: PortsInUse::default(),
            before: BalanceState::default(),
            down: BTreeSet::new(),
            taken: BTreeMap::new(),
            now: humantime::parse_rfc3339("2026-01-01T00:00:00Z").unwrap(),
        }
    }

    /// A node that only routes.
    pub(super) fn routing() -> Self {
        let mut world = Self::new();
        world.settings.local = None;
        world.settings.internal = Some(routing());
        world
    }

    /// Adds a manifest with this id and these other members.
    pub(super) fn manifest(&mut self, service: &str, members: &str) {
        let text = format!(r#"{{"id": "{service}", {members}}}"#);
        let manifest = Manifest::parse("m.json", &text, &id(service), &id("f")).unwrap();
        self.manifests.insert(id(service), Some(manifest));
    }

    /// Adds a service that requires these names, which is all that it does.
    pub(super) fn requires(&mut self, names: &str) {
        let requires = names
            .split_whitespace()
            .map(|name| format!(r#""{name}": "{{{name}}}""#));
        let requires: Vec<String> = requires.collect();
        self.manifest(
            "www",
            &format!(
                r#""requires": {{{}}}, "command": true"#,
                requires.join(", ")
            ),
        );
    }

    /// Announces names as `<federation>/<region>/<service>@<node>`. The node's number is the last part of its address.
    pub(super) fn announce(&mut self, who: &str, names: &str, change: impl Fn(&mut Announcement)) {
        for name in names.split_whitespace() {
            let key = key(who, name);
            let number: String = key
                .node
                .as_str()
                .chars()
                .filter(char::is_ascii_digit)
                .collect();
            let number: usize = number.parse().unwrap_or(1);
            let mut announcement = Announcement {
                host: format!("10.0.{}.{}", number / 250, number % 250 + 1),
                port: Some(8080),
                local_port: Some(21100),
                service: key.service.clone(),
                node: key.node.clone(),
                ..sample::announcement("http://{HOST}:{PORT}")
            };
            change(&mut announcement);
            let live = LiveEntry {
                announcement: Box::new(announcement),
                revision: 5,
                lease: 0,
            };
            let snapshot = self.snapshots.entry(key.federation.clone()).or_default();
            snapshot.live.insert(key, live);
        }
    }

    /// Takes all announcements of `<federation>/<region>/<service>@<node>` away, as if their lease had expired.
    pub(super) fn expire(&mut self, who: &str) {
        let gone = key(who, "X");
        for snapshot in self.snapshots.values_mut() {
            snapshot.live.retain(|key, _| {
                let name = key.name.clone();
                *key != Key {
                    name,
                    ..gone.clone()
                }
            });
        }
    }

    /// Plans without keeping anything.
    pub(super) fn look(&self) -> BalancePlan {
        let federations = self.snapshots.iter();
        let federations = federations.map(|(id, snapshot)| {
            let is_read = !self.unread.contains(id);
            (id.clone(), is_read.then_some(snapshot))
        });
        let manifests = self.manifests.iter();
        plan(&PlanInput {
            settings: &self.settings,
            node: &id("web01"),
            region: &self.regions[0],
            regions: &self.regions,
            federations: &federations.collect(),
            manifests: &manifests.map(|(id, m)| (id.clone(), m.as_ref())).collect(),
            used: &self.used,
            before: &self.before,
            down: &self.down,
            taken: &self.taken,
            drop_expired: false,
            user: None,
            state_file: Path::new("/var/lib/reconf/haproxy.state"),
            now: self.now,
        })
    }

    /// Plans, and keeps what a run keeps.
    pub(super) fn run(&mut self) -> BalancePlan {
        let plan = self.look();
        self.before = plan.state.clone();
        plan
    }

    /// Every conf of this node is written and applied: it has each name that is served, by its port, and no other.
    pub(super) fn render(&mut self) {
        let served = self.before.ports.iter();
        let served = served.filter(|(_, open)| !open.served.is_empty());
        self.used.ports = served
            .map(|(port, open)| (*port, open.served.clone()))
            .collect();
    }
}

fn key(who: &str, provided: &str) -> Key {
    let parts: Vec<&str> = who.split(['/', '@']).collect();
    let [federation, region, service, node] = parts[..] else {
        panic!("{who}");
    };
    Key {
        federation: id(federation),
        name: name(provided),
        region: id(region),
        service: id(service),
        node: id(node),
    }
}

/// `port NAMES -> servers` for each port, `kind host/path -> servers` for each route; `*` marks backup, `+` kept.
pub(super) fn shown(plan: &BalancePlan) -> Vec<String> {
    let servers = |pool: &str| {
        let pool = plan.view.pools.iter().find(|p| p.name == pool).unwrap();
        let marks = |backup, kept| {
            format!(
                "{}{}",
                ["", "*"][usize::from(backup)],
                ["", "+"][usize::from(kept)]
            )
        };
        let servers = pool.servers.iter();
        let servers = servers.map(|s| format!("{}{}", s.name, marks(s.backup, s.kept)));
        servers.collect::<Vec<_>>().join(" ")
    };
    let ports = plan.view.ports.iter().map(|port| {
        let names = port
            .names
            .iter()
            .map(|ServedName { name, .. }| name.to_string());
        let names = names.collect::<Vec<_>>().join(" ");
        format!("{} {names} -> {}", port.port, servers(&port.pool))
    });
    let routes = plan.view.frontends.iter().flat_map(|frontend| {
        frontend.routes.iter().map(|route| {
            let host = route.host.as_deref().unwrap_or("*");
            format!(
                "{} {host}{} -> {}",
                frontend.kind,
                route.path,
                servers(&route.pool)
            )
        })
    });
    ports.chain(routes).collect()
}

/// `id: reason` of what is left out.
pub(super) fn reasons(plan: &BalancePlan) -> Vec<String> {
    let left_out = plan.left_out.iter();
    left_out
        .map(|left| format!("{}: {}", left.id, left.reason))
        .collect()
}
