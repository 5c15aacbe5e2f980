//! A root of its own, the real binary run in it, and everything that the run said and changed.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use super::{
    golden,
    process::output,
    shells,
    tree::{Change, Tree},
};

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_reconf");

/// A node: a temporary root with its files, and the environment in which commands run there.
#[must_use = "run something in it"]
pub(crate) struct Scenario {
    folder: tempfile::TempDir,
    environment: BTreeMap<String, String>,
    masks: Vec<(String, String)>,
}

impl Scenario {
    /// A node `web01` at 10.0.0.5 with nothing on it.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        // Other users may look, as they may at `/`.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let root = folder.path().display().to_string();
        let node = [
            ("RECONF_HOST", "10.0.0.5"),
            ("RECONF_NODE", "web01"),
            ("RECONF_ROOT", &root),
        ];
        let environment = shells::GIVEN.into_iter().chain(node);
        Self {
            environment: environment.map(|(k, v)| (k.into(), v.into())).collect(),
            masks: vec![
                (root, "[ROOT]".into()),
                (format!("by {} on ", user_name()), "by [USER] on ".into()),
            ],
            folder,
        }
    }

    /// Adds the manifest of `id`.
    pub(crate) fn manifest(self, id: &str, json: &str) -> Self {
        self.file(&format!("etc/reconf/services/{id}.json"), json)
    }

    /// Adds `configuration.json`.
    pub(crate) fn datastores(self, json: &str) -> Self {
        self.file("etc/reconf/configuration.json", json)
    }

    /// Adds `config.json`.
    pub(crate) fn config(self, json: &str) -> Self {
        self.file("etc/reconf/config.json", json)
    }

    /// Adds a file; `path` is relative to the root.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        self.put(path, text);
        self
    }

    /// Sets a variable for every command.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Takes a variable away from every command.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// Uses the registry at `location`; the addresses of an etcd are `[ETCD]` in texts.
    pub(crate) fn registry(mut self, location: &str) -> Self {
        for endpoint in location.split(',') {
            if let Some((_, address)) = endpoint.split_once("://") {
                self.masks.push((address.into(), "[ETCD]".into()));
            }
        }
        self.env("RECONF_REGISTRY", location)
    }

    /// Writes a file in mid-scenario; `path` is relative to the root.
    pub(crate) fn put(&self, path: &str, text: &str) {
        let path = self.path(path);
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder).expect("a folder of the scenario can be made");
        fs::write(&path, text).expect("a file of the scenario can be written");
    }

    /// Where `path`, relative to the root, really is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The binary with `arguments`, not started yet: for runs that are killed or overlap.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.program(Path::new(BINARY), arguments)
    }

    /// Runs the binary and looks at the root before and after.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.observe(shown(arguments), self.command(arguments))
    }

    /// Runs a line of `sh`, with `reconf` on its path, and looks at the root before and after.
    #[track_caller]
    pub(crate) fn sh(&self, script: &str) -> Run {
        let mut command = self.program(Path::new("sh"), &["-c", script]);
        command.env("PATH", path_with_binary());
        self.observe(script.to_owned(), command)
    }

    /// Any program, not started yet, in the environment of the node's commands.
    pub(crate) fn program(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command, which is shown like this, and looks at the root before and after.
    #[track_caller]
    pub(crate) fn observe(&self, shown: String, mut command: Command) -> Run {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let before = Tree::of(self.folder.path());
        let child = command.spawn().expect("the program can be started");
        let output = output(child).unwrap_or_else(|| panic!("`{shown}` hangs"));
        let changes = before.changes(&Tree::of(self.folder.path()));
        Run {
            shown,
            output,
            changes,
            masks: self.masks.clone(),
        }
    }
}

/// What one command said, how it ended, and what it changed below the root.
#[must_use = "compare it with a golden text, or assert how it ended"]
pub(crate) struct Run {
    shown: String,
    /// Raw, with nothing masked.
    pub(crate) output: Output,
    /// Sorted by path.
    pub(crate) changes: Vec<Change>,
    masks: Vec<(String, String)>,
}

