//! `render` is killed at any moment: each file is the old one or the new one, and the next run mends all of them.

use std::{
    collections::BTreeMap,
    fs,
    hash::{BuildHasher as _, RandomState},
    os::unix::{fs::MetadataExt as _, process::ExitStatusExt as _},
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::harness::scenario::Scenario;

/// So many nodes, side by side, since a render mostly waits for the disk.
const NODES: u32 = 5;

/// How often a render is killed on each.
const ROUNDS: u32 = 100;

/// The content and the mode of each file below a folder, by its path there.
type Files = BTreeMap<String, (Vec<u8>, u32)>;

/// What became of killed renders.
#[derive(Default)]
struct Ends {
    /// Were still at work.
    killed: u32,
    /// Had written some files and not others.
    in_the_midst: u32,
}

#[test]
fn killed_five_hundred_times_it_leaves_whole_files_and_the_next_run_mends_all() {
    let ends: Vec<Ends> = thread::scope(|scope| {
        let nodes: Vec<_> = (0..NODES)
            .map(|_| scope.spawn(kill_again_and_again))
            .collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    let killed: u32 = ends.iter().map(|ends| ends.killed).sum();
    assert!(killed > NODES * ROUNDS / 4, "{killed} were at work");
    let in_the_midst: u32 = ends.iter().map(|ends| ends.in_the_midst).sum();
    assert!(in_the_midst > 0, "no kill came in the midst of the writes");
}

fn kill_again_and_again() -> Ends {
    let node = Scenario::new();
    write_manifest(&node, 0);
    let mut took = rendered(&node, 0);
    let (mut old, mut ends) = (confs(&node), Ends::default());
    for round in 1..=ROUNDS {
        write_manifest(&node, round);
        ends.killed += u32::from(kill(&node, took, round));
        let left = confs(&node);
        took = rendered(&node, round);
        let new = confs(&node);
        let both = (&old, &new);
        let news = left.iter().filter(|(path, file)| is_new(path, file, both));
        ends.in_the_midst += u32::from(![0, left.len()].contains(&news.count()));
        assert_eq!(left.len(), old.len(), "a file is missing");
        mended(&node, &new, round);
        old = new;
    }
    ends
}

/// Which of the two a file is; anything else fails the test.
fn is_new(path: &str, file: &(Vec<u8>, u32), (old, new): (&Files, &Files)) -> bool {
    let is_new = new.get(path) == Some(file);
    assert!(
        is_new || old.get(path) == Some(file),
        "{path} is neither the old one nor the new one: mode {:o}, {} bytes",
        file.1,
        file.0.len()
    );
    is_new
}

/// Nothing but the new files is there, and what is applied is what is written.
fn mended(node: &Scenario, new: &Files, round: u32) {
    for (path, (content, mode)) in new {
        let text = String::from_utf8_lossy(content);
        assert!(text.contains(&format!("round {round} ")), "{path}: {text}");
        assert_eq!(*mode, 0o604, "{path}");
    }
    let conf = &new["app.conf"].0;
    let applied = fs::read(node.path("var/lib/reconf/applied/app.conf")).unwrap();
    assert_eq!(&applied, conf);
    let state = fs::read_to_string(node.path("var/lib/reconf/services/app.json"));
    let pending = state.is_ok_and(|state| state.contains(r#""pending": true"#));
    assert!(!pending);
    let hidden = fs::read_dir(node.path("etc/services.d")).unwrap();
    let hidden = hidden.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with('.')
    });
    // The generation in use, and the one before, in which a reader may still be.
    assert!(hidden.count() <= 2);
}

fn write_manifest(node: &Scenario, round: u32) {
    let value = format!("round {round} {}", "x".repeat(2000));
    let values: Vec<_> = (0..3).map(|n| format!(r#""V{n}": "{value}""#)).collect();
    let manifest = format!(
        r#"{{"id": "app", "environment": {{{}}}, "conf": {{"mode": "0604",
            "formats": ["shell", "systemd", "docker", "dotenv", "json", "envdir"]}}}}"#,
        values.join(", ")
    );
    node.put("etc/reconf/services/app.json", &manifest);
}

/// The arguments of a round: every other one leaves applying to a later call, as Chef's converge does.
fn arguments(round: u32) -> &'static [&'static str] {
    match round % 2 {
        0 => &["-q", "render", "--detailed-exitcode", "app"],
        _ => &[
            "-q",
            "render",
            "--detailed-exitcode",
            "--await-applied",
            "app",
        ],
    }
}

/// Starts a render, which takes about so long, and kills it at a random moment; whether it was still at work.
fn kill(node: &Scenario, takes: Duration, round: u32) -> bool {
    let moment = RandomState::new().hash_one(round) % 1_000_000;
    let mut render = node.command(arguments(round)).spawn().unwrap();
    // Not a wait for anything: the moment of the kill is anywhere in the render.
    thread::sleep(takes.mul_f64(f64::from(u32::try_from(moment).unwrap()) / 1e6));
    render.kill().unwrap();
    render.wait().unwrap().signal().is_some()
}

/// Renders in peace, and takes the time. What awaits being applied is told until it is.
fn rendered(node: &Scenario, round: u32) -> Duration {
    let start = Instant::now();
    let mut render = node.command(arguments(round));
    let status = render.stderr(Stdio::inherit()).status().unwrap();
    let took = start.elapsed();
    if round % 2 == 1 {
        assert_eq!(status.code(), Some(2), "the killed render's change is lost");
        let mut applied = node.command(&["-q", "applied", "app"]);
        assert!(applied.status().unwrap().success());
    } else {
        assert!(matches!(status.code(), Some(0 | 2)), "{status}");
    }
    took
}

fn confs(node: &Scenario) -> Files {
    let mut files = Files::new();
    collect(&node.path("etc/services.d"), "", &mut files);
    files
}

/// Hidden names are what writes are made of; links are followed.
fn collect(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let (path, name) = (folder.join(&name), format!("{prefix}{name}"));
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files);
        } else {
            let mode = path.metadata().unwrap().mode() & 0o7777;
            files.insert(name, (fs::read(&path).unwrap(), mode));
        }
    }
}
