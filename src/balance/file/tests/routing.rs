//! Requests through a real HAProxy that reads what the built-in template makes of a view.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    frontend, route,
    running::{Instances, Running, ask, who_answers},
};
use crate::{
    balance::view::{Route, RoutingKind},
    harness::{certificates::Authority, ports::fixed_port},
};

fn routes() -> Vec<Route> {
    vec![
        route(Some("www.example.com"), "", "www"),
        route(Some("www.example.com"), "/some-mount", "mount"),
        route(Some("www.example.com"), "/some-mount/deep", "deep"),
        route(Some("api.example.com"), "/v1", "api"),
        route(None, "/any", "any"),
        route(None, "/v1/any", "any"),
    ]
}

/// Host and path of a request, and who is to answer it.
const REQUESTS: [(&str, &str, &str); 28] = [
    ("www.example.com", "/", "www"),
    ("WWW.Example.COM:8000", "/", "www"),
    ("www.example.com", "/x?y=/some-mount/", "www"),
    ("www.example.com", "/some-mount", "mount"),
    ("www.example.com", "/some-mount/", "mount"),
    ("www.example.com", "/some-mount/x", "mount"),
    ("www.example.com", "/some-mount?deep", "mount"),
    ("www.example.com", "/some-mountain", "www"),
    ("www.example.com", "/some-mountain/deep", "www"),
    ("www.example.com", "/some-moun", "www"),
    ("www.example.com", "/Some-Mount", "www"),
    ("www.example.com", "/some-mount/deep", "deep"),
    ("www.example.com", "/some-mount/deep/x", "deep"),
    ("www.example.com", "/some-mount/deeper", "mount"),
    ("www.example.com", "//some-mount", "www"),
    ("www.example.com", "/any", "www"),
    ("www.example.com.evil.org", "/", "404"),
    ("xwww.example.com", "/", "404"),
    ("api.example.com", "/v1", "api"),
    ("api.example.com", "/v1/any", "api"),
    ("api.example.com", "/v2", "404"),
    ("api.example.com", "/any", "any"),
    ("10.0.0.1", "/any/x", "any"),
    ("[::1]:80", "/any/x", "any"),
    ("", "/any", "any"),
    ("other.example.com", "/anything", "404"),
    ("other.example.com", "/", "404"),
    ("*", "/", "404"),
];

#[test]
fn host_decides_first_and_then_the_longest_path_by_whole_segments() {
    let instances = Instances::start(&["www", "mount", "deep", "any", "api"]);
    let port = fixed_port();
    let routes = routes();
    let bind = format!("127.0.0.1:{port}");
    let view = instances.view(vec![frontend(RoutingKind::Internal, &bind, false, routes)]);
    let Some(_running) = Running::start(view) else {
        return;
    };
    for (host, path, expected) in REQUESTS {
        assert_eq!(who_answers(port, host, path), expected, "{host} {path}");
    }
    let without_host = ask(port, "GET /any HTTP/1.0");
    assert!(
        without_host.ends_with("\r\n\r\nany /any\n"),
        "{without_host}"
    );
    let whole = ask(
        port,
        "GET http://www.example.com/some-mount/x?y HTTP/1.1\r\nHost: www.example.com",
    );
    assert!(
        whole.ends_with("mount http://www.example.com/some-mount/x?y\n"),
        "{whole}"
    );
}

/// The values of a header that an instance got, in their order.
fn received(answer: &str, name: &str) -> Vec<String> {
    let (_, echo) = answer.split_once("\r\n\r\n").unwrap();
    let values = echo.lines().filter_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    });
    values.collect()
}

const FORGED: &str = "GET /echo HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nX-Forwarded-Proto: https";

