//! State files survive newer versions and damage.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::{
    edge::{
        files::Written,
        state::{Durability, StateError, edit_stamp, load, load_again, load_stamp, save},
    },
    model::{id::Id, paths::Paths},
};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct TestState {
    leases: BTreeMap<String, i64>,
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o7777
}

#[test]
fn a_state_is_read_as_it_was_saved_and_closed_to_others() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let root = folder.path();
    let paths = Paths::new(root, &Paths::default_confs(root));
    let path = paths.service_state(&Id::parse("web").expect("an id"));
    let state = TestState {
        leases: BTreeMap::from([("lease".to_owned(), i64::MAX)]),
    };
    let saved = |durability| save(&paths, &path, &state, durability).expect("saved");
    assert!(
        load::<TestState>(&path)
            .expect("absence is no error")
            .is_none()
    );
    assert_eq!(saved(Durability::Durable), Written::Changed);
    assert_eq!(saved(Durability::MayBeLost), Written::Unchanged);
    assert_eq!(
        load::<TestState>(&path).expect("readable"),
        Some(state.clone())
    );
    let text = fs::read_to_string(&path).expect("there");
    assert!(text.starts_with("{\n  \"version\": 1,"), "{text}");
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&paths.service_states()), 0o700);
    assert_eq!(mode(&paths.state()), 0o755);
}

#[test]
fn newer_and_damaged_states_are_reported_and_never_overwritten() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let paths = Paths::new(folder.path(), folder.path());
    let path = folder.path().join("node.json");
    for text in [
        "{\"version\": 2, \"host\": {\"v6\": []}}",
        "{\"version\": 1, \"hos",
        "{}",
        "",
    ] {
        fs::write(&path, text).expect("written");
        let errors = [
            load::<TestState>(&path).expect_err("unusable"),
            save(&paths, &path, &TestState::default(), Durability::Durable).expect_err("kept"),
        ];
        for error in errors {
            assert_eq!(
                matches!(error, StateError::Newer { version: 2, .. }),
                text.contains('2')
            );
            assert!(
                error.to_string().contains(&path.display().to_string()),
                "{error}"
            );
        }
        assert_eq!(fs::read_to_string(&path).expect("there"), text);
    }
}

#[test]
fn a_state_of_another_user_is_not_read_without_end() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("intents.json");
    let file = fs::File::create(&path).expect("made");
    file.set_len(65 * 1024 * 1024).expect("a file with holes");
    chown(&path, Some(4201), None).expect("root");
    let errors = [
        load::<TestState>(&path).map(drop),
        load_again::<TestState>(&path, None).map(drop),
    ];
    for error in errors.map(|read| read.expect_err("refused").to_string()) {
        assert!(error.contains("it is larger than 64 MiB"), "{error}");
    }
}

#[test]
fn the_error_of_a_damaged_state_quotes_nothing_of_it() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("known.json");
    fs::write(&path, "{\"version\": 1, \"leases\": \"s3cret\"}").expect("written");
    let error = load::<TestState>(&path).expect_err("no map").to_string();
    assert!(error.contains("at line 1 column"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn a_stamp_that_a_power_cut_emptied_reads_as_none_and_is_written_again() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let paths = Paths::new(folder.path(), folder.path());
    let path = paths.stamp_file();
    let leases = || load_stamp::<TestState>(&path).map(|state| state.unwrap_or_default().leases);
    let count = |state: &mut TestState| {
        let number = state.leases.len().to_string();
        state.leases.insert(number, 1);
    };
    edit_stamp(&paths, &path, count).expect("made");
    edit_stamp(&paths, &path, count).expect("changed");
    assert_eq!(leases().expect("readable").len(), 2);
    for emptied in ["", "\0\0\0\0"] {
        fs::write(&path, emptied).expect("written");
        assert!(leases().expect("nothing").is_empty());
        edit_stamp(&paths, &path, count).expect("written again");
        assert_eq!(leases().expect("readable").len(), 1);
    }
    fs::write(&path, "{\"version\": 2}").expect("written");
    let newer = edit_stamp(&paths, &path, count).expect_err("kept");
    assert!(matches!(newer, StateError::Newer { .. }), "{newer}");
}
