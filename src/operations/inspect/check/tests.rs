//! A check of a repository agrees with what the services of that repository resolve to, once all of them are announced.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    check::{AnnouncedNames, CheckedFiles, Items, ManifestFile, MatrixState, check_repository},
    harness::seed::Dice,
    model::{
        configuration::Configuration,
        id::Id,
        last_known::LastKnown,
        local_form::LocalPorts,
        manifest::Manifest,
        snapshot::{Entry, Snapshot},
        source_file::SourceFile,
    },
    resolve::{LocalOffers, RegistryState, ResolveInput, resolve},
};

const NAMES: [&str; 5] = ["A", "B", "C", "D", "E"];
const REGIONS: [&str; 2] = ["east", "west"];

/// A random repository.
struct Repository {
    manifests: Vec<(Id, String)>,
    datastores: String,
}

/// Random draws.
struct Draw(Dice);

impl Draw {
    fn percent(&mut self, percent: usize) -> bool {
        self.0.roll(100) < percent
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.0.roll(NAMES.len())]
    }

    fn requirement(&mut self) -> Value {
        let mut value = format!("{{{}}}", self.name());
        while self.percent(50) {
            value = format!("{value}:{{{}}}", self.name());
        }
        let mut requirement = json!({"value": value});
        for (key, chosen, percent) in [
            ("pick", json!("all"), 40),
            ("default", json!("x"), 20),
            ("optional", json!(true), 20),
        ] {
            if self.percent(percent) {
                requirement[key] = chosen;
            }
        }
        requirement
    }

    fn manifest(&mut self, id: &str) -> String {
        let (mut requires, mut provides) = (Map::new(), Map::new());
        for variable in ["X", "Y"] {
            requires.insert(variable.to_owned(), self.requirement());
        }
        for name in NAMES {
            if self.percent(25) {
                provides.insert(name.to_owned(), json!("{HOST}"));
            }
        }
        json!({"id": id, "requires": requires, "provides": provides}).to_string()
    }

    fn datastores(&mut self) -> Map<String, Value> {
        let values = [json!("x"), json!(null), json!(["x"]), json!(1)];
        let mut datastores = Map::new();
        for name in NAMES {
            if self.percent(40) {
                let value = &values[self.0.roll(values.len())];
                datastores.insert(name.to_owned(), value.clone());
            }
        }
        datastores
    }

    fn repository(&mut self) -> Repository {
        let ids = ["a", "b", "c"].map(|id| Id::parse(id).unwrap());
        let regions =
            REGIONS.map(|region| (region.to_owned(), json!({"datastores": self.datastores()})));
        let regions: Map<String, Value> = regions.into_iter().collect();
        Repository {
            manifests: ids
                .map(|id| (id.clone(), self.manifest(id.as_str())))
                .into(),
            datastores: json!({"datastores": self.datastores(), "regions": regions}).to_string(),
        }
    }
}

/// A reference that has no value: service, region, variable.
type Failed = BTreeSet<(String, String, String)>;

/// The variables that the check finds missing.
fn checked(repository: &Repository) -> Failed {
    let file = |(id, text): &(Id, String)| ManifestFile {
        id: id.clone(),
        file: SourceFile::new(format!("{id}.json"), text.clone()),
    };
    let datastores = SourceFile::of_secrets("d.json".to_owned(), repository.datastores.clone());
    let files = CheckedFiles {
        manifests: repository.manifests.iter().map(file).collect(),
        datastores: Some(datastores),
        regions: REGIONS.map(|region| Id::parse(region).unwrap()).into(),
        ..CheckedFiles::default()
    };
    let checked = check_repository(&files, &Items::parse(&files), &AnnouncedNames::default());
    let missing = checked
        .matrix
        .iter()
        .filter(|row| row.state == MatrixState::Missing);
    let missing = missing.map(|row| {
        let texts = [
            row.service.as_str(),
            row.region.as_str(),
            row.variable.as_str(),
        ];
        texts.map(str::to_owned).into()
    });
    let missing: Failed = missing.collect();
    let is_error = checked
        .found
        .iter()
        .any(|found| found.rule.name() == "missing");
    assert_eq!(is_error, !missing.is_empty());
    missing
}

/// The announcements of all services, each on a node of its own in every region.
fn announcements(manifests: &[Manifest]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for manifest in manifests {
        let id = &manifest.id;
        for (name, region) in manifest
            .provides
            .keys()
            .flat_map(|n| REGIONS.map(|r| (n, r)))
        {
            let record = json!({
                "value": "10.0.0.1", "pattern": "{HOST}", "host": "10.0.0.1", "port": null, "local_port": null,
                "service": id, "node": format!("of-{id}"), "public": false, "since": "2026-01-01T00:00:00Z",
            });
            entries.push(Entry {
                key: format!("/reconf/v1/default/provides/{name}/{region}/{id}@of-{id}"),
                value: record.to_string().into_bytes(),
                revision: 1,
                lease: 0,
            });
        }
    }
    entries
}

/// The variables that services cannot resolve.
fn resolved(repository: &Repository) -> Failed {
    let home = Id::default_scope();
    let parse = |(id, text): &(Id, String)| Manifest::parse("m", text, id, &home).unwrap();
    let manifests: Vec<Manifest> = repository.manifests.iter().map(parse).collect();
    let configuration = Configuration::parse("d.json", &repository.datastores, &home).unwrap();
    let snapshot = Snapshot::new(&home, 1, announcements(&manifests));
    let mut failed = Failed::new();
    for (manifest, region) in manifests.iter().flat_map(|m| REGIONS.map(|r| (m, r))) {
        let region = Id::parse(region).unwrap();
        let input = ResolveInput {
            manifest,
            node: &Id::parse("web01").unwrap(),
            region: &region,
            regions: std::slice::from_ref(&region),
            registry: RegistryState::Available(&snapshot),
            local_offers: &LocalOffers::default(),
            local_ports: &LocalPorts::default(),
            last_known: &LastKnown::default(),
            datastores: &configuration.datastores[&home],
        };
        let missing = resolve(&input).err().into_iter().flatten();
        failed.extend(missing.map(|missing| {
            (
                manifest.id.to_string(),
                region.to_string(),
                missing.variable.to_string(),
            )
        }));
    }
    failed
}

fn check_repositories(count: usize) {
    let mut draw = Draw(Dice::new());
    let (mut sound, mut faulty) = (0, 0);
    for _ in 0..count {
        let repository = draw.repository();
        let (checked, resolved) = (checked(&repository), resolved(&repository));
        let texts = (&repository.manifests, &repository.datastores);
        assert_eq!(checked, resolved, "{texts:#?}");
        if checked.is_empty() {
            sound += 1;
        } else {
            faulty += 1;
        }
    }
    #[expect(clippy::print_stdout, reason = "figures of the proof")]
    {
        println!("{sound} sound and {faulty} faulty repositories");
    }
    assert!(sound > 0 && faulty > 0);
}

#[test]
fn what_a_check_finds_missing_cannot_be_resolved_and_all_else_can() {
    check_repositories(200);
}

#[test]
#[ignore = "long: script/prove"]
fn ten_thousand_checks_agree_with_the_resolution() {
    check_repositories(10_000);
}
