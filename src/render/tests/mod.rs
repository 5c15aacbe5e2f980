//! What is written is read back identically by the real readers, whatever the values hold.

#![expect(clippy::disallowed_methods, reason = "tests start the real readers")]

mod mutations;
mod names;
mod reader;
mod text;
mod values;

use std::{fs, path::Path};

use super::{Conf, Rendered, refusals, render, shell};
use crate::{
    harness::values::CANARY,
    model::{environment::Environment, format::Format, id::Id},
};

use reader::{ReadPairs, SHELLS, shell_reads};

/// The environment without what the format refuses.
fn carried(format: Format, environment: &Environment) -> Environment {
    let refused = refusals(environment, &[format]);
    let mut carried = environment.clone();
    for refusal in refused {
        carried.remove(&refusal.name);
    }
    carried
}

fn rendered(format: Format, environment: &Environment) -> Rendered {
    let service = Id::parse("app-www").expect("an id");
    let conf = Conf {
        service: &service,
        environment,
    };
    render(format, &conf, None).expect("it can be rendered")
}

/// Renders what the format can carry into a folder of its own, and has it read there.
fn check(format: Format, environment: &Environment, read: impl Fn(&Path) -> ReadPairs) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("conf");
    let environment = carried(format, environment);
    match rendered(format, &environment) {
        Rendered::File(bytes) => fs::write(&path, bytes).expect("written"),
        Rendered::Directory(files) => {
            fs::create_dir(&path).expect("made");
            for (name, bytes) in files {
                fs::write(path.join(name), bytes).expect("written");
            }
        }
    }
    let expected = values::pairs(&environment);
    reader::compare(format.name(), &expected, read(&path));
    let canary = folder.path().join(CANARY);
    assert!(!canary.exists(), "a value ran as code");
}

/// A thousand random values, most of which every format can carry.
fn random(format: Format, least: usize) -> Environment {
    let environment = values::random(1000);
    let count = carried(format, &environment).len();
    assert!(count >= least, "only {count} values are not refused");
    environment
}

#[test]
fn four_shells_source_what_was_resolved() {
    let environment = random(Format::Shell, 1000);
    for locale in ["C", "C.UTF-8"] {
        for shell in SHELLS {
            check(Format::Shell, &environment, |path| {
                shell_reads(shell, locale, path)
            });
        }
    }
}

#[test]
fn four_shells_take_every_byte_but_nul_as_quoted() {
    let all: Vec<u8> = (1..=255).collect();
    let single =
        (1..=255_u8).flat_map(|b| [vec![b], vec![b, b'\''], vec![b'\\', b], vec![b, b'\n', b]]);
    let values = std::iter::once(all).chain(single);
    let named = values.enumerate().map(|(n, v)| (format!("V{n}"), v));
    let pairs: ReadPairs = named.collect();
    let mut conf = format!("# {} variables\n", pairs.len()).into_bytes();
    for (name, value) in &pairs {
        conf.extend(format!("export {name}=").into_bytes());
        conf.extend(shell::quote(value));
        conf.push(b'\n');
    }
    reader::compare(
        "shell::parse",
        &pairs,
        shell::parse(&conf).expect("read").into_iter().collect(),
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("conf");
    fs::write(&path, conf).expect("written");
    for locale in ["C", "C.UTF-8"] {
        for shell in SHELLS {
            reader::compare(shell[0], &pairs, shell_reads(shell, locale, &path));
        }
    }
}

#[test]
fn the_longest_value_that_is_not_refused_reaches_a_program() {
    let environment = values::environment([("LONG".to_owned(), "x".repeat(131_071 - 5))]);
    for format in [Format::Shell, Format::Envdir] {
        assert!(refusals(&environment, &[format]).is_empty());
    }
    check(Format::Shell, &environment, |path| {
        shell_reads(SHELLS[0], "C", path)
    });
    check(Format::Envdir, &environment, reader::envdir_reads);
    let docker = values::environment([("LONG".to_owned(), "x".repeat(65_535 - 5))]);
    assert_eq!(carried(Format::Docker, &docker).len(), 1);
    check(Format::Docker, &docker, reader::docker_reads);
}

#[test]
fn systemd_reads_what_was_resolved() {
    let environment = random(Format::Systemd, 300);
    check(Format::Systemd, &environment, |path| {
        reader::python(include_str!("systemd_env.py"), path)
    });
}

#[test]
fn docker_reads_what_was_resolved() {
    let environment = random(Format::Docker, 300);
    check(Format::Docker, &environment, reader::docker_reads);
}

#[test]
fn python_dotenv_reads_what_was_resolved() {
    let environment = random(Format::Dotenv, 300);
    check(Format::Dotenv, &environment, reader::dotenv_reads);
}

#[test]
fn python_reads_the_json_that_was_resolved() {
    check(Format::Json, &random(Format::Json, 1000), |path| {
        reader::python(include_str!("json_env.py"), path)
    });
}

#[test]
fn envdir_reads_what_was_resolved() {
    let environment = random(Format::Envdir, 300);
    check(Format::Envdir, &environment, reader::envdir_reads);
}
