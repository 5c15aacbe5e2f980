//! Mutants of everything that is read, in process: what is said of them shows no value.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Code, Failure};
use crate::{
    edge::{
        files::{self, Access},
        state::{self, StateError},
    },
    harness::mutants::{Mutants, shows_a_value},
    model::{
        announcement::Tombstone,
        configuration::Configuration,
        format::Format,
        id::Id,
        last_known::LastKnown,
        listening::Listening,
        manifest::Manifest,
        sample,
        service_state::ServiceState,
        settings::{Flags, Settings},
        stamp::Stamp,
        switch::StoredSwitch,
    },
    render::{Conf, Template, diff, render, shell},
};

mod rendered;

use rendered::{consumer, rendered, sample_manifest, with, world};

/// In every text a `$` is a value, which no message shows.
const MANIFEST: &str = r#"{ "id": "api", "command": ["run", "--password=$"], "run_list": ["recipe[api]"],
  "environment": { "TOKEN": "$", "PIN": "$", "PORT": 8080, "EMPTY": "" },
  "requires": { "DB": "mysql://u:$@{DB_URL}/$", "ALL": { "value": "$:{A}", "pick": "all", "separator": "$" },
    "MAYBE": { "value": "{NOBODY|url}", "optional": true }, "SURE": { "value": "{B}", "default": "$" } },
  "provides": { "API_URL": "http://u:$@{HOST}:{PORT}/$", "ADMIN": { "value": "$", "port": 81, "public": true } },
  "local_port": 28080, "public": false, "federation": "default", "x-note": "$",
  "conf": { "owner": "$", "group": "$", "mode": "0640", "formats": ["shell", "dotenv", "systemd", "envdir"], "drain": "5m" },
  "check": { "command": ["curl", "$"], "interval": "5s", "timeout": "2s", "fall": 3, "rise": 2 } }"#;

const DATASTORES: &str = r#"{ "datastores": { "DB_URL": "mysql://u:$@h/$", "A": "$", "NUMBER": 5, "LIST": ["$"] },
  "regions": { "us-west-2": { "datastores": { "DB_URL": "$" } } },
  "federations": { "pivotly": { "datastores": { "DB_URL": "$" }, "regions": { "east": { "datastores": { "A": "$" } } } } },
  "version": "$", "chef": { "password": "$" } }"#;

const CONFIG: &str = r#"{ "registry": { "endpoints": ["https://etcd1:2379", "https://etcd2:2379"], "ca": "$", "cert": "$", "key": "$",
    "user": "$", "password_file": "$", "timeout": "2s", "federations": { "pivotly": { "user": "$", "password_file": "$" } } },
  "node": "web01", "host": "10.0.0.5", "region": "east", "regions": ["east", "west"], "federation": "default",
  "federations": ["default"], "render": { "directory": "/$", "mode": "0640", "owner": "$", "group": "$",
    "formats": ["shell"], "on_unreachable": "last-known" }, "announce": { "ttl": null },
  "listen": { "command": ["chef-solo", "$"], "debounce": "2s", "debounce_max": "30s", "min_interval": "60s", "splay": "10s",
    "max_parallel": null, "busy_lock": "/$" }, "password": "$" }"#;

const ANNOUNCEMENT: &str = r#"{"value":"mysql://u:$@h/$","pattern":"mysql://u:$@{HOST}/$","host":"10.0.0.1","port":80,
  "local_port":81,"service":"db","node":"db01","public":false,"since":"2026-01-02T03:04:05Z"}"#;

/// Its reason and its user are there to be shown.
const TOMBSTONE: &str =
    r#"{"by":"hand","at":"2026-01-02T03:04:05Z","reason":"disk","user":"alice","later":"$"}"#;

const STATES: [&str; 4] = [
    r#"{"version":1,"announced":{"/reconf/v1/default/provides/API_URL/east/api@web01":{"value":"$","pattern":"$","lease":5,
      "revision":3,"done":true}},"withdrawing":{},"held":false,"pending":true,"applied_keys":["$"],"sources":{"A":[["$",4]]}}"#,
    r#"{"version":1,"revision":7,"regions":{"east":{"A":{"db@db01":{"announcement":{"value":"$","pattern":"$","host":"h",
      "port":1,"local_port":2,"service":"db","node":"db01","public":true,"since":"2026-01-02T03:04:05Z"},"revision":4}}}}}"#,
    r#"{"version":1,"on":false,"since":"2026-01-02T03:04:05Z","until":"2026-01-02T03:04:05Z","reason":"$"}"#,
    r#"{"version":1,"started":"2026-01-02T03:04:05Z","reasons":["change","$"],"ended":"2026-01-02T03:04:06Z","exit":3}"#,
];

const CONF: &str = "# Written by reconf from the manifest of api; 3 variables follow.\nexport A='$'\nexport PIN='$'\\''$'\nexport Z=''\n";

/// The messages about a text.
type Subject = fn(&[u8]) -> Vec<String>;

