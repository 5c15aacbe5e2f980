//! The environment that real shells get from a conf, byte for byte.

use std::{collections::BTreeMap, path::Path, process::Command};

/// Names and values as the kernel hands them to a program.
pub(crate) type Environment = BTreeMap<String, Vec<u8>>;

/// Where tests find programs: never on the invoking user's own path.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// All that programs find in their environment. `LOGNAME` and `HOME` are here because zsh sets them where they are
/// missing.
pub(crate) const GIVEN: [(&str, &str); 5] = [
    ("HOME", "/nonexistent"),
    ("LC_ALL", "C.UTF-8"),
    ("LOGNAME", "nobody"),
    ("PATH", PATH),
    ("TZ", "UTC"),
];

/// A shell, and how it is started without reading anybody's start-up files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shell {
    /// Its name in messages.
    pub(crate) name: &'static str,
    arguments: &'static [&'static str],
}

/// The four shells that must read every conf alike.
pub(crate) const SHELLS: [Shell; 4] = [
    Shell {
        name: "dash",
        arguments: &["dash", "-c"],
    },
    Shell {
        name: "bash",
        arguments: &["bash", "--norc", "--noprofile", "-c"],
    },
    Shell {
        name: "busybox",
        arguments: &["busybox", "sh", "-c"],
    },
    Shell {
        name: "zsh",
        arguments: &["zsh", "-f", "-c"],
    },
];

impl Shell {
    /// Runs `script` in this shell with nothing but [`GIVEN`] in its environment; `$1` is `argument`.
    pub(crate) fn command(self, script: &str, argument: &Path) -> Command {
        let mut command = Command::new(self.arguments[0]);
        command
            .args(&self.arguments[1..])
            .args([script, self.name])
            .arg(argument)
            .env_clear()
            .envs(GIVEN)
            .current_dir("/");
        command
    }

    /// What a program started by this shell finds in its environment after `. conf`, without what the shell
    /// itself puts there. `conf` is an absolute path.
    #[track_caller]
    pub(crate) fn source(self, conf: &Path) -> Environment {
        // `env` by its path: the conf may set another PATH.
        environment_of(self.command(". \"$1\" && exec /usr/bin/env -0", conf))
    }
}

/// What `command`, which ends in `env -0`, prints; fails the test if it cannot be run or says anything on stderr.
#[track_caller]
pub(crate) fn environment_of(mut command: Command) -> Environment {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; `script/setup test` installs what tests need")
    });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stderr.is_empty(),
        "{command:?}: {}\n{stderr}",
        output.status
    );
    parse(&output.stdout)
}

/// Not what the shell or the test put there, and not what steers reconf.
fn is_conf_variable(name: &str, value: &[u8]) -> bool {
    let shells_own = ["PWD", "OLDPWD", "SHLVL", "_"].contains(&name);
    let given = GIVEN.contains(&(name, &String::from_utf8_lossy(value)));
    !shells_own && !given && !name.starts_with("RECONF_")
}

fn parse(text: &[u8]) -> Environment {
    text.split(|byte| *byte == 0)
        .filter(|entry| !entry.is_empty())
        .filter_map(|entry| {
            let end = entry.iter().position(|byte| *byte == b'=')?;
            let name = String::from_utf8_lossy(&entry[..end]).into_owned();
            Some((name, entry[end + 1..].to_vec()))
        })
        .filter(|(name, value)| is_conf_variable(name, value))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn four_shells_read_a_hostile_value_alike() {
        let folder = tempfile::tempdir().unwrap();
        let conf = folder.path().join("app.conf");
        fs::write(
            &conf,
            b"export A='it'\\''s\n$(x) `y` \xff \\n'\nexport PATH='/nowhere'\n",
        )
        .unwrap();
        let expected = Environment::from([
            ("A".to_owned(), b"it's\n$(x) `y` \xff \\n".to_vec()),
            ("PATH".to_owned(), b"/nowhere".to_vec()),
        ]);
        for shell in SHELLS {
            assert_eq!(shell.source(&conf), expected, "{}", shell.name);
        }
    }

    #[test]
    fn a_conf_that_sets_nothing_gives_an_empty_environment() {
        for shell in SHELLS {
            assert_eq!(
                shell.source(Path::new("/dev/null")),
                Environment::new(),
                "{}",
                shell.name
            );
        }
    }

    #[test]
    #[should_panic(expected = "exit status")]
    fn a_conf_that_a_shell_refuses_fails_the_test() {
        SHELLS[0].source(Path::new("/nonexistent.conf"));
    }
}
