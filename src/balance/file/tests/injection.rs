//! Announcements with odd characters in every field that can reach the file or a map, through all rules up to a real HAProxy.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::SystemTime,
};

use serde_json::json;

use super::{
    View, id, placed, refused_by_haproxy,
    running::{Running, who_answers},
    text,
};
use crate::{
    balance::plan::{BalancePlan, PlanInput, plan},
    harness::{
        backend::{Backend, Protocol},
        ports::fixed_port,
    },
    model::{
        announcement::Announcement,
        balance_state::BalanceState,
        balancing::PortsInUse,
        id::Id,
        key::Key,
        sample,
        settings::{BalanceSettings, ExtraLines, RoutingBalancer},
        snapshot::{LiveEntry, Snapshot},
    },
};

fn balancer(port: u16) -> RoutingBalancer {
    RoutingBalancer {
        bind: vec![format!("127.0.0.1:{port}")],
        domain: None,
        https: false,
        names: None,
    }
}

fn settings(internal: u16, external: u16) -> BalanceSettings {
    BalanceSettings {
        local: None,
        internal: Some(balancer(internal)),
        external: Some(balancer(external)),
        output: "/etc/haproxy/reconf.cfg".into(),
        check: vec![],
        reload: vec![],
        socket: "/run/reconf-haproxy/admin.sock".into(),
        template: "haproxy.cfg.hbs".to_owned(),
        drain: std::time::Duration::ZERO,
        close_after: std::time::Duration::ZERO,
        stop: vec![],
        stats: None,
        extra: ExtraLines::default(),
    }
}

/// What HAProxy is to do with these announcements, each of a service of its own.
fn planned(settings: &BalanceSettings, announcements: &[Announcement]) -> BalancePlan {
    let entry = |(at, announcement): (usize, &Announcement)| {
        let key = Key {
            service: id(&format!("s{at}")),
            ..sample::key("default", "API_URL")
        };
        let live = LiveEntry {
            announcement: Box::new(announcement.clone()),
            revision: 1,
            lease: 0,
        };
        (key, live)
    };
    let snapshot = Snapshot {
        revision: 1,
        live: announcements.iter().enumerate().map(entry).collect(),
        ..Snapshot::default()
    };
    let region = Id::default_scope();
    plan(&PlanInput {
        settings,
        node: &id("web01"),
        region: &region,
        regions: std::slice::from_ref(&region),
        federations: &BTreeMap::from([(Id::default_scope(), Some(&snapshot))]),
        manifests: &BTreeMap::new(),
        used: &PortsInUse::default(),
        before: &BalanceState::default(),
        down: &BTreeSet::new(),
        taken: &BTreeMap::new(),
        drop_expired: false,
        user: None,
        state_file: Path::new("/var/lib/reconf/haproxy.state"),
        now: SystemTime::UNIX_EPOCH,
    })
}

/// An announcement that can be routed, with a host and a path of its own.
fn announcement(at: usize) -> Announcement {
    Announcement {
        port: Some(1),
        public: true,
        hosts: Some(json!([format!("s{at}.example.com")])),
        ..sample::announcement(&format!("http://{{HOST}}:{{PORT}}/p{at}"))
    }
}

/// One announcement for each character and each field that can reach the file or a map.
fn odd_announcements() -> Vec<Announcement> {
    let mut all = Vec::new();
    let characters = (0_u8..=255).map(char::from);
    for character in characters.chain("\u{2028}\u{feff}\u{202e}ſKé".chars()) {
        for field in 0..5 {
            let at = all.len();
            let mut odd = announcement(at);
            let text = format!("a{character}b{at}");
            match field {
                // HAProxy would look up each name that is one.
                0 if character.is_ascii_alphanumeric() || "-_.".contains(character) => {}
                0 => odd.host = text,
                1 => odd.hosts = Some(json!([text])),
                2 => odd.health = Some(json!({"path": format!("/{text}")})),
                3 => odd.pattern = format!("http://{{HOST}}:{{PORT}}/{text}"),
                _ => odd.pattern = format!("http://{{HOST}}:{{PORT}}/p{at}{character}"),
            }
            all.push(odd);
        }
    }
    all
}

