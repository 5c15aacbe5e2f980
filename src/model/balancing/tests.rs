//! Terms of balancing as they are written and read, by table.

use serde_json::json;

use super::*;

#[test]
fn a_health_request_is_written_as_people_write_it() {
    let request = HealthRequest {
        path: "/health?full=1".to_owned(),
        interval: Some(Duration::from_millis(1_500)),
    };
    let written = json!({"path": "/health?full=1", "interval": "1s 500ms"});
    assert_eq!(serde_json::to_value(&request).unwrap(), written);
    assert_eq!(request.to_value(), written);
    assert_eq!(HealthRequest::deserialize(&written).unwrap(), request);
    let bare = json!({"path": "/"});
    let read = HealthRequest::deserialize(&bare).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), bare);
}

fn read(fields: &Value) -> Result<BalancingTerms, MalformedTerm> {
    BalancingTerms::read(
        fields.get("mode"),
        fields.get("health"),
        fields.get("hosts"),
    )
}

#[test]
fn terms_are_read_or_the_malformed_field_is_named() {
    for (text, field) in [
        (
            r#"{"mode": "http", "health": {"path": "/h"}, "hosts": ["A.b"]}"#,
            None,
        ),
        (
            r#"{"mode": "tcp", "health": {"path": "/", "interval": "1s", "later": 1}}"#,
            None,
        ),
        (r#"{"mode": "udp"}"#, Some("mode")),
        (r#"{"mode": ["http"]}"#, Some("mode")),
        (r#"{"mode": {"http": null}}"#, Some("mode")),
        (r#"{"health": ["/h", null]}"#, Some("health")),
        (r#"{"health": "/h"}"#, Some("health")),
        (r#"{"health": {}}"#, Some("health")),
        (r#"{"health": {"path": "h"}}"#, Some("health")),
        (r#"{"health": {"path": "/%2"}}"#, Some("health")),
        (r#"{"health": {"path": "/a b"}}"#, Some("health")),
        (r#"{"health": {"path": "/a\nb"}}"#, Some("health")),
        (r#"{"health": {"path": "/a#b"}}"#, Some("health")),
        (
            r#"{"health": {"path": "/", "interval": 5}}"#,
            Some("health"),
        ),
        (
            r#"{"health": {"path": "/", "interval": "1ms"}}"#,
            Some("health"),
        ),
        (
            r#"{"health": {"path": "/", "interval": "2days"}}"#,
            Some("health"),
        ),
        (r#"{"hosts": "a.b"}"#, Some("hosts")),
        (r#"{"hosts": ["a b"]}"#, Some("hosts")),
        (r#"{"hosts": ["a.b", 5]}"#, Some("hosts")),
    ] {
        let fields = serde_json::from_str(text).unwrap();
        let malformed = read(&fields).err().map(|(field, _)| field);
        assert_eq!(malformed, field, "{text}");
    }
}

#[test]
fn what_is_not_said_is_the_default_and_hosts_are_named_once() {
    assert_eq!(read(&json!({})), Ok(BalancingTerms::default()));
    let long = format!("/{}", "x".repeat(LONGEST_PATH));
    assert!(read(&json!({"health": {"path": long}})).is_err());
    let twice = read(&json!({"hosts": ["WWW.a.com", "www.A.com", "b"]}));
    assert_eq!(twice.unwrap().hosts, ["www.a.com", "b"]);
}

#[test]
fn what_resolvers_take_for_an_address_ends_in_a_number() {
    for (text, expected) in [
        ("2130706433", true),
        ("127.1", true),
        ("127.0.1", true),
        ("017700000001", true),
        ("0x7f000001", true),
        ("0X7F.1", true),
        ("127.0.0.0x1", true),
        ("api.0xff", true),
        ("0x", true),
        ("127.1.", true),
        ("0x7f000001.example", false),
        ("0x7g", false),
        ("x7f000001", false),
        ("1.example.com", false),
        ("api", false),
    ] {
        assert_eq!(ends_in_number(text), expected, "{text}");
        if expected {
            assert!(host_name(text).is_err(), "{text}");
        }
    }
}

#[test]
fn hosts_are_names_without_anything_that_a_map_would_read() {
    for text in ["a", "A.b-c.d_e", "10.0.0.1", "xn--bcher-kva.example"] {
        assert_eq!(host_name(text), Ok(text.to_ascii_lowercase()), "{text}");
    }
    let long = ["x"; 128].join(".");
    for text in [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "-a",
        "a.-b",
        "a-.b",
        "10.0.0.300",
        "1",
        "a:80",
        "*.a",
        "a/b",
        "a b",
        "a#",
        "é",
        "a\n",
        &long,
    ] {
        assert!(host_name(text).is_err(), "{text}");
    }
}
