//! Announcements that are used, and those that are left out.

use serde_json::json;

use super::*;
use crate::model::{sample, snapshot::LiveEntry};

fn live(change: impl FnOnce(&mut Announcement)) -> LiveEntry {
    let mut announcement = Announcement {
        port: Some(8080),
        local_port: Some(21100),
        ..sample::announcement("http://{HOST}:{PORT}/x")
    };
    change(&mut announcement);
    LiveEntry {
        announcement: Box::new(announcement),
        revision: 7,
        lease: 0,
    }
}

fn read(change: impl FnOnce(&mut Announcement)) -> Result<Instance, &'static str> {
    let instance = Instance::of(&sample::key("f", "API_URL"), &live(change));
    instance.map_err(|(reason, _)| reason)
}

#[test]
fn an_announcement_with_an_odd_field_is_left_out() {
    assert_eq!(read(|_| {}).unwrap().server(), "default:api:api01");
    assert_eq!(read(|a| a.port = None), Err("port"));
    assert_eq!(read(|a| a.port = Some(0)), Err("port"));
    assert_eq!(read(|a| a.local_port = Some(0)), Err("port"));
    assert_eq!(read(|a| a.host = "10.0.0.1 backup".to_owned()), Err("host"));
    assert_eq!(read(|a| a.pattern = "{HOST".to_owned()), Err("pattern"));
    assert_eq!(read(|a| a.mode = Some("udp".into())), Err("mode"));
    assert_eq!(read(|a| a.health = Some("/".into())), Err("health"));
    assert_eq!(read(|a| a.hosts = Some("a.b".into())), Err("hosts"));
    let odd = |a: &mut Announcement| a.pattern = "http://{HOST}:{PORT}/a\nb".to_owned();
    assert_eq!(read(odd), Err("path"));
}

#[test]
fn a_pattern_says_what_it_can_be_used_for() {
    for (pattern, path, has_local_form) in [
        ("http://{HOST}:{PORT}", Some(""), true),
        ("http://{HOST}:{PORT}/", Some(""), true),
        (
            "HTTP://{HOST}:{PORT}/some-mount/",
            Some("/some-mount"),
            true,
        ),
        ("http://{HOST}:{PORT}/a?b", None, true),
        ("http://{HOST}:{PORT}a", None, true),
        ("http://{HOST}:{PORT}/{HOST}", None, true),
        ("http://{PORT}:{HOST}/", None, true),
        ("http://{HOST}/", None, false),
        ("http://user@{HOST}:{PORT}/", None, true),
        ("postgres://{HOST}:{PORT}/db", None, true),
        ("{HOST}:{PORT}", None, true),
        ("https://{HOST}:{PORT}", None, false),
        ("REDISS://{HOST}:{PORT}", None, false),
        ("amqps://u:p@{HOST}:{PORT}", None, false),
        ("fixed", None, false),
    ] {
        let instance = read(|a| a.pattern = pattern.to_owned()).unwrap();
        assert_eq!(instance.path.as_deref(), path, "{pattern}");
        assert_eq!(instance.has_local_form, has_local_form, "{pattern}");
    }
}

#[test]
fn what_was_last_known_is_checked_like_what_is_announced() {
    let key = sample::key("f", "API_URL");
    let instance = read(|_| {}).unwrap();
    let path = key.path(Kind::Provides);
    let mut known = instance.to_known(None);
    assert_eq!(Instance::last_known(&path, &known), Some(instance));
    assert_eq!(Instance::last_known("other", &known), None);
    assert_eq!(
        Instance::last_known(&key.path(Kind::Withdrawn), &known),
        None
    );
    known.host = "a b".to_owned();
    assert_eq!(Instance::last_known(&path, &known), None);
}

#[test]
fn no_field_carries_a_byte_that_means_something_to_haproxy() {
    let odd =
        (0_u8..=255).filter(|b| b" \t\"'\\#${}|<>^`[];()!*".contains(b) || !(32..127).contains(b));
    for byte in odd {
        let text = format!("a{}b", char::from(byte));
        let is_left_out = |change: &dyn Fn(&mut Announcement)| read(change).is_err();
        assert!(is_left_out(&|a| a.host.clone_from(&text)), "{text:?}");
        assert!(is_left_out(&|a| a.hosts = Some(json!([text]))), "{text:?}");
        let path = json!({"path": format!("/{text}")});
        assert!(is_left_out(&|a| a.health = Some(path.clone())), "{text:?}");
        // These may stand in a map, which gives no meaning to them.
        if !b";()!*".contains(&byte) {
            let pattern = format!("http://{{HOST}}:{{PORT}}/{text}");
            let read = read(|a| a.pattern.clone_from(&pattern));
            assert!(
                read.is_ok_and(|i| i.path.is_none()) == (byte == b'#'),
                "{text:?}"
            );
        }
    }
    assert_eq!(read(|a| a.mode = Some(json!("udp"))), Err("mode"));
}
