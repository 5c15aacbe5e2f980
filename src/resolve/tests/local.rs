//! Values by the ports of the local balancer (design.md section 12, `render`).

use std::collections::BTreeMap;

use super::world::{World, requiring};
use crate::{
    model::{applied::applied_record, name::Name, settings::OnUnreachable},
    resolve::resolve,
};

const API: &str = "A east api@api01 http://{HOST}:{PORT}/|21100";

fn served(world: World) -> World {
    world.served(21100, &["A"]).served(21200, &["B"])
}

#[test]
fn a_value_is_local_exactly_if_its_name_is_served_at_the_port_of_its_announcement() {
    let local = "http://127.0.0.1:21100/ (registry, local:21100)";
    let direct = "http://10.0.0.9:1100/ (registry, api@api01)";
    let of = |url: &str, text: &str| served(requiring(url)).live(text).outcome();
    assert_eq!(of(r#""{A}""#, API), local);
    assert_eq!(requiring(r#""{A}""#).live(API).outcome(), direct);
    for (text, expected) in [
        ("A east api@api01 http://{HOST}:{PORT}/|21200", direct),
        ("A east api@api01 http://{HOST}:{PORT}/", direct),
        (
            "A east api@api01 https://{HOST}:{PORT}|21100",
            "https://10.0.0.9:1100 (registry, api@api01)",
        ),
        (
            "A east api@api01 {HOST}|21100",
            "10.0.0.9 (registry, api@api01)",
        ),
        ("A east api@api01 1100|21100", "1100 (registry, api@api01)"),
    ] {
        assert_eq!(of(r#""{A}""#, text), expected, "{text}");
    }
    // The program that wants every address gets every address.
    let all = r#"{"value": "{A}", "pick": "all"}"#;
    assert_eq!(of(all, API), direct);
    // The last known one, and that of a manifest beside it, are announcements as well.
    let known = served(requiring(r#""{A}""#)).known(API);
    assert_eq!(
        known.outcome(),
        "http://127.0.0.1:21100/ (last-known, local:21100)"
    );
    let away = served(requiring(r#""{A}""#))
        .known(API)
        .away(OnUnreachable::LastKnown);
    assert_eq!(
        away.outcome(),
        "http://127.0.0.1:21100/ (last-known, local:21100)"
    );
    let beside = r#"{"id": "beside", "environment": {"PORT": 1100}, "local_port": 21100,
        "provides": {"A": "http://{HOST}:{PORT}/"}}"#;
    let beside = served(requiring(r#""{A}""#)).beside(beside);
    assert_eq!(beside.outcome(), local);
    // A datastore is none.
    let stored = served(requiring(r#""{A}""#)).datastores(r#"{"datastores": {"A": "x"}}"#);
    assert_eq!(stored.outcome(), "x (datastores, )");
}

#[test]
fn a_reference_is_local_inside_of_a_longer_pattern() {
    let web = "B east web@web02 {HOST}:{PORT}|21200";
    for (url, expected) in [
        (
            r#""{A}?via={B|url}""#,
            "http://127.0.0.1:21100/?via=127.0.0.1%3A21200 (registry, local:21100 local:21200)",
        ),
        (
            r#""{A},{A}""#,
            "http://127.0.0.1:21100/,http://127.0.0.1:21100/ (registry, local:21100)",
        ),
    ] {
        let world = served(requiring(url)).live(API).live(web);
        assert_eq!(world.outcome(), expected, "{url}");
    }
    // Names of two services are chosen apart, and so is whether each of them is local.
    let direct = served(requiring(r#""{A},{B}""#))
        .live(API)
        .live("B east web@web02 x|21200");
    assert_eq!(
        direct.outcome(),
        "http://127.0.0.1:21100/,x (registry, local:21100 web@web02)"
    );
}

#[test]
fn a_value_of_one_provider_is_never_joined_with_the_balancer_of_all() {
    let token = "B east api@api01 token1|21100";
    let pair = served(requiring(r#""{A}?{B}""#)).live(API).live(token);
    assert_eq!(
        pair.outcome(),
        "http://10.0.0.9:1100/?token1 (registry, api@api01)"
    );
    let both = requiring(r#""{A} {B}""#)
        .served(21100, &["A", "B"])
        .live(API)
        .live("B east api@api01 tcp://{HOST}:{PORT}|21100");
    assert_eq!(
        both.outcome(),
        "http://127.0.0.1:21100/ tcp://127.0.0.1:21100 (registry, local:21100)"
    );
}

#[test]
fn what_moves_behind_a_port_changes_neither_value_nor_record() {
    let names = |world: &World| {
        world.ask("web01", |input, _| {
            let environment = resolve(input).unwrap().environment;
            let variable = environment.values().next().unwrap().clone();
            assert_eq!(applied_record(&environment), BTreeMap::new());
            (variable.value, variable.local_ports)
        })
    };
    let first = names(&served(requiring(r#""{A}""#)).live(API));
    let moved = served(requiring(r#""{A}""#)).live("A east api@api02 http://{HOST}:{PORT}/|21100");
    assert_eq!(names(&moved), first);
    assert_eq!(first.1, [(Name::parse("A").unwrap(), 21100)].into());
    // The direct half of a variable is still recorded.
    let half = served(requiring(r#""{A},{B}""#))
        .live(API)
        .live("B east web@web02 x");
    let record = half.ask("web01", |input, _| {
        applied_record(&resolve(input).unwrap().environment)
    });
    let keys: Vec<&String> = record.values().flatten().map(|(key, _)| key).collect();
    assert_eq!(keys, ["/reconf/v1/default/provides/B/east/web@web02"]);
}
