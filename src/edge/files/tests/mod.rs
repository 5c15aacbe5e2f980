//! Files are replaced whole, with the right access, whatever happens meanwhile.

mod directory;
mod links;
mod refusals;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use nix::{sys::stat::Mode, unistd::mkfifo};
use tempfile::TempDir;

use super::{
    Access, FileError, FileErrorKind, Written, list_ids, make_dir, read::read, read_own, read_text,
    remove, settle, write, write_all, write_at_once, write_directory,
};

const ACCESS: Access = Access {
    mode: 0o640,
    owner: Some(1),
    group: Some(2),
};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("it is there")
                .file_name()
                .into_string()
                .expect("plain")
        })
        .collect();
    names.sort();
    names
}

fn access_of(path: &Path) -> Access {
    Access::of(&path.symlink_metadata().expect("it is there"))
}

#[test]
fn a_text_is_read_whole_or_its_first_byte_that_is_none_is_named() {
    let folder = folder();
    let path = folder.path().join("text");
    assert_eq!(read_text(&path).expect("absence is no error"), None);
    for (bytes, expected) in [
        (&b"caf\xc3\xa9\n"[..], Ok("caf\u{e9}\n")),
        (b"", Ok("")),
        (b"ab\xff", Err("byte 3 is not UTF-8")),
        (b"\xc3", Err("byte 1 is not UTF-8")),
    ] {
        fs::write(&path, bytes).expect("written");
        match (read_text(&path), expected) {
            (Ok(text), Ok(expected)) => assert_eq!(text.as_deref(), Some(expected)),
            (Err(error), Err(reason)) => {
                assert_eq!(error.reason, reason);
                assert_eq!(error.kind, FileErrorKind::CannotRead);
            }
            (read, _) => panic!("{bytes:?}: {read:?}"),
        }
    }
    fs::remove_file(&path).expect("it is there");
    fs::create_dir(&path).expect("made");
    assert!(read_text(&path).is_err());
}

#[test]
fn equal_content_is_not_written_and_wrong_access_is_repaired() {
    let folder = folder();
    let path = folder.path().join("web.conf");
    assert_eq!(read(&path).expect("absence is no error"), None);
    assert_eq!(
        write(&path, b"one", &ACCESS).expect("written"),
        Written::Changed
    );
    assert_eq!(access_of(&path), ACCESS);
    let inode = path.metadata().expect("it is there").ino();
    assert_eq!(
        write(&path, b"one", &ACCESS).expect("equal"),
        Written::Unchanged
    );
    assert_eq!(path.metadata().expect("it is there").ino(), inode);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("it is ours");
    assert_eq!(
        write(&path, b"one", &ACCESS).expect("repaired"),
        Written::Repaired
    );
    assert_eq!(access_of(&path), ACCESS);
    assert_eq!(
        write(&path, b"two", &ACCESS).expect("written"),
        Written::Changed
    );
    assert_eq!(read(&path).expect("readable"), Some(b"two".to_vec()));
    assert_eq!(names(folder.path()), ["web.conf"]);
    assert!(remove(&path).expect("removed"));
    assert!(!remove(&path).expect("absence is no error"));
}

#[test]
fn many_files_are_written_each_by_itself_and_what_killed_writers_left_is_swept() {
    let folder = folder();
    let at = |number: usize| folder.path().join(format!("{number}.json"));
    for (number, text) in [(1, "equal"), (2, "old")] {
        write(&at(number), text.as_bytes(), &ACCESS).expect("written");
    }
    fs::create_dir(at(3)).expect("made");
    let [ours, others] = ["2", "x"].map(|name| format!(".{name}.json.reconf-a1B2c3D4"));
    for left in [&ours, &others] {
        fs::write(folder.path().join(left), "{").expect("written");
    }
    let contents: Vec<_> = (0..600)
        .map(|number| (at(number), if number == 1 { "equal" } else { "new" }.into()))
        .collect();
    let written = write_all(&contents, &ACCESS);
    assert_eq!(written.len(), contents.len());
    for (number, written) in written.into_iter().enumerate() {
        match (number, written) {
            (1, written) => assert_eq!(written.expect("equal"), Written::Unchanged),
            (3, written) => assert_eq!(written.expect_err("a folder").path, at(3)),
            (_, written) => {
                assert_eq!(written.expect("written"), Written::Changed, "{number}");
                assert_eq!(fs::read(at(number)).expect("there"), b"new");
                assert_eq!(access_of(&at(number)), ACCESS);
            }
        }
    }
    let names = names(folder.path());
    assert_eq!(names.len(), contents.len() + 1, "{names:?}");
    assert!(names.contains(&others) && !names.contains(&ours));
}

