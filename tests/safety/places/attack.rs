//! What a user puts in places that it can write, and what root's commands must not do with it.

use std::{
    fmt::Debug,
    fs::{self, File, Permissions},
    os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, lchown, symlink},
    path::Path,
    process::{Command, Output, Stdio},
};

use nix::{
    sys::stat::{Mode, SFlag, makedev, mknod},
    unistd::mkfifo,
};

use crate::harness::{
    not_run,
    process::output,
    scenario::{BINARY, Scenario},
};

const USER: u32 = 4201;
const GROUP: u32 = 4300;

/// What only root may read. It is never in a message.
pub(super) const SECRET: &str = "s3cret-of-root";

/// What the user puts there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Fifo,
    SymbolicLink,
    HardLink,
    Device,
    Folder,
    Endless,
}

pub(super) const KINDS: [Kind; 6] = [
    Kind::Fifo,
    Kind::SymbolicLink,
    Kind::HardLink,
    Kind::Device,
    Kind::Folder,
    Kind::Endless,
];

/// Files of root that the user wants root to read, write or give away.
pub(super) struct Victims(tempfile::TempDir);

impl Victims {
    pub(super) fn new() -> Self {
        let victims = Self(tempfile::tempdir().unwrap());
        for name in ["file", "folder/file"] {
            let path = victims.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, format!("export A='{SECRET}'\n")).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        }
        victims
    }

    /// All that root could do to them.
    pub(super) fn state(&self) -> impl PartialEq + Debug {
        let about = |path: &Path| {
            let metadata = path.metadata().unwrap();
            (metadata.uid(), metadata.gid(), metadata.mode())
        };
        let folder = self.0.path().join("folder");
        let names = fs::read_dir(&folder).unwrap();
        let file = self.0.path().join("file");
        (
            [about(&file), about(&folder), about(&folder.join("file"))],
            [
                fs::read(&file).unwrap(),
                fs::read(folder.join("file")).unwrap(),
            ],
            names
                .map(|entry| entry.unwrap().file_name())
                .collect::<Vec<_>>(),
        )
    }
}

/// Puts something in a place, as its user would.
pub(super) fn plant(kind: Kind, path: &Path, victims: &Victims) {
    let was_folder = path.is_dir() && !path.is_symlink();
    let removed = if was_folder {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    drop(removed);
    let file = victims.0.path().join("file");
    match kind {
        Kind::Fifo => mkfifo(path, Mode::S_IRWXU).unwrap(),
        Kind::SymbolicLink if was_folder => symlink(victims.0.path().join("folder"), path).unwrap(),
        Kind::SymbolicLink => symlink(&file, path).unwrap(),
        // On another file system there is none to be made.
        Kind::HardLink => fs::hard_link(&file, path).unwrap(),
        Kind::Device => {
            let zero = mknod(path, SFlag::S_IFCHR, Mode::S_IRWXU, makedev(1, 5));
            if zero.is_err() {
                not_run::record(
                    not_run::LIST.as_ref(),
                    "a device of a user's own: no `mknod`",
                );
                symlink("/dev/zero", path).unwrap();
            }
        }
        Kind::Folder => {
            fs::create_dir(path).unwrap();
            mkfifo(&path.join("app.conf"), Mode::S_IRWXU).unwrap();
            symlink(&file, path.join("A")).unwrap();
        }
        Kind::Endless => {
            fs::write(path, b"\x1b]0;\x00{\n").unwrap();
            let file = File::options().write(true).open(path).unwrap();
            file.set_len(1 << 40).unwrap();
        }
    }
    if !matches!(kind, Kind::HardLink) {
        lchown(path, Some(USER), Some(GROUP)).unwrap();
    }
}

/// What a command said and how it ended; it may take 4 GB of memory.
pub(super) fn run(node: &Scenario, line: &str) -> Output {
    let script = format!("ulimit -v 4000000; exec \"$0\" {line}");
    let mut command = node.program(Path::new("sh"), &["-c", &script, BINARY]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    output(child).unwrap_or_else(|| panic!("`{line}` hangs"))
}

/// A copy of a node, with one place taken over.
fn copy(of: &Scenario) -> Scenario {
    let node = Scenario::new();
    let mut copied = Command::new("cp");
    copied
        .args(["-a", "--"])
        .arg(of.path("."))
        .arg(node.path("."));
    let copied = copied.output().unwrap();
    assert!(copied.status.success(), "{copied:?}");
    node
}

pub(super) fn taken_over(node: &Scenario, place: &str) -> std::path::PathBuf {
    let link = fs::read_link(node.path("srv/app/confs/app.envdir"));
    let generation = link.unwrap_or_default().display().to_string();
    let path = node.path(&place.replace("GENERATION", &generation));
    let folder = path.parent().unwrap();
    fs::create_dir_all(folder).unwrap();
    // At the top, the user would have become root long ago.
    if folder != node.path("etc") {
        lchown(folder, Some(USER), Some(GROUP)).unwrap();
    }
    path
}

pub(super) fn attack(template: &Scenario, place: &str, kind: Kind, commands: &[&str]) {
    attack_in(&copy(template), place, kind, commands);
}

/// Takes a place over, runs the commands, and gives what they said.
pub(super) fn attack_in(node: &Scenario, place: &str, kind: Kind, commands: &[&str]) -> String {
    let case = format!("{kind:?} at {place}");
    let victims = Victims::new();
    let mut all = String::new();
    let path = taken_over(node, place);
    plant(kind, &path, &victims);
    let before = victims.state();
    let is_planted = |metadata: &fs::Metadata| {
        let kind = metadata.file_type();
        kind.is_fifo() || kind.is_char_device()
    };
    for line in commands {
        let output = run(node, line);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(
            output.status.code().is_some(),
            "{case}: `{line}` {}: {said}",
            output.status
        );
        assert!(!said.contains(SECRET), "{case}: `{line}`: {said}");
        assert!(!said.contains("panicked"), "{case}: `{line}`: {said}");
        assert!(
            !said.contains('\x1b') && !said.contains('\0'),
            "{case}: `{line}`: {said:?}"
        );
        assert_eq!(victims.state(), before, "{case}: `{line}`: {said}");
        if let Ok(metadata) = path.symlink_metadata()
            && is_planted(&metadata)
        {
            let access = (metadata.uid(), metadata.mode() & 0o7777);
            assert_eq!(access, (USER, 0o700), "{case}: `{line}`: {said}");
        }
        all += &said;
    }
    all
}
