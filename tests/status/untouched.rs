//! `status` takes no lock and waits for none, and works for whoever may read what it reads.

use std::{fs, path::Path, process::Stdio};

use super::{API, DATASTORES, WWW};
use crate::harness::{
    fleet::{all_succeed, on_both},
    process::output,
    scenario::Scenario,
    tree::Tree,
    user::command_as,
};

/// A user and a group that own nothing here.
const WHO: (u32, u32) = (61_234, 61_234);

fn node() -> Scenario {
    let node = Scenario::new()
        .manifest("api", API)
        .manifest("www", WWW)
        .datastores(DATASTORES);
    all_succeed(&node, &["apply --all"]);
    node
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    });
    found.collect()
}

#[test]
fn no_lock_is_waited_for() {
    on_both(|fleet| {
        let node = fleet
            .node("web01")
            .manifest("api", API)
            .manifest("www", WWW)
            .datastores(DATASTORES);
        all_succeed(&node, &["apply --all", "listen off", "listen on"]);
        let free = node.run(&["status"]).exits(0).text();
        for name in ["balance.lock", "on-change.lock"] {
            node.put(&format!("run/reconf/{name}"), "");
        }
        let mut all = files(&node.path("run/reconf"));
        all.extend(files(&node.path("var/lib/reconf/tasks")));
        if let Some(folder) = fleet.location().strip_prefix("dir:") {
            all.push(Path::new(folder).join(".lock"));
        }
        assert!(all.len() >= 8, "{all:?}");
        // What a listener or a provision holds says that it runs.
        all.retain(|path| !path.ends_with("listener.lock") && !path.ends_with("provision.lock"));
        let held: Vec<fs::File> = all
            .iter()
            .map(|path| {
                let file = fs::File::options().write(true).open(path).unwrap();
                file.lock().unwrap();
                file
            })
            .collect();
        assert_eq!(
            node.run(&["status"]).changes_nothing().exits(0).text(),
            free
        );
        for words in [
            &["status", "--output", "json"][..],
            &["status", "www"],
            &["status", "--monitor"],
            &["status", "--fleet"],
        ] {
            let _not_waited = node.run(words).changes_nothing().exits(0);
        }
        drop(held);
    });
}

/// What `status` with these words ends with as another user, what it prints and what it says of it; `None` where nobody can
/// become another user.
fn as_other(node: &Scenario, words: &[&str]) -> Option<(i32, String, String)> {
    let words = [&["status"], words].concat();
    let mut command = command_as(node, WHO, &words)?;
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = output(command.spawn().unwrap()).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = ended.status.code().unwrap();
    Some((code, text(ended.stdout), text(ended.stderr)))
}

#[test]
fn a_user_is_told_what_is_closed() {
    let node = node();
    let Some((code, _, said)) = as_other(&node, &[]) else {
        return;
    };
    assert_eq!(code, 77, "{said}");
    assert!(said.contains("/var/lib/reconf/"), "{said}");
    let (code, said, _) = as_other(&node, &["--monitor"]).unwrap();
    assert_eq!((code, said.lines().count()), (3, 1), "{said}");
    assert!(said.starts_with("RECONF UNKNOWN - "), "{said}");
}

#[test]
fn a_user_who_owns_the_node_sees_what_root_sees() {
    let node = node();
    let words: [&[&str]; 4] = [
        &[],
        &["--output", "json"],
        &["--fleet"],
        &["--fleet", "--output", "json"],
    ];
    let as_root = words.map(|words| {
        let run = node.run(&[&["status"], words].concat());
        let run = run.changes_nothing().exits(0);
        let [told, warned] = [&run.output.stdout, &run.output.stderr]
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        (told, warned)
    });
    let (owner, root) = (format!("{}:{}", WHO.0, WHO.1), node.path(""));
    let mut chown = node.program(Path::new("chown"), &["-R", &owner]);
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let chown = chown.arg(&root).env("PATH", "/usr/bin:/bin");
    assert!(chown.status().unwrap().success());
    let before = Tree::of(&root);
    for (words, (told, warned)) in words.iter().zip(as_root) {
        let found = as_other(&node, words).unwrap();
        assert_eq!(found, (0, told, warned), "{words:?}");
    }
    let changes = before.changes(&Tree::of(&root));
    // The copy of the binary that the other user runs.
    let changes: Vec<_> = changes
        .iter()
        .filter(|one| one.path != Path::new("reconf"))
        .collect();
    assert!(changes.is_empty(), "{changes:?}");
}

#[test]
fn running_tasks_are_counted() {
    let node = node();
    let mut task = node.command(&[
        "exec",
        "--task",
        "www",
        "--",
        "sh",
        "-c",
        "echo begun; exec cat",
    ]);
    let mut task = task
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut begun = [0; 6];
    std::io::Read::read_exact(task.stdout.as_mut().unwrap(), &mut begun).unwrap();
    let row = |node: &Scenario| {
        let text = node.run(&["status", "www", "--output", "json"]).succeeds();
        serde_json::from_str::<serde_json::Value>(text.lines().next().unwrap()).unwrap()
    };
    assert_eq!(row(&node)["tasks"], 1);
    drop(task.stdin.take());
    assert!(task.wait().unwrap().success());
    assert_eq!(row(&node)["tasks"], 0);
}