impl Run {
    /// Compares everything with the golden text of `case`.
    #[track_caller]
    pub(crate) fn golden(&self, case: &str) {
        golden::check(case, &self.text());
    }

    /// Compares everything with `expected`.
    #[track_caller]
    pub(crate) fn reads(&self, expected: &str) {
        golden::same(expected, &self.text());
    }

    /// Asserts the exit status, whatever was said.
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.output.status.code(), Some(status), "{}", self.text());
        self
    }

    /// Asserts status 0 and a silent stderr; gives stdout.
    #[track_caller]
    pub(crate) fn succeeds(self) -> String {
        assert!(self.output.stderr.is_empty(), "{}", self.text());
        let run = self.exits(0);
        String::from_utf8_lossy(&run.output.stdout).into_owned()
    }

    /// Asserts the exit status and a silent stdout; gives stderr.
    #[track_caller]
    pub(crate) fn fails(self, status: i32) -> String {
        assert!(self.output.stdout.is_empty(), "{}", self.text());
        let run = self.exits(status);
        String::from_utf8_lossy(&run.output.stderr).into_owned()
    }

    /// Asserts that nothing below the root was written, not even the same again.
    #[track_caller]
    pub(crate) fn changes_nothing(self) -> Self {
        assert!(self.changes.is_empty(), "{}", self.text());
        self
    }

    /// The whole run as one text, with root, registry and times masked. What is empty is left out.
    pub(crate) fn text(&self) -> String {
        let status = self.output.status;
        let end = match (status.code(), status.signal()) {
            (Some(code), _) => format!("status {code}"),
            (None, signal) => format!("signal {}", signal.unwrap_or_default()),
        };
        let mut text = format!("$ {}\n{end}\n", self.shown);
        let mut changes = String::new();
        for change in &self.changes {
            changes += &format!("{change}\n");
        }
        for (title, part) in [
            (
                "stdout",
                String::from_utf8_lossy(&self.output.stdout).as_ref(),
            ),
            (
                "stderr",
                String::from_utf8_lossy(&self.output.stderr).as_ref(),
            ),
            ("files", &changes),
        ] {
            if !part.is_empty() {
                text += &format!("--- {title}\n{part}");
                if !part.ends_with('\n') {
                    text += "\n(no newline at the end)\n";
                }
            }
        }
        for (secret, mask) in &self.masks {
            text = text.replace(secret, mask);
        }
        golden::mask_leases(&golden::mask_times(&text))
    }
}

/// Compares several runs, in their order, with one golden text.
#[track_caller]
pub(crate) fn golden_story(case: &str, runs: &[Run]) {
    let texts: Vec<_> = runs.iter().map(Run::text).collect();
    golden::check(case, &texts.join("\n"));
}

/// The binary as it is released, built now: for proofs of what a release takes.
pub(crate) fn release() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--quiet"]);
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    assert!(built.is_ok_and(|status| status.success()));
    let profiles = Path::new(BINARY).ancestors().nth(2);
    profiles
        .expect("a profile has a folder")
        .join("release/reconf")
}

/// The search path of tests, with the binary under test first.
pub(crate) fn path_with_binary() -> String {
    let folder = Path::new(BINARY).parent().expect("it lies in a folder");
    format!("{}:{}", folder.display(), shells::PATH)
}

/// The command line of the binary with `arguments`, as it would be typed.
pub(crate) fn shown(arguments: &[&str]) -> String {
    let words: Vec<_> = arguments.iter().map(|word| quoted(word)).collect();
    format!("reconf {}", words.join(" "))
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The user who runs the tests.
fn user_name() -> String {
    let id = nix::unistd::Uid::current();
    let user = nix::unistd::User::from_uid(id).ok().flatten();
    user.map_or_else(|| id.to_string(), |user| user.name)
}

#[cfg(test)]
mod tests;
