//! Addresses and certificates in the words of `bind`.

use std::path::PathBuf;

use crate::balance::file::{BoundAddress, bound_addresses, certificate_paths};

#[test]
fn the_addresses_of_a_bind_are_found_as_haproxy_means_them() {
    let socket = |text: &str| BoundAddress::Socket(text.parse().unwrap());
    let other = |text: &str| BoundAddress::Other(text.to_owned());
    let cases = [
        (":80", vec![socket("0.0.0.0:80")]),
        ("*:80", vec![socket("0.0.0.0:80")]),
        ("0.0.0.0:80", vec![socket("0.0.0.0:80")]),
        ("ipv4@:80", vec![socket("0.0.0.0:80")]),
        ("127.0.0.1:80", vec![socket("127.0.0.1:80")]),
        ("[::1]:80", vec![socket("[::1]:80")]),
        ("::1:80", vec![socket("[::1]:80")]),
        (":::443 v4v6 ssl crt /etc/x", vec![socket("[::]:443")]),
        (
            "10.0.0.1:80,10.0.0.2:81",
            vec![socket("10.0.0.1:80"), socket("10.0.0.2:81")],
        ),
        (
            ":443 ssl crt /etc/haproxy/certs/",
            vec![socket("0.0.0.0:443")],
        ),
        (":80-90", vec![other(":80-90")]),
        ("/run/web.sock", vec![other("/run/web.sock")]),
        ("", vec![other("")]),
    ];
    for (bind, expected) in cases {
        assert_eq!(bound_addresses(bind), expected, "{bind}");
    }
}

#[test]
fn the_certificates_of_binds_are_found_each_once() {
    let binds = [
        ":443 ssl crt /certs/ ca-file '/ca dir/ca.pem' crt /one.pem alpn h2",
        ":444 ssl crt-list /list crt /certs/",
        ":80",
        ":81 name crt",
    ];
    let found = certificate_paths(&binds.map(str::to_owned));
    let expected = ["/ca dir/ca.pem", "/certs/", "/list", "/one.pem"].map(PathBuf::from);
    assert_eq!(found, expected);
}
