//! The built-in template against `tests/golden/balance/`, and HAProxy's own opinion of it.

use std::{env, fs, net::IpAddr, path::Path};

use super::{built_in, empty, placed, refused_by_haproxy, text, whole};
use crate::balance::{
    file::parse::{SectionKind, parse},
    view::View,
};

#[track_caller]
fn is_golden(case: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/balance")
        .join(case);
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == found,
        "`{case}` differs from its golden text (UPDATE=1 takes the new one):\n{found}"
    );
}

#[test]
fn a_view_with_everything_becomes_this_file_with_these_maps() {
    let candidate = built_in(whole());
    is_golden("whole.cfg", &text(&candidate));
    let maps = candidate.maps.iter().map(|(path, bytes)| {
        let lines = String::from_utf8_lossy(bytes);
        format!("== {}\n{lines}", path.display())
    });
    is_golden("whole.maps.txt", &maps.collect::<String>());
    let named: Vec<_> = candidate
        .view
        .frontends
        .iter()
        .map(|one| &one.map)
        .collect();
    let written: Vec<_> = candidate.maps.iter().map(|(path, _)| path).collect();
    assert_eq!(named, written);
}

#[test]
fn a_view_of_nothing_becomes_this_file() {
    let view = View {
        user: Some("haproxy".to_owned()),
        ..empty()
    };
    is_golden("empty.cfg", &text(&built_in(view)));
}

#[test]
fn what_is_rendered_is_parsed_back() {
    let candidate = built_in(whole());
    let parsed = &candidate.parsed;
    assert_eq!(parsed.shape.as_deref(), Some(candidate.shape.as_str()));
    assert_eq!(candidate.shape, candidate.view.shape);
    let pool = &parsed.sections["local:21100"];
    assert_eq!(pool.kind, SectionKind::Listen);
    assert_eq!(pool.binds, ["127.0.0.1:21100", "[::1]:21100"]);
    assert_eq!(
        pool.default_server.join(" "),
        "check inter 500ms fastinter 1s fall 3 rise 2 pool-purge-delay 5s pool-max-conn 100"
    );
    let of = |name: &str| {
        let server = &pool.servers[name];
        (
            server.address.as_str(),
            server.port,
            server.backup,
            server.address.parse::<IpAddr>().is_err(),
        )
    };
    assert_eq!(
        of("default:api:api01"),
        ("10.0.0.11", Some(1100), false, false)
    );
    assert_eq!(
        of("default:api:api02"),
        ("2001:db8::2", Some(1100), false, false)
    );
    assert_eq!(of("west:api:api03"), ("localhost", Some(1100), true, true));
    assert_eq!(parsed.frontends["external"].binds, [":8080"]);
    assert_eq!(
        parsed.sections["http:default:www"].kind,
        SectionKind::Backend
    );
    assert_eq!(parse(&text(&candidate)), *parsed);
}

/// A view with nothing but the local ports.
fn ports() -> View {
    let mut view = whole();
    view.pools.retain(|pool| pool.name.starts_with("local:"));
    View {
        ports: view.ports,
        pools: view.pools,
        ..empty()
    }
}

/// A view with nothing but the routes.
fn routes() -> View {
    let mut view = whole();
    view.pools.retain(|pool| pool.name.starts_with("http:"));
    View {
        frontends: view.frontends,
        pools: view.pools,
        ..empty()
    }
}

fn with_stats(view: View) -> View {
    View {
        stats: whole().stats,
        ..view
    }
}

#[test]
fn haproxy_accepts_every_part_alone_and_all_together_without_a_warning() {
    let of_user = View {
        user: Some("haproxy".to_owned()),
        ..whole()
    };
    let views = [
        ("nothing", empty()),
        ("ports", ports()),
        ("routes", routes()),
        ("stats", with_stats(empty())),
        ("ports and stats", with_stats(ports())),
        ("everything", whole()),
        ("everything as a user", of_user),
    ];
    for (what, view) in views {
        let (_folder, file, candidate) = placed(view);
        let Some(said) = refused_by_haproxy(&file) else {
            return;
        };
        assert_eq!(said, "", "{what}:\n{}", text(&candidate));
    }
}
