//! A story with a kill at each of its fault points, and what is left in the end: always the same, and never a torn file.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::Value;

use crate::harness::{
    fleet::{Fleet, all_succeed},
    golden::mask_times,
    scenario::Scenario,
    strace::{FaultPoint, fault_points, kill_at, may_trace, on_two_threads},
};

/// The content and the mode of each file below a folder, by its path there.
type Files = BTreeMap<String, (String, u32)>;

/// A command that is killed, and what comes before and after.
pub(super) struct Story<'a> {
    /// Makes a node ready. Each kill has a registry and a node of its own.
    pub(super) before: &'a (dyn Fn(&Fleet) -> Scenario + Sync),
    /// The words of the command.
    pub(super) killed: &'a [&'a str],
    /// The run after the kill, and every code with which it may end.
    pub(super) next: (&'a [&'a str], &'a [i32]),
    /// What then has to succeed.
    pub(super) after: &'a [&'a str],
}

/// What is there in the end: for this node, and for others.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    confs: Files,
    states: Files,
    keys: BTreeMap<String, String>,
    /// Whether the command for changes has run.
    ran: bool,
}

impl Story<'_> {
    /// Kills the command at each of its fault points, in fleets of their own.
    #[track_caller]
    pub(super) fn holds_on(&self, fleet: &(dyn Fn() -> Fleet + Sync)) {
        if !may_trace("commands that are killed between any two system calls") {
            return;
        }
        let undisturbed = fleet();
        let node = (self.before)(&undisturbed);
        let old = confs(&node);
        let points = fault_points(&node.command(self.killed));
        let new = confs(&node);
        self.goes_on(&node, "undisturbed");
        let expected = Left::by(&undisturbed, &node);
        assert!(points.len() >= 4, "{points:?}");
        let kill = |point: &FaultPoint| {
            let fleet = fleet();
            let node = (self.before)(&fleet);
            let killed = kill_at(&node.command(self.killed), point);
            let moment = format!("{:?} killed at {point:?}", self.killed);
            whole(&confs(&node), [&old, &new], &moment);
            self.goes_on(&node, &moment);
            assert_eq!(Left::by(&fleet, &node), expected, "{moment}");
            killed
        };
        let killed = AtomicUsize::new(0);
        on_two_threads(&points, |point| {
            killed.fetch_add(usize::from(kill(point)), Ordering::Relaxed);
        });
        // Over etcd, the messages differ from run to run: not every run gets as far.
        let (killed, all) = (killed.into_inner(), points.len());
        assert!(killed * 2 > all, "{killed} of {all}");
    }

    fn goes_on(&self, node: &Scenario, moment: &str) {
        let (next, ends) = self.next;
        let run = node.run(next);
        let code = run.output.status.code().unwrap();
        assert!(ends.contains(&code), "{moment}:\n{}", run.text());
        all_succeed(node, self.after);
    }
}

impl Left {
    fn by(fleet: &Fleet, node: &Scenario) -> Self {
        let mut states = below(&node.path("var/lib/reconf"));
        // What a killed writer leaves behind is swept by the next writer of that file.
        let all = states.len();
        states.retain(|path, _| !path.contains("/."));
        assert!(all - states.len() <= 1, "{states:?}");
        let is_left = |path: &&String| path.contains("/.") && !path.contains(".envdir.reconf-");
        let left = below(&node.path("etc/services.d"));
        assert_eq!(left.keys().find(is_left), None, "what is swept in time");
        let plain = |text: &str| masked(fleet, text);
        let states = states.into_iter();
        Self {
            confs: confs(node),
            states: states
                .map(|(path, (text, mode))| (plain(&path), (plain(&unnumbered(&text)), mode)))
                .collect(),
            keys: fleet
                .keys()
                .into_iter()
                .map(|(key, value)| (plain(&key), plain(&value)))
                .collect(),
            ran: node.path("ran").exists(),
        }
    }
}

/// Without the numbers of edits: a run that died has made some of its own.
fn unnumbered(text: &str) -> String {
    let Ok(Value::Object(mut state)) = serde_json::from_str(text) else {
        return text.to_owned();
    };
    state.remove("edits");
    serde_json::to_string_pretty(&state).unwrap()
}

/// Without times, revisions and the name of the federation.
fn masked(fleet: &Fleet, text: &str) -> String {
    let mut text = mask_times(text).replace(fleet.federation(), "FLEET");
    // In a state after that word, in a record of what a node runs with after a key.
    for before in ["\"revision\": ", "\","] {
        let mut parts = text.split(before);
        let first = parts.next().unwrap_or_default().to_owned();
        text = parts.fold(first, |text, part| {
            text + before + part.trim_start_matches(|c: char| c.is_ascii_digit())
        });
    }
    text
}

/// Each file is the old one or the new one, and none is missing that was there.
#[track_caller]
fn whole(found: &Files, [old, new]: [&Files; 2], moment: &str) {
    for (path, file) in found {
        let known = [old.get(path), new.get(path)];
        assert!(known.contains(&Some(file)), "{moment}: {path} is {file:?}");
    }
    for path in old.keys().filter(|path| new.contains_key(*path)) {
        assert!(found.contains_key(path), "{moment}: {path} is missing");
    }
}

/// The confs, in all formats, without what writes are made of.
fn confs(node: &Scenario) -> Files {
    let mut files = below(&node.path("etc/services.d"));
    let all = files.len();
    files.retain(|path, _| !path.contains("/."));
    // The files of the generation in use, and of the one before, in which a reader may still be, and half of a next one.
    assert!(all - files.len() <= 3 * 3 + 1, "{files:?}");
    files
}

/// Everything below a folder; links are followed.
fn below(folder: &Path) -> Files {
    let mut files = Files::new();
    collect(folder, "", &mut files);
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut Files) {
    let Ok(list) = fs::read_dir(folder) else {
        return;
    };
    for entry in list {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let (path, name) = (folder.join(&name), format!("{prefix}/{name}"));
        if path.is_dir() {
            collect(&path, &name, files);
        } else if let Ok(content) = fs::read(&path) {
            let mode = path.metadata().unwrap().mode() & 0o7777;
            let text = String::from_utf8(content).unwrap();
            files.insert(name, (text, mode));
        }
    }
}
