//! A run of a balancer to report on.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    balance::{
        plan::{BalancePlan, KeptInstances},
        view::{Frontend, LocalPort, Pool, Route, RoutingKind, ServedName, Server, View},
    },
    model::{
        balance_state::BalanceState, balancing::Mode, id::Id, name::Name, settings::ExtraLines,
    },
    report::balancing::{BalanceReport, PoolChange, RouteId, Takeover, ViewChanges},
};

pub(super) fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub(super) fn pool(name: &str, servers: &[&str]) -> Pool {
    let server = |name: &&str| Server {
        name: format!("r:{name}"),
        address: "10.0.0.1".to_owned(),
        port: 8080,
        backup: false,
        kept: false,
    };
    Pool {
        name: name.to_owned(),
        federation: id("default"),
        names: Vec::new(),
        mode: Mode::Tcp,
        check: None,
        servers: servers.iter().map(server).collect(),
    }
}

pub(super) fn local_ports() -> Vec<LocalPort> {
    let served = |name: &str| ServedName {
        federation: id("default"),
        name: Name::parse(name).unwrap(),
    };
    vec![
        LocalPort {
            addresses: vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
            port: 21100,
            names: vec![served("API_URL"), served("READONLY_API_URL")],
            pool: "local:21100".to_owned(),
        },
        LocalPort {
            addresses: vec!["127.0.0.1".parse().unwrap()],
            port: 21300,
            names: Vec::new(),
            pool: "local:21300".to_owned(),
        },
    ]
}

pub(super) fn view() -> View {
    let route = |host: Option<&str>, path: &str| Route {
        host: host.map(str::to_owned),
        path: path.to_owned(),
        pool: "routes".to_owned(),
    };
    View {
        version: 1,
        node: id("web01"),
        region: id("r"),
        shape: String::new(),
        user: None,
        socket: PathBuf::from("/run/reconf-haproxy/admin.sock"),
        state_file: PathBuf::from("/var/lib/reconf/haproxy.state"),
        extra: ExtraLines::default(),
        stats: None,
        ports: local_ports(),
        frontends: vec![Frontend {
            kind: RoutingKind::External,
            binds: vec![":80".to_owned()],
            https: false,
            map: PathBuf::from("/etc/haproxy/reconf.cfg.external.map"),
            routes: vec![
                route(None, "/some-mount"),
                route(Some("www.example.com"), ""),
            ],
        }],
        pools: vec![
            pool("local:21100", &["api:a", "api:b", "api:c"]),
            pool("local:21300", &[]),
            pool("routes", &["api:a"]),
        ],
    }
}

pub(super) fn plan() -> BalancePlan {
    BalancePlan {
        view: view(),
        state: BalanceState::default(),
        left_out: Vec::new(),
        kept: vec![KeptInstances {
            federation: id("default"),
            service: id("api"),
            kept: 2,
            all: 3,
        }],
        members: BTreeMap::new(),
        due: None,
    }
}

pub(super) fn changes() -> ViewChanges {
    let (new, moved, gone) = (1, 1, 0);
    let change = PoolChange { new, moved, gone };
    let route = |path: &str| RouteId {
        kind: RoutingKind::External,
        host: None,
        path: path.to_owned(),
    };
    ViewChanges {
        pools: [("local:21100".to_owned(), change)].into(),
        opened: [21300].into(),
        closed: [21400].into(),
        routed: [route("/some-mount")].into(),
        unrouted: [route("/other")].into(),
    }
}

pub(super) fn report(how: Takeover, dry: bool) -> BalanceReport {
    BalanceReport {
        changed: true,
        how,
        dry,
        path: "/etc/haproxy/reconf.cfg".to_owned(),
        ..BalanceReport::new(&plan(), &changes())
    }
}
