//! Circles of services, by hand and at random.

use serde_json::{Map, Value, json};

use crate::{
    check::{AnnouncedNames, CheckedFiles, Items, ManifestFile, check_repository},
    harness::seed::Dice,
    model::{id::Id, source_file::SourceFile},
};

/// What a service requires, and what it provides.
type Service = (Vec<Value>, Vec<String>);

/// The warnings of circles among these services, which are called `s0`, `s1`, …
fn circles(services: &[Service], datastores: &Value) -> Vec<String> {
    let manifest = |(number, (requires, provides)): (usize, &Service)| {
        let id = Id::parse(&format!("s{number}")).unwrap();
        let requires = requires.iter().enumerate();
        let requires: Map<String, Value> = requires
            .map(|(number, value)| (format!("V{number}"), value.clone()))
            .collect();
        let provides: Map<String, Value> = provides
            .iter()
            .map(|name| (name.clone(), json!("x")))
            .collect();
        let text = json!({"id": id, "requires": requires, "provides": provides}).to_string();
        let file = SourceFile::new(format!("{id}.json"), text);
        ManifestFile { id, file }
    };
    let files = CheckedFiles {
        manifests: services.iter().enumerate().map(manifest).collect(),
        datastores: Some(SourceFile::of_secrets(
            "d.json".to_owned(),
            datastores.to_string(),
        )),
        ..CheckedFiles::default()
    };
    let checked = check_repository(&files, &Items::parse(&files), &AnnouncedNames::default());
    let found = checked
        .found
        .into_iter()
        .filter(|found| found.rule.name() == "cycle");
    found.map(|found| found.message).collect()
}

/// Services in short: `B?>A` requires B, optionally, and provides A; `;` separates services.
fn services(short: &str) -> Vec<Service> {
    let service = |short: &str| {
        let (requires, provides) = short.split_once('>').unwrap();
        let requirement = |name: &str| match name.strip_suffix('?') {
            Some(name) => json!({"value": format!("{{{name}}}"), "optional": true}),
            None => json!(format!("{{{name}}}")),
        };
        let requires = requires.split_whitespace().map(requirement).collect();
        let provides = provides.split_whitespace().map(str::to_owned);
        (requires, provides.collect())
    };
    short.split(';').map(service).collect()
}

#[test]
fn a_circle_is_named_once_and_only_where_nothing_breaks_it() {
    let two = "`s0` needs `B` of `s1`, `s1` needs `A` of `s0`: on nodes of their own neither can come first";
    let three = "`s0` needs `B` of `s1`, `s1` needs `C` of `s2`, `s2` needs `A` of `s0`: on nodes of their own none can come first";
    let (nothing, stored) = (json!({}), json!({"datastores": {"B": "x"}}));
    for (short, datastores, expected) in [
        ("B>A;A>B", &nothing, &[two][..]),
        ("B>A;A>B", &stored, &[]),
        ("B?>A;A>B", &nothing, &[]),
        // Another provider of B comes first.
        ("B>A;A>B;>B", &nothing, &[]),
        // One that waits for a circle is in none.
        ("B>A;A>B;B>C", &nothing, &[two]),
        // It provides that itself.
        ("A>A", &nothing, &[]),
        ("B>A;C>B;A>C", &nothing, &[three]),
        ("B>A;A>B;>C", &nothing, &[two]),
    ] {
        assert_eq!(circles(&services(short), datastores), expected, "{short}");
    }
}

/// Whether all services can be started one after the other, each once something provides what it requires.
fn can_start(services: &[Service]) -> bool {
    let is_provided = |started: &[bool], name: &str| {
        let mut all = services.iter().zip(started);
        all.any(|((_, provides), started)| *started && provides.iter().any(|p| p == name))
    };
    let nobody_has = |name: &str| !is_provided(&vec![true; services.len()], name);
    let mut started = vec![false; services.len()];
    for _ in services {
        for (number, (requires, provides)) in services.iter().enumerate() {
            let is_met = requires.iter().all(|value| {
                let name = value.as_str().unwrap().trim_matches(['{', '}']);
                is_provided(&started, name)
                    || provides.iter().any(|own| own == name)
                    || nobody_has(name)
            });
            started[number] |= is_met;
        }
    }
    started.iter().all(|started| *started)
}

#[test]
fn a_circle_is_found_exactly_where_services_cannot_start_in_any_order() {
    let mut dice = Dice::new();
    let (mut with, mut without) = (0, 0);
    for _ in 0..200 {
        let names = ["A", "B", "C", "D", "E", "F"];
        let services: Vec<Service> = (0..5)
            .map(|_| {
                let requires = names.iter().filter(|_| dice.roll(100) < 25);
                let requires = requires.map(|name| json!(format!("{{{name}}}"))).collect();
                let provides = names.iter().filter(|_| dice.roll(100) < 25);
                (requires, provides.map(|name| (*name).to_owned()).collect())
            })
            .collect();
        let found = circles(&services, &json!({}));
        assert_eq!(
            found.is_empty(),
            can_start(&services),
            "{services:?}: {found:?}"
        );
        if found.is_empty() {
            without += 1;
        } else {
            with += 1;
        }
    }
    assert!(
        with > 0 && without > 0,
        "{with} with a circle, {without} without"
    );
}
