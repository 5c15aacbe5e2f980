//! The arrows of ARCHITECTURE.md, the house rules and the references to the contract, checked over the text of every file.

mod arrows;
mod contract;
mod graph;
mod modules;
mod rules;
mod source;
mod words;

use std::{
    fs,
    path::{Path, PathBuf},
};

use modules::{Modules, product};
use rules::Text;

/// Texts of people and machines that the rules for words hold for, besides everything in these folders.
const LOOSE: [&str; 6] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.toml",
    "README.md",
    "build.rs",
    "clippy.toml",
];
const FOLDERS: [&str; 9] = [
    ".ci",
    "cookbook",
    "docs",
    "examples",
    "packaging",
    "script",
    "src",
    "templates",
    "tests",
];

#[test]
fn every_import_follows_the_arrows() {
    nothing(arrows::imports, &sources());
}

#[test]
fn every_room_has_a_row() {
    nothing(arrows::rows, &sources());
}

#[test]
fn files_say_what_they_own() {
    nothing(rules::owns, &sources());
}

#[test]
fn files_are_short() {
    nothing(rules::length, &all());
}

#[test]
fn only_edge_may_touch_the_outside() {
    nothing(rules::outside, product(&sources()));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let sources = sources();
    none(&graph::circles(&Modules::of(product(&sources))));
}

#[test]
fn no_type_is_defined_twice() {
    none(&words::twice(product(&sources())));
}

#[test]
fn no_word_that_was_given_up_comes_back() {
    nothing(words::given_up, &sources());
}

#[test]
fn verbs_and_procedures_do_not_import_each_other() {
    let sources = sources();
    none(&graph::apart(&Modules::of(product(&sources))));
}

#[test]
fn nothing_is_left_for_later() {
    nothing(rules::words, &all());
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    let checkout = checkout();
    nothing(|text| rules::machine(text, checkout), &all());
}

#[test]
fn every_reference_to_the_contract_resolves() {
    let contract = fs::read_to_string(checkout().join("docs/design.md")).unwrap();
    let known = contract::sections(&contract);
    nothing(|text| contract::references(text, &known), &all());
}

#[test]
fn every_link_of_a_page_leads_to_a_file() {
    let pages = ["README.md", "ARCHITECTURE.md", "docs"].map(|page| checkout().join(page));
    let exists = |path: &Path| checkout().join(path).exists();
    nothing(|page| contract::links(page, exists), &texts(&pages));
}

#[track_caller]
fn nothing<'a>(rule: impl Fn(&Text) -> Vec<String>, texts: impl IntoIterator<Item = &'a Text>) {
    none(&texts.into_iter().flat_map(rule).collect::<Vec<_>>());
}

#[track_caller]
fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Text> {
    let texts = texts(&[checkout().join("src")]);
    assert!(texts.len() > 5, "src/ was not found");
    texts
}

fn all() -> Vec<Text> {
    let paths: Vec<_> = LOOSE
        .iter()
        .chain(&FOLDERS)
        .map(|name| checkout().join(name))
        .collect();
    texts(&paths)
}

/// Every file in these paths that is text, with its path from the checkout.
fn texts(paths: &[PathBuf]) -> Vec<Text> {
    let mut texts = Vec::new();
    for place in paths {
        if let Ok(list) = fs::read_dir(place) {
            let mut inside: Vec<_> = list.flatten().map(|item| item.path()).collect();
            inside.sort();
            texts.extend(self::texts(&inside));
        } else if let Ok(text) = fs::read_to_string(place) {
            let path = place.strip_prefix(checkout()).unwrap_or(place);
            texts.push(Text::new(path, text));
        }
    }
    texts
}
