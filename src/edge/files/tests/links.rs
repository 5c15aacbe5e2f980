//! Links on the way to a file: root follows those that root alone can have placed.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt as _, chown, lchown, symlink},
    path::Path,
};

use super::{
    super::{list_ids, lock_file::open_lock, make_dir, read::read_named, remove, write_directory},
    ACCESS, folder, names, read_own, write,
};

const USER: u32 = 4201;

/// Everything that can be done with a file in `confs`, which leads to a folder elsewhere, by its outcome.
fn outcomes(confs: &Path) -> Vec<Result<(), String>> {
    let file = confs.join("web.conf");
    let files = BTreeMap::from([("A".to_owned(), b"1".to_vec())]);
    let text = |error: super::FileError| error.to_string();
    vec![
        write(&file, b"new", &ACCESS).map(drop).map_err(text),
        read_own(&file).map(drop).map_err(text),
        read_named(&file).map(drop).map_err(text),
        write_directory(&confs.join("web.envdir"), &files, &ACCESS)
            .map(drop)
            .map_err(text),
        open_lock(&confs.join("web.lock"), &ACCESS)
            .map(drop)
            .map_err(text),
        make_dir(&confs.join("below"), 0o700).map_err(text),
        make_dir(confs, 0o700).map_err(text),
        list_ids(confs, "conf").map(drop).map_err(text),
        remove(&file).map(drop).map_err(text),
    ]
}

#[test]
fn a_link_of_roots_is_followed_and_one_that_another_user_can_place_is_not() {
    for (owner, mode, link_owner, is_followed) in [
        (0, 0o755, 0, true),
        // The folder protects it, whoever owns it.
        (0, 0o755, USER, true),
        (0, 0o1777, 0, true),
        (0, 0o1777, USER, false),
        (0, 0o777, 0, false),
        (USER, 0o755, 0, false),
    ] {
        let (home, elsewhere) = (folder(), folder());
        fs::write(elsewhere.path().join("web.conf"), "precious").expect("written");
        let confs = home.path().join("confs");
        symlink(elsewhere.path(), &confs).expect("made");
        lchown(&confs, Some(link_owner), None).expect("root");
        fs::set_permissions(home.path(), fs::Permissions::from_mode(mode)).expect("ours");
        chown(home.path(), Some(owner), None).expect("root");
        let case = format!("{owner} {mode:o} {link_owner}");
        for outcome in outcomes(&confs) {
            assert_eq!(outcome.is_ok(), is_followed, "{case}: {outcome:?}");
            if let Err(message) = outcome {
                assert!(
                    message.contains("symbolic link below it leads there"),
                    "{message}"
                );
            }
        }
        let left = names(elsewhere.path());
        assert_eq!(left == ["web.conf"], !is_followed, "{case}: {left:?}");
    }
}

#[test]
fn a_second_name_of_a_file_is_refused_where_others_can_have_made_it() {
    for (owner, is_read) in [(0, true), (USER, false)] {
        let folder = folder();
        let (secret, path) = (folder.path().join("secret"), folder.path().join("web.conf"));
        fs::write(&secret, "s3cret").expect("written");
        fs::hard_link(&secret, &path).expect("made");
        chown(folder.path(), Some(owner), None).expect("root");
        assert_eq!(read_own(&path).is_ok(), is_read);
        assert_eq!(read_named(&path).is_ok(), is_read);
        assert_eq!(open_lock(&path, &ACCESS).is_ok(), is_read);
        let written = write(&path, b"new", &ACCESS);
        assert!(
            written.is_ok(),
            "it is replaced, not written to: {written:?}"
        );
        assert_eq!(fs::read(&secret).expect("there"), b"s3cret");
    }
}
