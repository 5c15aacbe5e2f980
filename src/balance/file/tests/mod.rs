//! Files as templates render them, and as HAProxy itself reads them.

#![expect(clippy::disallowed_methods, reason = "tests start the real reader")]

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};

use super::{BUILT_IN, Candidate, CandidateError, Certificate, render};
use crate::{
    balance::view::{
        Frontend, LocalPort, Pool, PoolCheck, Route, RoutingKind, ServedName, Server, View,
    },
    model::{balancing::Mode, id::Id, name::Name, settings::ExtraLines},
};

mod binds;
mod golden;
mod injection;
mod refusals;
mod routes;
mod routing;
mod running;
mod shape;

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn server(name: &str, address: &str, port: u16, backup: bool) -> Server {
    Server {
        name: name.to_owned(),
        address: address.to_owned(),
        port,
        backup,
        kept: false,
    }
}

fn pool(name: &str, mode: Mode, servers: Vec<Server>) -> Pool {
    Pool {
        name: name.to_owned(),
        federation: Id::default_scope(),
        names: vec![],
        mode,
        check: None,
        servers,
    }
}

fn local_port(port: u16, addresses: &[&str]) -> LocalPort {
    LocalPort {
        addresses: addresses
            .iter()
            .map(|a| a.parse::<IpAddr>().unwrap())
            .collect(),
        port,
        names: vec![ServedName {
            federation: Id::default_scope(),
            name: name("API_URL"),
        }],
        pool: format!("local:{port}"),
    }
}

fn route(host: Option<&str>, path: &str, pool: &str) -> Route {
    Route {
        host: host.map(str::to_owned),
        path: path.to_owned(),
        pool: pool.to_owned(),
    }
}

fn frontend(kind: RoutingKind, bind: &str, https: bool, routes: Vec<Route>) -> Frontend {
    Frontend {
        kind,
        binds: vec![bind.to_owned()],
        https,
        map: PathBuf::new(),
        routes,
    }
}

/// A view that balances nothing.
fn empty() -> View {
    View {
        version: 1,
        node: id("web01"),
        region: Id::default_scope(),
        shape: String::new(),
        user: None,
        socket: "/run/reconf-haproxy/admin.sock".into(),
        state_file: "/var/lib/reconf/haproxy.state".into(),
        extra: ExtraLines::default(),
        stats: None,
        ports: vec![],
        frontends: vec![],
        pools: vec![],
    }
}

/// Lines that an operator adds to every kind of section.
fn extra() -> ExtraLines {
    let line = |text: &str| vec![text.to_owned()];
    ExtraLines {
        global: line("tune.bufsize 16384"),
        defaults: line("timeout queue 5s"),
        frontend: line("http-response set-header Strict-Transport-Security max-age=60"),
        backend: line("http-response del-header Server"),
    }
}

fn both_frontends() -> Vec<Frontend> {
    let internal = vec![
        route(Some("api.int.example.com"), "", "http:default:api"),
        route(None, "/some-mount", "http:default:www"),
    ];
    let external = vec![
        route(Some("www.example.com"), "", "http:default:www"),
        route(Some("www.example.com"), "/api", "http:default:api"),
    ];
    vec![
        frontend(RoutingKind::Internal, ":8000", false, internal),
        frontend(RoutingKind::External, ":8080", true, external),
    ]
}

/// A view with everything that a file can say, for a HAProxy that anybody may start.
fn whole() -> View {
    let api = |name: &str, interval: &str| Pool {
        check: Some(PoolCheck {
            path: "/health".to_owned(),
            interval: interval.to_owned(),
        }),
        ..pool(
            name,
            Mode::Http,
            vec![
                server("default:api:api01", "10.0.0.11", 1100, false),
                server("default:api:api02", "2001:db8::2", 1100, false),
                server("west:api:api03", "localhost", 1100, true),
            ],
        )
    };
    let www = vec![server("default:www:web01", "10.0.0.5", 8080, false)];
    View {
        stats: Some("127.0.0.1:8404".to_owned()),
        extra: extra(),
        ports: vec![
            local_port(21100, &["127.0.0.1", "::1"]),
            local_port(28080, &["127.0.0.1"]),
        ],
        frontends: both_frontends(),
        pools: vec![
            api("http:default:api", "5s"),
            pool("http:default:www", Mode::Http, www.clone()),
            api("local:21100", "500ms"),
            pool("local:28080", Mode::Tcp, www),
        ],
        ..empty()
    }
}

fn output() -> &'static Path {
    Path::new("/etc/haproxy/reconf.cfg")
}

/// What the built-in template makes of a view.
#[track_caller]
fn built_in(view: View) -> Candidate {
    render("haproxy.cfg.hbs", BUILT_IN, view, output(), &[]).unwrap()
}

fn text(candidate: &Candidate) -> String {
    String::from_utf8(candidate.bytes.clone()).unwrap()
}

/// A candidate below a folder of its own, where HAProxy can read its maps and its servers' states.
fn placed(mut view: View) -> (tempfile::TempDir, PathBuf, Candidate) {
    let folder = tempfile::tempdir().unwrap();
    view.state_file = folder.path().join("state");
    fs::write(&view.state_file, "1\n").unwrap();
    let output = folder.path().join("reconf.cfg");
    let candidate = render("haproxy.cfg.hbs", BUILT_IN, view, &output, &[]).unwrap();
    for (path, bytes) in &candidate.maps {
        fs::write(path, bytes).unwrap();
    }
    fs::write(&output, &candidate.bytes).unwrap();
    (folder, output, candidate)
}

/// What `haproxy -c` says of a file; empty: it accepts it without a warning. `None`: there is no HAProxy.
fn refused_by_haproxy(file: &Path) -> Option<String> {
    // With `-q` it would not say why.
    let said = Command::new("haproxy")
        .arg("-c")
        .arg("-f")
        .arg(file)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&said.stderr);
    let lines = text.lines().filter(|line| !line.starts_with("[NOTICE]"));
    let text = lines.collect::<Vec<_>>().join("\n");
    Some(if said.status.success() {
        text
    } else {
        format!("refused: {text}")
    })
}
