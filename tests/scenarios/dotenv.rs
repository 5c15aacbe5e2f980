//! The dotenv format: every reader that is installed finds what was resolved, or the render refuses the value.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Map, Value, json};

use super::Scenario;
use crate::harness::{
    not_run,
    shells::{Environment, environment_of},
    values::{CANARY, random},
};

/// A reader of dotenv files.
struct DotenvReader {
    name: &'static str,
    program: PathBuf,
    /// Reads `./conf` and prints the variables, NUL-separated.
    arguments: Vec<String>,
    /// Succeeds where the reader is installed.
    probe: Vec<String>,
}

impl DotenvReader {
    fn is_installed(&self) -> bool {
        let mut probe = Command::new(&self.program);
        probe
            .args(&self.probe)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    }

    /// Runs beside the conf, with no environment but `PATH`.
    fn read(&self, folder: &Path) -> Environment {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C.UTF-8")
            .current_dir(folder);
        environment_of(command)
    }
}

fn readers() -> Vec<DotenvReader> {
    let bash = "set -a; . ./conf && exec /usr/bin/env -0";
    // `Dotenv.parse` came with 2.5.
    let ruby =
        r#"Dotenv::Parser.call(File.read('conf')).each { |n, v| $stdout.write(n, '=', v, "\0") }"#;
    let mut readers = vec![
        reader("bash", "bash".into(), &["-c", bash], &["-c", ":"]),
        reader(
            "ruby dotenv",
            "ruby".into(),
            &["-rdotenv", "-e", ruby],
            &["-rdotenv", "-e", ""],
        ),
    ];
    readers.extend(python_readers());
    readers.extend(node_readers());
    readers
}

fn reader(
    name: &'static str,
    program: PathBuf,
    arguments: &[&str],
    probe: &[&str],
) -> DotenvReader {
    DotenvReader {
        name,
        program,
        arguments: arguments.iter().map(ToString::to_string).collect(),
        probe: probe.iter().map(ToString::to_string).collect(),
    }
}

/// What `script/setup` installs with pip.
fn python_readers() -> [DotenvReader; 2] {
    let venv = env::var_os("RECONF_TEST_VENV").map_or_else(|| built("venv"), PathBuf::from);
    let python = venv.join("bin/python");
    let print = "sys.stdout.buffer.write(b''.join(n + b'=' + v + b'\\0' for n, v in pairs))";
    let dotenv = format!(
        "import sys\nfrom dotenv import dotenv_values\n\
         pairs = [(n.encode(), v.encode()) for n, v in dotenv_values('conf').items()]\n{print}"
    );
    let django = format!(
        "import environ, os, sys\nenviron.Env.read_env('conf')\npairs = os.environb.items()\n{print}"
    );
    [
        reader(
            "python-dotenv",
            python.clone(),
            &["-c", &dotenv],
            &["-c", "import dotenv"],
        ),
        reader(
            "django-environ",
            python,
            &["-c", &django],
            &["-c", "import environ"],
        ),
    ]
}

/// node itself, and what `script/setup` installs from npm.
fn node_readers() -> [DotenvReader; 2] {
    let module = built("node/node_modules/dotenv").display().to_string();
    let write =
        "Object.entries(read).forEach(([n, v]) => process.stdout.write(n + '=' + v + '\\0'))";
    let own = format!("const read = process.env; {write}");
    let npm = format!(
        "const read = require('{module}').parse(require('fs').readFileSync('conf')); {write}"
    );
    [
        reader(
            "node --env-file",
            "node".into(),
            &["--env-file=conf", "-e", &own],
            &["--env-file=/dev/null", "-e", ""],
        ),
        reader(
            "npm dotenv",
            "node".into(),
            &["-e", &npm],
            &["-e", &format!("require('{module}')")],
        ),
    ]
}

fn built(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target")
        .join(name)
}

fn manifest(values: &Environment) -> String {
    let member = |(name, value): (&String, &Vec<u8>)| {
        let value = String::from_utf8(value.clone()).unwrap();
        (name.clone(), Value::from(value))
    };
    let environment: Map<_, _> = values.iter().map(member).collect();
    json!({"id": "www", "environment": environment, "conf": {"formats": ["dotenv"]}}).to_string()
}

/// The variables that a render refuses, from its message.
fn refused(message: &str) -> BTreeSet<String> {
    let named = message.match_indices("` cannot be written as dotenv");
    named
        .map(|(end, _)| message[..end].rsplit('`').next().unwrap().to_owned())
        .collect()
}

/// A thousand random values, and some that must not be refused.
fn values() -> Environment {
    let drawn = random(1000).into_iter().enumerate();
    let plain = [
        "",
        "it's",
        r"C:\new\table",
        "p@ss w#rd=",
        "$2b$12$abc",
        "\"",
        "{\"a\": 1}",
    ];
    let drawn = drawn.map(|(number, value)| (format!("V{number}"), value.into_bytes()));
    let plain = plain.into_iter().enumerate();
    drawn
        .chain(plain.map(|(number, value)| (format!("PLAIN{number}"), value.into())))
        .collect()
}

#[test]
fn a_thousand_values_are_read_alike_or_refused() {
    let mut values = values();
    let node = Scenario::new().manifest("www", &manifest(&values));
    let refused = refused(&node.run(&["render", "www"]).exits(65).text());
    assert!(
        refused.iter().all(|name| name.starts_with('V')),
        "{refused:?}"
    );
    values.retain(|name, _| !refused.contains(name));
    assert!(values.len() > 300, "{} are refused", refused.len());
    let node = node.manifest("www", &manifest(&values));
    let _written = node.run(&["render", "www"]).exits(0);
    let folder = tempfile::tempdir().unwrap();
    let written = node.path("etc/services.d/www.dotenv");
    fs::copy(written, folder.path().join("conf")).unwrap();
    for reader in readers() {
        if !reader.is_installed() {
            let missing = format!("dotenv read by {}: it is not installed", reader.name);
            not_run::record(Path::new(not_run::LIST), &missing);
            continue;
        }
        let read = reader.read(folder.path());
        for (name, value) in &values {
            let text = |value: &Vec<u8>| String::from_utf8_lossy(value).into_owned();
            let read = read.get(name).map(text);
            assert_eq!(read, Some(text(value)), "{name} by {}", reader.name);
        }
        let canary = folder.path().join(CANARY);
        assert!(!canary.exists(), "{} ran a value", reader.name);
    }
}
