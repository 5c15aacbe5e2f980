//! What changes a shape: everything that the socket cannot change, and nothing that it can.

use super::{
    BUILT_IN, Candidate, Certificate, View, built_in, output, placed, refused_by_haproxy, render,
    route, server, text, whole,
};
use crate::balance::file::parse::parse;

fn shape_of(change: impl FnOnce(&mut View)) -> String {
    let mut view = whole();
    change(&mut view);
    built_in(view).shape
}

#[test]
fn servers_that_come_go_and_move_keep_the_shape() {
    let shape = built_in(whole()).shape;
    assert_eq!(shape.len(), 16);
    let added = server("default:api:api09", "10.0.0.99", 1109, true);
    assert_eq!(
        shape_of(|view| view.pools[0].servers.insert(2, added)),
        shape
    );
    assert_eq!(
        shape_of(|view| drop(view.pools[0].servers.remove(0))),
        shape
    );
    assert_eq!(shape_of(|view| view.pools[2].servers[0].port = 1), shape);
    assert_eq!(shape_of(|view| view.pools[2].servers[0].kept = true), shape);
}

#[test]
fn everything_else_is_another_shape() {
    type Change = fn(&mut View);
    let shape = built_in(whole()).shape;
    let changes: [(&str, Change); 11] = [
        ("port", |view| view.ports[0].addresses.truncate(1)),
        ("mode", |view| view.pools[2].mode = super::Mode::Tcp),
        ("check", |view| view.pools[0].check = None),
        ("socket", |view| view.socket = "/x".into()),
        ("user", |view| view.user = Some("haproxy".to_owned())),
        ("stats", |view| view.stats = None),
        ("extra", |view| view.extra.backend.clear()),
        ("bind", |view| view.frontends[0].binds.push(":8001".into())),
        ("https", |view| view.frontends[1].https = false),
        ("route", |view| {
            let pool = view.pools[0].name.clone();
            view.frontends[0].routes.push(route(None, "/x", &pool));
        }),
        ("no host name", |view| {
            for pool in &mut view.pools {
                pool.servers
                    .retain(|server| server.address.parse::<std::net::IpAddr>().is_ok());
            }
        }),
    ];
    for (what, change) in changes {
        assert_ne!(shape_of(change), shape, "{what}");
    }
}

fn with(template: &str, certificates: &[Certificate]) -> Candidate {
    render("haproxy.cfg.hbs", template, whole(), output(), certificates).unwrap()
}

#[test]
fn a_renewed_certificate_is_another_shape() {
    let certificate = |size, modified| Certificate {
        path: "/etc/haproxy/certs/www.pem".into(),
        size,
        modified,
    };
    let shape = |certificates: &[Certificate]| with(BUILT_IN, certificates).shape;
    let first = shape(&[certificate(1, 1)]);
    assert_eq!(shape(&[certificate(1, 1)]), first);
    assert_ne!(shape(&[]), first);
    assert_ne!(shape(&[certificate(2, 1)]), first);
    assert_ne!(shape(&[certificate(1, 2)]), first);
}

#[test]
fn a_template_that_does_not_say_the_shape_works_unproved() {
    let silent = BUILT_IN.replace("  description reconf {{shape}}\n", "");
    let candidate = with(&silent, &[]);
    assert_eq!(candidate.parsed.shape, None);
    assert_eq!(candidate.shape.len(), 16);
    let other = BUILT_IN.replace("reconf {{shape}}", "mine {{shape}}");
    assert_eq!(with(&other, &[]).parsed.shape, None);
}

#[test]
fn words_that_a_template_gives_servers_are_part_of_the_shape() {
    let weight = |weight: &str| {
        let words = format!("{{{{endpoint address port}}}} weight {weight}");
        with(&BUILT_IN.replace("{{endpoint address port}}", &words), &[])
    };
    assert_ne!(weight("1").shape, weight("2").shape);
    let server = weight("2").parsed.sections["local:28080"].servers["default:www:web01"].clone();
    assert_eq!(server.words, ["weight", "2"]);
}

#[test]
fn servers_that_a_template_adds_by_itself_are_part_of_the_shape() {
    let own = |port: u16| {
        let section = format!("\nlisten db\n  bind 127.0.0.1:3306\n  server db 10.0.0.9:{port}\n");
        with(&format!("{BUILT_IN}{section}"), &[])
    };
    assert_ne!(own(1).shape, own(2).shape);
    assert!(own(1).parsed.sections["db"].servers.contains_key("db"));
}

#[test]
fn words_are_split_as_haproxy_splits_them() {
    let section = "listen a\n\tserver\t'the one' \"10.0.0.1\":80 backup # no\n  server b\\ c [::1]:81\n#server d 1.1.1.1:1\n";
    let parsed = parse(section);
    let servers = &parsed.sections["a"].servers;
    assert_eq!(servers.keys().collect::<Vec<_>>(), ["b c", "the one"]);
    assert_eq!(servers["the one"].address, "10.0.0.1");
    assert!(servers["the one"].backup);
    assert_eq!(
        (servers["b c"].address.as_str(), servers["b c"].port),
        ("::1", Some(81))
    );
}

#[test]
fn the_shape_is_what_haproxy_is_given() {
    let (_folder, file, candidate) = placed(whole());
    assert!(text(&candidate).contains(&format!("\n  description reconf {}\n", candidate.shape)));
    let Some(said) = refused_by_haproxy(&file) else {
        return;
    };
    assert_eq!(said, "");
}