const SUBJECTS: [(&str, Subject); 8] = [
    (MANIFEST, manifest),
    (DATASTORES, datastores),
    (CONFIG, settings),
    (ANNOUNCEMENT, announcement),
    (TOMBSTONE, tombstone),
    (CONF, conf),
    (include_str!("../../templates/shell.hbs"), template),
    ("", states),
];

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn manifest(bytes: &[u8]) -> Vec<String> {
    match Manifest::parse(
        "/r/api.json",
        &text(bytes),
        &id("api"),
        &Id::default_scope(),
    ) {
        Err(problems) => vec![Failure::problems(Code::Data, &problems).to_string()],
        Ok(manifest) => rendered(
            &manifest,
            &world(ANNOUNCEMENT.as_bytes(), TOMBSTONE.as_bytes()),
        ),
    }
}

fn datastores(bytes: &[u8]) -> Vec<String> {
    let own = Id::default_scope();
    let parsed = Configuration::parse("/r/configuration.json", &text(bytes), &own);
    match parsed {
        Err(problems) => vec![Failure::problems(Code::Configuration, &problems).to_string()],
        Ok(Configuration { datastores, .. }) => {
            let manifest = r#"{"id": "api", "requires": {"A": "{LIST}", "B": "{DB_URI}", "C": "{NUMBER}{A}"}}"#;
            let own = datastores
                .get(&Id::default_scope())
                .cloned()
                .unwrap_or_default();
            with(&sample_manifest(manifest), &world(b"", b""), &own)
        }
    }
}

fn settings(bytes: &[u8]) -> Vec<String> {
    match Settings::load(
        &Flags::default(),
        |_| None,
        Some(("/r/config.json", &text(bytes))),
    ) {
        Err(error) => vec![Failure::from(error).to_string()],
        Ok(_) => Vec::new(),
    }
}

fn announcement(bytes: &[u8]) -> Vec<String> {
    rendered(&consumer(), &world(bytes, TOMBSTONE.as_bytes()))
}

/// Who withdrew something, where and why is shown on purpose, cut at 200 characters.
fn tombstone(bytes: &[u8]) -> Vec<String> {
    let note = serde_json::from_slice::<Tombstone>(bytes).map(|tombstone| tombstone.note);
    let note = note.unwrap_or_default();
    let shown = [note.user, note.reason, note.node].into_iter().flatten();
    let shown: Vec<String> = shown.map(|text| text.chars().take(200).collect()).collect();
    let said = rendered(&consumer(), &world(ANNOUNCEMENT.as_bytes(), bytes)).into_iter();
    said.map(|message| {
        let without = |message: String, shown: &String| message.replace(shown.as_str(), "");
        shown.iter().fold(message, without)
    })
    .collect()
}

fn conf(bytes: &[u8]) -> Vec<String> {
    let parsed = shell::parse(bytes).map_err(|error| error.message);
    let lines = diff(Some(bytes), &sample::environment(&[("A", "x")]), false);
    let lines = lines.iter().map(ToString::to_string);
    lines.chain(parsed.err()).collect()
}

fn template(bytes: &[u8]) -> Vec<String> {
    let environment = sample::environment(&[("A", "zq7Vzq7V"), ("B", "it's zq7V")]);
    let (service, text) = (id("api"), text(bytes));
    let template = Template {
        name: "shell.hbs".to_owned(),
        text,
    };
    let conf = Conf {
        service: &service,
        environment: &environment,
    };
    let failed = render(Format::Shell, &conf, Some(&template)).err();
    failed
        .map(|error| Failure::from(error).to_string())
        .into_iter()
        .collect()
}

/// Every kind of state file, each read as every kind.
fn states(bytes: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    files::write_at_once(&path, bytes, &Access::PRIVATE).unwrap();
    let errors: [Option<StateError>; 5] = [
        state::load::<ServiceState>(&path).err(),
        state::load::<LastKnown>(&path).err(),
        state::load::<StoredSwitch>(&path).err(),
        state::load::<Listening>(&path).err(),
        state::load_stamp::<Stamp>(&path).err(),
    ];
    let errors = errors.into_iter().flatten();
    errors
        .map(|error| Failure::from(error).to_string())
        .collect()
}

/// Draws so many mutants of each kind of text.
fn no_mutant_is_shown(each: usize) {
    let mut mutants = Mutants::new();
    let mut messages = 0;
    for (original, subject) in SUBJECTS {
        for count in 0..each {
            let original = if original.is_empty() {
                STATES[count % STATES.len()]
            } else {
                original
            };
            let mutant = mutants.of(original);
            let said = catch_unwind(AssertUnwindSafe(|| subject(&mutant)));
            let said = said.unwrap_or_else(|_| panic!("a panic about: {}", text(&mutant)));
            for message in &said {
                let shows = shows_a_value(&mutant, message);
                assert!(!shows, "{message}\nof\n{}", text(&mutant));
            }
            messages += said.len();
        }
    }
    assert!(
        messages > each,
        "what was said of {each} mutants of each kind is silent"
    );
}

#[test]
fn no_message_shows_a_value_of_a_mutant() {
    no_mutant_is_shown(400);
}

#[test]
#[ignore = "long: script/prove"]
fn no_message_shows_a_value_of_a_mutant_of_many() {
    no_mutant_is_shown(5_000);
}