/// Whether an announcement is reported as left out.
fn is_left_out(plan: &BalancePlan, at: usize) -> bool {
    let ids = [format!("API_URL of s{at}@api01"), format!("s{at}")];
    plan.left_out.iter().any(|one| ids.contains(&one.id))
}

/// Whether an announcement is a server.
fn is_routed(plan: &BalancePlan, at: usize) -> bool {
    let server = format!("default:s{at}:api01");
    let mut pools = plan.view.pools.iter();
    pools.any(|pool| pool.servers[0].name == server)
}

/// Asserts that a file and its maps have as many lines as the view says, and that HAProxy takes them.
fn is_accepted(view: View) {
    let (_folder, file, candidate) = placed(view);
    assert!(text(&candidate).is_ascii());
    let frontends = candidate.view.frontends.iter();
    let routes: usize = frontends.map(|one| one.routes.len()).sum();
    let maps: Vec<String> = candidate
        .maps
        .into_iter()
        .map(|(_, map)| String::from_utf8(map).unwrap())
        .collect();
    let lines: usize = maps.iter().map(|map| map.lines().count()).sum();
    assert!(maps.iter().all(|map| map.is_ascii()));
    assert_eq!(lines, routes);
    assert_eq!(refused_by_haproxy(&file).unwrap_or_default(), "");
}

#[test]
fn no_announcement_says_anything_to_haproxy_but_its_own_server_and_route() {
    let mut announcements = odd_announcements();
    let odd = announcements.len();
    let good = Backend::start("good", "127.0.0.1:0", Protocol::Http);
    announcements.push(Announcement {
        host: "127.0.0.1".to_owned(),
        port: Some(good.port()),
        ..announcement(odd)
    });
    let (internal, external) = (fixed_port(), fixed_port());
    let plan = planned(&settings(internal, external), &announcements);
    for (at, announcement) in announcements.iter().enumerate() {
        let (is_left_out, is_routed) = (is_left_out(&plan, at), is_routed(&plan, at));
        assert!(is_left_out != is_routed, "{announcement:?}");
    }
    let left_out = (0..odd).filter(|at| is_left_out(&plan, *at)).count();
    assert!(left_out > odd / 2, "{left_out} of {odd}");
    is_accepted(plan.view.clone());
    let Some(_running) = Running::start(plan.view) else {
        return;
    };
    let (host, path) = (format!("s{odd}.example.com"), format!("/p{odd}/x"));
    for port in [internal, external] {
        assert_eq!(who_answers(port, &host, &path), "good");
        assert_eq!(who_answers(port, &host, "/p"), "404");
    }
}

/// The characters that may stand in a path: each means itself.
#[test]
fn every_character_that_a_path_may_have_is_routed_by() {
    let good = Backend::start("good", "127.0.0.1:0", Protocol::Http);
    let paths: Vec<String> = "-._~!&()*+,;=:@%"
        .chars()
        .map(|c| format!("/{c}20b"))
        .collect();
    let announcements: Vec<Announcement> = paths
        .iter()
        .map(|path| Announcement {
            host: "127.0.0.1".to_owned(),
            port: Some(good.port()),
            hosts: None,
            pattern: format!("http://{{HOST}}:{{PORT}}{path}"),
            ..announcement(0)
        })
        .collect();
    let port = fixed_port();
    let plan = planned(&settings(port, fixed_port()), &announcements);
    assert_eq!(plan.left_out, []);
    let Some(_running) = Running::start(plan.view) else {
        return;
    };
    for path in paths {
        assert_eq!(
            who_answers(port, "any.example.com", &path),
            "good",
            "{path}"
        );
        let other = format!("{path}c");
        assert_eq!(
            who_answers(port, "any.example.com", &other),
            "404",
            "{other}"
        );
    }
}
