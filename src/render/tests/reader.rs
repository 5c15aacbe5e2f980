//! The real readers of each format, as functions from a file to variables.

use std::{
    collections::BTreeMap,
    env,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// NAME -> value.
pub(super) type ReadPairs = BTreeMap<String, Vec<u8>>;

/// The shells that source a conf, without what would change their start.
pub(super) const SHELLS: [&[&str]; 4] = [&["dash"], &["bash"], &["busybox", "sh"], &["zsh", "-f"]];

/// Sources the conf and prints the environment of a program that the shell runs then.
pub(super) fn shell_reads(shell: &[&str], locale: &str, conf: &Path) -> ReadPairs {
    let script = ". \"$1\" && exec /usr/bin/env -0";
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).args(["-c", script, "sh"]);
    run(command.arg(conf).env("LC_ALL", locale), conf)
}

/// What daemontools' envdir gives to a program.
pub(super) fn envdir_reads(directory: &Path) -> ReadPairs {
    let mut command = Command::new("envdir");
    run(
        command.arg(directory).args(["/usr/bin/env", "-0"]),
        directory,
    )
}

/// What a script of this folder prints.
pub(super) fn python(script: &str, conf: &Path) -> ReadPairs {
    run(Command::new("python3").args(["-c", script]).arg(conf), conf)
}

/// What python-dotenv reads; `script/setup` installs it.
pub(super) fn dotenv_reads(conf: &Path) -> ReadPairs {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv");
    let venv = env::var_os("RECONF_TEST_VENV").map_or(built, PathBuf::from);
    let script = include_str!("dotenv_env.py");
    run(
        Command::new(venv.join("bin/python"))
            .args(["-c", script])
            .arg(conf),
        conf,
    )
}

/// What docker passes on: by its documented rules, and by its real client where that is installed.
pub(super) fn docker_reads(conf: &Path) -> ReadPairs {
    let ruled = python(include_str!("docker_rules.py"), conf);
    if on_path("docker") {
        compare(
            "docker's client",
            &python(include_str!("docker_client.py"), conf),
            ruled.clone(),
        );
    }
    ruled
}

fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).exists())
}

/// Runs beside the conf, with no environment but `PATH` and what the command has; the output is NUL-separated.
fn run(command: &mut Command, conf: &Path) -> ReadPairs {
    let own: Vec<_> = command
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    let output = command
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .envs(own)
        .current_dir(conf.parent().expect("a folder"))
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}; see script/setup"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
    let assignments = output.stdout.split(|&b| b == 0);
    let pair = |assignment: &[u8]| {
        let equals = assignment.iter().position(|&b| b == b'=')?;
        let name = std::ffi::OsStr::from_bytes(&assignment[..equals]);
        Some((
            name.to_string_lossy().into_owned(),
            assignment[equals + 1..].to_vec(),
        ))
    };
    assignments.filter_map(pair).collect()
}

/// Fails with the first variable that differs. Variables that a reader has of its own are not looked at, but none
/// that begins like ours may be there.
pub(super) fn compare(reader: &str, expected: &ReadPairs, read: ReadPairs) {
    for (name, value) in expected {
        let found = read.get(name).map(|v| String::from_utf8_lossy(v));
        let wanted = String::from_utf8_lossy(value);
        assert!(
            read.get(name) == Some(value),
            "{reader}: {name} is {wanted:?}, read as {found:?}"
        );
    }
    let strange = read
        .into_keys()
        .find(|name| name.starts_with('V') && !expected.contains_key(name));
    assert_eq!(strange, None, "{reader} sees another variable");
}
