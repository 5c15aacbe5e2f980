use std::{fs, path::Path, process::Command};

use super::{generated, is_installed};

/// Completes in bash: the words so far, the last one incomplete.
const BASH: &str = r#"source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_reconf reconf "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}""#;

/// Types a line and a tab into an interactive zsh, and waits until the line is complete.
const ZSH: &str = r#"zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; PS1=READY''NOW"
zpty -r shell seen '*READYNOW*' || exit 1
zpty -n -w shell "$2"$'\t'
zpty -r shell seen "*$3*" || exit 1
print -r -- $3"#;

fn complete(program: &str, arguments: &[&str], script: &Path) -> Vec<String> {
    // A completion that never comes would hang the test.
    let mut command = Command::new("timeout");
    let output = command
        .args(["60", program])
        .args(arguments)
        .env("TERM", "dumb")
        .current_dir(script.parent().unwrap())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stderr.is_empty(),
        "{program}: {stderr}"
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::to_owned).collect()
}

/// The completions of a shell, in a file of a folder of its own.
fn script(shell: &str, name: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, generated(&["completions", shell])).unwrap();
    (folder, path)
}

#[test]
fn bash_completes_commands_options_and_values() {
    let (_folder, path) = script("bash", "reconf");
    for (words, expected) in [
        (&["reconf", "ren"][..], "render"),
        (
            &["reconf", "render", "--on-change-t"],
            "--on-change-timeout",
        ),
        (&["reconf", "render", "--outp"], "--output"),
        (&["reconf", "ls", "--output", "j"], "json"),
        (&["reconf", "listen", "sta"], "status"),
        (&["reconf", "generate", "schema", "v"], "view"),
        (&["reconf", "superv"], ""),
    ] {
        let path = path.display().to_string();
        let arguments = [&["--norc", "-c", BASH, "bash", &path], words].concat();
        assert_eq!(complete("bash", &arguments, Path::new(&path)), [expected]);
    }
}

#[test]
fn fish_completes_commands_options_and_values() {
    if !is_installed("fish", "completions of fish: not installed") {
        return;
    }
    let (_folder, path) = script("fish", "reconf.fish");
    for (line, expected) in [
        ("reconf ren", &["render"][..]),
        ("reconf render --on-change-t", &["--on-change-timeout"]),
        ("reconf ls --output j", &["json"]),
        ("reconf listen sta", &["status"]),
        ("reconf superv", &[]),
    ] {
        let fish = format!("source {}; complete -C '{line}'", path.display());
        let found = complete("fish", &["--no-config", "-c", &fish], &path);
        let found: Vec<&str> = found
            .iter()
            .filter_map(|line| line.split('\t').next())
            .collect();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn zsh_completes_commands_options_and_values() {
    let (folder, path) = script("zsh", "_reconf");
    let folder = folder.path().display().to_string();
    for (line, expected) in [
        ("reconf ren", "reconf render"),
        (
            "reconf render --on-change-t",
            "reconf render --on-change-timeout",
        ),
        ("reconf ls --output j", "reconf ls --output json"),
        ("reconf listen sta", "reconf listen status"),
    ] {
        let arguments = ["-f", "-c", ZSH, "zsh", &folder, line, expected];
        assert_eq!(complete("zsh", &arguments, &path), [expected], "{line}");
    }
}