#[test]
fn what_is_written_at_once_is_there_and_what_it_replaced_goes_when_it_is_settled() {
    let folder = folder();
    let path = folder.path().join("stamp");
    write_at_once(&path, b"one", &ACCESS).expect("made");
    assert_eq!(names(folder.path()), ["stamp"]);
    write_at_once(&path, b"two", &ACCESS).expect("replaced");
    assert_eq!(fs::read(&path).expect("there"), b"two");
    assert_eq!(access_of(&path), ACCESS);
    assert_eq!(names(folder.path()).len(), 2);
    settle(&path).expect("settled");
    assert_eq!(names(folder.path()), ["stamp"]);
    fs::remove_file(&path).expect("there");
    symlink("elsewhere", &path).expect("made");
    let refused = write_at_once(&path, b"three", &ACCESS).expect_err("a link");
    assert!(refused.to_string().contains("symbolic link"), "{refused}");
    assert_eq!(names(folder.path()), ["stamp"]);
}

#[test]
fn readers_see_whole_files_with_their_access_all_the_time() {
    let folder = folder();
    let path = folder.path().join("web.conf");
    let texts = [vec![b'a'; 100_000], vec![b'b'; 50_000]];
    write(&path, &texts[0], &ACCESS).expect("written");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..200 {
                write(&path, &texts[round % 2], &ACCESS).expect("written");
            }
            over.store(true, Ordering::Release);
        });
        while !over.load(Ordering::Acquire) {
            assert!(texts.contains(&fs::read(&path).expect("always there")));
            assert_eq!(access_of(&path), ACCESS);
        }
    });
}

#[test]
fn what_reconf_did_not_put_there_is_refused() {
    let folder = folder();
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "precious").expect("written");
    let link = folder.path().join("web.conf");
    symlink(&elsewhere, &link).expect("made");
    let directory = folder.path().join("web.json");
    fs::create_dir(&directory).expect("made");
    let pipe = folder.path().join("web.pipe");
    mkfifo(&pipe, Mode::S_IRWXU).expect("made");
    for (path, reason) in [
        (&link, "it is a symbolic link"),
        (&directory, "it is a directory"),
        (&pipe, "it is not a regular file"),
    ] {
        // Of a pipe this ends only because it is not opened.
        let error = read_own(path).expect_err("refused");
        assert_eq!(
            (&*error.reason, error.kind),
            (reason, FileErrorKind::CannotWrite)
        );
        let error = write(path, b"new", &ACCESS).expect_err("refused");
        assert_eq!(error.reason, reason);
        assert_eq!(error.kind, FileErrorKind::CannotWrite);
        let error = write_directory(path, &BTreeMap::new(), &ACCESS).expect_err("refused");
        assert_eq!(error.kind, FileErrorKind::CannotWrite);
    }
    assert_eq!(fs::read(&elsewhere).expect("there"), b"precious");
    assert_eq!(
        names(folder.path()),
        ["elsewhere", "web.conf", "web.json", "web.pipe"]
    );
}

#[test]
fn only_leftovers_of_the_same_file_are_swept() {
    let folder = folder();
    for name in [
        ".web.conf.reconf-AAAAAAAA",
        ".web2.conf.reconf-AAAAAAAA",
        ".web.conf.swp",
    ] {
        fs::write(folder.path().join(name), "left").expect("written");
    }
    write(&folder.path().join("web.conf"), b"new", &ACCESS).expect("written");
    assert_eq!(
        names(folder.path()),
        [".web.conf.swp", ".web2.conf.reconf-AAAAAAAA", "web.conf"]
    );
}

#[test]
fn folders_get_their_mode_and_list_their_ids() {
    let folder = folder();
    let path = folder.path().join("a/b/state");
    make_dir(&path, 0o700).expect("made");
    assert_eq!(access_of(&path).mode, 0o700);
    assert_eq!(access_of(&folder.path().join("a/b")).mode, 0o755);
    make_dir(&path, 0o755).expect("it is there");
    assert_eq!(access_of(&path).mode, 0o700);
    for name in ["b.json", "a.b.json", ".c.json", "d.txt", "e f.json"] {
        fs::write(path.join(name), "").expect("written");
    }
    let listing = list_ids(&path, "json").expect("listed");
    let ids: Vec<&str> = listing
        .ids
        .iter()
        .map(crate::model::id::Id::as_str)
        .collect();
    assert_eq!(ids, ["a.b", "b"]);
    assert_eq!(listing.ignored, ["e f.json"]);
    let nothing = list_ids(&folder.path().join("none"), "json").expect("absence is no error");
    assert!(nothing.ids.is_empty());
    let error = make_dir(&path.join("b.json/below"), 0o700).expect_err("a file is in the way");
    assert_eq!(error.kind, FileErrorKind::CannotWrite);
    make_dir(Path::new("/proc/none/x"), 0o700).expect_err("procfs takes no folder");
}
