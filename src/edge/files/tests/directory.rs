//! Directories are replaced whole, while readers keep what they have opened.

use std::{
    collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command,
};

use super::{
    super::{Access, Written, write_directory},
    ACCESS, access_of, folder, names,
};

fn files(value: &str) -> BTreeMap<String, Vec<u8>> {
    let file = |name: &str| (name.to_owned(), value.as_bytes().to_vec());
    BTreeMap::from([file("ONE"), file("TWO")])
}

/// The variables that daemontools' own `envdir` reads from the directory.
fn envdir(path: &Path) -> String {
    let output = Command::new("envdir")
        .arg(path)
        .args(["sh", "-c", "echo $ONE $TWO $THREE"])
        .output()
        .expect("`envdir` is there");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("plain")
}

#[test]
fn a_directory_is_replaced_whole() {
    let folder = folder();
    let path = folder.path().join("web.envdir");
    let put = |content: &_| write_directory(&path, content, &ACCESS).expect("written");
    let mut old = files("1");
    old.insert("THREE".to_owned(), b"3".to_vec());
    assert_eq!(put(&old), Written::Changed);
    assert_eq!(envdir(&path), "1 1 3\n");
    assert_eq!(put(&old), Written::Unchanged);
    let reader = path.canonicalize().expect("it leads somewhere");
    let of_folder = Access {
        mode: 0o750,
        owner: Some(0),
        ..ACCESS
    };
    assert_eq!(of_folder, access_of(&reader));
    assert_eq!(ACCESS, access_of(&reader.join("ONE")));
    assert_eq!(put(&files("2")), Written::Changed);
    assert_eq!(envdir(&path), "2 2\n");
    assert_eq!(
        envdir(&reader),
        "1 1 3\n",
        "a reader keeps the generation that it opened"
    );
    fs::set_permissions(path.join("ONE"), fs::Permissions::from_mode(0o644)).expect("it is ours");
    assert_eq!(put(&files("2")), Written::Repaired);
    assert_eq!(put(&files("2")), Written::Unchanged);
    assert_eq!(names(folder.path()).len(), 2, "the link and one generation");
}

#[test]
fn a_file_of_a_directory_cannot_be_named_outside_of_it() {
    let folder = folder();
    let path = folder.path().join("web.envdir");
    write_directory(&path, &files("1"), &ACCESS).expect("written");
    let outside = BTreeMap::from([("../x".to_owned(), Vec::new())]);
    write_directory(&path, &outside, &ACCESS).expect_err("refused");
}
