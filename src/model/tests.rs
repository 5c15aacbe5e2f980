//! `tests/golden/<kind>/<case>.json` against `<case>.txt`: what is printed of a text's problems, or the values that
//! it becomes. A manifest is that of the service `<case>`. `UPDATE=1` rewrites the expectations.

#![expect(
    clippy::disallowed_methods,
    reason = "tests touch the disk to look at it"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::model::{
    configuration::Configuration,
    id::Id,
    manifest::Manifest,
    problem::Problems,
    settings::{Flags, Origin, Settings, SettingsError},
};

#[test]
fn manifests_and_their_problems_are_as_written_down() {
    compare("manifest", |case, text| {
        let path = format!("data_bags/service/{case}.json");
        match Manifest::parse(&path, text, &Id::parse(case).unwrap(), &Id::default_scope()) {
            Ok(manifest) => format!("{manifest:#?}\n"),
            Err(problems) => reported(&problems),
        }
    });
}

#[test]
fn datastores_and_their_problems_are_as_written_down() {
    compare("datastores", |_, text| {
        let own = Id::parse("seatgeek").unwrap();
        match Configuration::parse("/etc/reconf/configuration.json", text, &own) {
            Ok(Configuration { datastores, .. }) => format!("{datastores:#?}\n"),
            Err(problems) => reported(&problems),
        }
    });
}

#[test]
fn settings_and_their_problems_are_as_written_down() {
    compare("settings", |_, text| {
        let file = Some(("/etc/reconf/config.json", text));
        match Settings::load(&Flags::default(), |_| None, file) {
            Ok(settings) => {
                let rows = settings.rows();
                let line = |(key, value, origin): (&str, Option<String>, Origin)| {
                    let value = value.unwrap_or_else(|| "null".to_owned());
                    format!("{key} = {value} ({origin})\n")
                };
                rows.into_iter().map(line).collect()
            }
            Err(SettingsError::File(problems)) => reported(&problems),
            Err(other) => format!("error: {other}\n"),
        }
    });
}

fn reported(problems: &Problems) -> String {
    format!("error: {problems}\n{}", problems.excerpts())
}

fn compare(kind: &str, outcome: impl Fn(&str, &str) -> String) {
    let mut different = Vec::new();
    for (path, case, text) in cases(kind) {
        let actual = outcome(&case, &text);
        let expectation = path.with_extension("txt");
        if env::var_os("UPDATE").is_some() {
            fs::write(&expectation, &actual).unwrap();
        }
        let expected = fs::read_to_string(&expectation).unwrap_or_default();
        if actual != expected {
            different.push(format!("{case}: expected\n{expected}\nbut got\n{actual}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The path, the name and the text of every case of a kind; at least one.
fn cases(kind: &str) -> Vec<(PathBuf, String, String)> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases = Vec::new();
    for entry in fs::read_dir(golden.join(kind)).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let case = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            cases.push((path, case, text));
        }
    }
    assert!(!cases.is_empty(), "no case of {kind} was found");
    cases
}

/// A text that is cut off anywhere, or misses any one character, is reported without a panic.
#[test]
fn mutilated_texts_are_reported_too() {
    let id = Id::parse("patterns").unwrap();
    for mutilated in mutilated("manifest") {
        let manifest = Manifest::parse("p", &mutilated, &id, &Id::default_scope());
        manifest.map_or_else(|problems| reported(&problems), |_| String::new());
    }
    for mutilated in mutilated("settings") {
        let settings = Settings::load(&Flags::default(), |_| None, Some(("p", &mutilated)));
        let only_file = matches!(settings, Ok(_) | Err(SettingsError::File(_)));
        assert!(only_file, "{mutilated}");
    }
}

#[test]
fn mutilated_datastores_show_no_secret() {
    let id = Id::parse("own").unwrap();
    for mutilated in mutilated("datastores") {
        let datastores = Configuration::parse("p", &mutilated, &id);
        let block = datastores.map_or_else(|problems| reported(&problems), |_| String::new());
        assert!(!block.contains("secret"), "{block}");
    }
}

/// Every case of a kind, cut off at each character and without each single character.
fn mutilated(kind: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for (_, _, text) in cases(kind) {
        for (at, c) in text.char_indices() {
            texts.push(text[..at].to_owned());
            texts.push(format!("{}{}", &text[..at], &text[at + c.len_utf8()..]));
        }
    }
    texts
}