#[test]
fn external_replaces_what_clients_say_of_themselves_and_internal_appends_to_it() {
    let instances = Instances::start(&["www"]);
    let (internal, external) = (fixed_port(), fixed_port());
    let to_www = || vec![route(None, "", "www")];
    let at = |port: u16| format!("127.0.0.1:{port}");
    let view = instances.view(vec![
        frontend(RoutingKind::Internal, &at(internal), false, to_www()),
        frontend(RoutingKind::External, &at(external), false, to_www()),
    ]);
    let Some(_running) = Running::start(view) else {
        return;
    };
    let appended = ask(internal, FORGED);
    let addresses = ["1.2.3.4", "5.6.7.8", "127.0.0.1"];
    assert_eq!(received(&appended, "x-forwarded-for"), addresses);
    assert_eq!(received(&appended, "x-forwarded-proto"), ["https", "http"]);
    let replaced = ask(external, FORGED);
    assert_eq!(received(&replaced, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(received(&replaced, "x-forwarded-proto"), ["http"]);
    let plain = ask(internal, "GET /echo HTTP/1.1\r\nHost: a");
    assert_eq!(received(&plain, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(received(&plain, "x-forwarded-proto"), ["http"]);
}

/// A folder with a certificate and its key in one file, as HAProxy wants it.
fn certificates(folder: &Path, authority: &Authority) -> PathBuf {
    let pair = authority.issue("www.example.com");
    let certs = folder.join("certs");
    fs::create_dir(&certs).unwrap();
    let both = [fs::read(pair.cert).unwrap(), fs::read(pair.key).unwrap()].concat();
    fs::write(certs.join("www.pem"), both).unwrap();
    certs
}

/// The answer to a request over TLS, whose certificate is proved.
fn ask_over_tls(port: u16, authority: &Authority, head: &str) -> String {
    let mut client = Command::new("openssl");
    client.args([
        "s_client",
        "-quiet",
        "-verify_return_error",
        "-servername",
        "localhost",
    ]);
    client
        .arg("-CAfile")
        .arg(&authority.ca)
        .args(["-connect", &format!("127.0.0.1:{port}")]);
    let pipes = client
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut running = pipes.spawn().unwrap();
    let request = format!("{head}\r\nConnection: close\r\n\r\n");
    running
        .stdin
        .as_mut()
        .unwrap()
        .write_all(request.as_bytes())
        .unwrap();
    let answer = running.wait_with_output().unwrap();
    String::from_utf8(answer.stdout).unwrap()
}

#[test]
fn https_redirects_plain_requests_and_serves_with_a_folder_of_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ca");
    let certs = certificates(folder.path(), &authority);
    let instances = Instances::start(&["www"]);
    let (plain, secure) = (fixed_port(), fixed_port());
    let mut external = frontend(
        RoutingKind::External,
        &format!("127.0.0.1:{plain}"),
        true,
        vec![route(Some("www.example.com"), "", "www")],
    );
    external
        .binds
        .push(format!("127.0.0.1:{secure} ssl crt {}/", certs.display()));
    let Some(_running) = Running::start(instances.view(vec![external])) else {
        return;
    };
    let redirected = ask(plain, "GET /a/b?c HTTP/1.1\r\nHost: www.example.com");
    assert!(redirected.starts_with("HTTP/1.1 301 "), "{redirected}");
    let location = "\r\nlocation: https://www.example.com/a/b?c\r\n";
    assert!(redirected.contains(location), "{redirected}");
    let head = "GET /echo HTTP/1.1\r\nHost: www.example.com\r\nX-Forwarded-Proto: http";
    let answer = ask_over_tls(secure, &authority, head);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(received(&answer, "x-forwarded-proto"), ["https"]);
    let unknown = ask_over_tls(secure, &authority, "GET / HTTP/1.1\r\nHost: x");
    assert!(unknown.starts_with("HTTP/1.1 404 "), "{unknown}");
}

#[test]
fn statistics_and_metrics_are_at_their_own_address() {
    let instances = Instances::start(&["www"]);
    let (stats, other) = (fixed_port(), fixed_port());
    let bind = format!("127.0.0.1:{other}");
    let mut view = instances.view(vec![frontend(RoutingKind::Internal, &bind, false, vec![])]);
    view.stats = Some(format!("127.0.0.1:{stats}"));
    let Some(_running) = Running::start(view) else {
        return;
    };
    let metrics = ask(stats, "GET /metrics HTTP/1.1\r\nHost: x");
    assert!(
        metrics.contains("haproxy_server_status{proxy=\"www\",server=\"default:one:one\""),
        "{metrics}"
    );
    let page = ask(stats, "GET / HTTP/1.1\r\nHost: x");
    assert!(page.contains("Statistics Report for HAProxy"), "{page}");
    assert_eq!(who_answers(other, "x", "/metrics"), "404");
}
