//! Whatever a service's user puts in a place that it can write, root's commands refuse it or are not harmed: they end,
//! and nothing outside is read, written or given away.

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
    process::{Running, output},
    scenario::{BINARY, Scenario},
    strace::on_two_threads,
    wait::until,
};

const USER: u32 = 4201;
const GROUP: u32 = 4300;

/// What only root may read. It is never in a message.
const SECRET: &str = "s3cret-of-root";

/// The folder of the confs is the user's, as is every file in it.
const CONFIG: &str = r#"{"render": {"directory": "/srv/app/confs"}}"#;

const MANIFEST: &str = r#"{"id": "app", "environment": {"A": "one", "PORT": 80}, "requires": {"DB": "{DB_URL}"},
    "provides": {"APP_URL": "http://{HOST}:{PORT}"},
    "conf": {"owner": 4201, "group": 4300, "formats": ["shell", "systemd", "docker", "dotenv", "json", "envdir"]}}"#;

/// Files and folders that the user may come to own, below the root of the node. `GENERATION` is the one in use.
const PLACES: [&str; 45] = [
    "srv/app/confs/app.conf",
    "srv/app/confs/app.systemd",
    "srv/app/confs/app.docker",
    "srv/app/confs/app.dotenv",
    "srv/app/confs/app.json",
    "srv/app/confs/app.envdir",
    "srv/app/confs/GENERATION",
    "srv/app/confs/GENERATION/A",
    "srv/app/confs/GENERATION/unknown",
    "srv/app/confs/.app.conf.reconf-AAAAAAAA",
    "srv/app/confs/.app.envdir.reconf-AAAAAAAA",
    "srv/app/confs",
    "srv/app",
    "var/lib/reconf",
    "var/lib/reconf/services",
    "var/lib/reconf/services/app.json",
    "var/lib/reconf/services/.app.json.reconf-AAAAAAAA",
    "var/lib/reconf/applied",
    "var/lib/reconf/applied/app.conf",
    "var/lib/reconf/known",
    "var/lib/reconf/known/default.json",
    "var/lib/reconf/intents.json",
    "var/lib/reconf/node.json",
    "var/lib/reconf/listen.json",
    "var/lib/reconf/provision.json",
    "var/lib/reconf/tasks",
    "var/lib/reconf/tasks/app.gate",
    "var/lib/reconf/tasks/app.lock",
    "var/lib/reconf/registry",
    "var/lib/reconf/registry/.lock",
    "var/lib/reconf/registry/default.json",
    "run/reconf",
    "run/reconf/state.lock",
    "run/reconf/on-change.lock",
    "run/reconf/listener.lock",
    "run/reconf/listener.json",
    "run/reconf/provision.lock",
    "run/reconf/services",
    "run/reconf/services/app.lock",
    "etc/reconf/config.json",
    "etc/reconf/configuration.json",
    "etc/reconf/services",
    "etc/reconf/services/app.json",
    "etc/reconf/templates/shell.hbs",
    "etc/machine-id",
];

/// The files that the settings of an etcd name.
const NAMED: [&str; 4] = ["ca", "cert", "key", "password_file"];

const COMMANDS: [&str; 6] = [
    "apply --all",
    "render app --drain 1ms --on-change true",
    "applied app",
    "exec --task --wait 1ms app -- true",
    "withdraw app",
    "listen status",
];

/// What the user puts there.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Fifo,
    SymbolicLink,
    HardLink,
    Device,
    Folder,
    Endless,
}

const KINDS: [Kind; 6] = [
    Kind::Fifo,
    Kind::SymbolicLink,
    Kind::HardLink,
    Kind::Device,
    Kind::Folder,
    Kind::Endless,
];

/// Files of root that the user wants root to read, write or give away.
struct Victims(tempfile::TempDir);

impl Victims {
    fn new() -> Self {
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
    fn state(&self) -> impl PartialEq + Debug {
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
fn plant(kind: Kind, path: &Path, victims: &Victims) {
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
fn run(node: &Scenario, line: &str) -> Output {
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

fn taken_over(node: &Scenario, place: &str) -> std::path::PathBuf {
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

fn attack(template: &Scenario, place: &str, kind: Kind, commands: &[&str]) {
    attack_in(&copy(template), place, kind, commands);
}

/// Takes a place over, runs the commands, and gives what they said.
fn attack_in(node: &Scenario, place: &str, kind: Kind, commands: &[&str]) -> String {
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

#[test]
fn every_place_that_a_user_can_write_is_refused_or_harmless() {
    let node = Scenario::new()
        .config(CONFIG)
        .manifest("app", MANIFEST)
        .datastores(r#"{"datastores": {"DB_URL": "db"}}"#)
        .file("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    for line in ["apply --all", "render app --await-applied", "listen off"] {
        let ended = run(&node, line);
        assert!(ended.status.success(), "{ended:?}");
    }
    let cases: Vec<_> = PLACES
        .into_iter()
        .flat_map(|place| KINDS.map(|kind| (place, kind)))
        .collect();
    on_two_threads(&cases, |(place, kind)| {
        attack(&node, place, *kind, &COMMANDS);
    });
}

#[test]
fn what_the_settings_of_a_registry_name_is_refused_or_harmless() {
    for name in NAMED {
        let node = Scenario::new();
        let home = node.path("srv/app");
        let path = |name: &str| home.join(name).display().to_string();
        let settings = NAMED.map(|name| format!(r#""{name}": "{}""#, path(name)));
        let settings = settings.join(", ");
        let config = format!(
            r#"{{"registry": {{"endpoints": ["https://127.0.0.1:1"], "user": "u", "timeout": "100ms", {settings}}}}}"#
        );
        let node = node.config(&config).manifest("app", MANIFEST);
        for kind in KINDS {
            for other in NAMED {
                let text = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";
                let _gone = fs::remove_dir_all(node.path(&format!("srv/app/{other}")));
                let _gone = fs::remove_file(node.path(&format!("srv/app/{other}")));
                node.put(&format!("srv/app/{other}"), text);
            }
            let said = attack_in(&node, &format!("srv/app/{name}"), kind, &["render app"]);
            assert!(
                said.contains(&format!("cannot use `{}`", path(name))),
                "{kind:?}: {said}"
            );
        }
    }
}

#[test]
fn a_listener_defers_a_provision_whose_lock_is_no_file() {
    for kind in KINDS {
        let victims = Victims::new();
        let node = Scenario::new();
        let lock = node.path("srv/app/lock").display().to_string();
        let node = node.config(&format!(
            r#"{{"listen": {{"busy_lock": "{lock}", "command": ["true"], "splay": "0s", "debounce": "0s"}}}}"#
        ));
        node.put("srv/app/lock", "");
        let path = taken_over(&node, "srv/app/lock");
        plant(kind, &path, &victims);
        let before = victims.state();
        let listener = Running::start(node.command(&["listen"]), &node.path(""));
        let refused = match kind {
            Kind::Fifo | Kind::Device => "a retry: cannot read",
            Kind::SymbolicLink => "a symbolic link below it leads there",
            Kind::HardLink => "it has a second hard link",
            Kind::Folder => "it is a directory",
            // A lock is not read.
            Kind::Endless => "with exit 0",
        };
        until("the listener says what it waits for", || {
            let status = run(&node, "listen status");
            let said = String::from_utf8_lossy(&status.stdout).into_owned();
            assert!(!said.contains(SECRET));
            said.contains(refused).then_some(())
        });
        drop(listener);
        assert_eq!(victims.state(), before, "{kind:?}");
    }
}
