//! A conf that was changed by hand is refused, or read exactly as four shells read it.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use super::{
    Rendered,
    reader::{ReadPairs, SHELLS},
    rendered, values,
};
use crate::{
    harness::{
        seed,
        values::{CANARY, HOSTILE},
    },
    model::format::Format,
    render::shell,
};
use proptest::{
    collection::vec,
    prelude::any,
    sample::{Index, select},
    strategy::{Strategy as _, ValueTree as _},
};

/// Enough for many that are still confs, and many that are not.
const COUNT: usize = 4000;

/// A conf with the values that tempt most, in several lines.
fn conf() -> String {
    let values = ["it's", "two\nlines", "", "$(touch canary)"];
    let named = values.iter().enumerate();
    let named = named.map(|(number, value)| (format!("V{number}"), (*value).to_owned()));
    let Rendered::File(bytes) = rendered(Format::Shell, &values::environment(named)) else {
        panic!("a shell conf is a file");
    };
    String::from_utf8(bytes).expect("text")
}

/// Confs with one or two edits each: something is put in, or taken out, anywhere.
fn mutations() -> Vec<String> {
    let more = [
        "export ",
        "=",
        "'",
        "V9='x'",
        "\nexport V1='again'",
        "5 variables",
        "#\n",
        "\0",
    ];
    let piece = select([HOSTILE, more.as_slice()].concat());
    let edits = vec((any::<Index>(), piece, any::<bool>()), 1..3);
    let tree = vec(edits, COUNT).new_tree(&mut seed::runner());
    let edits = tree.expect("edits").current();
    edits
        .into_iter()
        .map(|edits| {
            let mut text: Vec<char> = conf().chars().collect();
            for (at, piece, takes) in edits {
                let at = at.index(text.len());
                let length = if takes {
                    piece.chars().count().min(text.len() - at)
                } else {
                    0
                };
                let put: Vec<char> = if takes {
                    Vec::new()
                } else {
                    piece.chars().collect()
                };
                text.splice(at..at + length, put);
            }
            text.into_iter().collect()
        })
        .collect()
}

/// One process of the shell sources each conf in a subshell of its own, which says what its variables are then.
fn shell_reads(shell: &[&str], folder: &Path, confs: &[ReadPairs]) {
    let mut script = String::new();
    for (number, pairs) in confs.iter().enumerate() {
        let names: Vec<String> = pairs.keys().map(|name| format!("\"${name}\"")).collect();
        script += &format!(
            "(. ./{number} && printf '%s\\0' {number} {})\n",
            names.join(" ")
        );
    }
    let path = folder.join(format!("{}.sh", shell[0]));
    fs::write(&path, script).expect("written");
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg(&path).current_dir(folder);
    let output = command
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the shell runs");
    let mut printed = output.stdout.split(|byte| *byte == 0);
    for (number, pairs) in confs.iter().enumerate() {
        let conf = fs::read_to_string(folder.join(number.to_string())).expect("read");
        assert_eq!(
            printed.next(),
            Some(number.to_string().as_bytes()),
            "{}: {conf:?}",
            shell[0]
        );
        for (name, value) in pairs {
            assert_eq!(
                printed.next(),
                Some(value.as_slice()),
                "{}: {name} of {conf:?}",
                shell[0]
            );
        }
    }
}

#[test]
fn a_conf_that_was_changed_is_refused_or_means_the_same_to_a_shell() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut accepted = Vec::new();
    for text in mutations() {
        let Ok(pairs) = shell::parse(text.as_bytes()) else {
            continue;
        };
        let path = folder.path().join(accepted.len().to_string());
        fs::write(path, &text).expect("written");
        accepted.push(pairs.into_iter().collect());
    }
    let refused = COUNT - accepted.len();
    assert!(
        accepted.len() > 100 && refused > 100,
        "{} of {COUNT} are accepted",
        accepted.len()
    );
    std::thread::scope(|scope| {
        for shell in SHELLS {
            let (folder, accepted) = (folder.path(), &accepted);
            scope.spawn(move || shell_reads(shell, folder, accepted));
        }
    });
    assert!(!folder.path().join(CANARY).exists(), "a value ran as code");
}
