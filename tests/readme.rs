//! Runs the `console` blocks of README.md in order, in one shell and one temporary directory, and compares the output;
//! runs what its other blocks put into files.
//!
//! `$ ` starts a command, `> ` continues it, and every other line is expected output (stdout and stderr); `[..]` matches
//! any text within a line. The directory holds a copy of `examples/`, as a checkout does.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::{Command, Stdio},
};

use crate::harness::{
    diff, scenario,
    scenario::{BINARY, Scenario},
};

/// The line that the script prints after the output of each command.
const MARK: &str = "--- end of a command of README.md ---";

#[derive(Debug, PartialEq, Eq)]
struct Step {
    /// The line of README.md on which the step starts.
    line: usize,
    command: String,
    output: String,
}

/// README.md.
fn readme() -> String {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(checkout.join("README.md")).expect("README.md is there")
}

#[test]
fn the_readme_shows_the_real_output() {
    let steps = steps(&readme());
    assert!(!steps.is_empty(), "README.md shows no command");
    if let Err(difference) = replay(&steps) {
        panic!("README.md:{difference}");
    }
}

/// The first block in that language that contains this text.
#[track_caller]
fn block<'a>(text: &'a str, language: &str, part: &str) -> &'a str {
    let mut blocks = text.split("\n```");
    let found = blocks.find_map(|block| {
        let body = block.strip_prefix(language)?.strip_prefix('\n')?;
        body.contains(part).then_some(body)
    });
    found.unwrap_or_else(|| panic!("README.md has no {language} block with `{part}`"))
}

/// The node of README.md with everything rendered: its `/usr/local/bin` has reconf and a `docker` that only prints what
/// the image would get, and the programs of `app-www` print their name and one variable.
fn node_of_the_readme() -> Scenario {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let example = |path: &str| fs::read_to_string(examples.join(path)).expect("it is there");
    let node = Scenario::new()
        .datastores(&example("configuration.json"))
        .manifest("api", &example("data_bags/service/api.json"))
        .manifest("app-www", &example("data_bags/service/app-www.json"))
        .config(r#"{"render": {"formats": ["shell", "systemd", "docker"]}}"#);
    let docker = "#!/bin/sh\ntest \"$1 $2 $4\" = 'run --env-file app-www' || exit 1\n\
        eval \"$(sed -n \"s/^API_URL=\\(.*\\)/echo docker '\\1'/p\" \"$3\")\"\n";
    let program = "#!/bin/sh\necho \"${0##*/} $API_URL\"\n";
    for (path, script) in [
        ("usr/local/bin/docker", docker),
        ("srv/app-www/bin/serve", program),
        ("srv/app-www/bin/clean", program),
    ] {
        node.put(path, script);
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(node.path(path), executable).expect("it is ours");
    }
    symlink(BINARY, node.path("usr/local/bin/reconf")).expect("a link can be made");
    let _rendered = node.run(&["render", "--all"]).exits(0);
    node
}

/// A text with the paths of the node for those of a machine.
fn on_node(node: &Scenario, text: &str) -> String {
    let root = node.path("");
    let folders = ["usr/local/", "srv/", "etc/services.d/"].into_iter();
    folders.fold(text.to_owned(), |text, folder| {
        text.replace(
            &format!("/{folder}"),
            &root.join(folder).display().to_string(),
        )
    })
}

/// What a line of `sh` prints, with a `PATH` and no other variable but the root.
#[track_caller]
fn prints(node: &Scenario, path: &str, line: &str) -> String {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).env_clear().env("PATH", path);
    command.env("RECONF_ROOT", node.path(""));
    let output = command.output().expect("sh can be started");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_unit_the_line_of_cron_and_the_container_get_the_environment() {
    let (text, node) = (readme(), node_of_the_readme());
    let unit = on_node(&node, block(&text, "ini", "[Service]"));
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let served = prints(
        &node,
        "/usr/bin:/bin",
        start.expect("the unit starts something"),
    );
    assert_eq!(served, "serve http://10.0.0.5:1100\n");

    let table = on_node(&node, block(&text, "cron", "reconf exec"));
    let path = table.lines().find_map(|line| line.strip_prefix("PATH="));
    let path = path.expect("cron's own PATH has no reconf");
    let line = table.lines().find(|line| line.starts_with('*'));
    let fields: Vec<&str> = line.expect("a time").split_whitespace().collect();
    assert_eq!(fields[5], "app", "the user comes before the command");
    assert_eq!(
        prints(&node, path, &fields[6..].join(" ")),
        "clean http://10.0.0.5:1100\n"
    );

    let line = on_node(&node, block(&text, "sh", "docker run"));
    assert_eq!(prints(&node, path, &line), "docker http://10.0.0.5:1100\n");

    let named = "EnvironmentFile=/etc/services.d/app-www.systemd";
    assert!(text.contains(named) && node.path("etc/services.d/app-www.systemd").exists());
}

#[test]
fn the_manifest_and_the_configuration_that_it_shows_are_taken() {
    let text = readme();
    let manifest = block(&text, "json", "\"provides\":");
    let config = block(&text, "json", "\"endpoints\": [\"https:");
    let node = node_of_the_readme().manifest("app-www", manifest);
    let shown = node.run(&["render", "app-www", "--stdout"]).succeeds();
    assert!(
        shown.contains("export API_URL='http://10.0.0.5:1100'\n"),
        "{shown}"
    );
    let shown = node.config(config).run(&["config"]).succeeds();
    let federation = shown.lines().find(|line| line.starts_with("federation "));
    assert!(
        federation.is_some_and(|line| line.contains("seatgeek")),
        "{shown}"
    );
}

#[test]
#[ignore = "long: script/prove"]
fn the_demo_runs_with_either_registry_and_with_a_balancer() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("script/demo");
    let direct = "API_URL is http://10.0.0.11:1100";
    let balanced = "api02-moved has answered 100 requests of www";
    for (arguments, expected) in [
        (&[][..], direct),
        (&["--etcd"], direct),
        (&["--balance"], balanced),
    ] {
        let mut command = Command::new(&demo);
        let output = command.args(arguments).stdin(Stdio::null()).output();
        let output = output.expect("the demo can be started");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

/// The commands of all `console` blocks with their expected output.
fn steps(text: &str) -> Vec<Step> {
    let (mut steps, mut inside): (Vec<Step>, bool) = (Vec::new(), false);
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if !inside {
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                line: index + 1,
                command: command.to_owned(),
                output: String::new(),
            });
        } else if let Some(step) = steps.last_mut() {
            match line.strip_prefix("> ").or((line == ">").then_some("")) {
                Some(more) if step.output.is_empty() => step.command += &format!("\n{more}"),
                _ => step.output += &format!("{line}\n"),
            }
        }
    }
    steps
}

/// Runs all steps; the error names the line of the first step whose output differs, and shows the difference.
fn replay(steps: &[Step]) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary directory can be created");
    copy_examples(folder.path());
    let output = run(&script(steps), folder.path());
    let mark = format!("\n{MARK}\n");
    let mut outputs = output.split(&mark);
    for step in steps {
        let actual = with_newline(outputs.next().unwrap_or_default());
        let expected = &step.output;
        if !matches(expected, &actual) {
            let difference = diff::lines(expected, &actual);
            return Err(format!("{}: `{}`\n{difference}", step.line, step.command));
        }
    }
    Ok(())
}

/// One script for all steps, so that they share variables and the working directory.
fn script(steps: &[Step]) -> String {
    let mut script = "exec 2>&1\n".to_owned();
    for step in steps {
        let command = &step.command;
        // The subshell restores the exit status, since the next step can be `echo $?`.
        script += &format!("{command}\nstatus=$?; printf '\\n%s\\n' '{MARK}'; (exit $status)\n");
    }
    script
}

fn run(script: &str, folder: &Path) -> String {
    let output = Command::new("sh")
        .args(["-c", script])
        .env_clear()
        .env("HOME", folder)
        .env("LC_ALL", "C.UTF-8")
        .env("PATH", scenario::path_with_binary())
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("sh can be started");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn copy_examples(folder: &Path) {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let status = Command::new("cp")
        .arg("-R")
        .arg(examples)
        .arg(folder)
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "examples/ can be copied"
    );
}

/// Ends the output with a newline, unless it is empty.
fn with_newline(output: &str) -> String {
    if output.is_empty() || output.ends_with('\n') {
        output.to_owned()
    } else {
        format!("{output}\n")
    }
}

/// Compares line by line, and ignores blank lines at the end.
fn matches(expected: &str, actual: &str) -> bool {
    let (expected, actual) = (expected.trim_end(), actual.trim_end());
    expected.lines().count() == actual.lines().count()
        && expected
            .lines()
            .zip(actual.lines())
            .all(|(e, a)| line_matches(e, a))
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let Some((start, pattern)) = expected.split_once("[..]") else {
        return expected == actual;
    };
    let Some(mut rest) = actual.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<_> = pattern.split("[..]").collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\
Text, and `$ false` in it.

```console
$ mkdir -p etc/reconf && cd etc/reconf && pwd
[..]/etc/reconf
$ cat > a.json <<END
> {\"id\":
>
> 1}
> END
$ cat a.json
{\"id\":

1}
```

```sh
$ rm -rf nothing
```

```console
$ pwd; printf 'no newline'
[..]/etc/[..]
no newline
$ (exit 75)
$ echo $?
75
$ echo to stderr >&2
to stderr
```
";

    #[test]
    fn only_console_blocks_are_read() {
        let steps = steps(SAMPLE);
        let lines: Vec<_> = steps.iter().map(|step| step.line).collect();
        assert_eq!(lines, [4, 6, 11, 22, 25, 26, 28]);
        assert_eq!(steps[1].command, "cat > a.json <<END\n{\"id\":\n\n1}\nEND");
        assert_eq!(steps[4].output, "");
    }

    #[test]
    fn correct_output_passes() {
        assert_eq!(replay(&steps(SAMPLE)), Ok(()));
    }

    #[test]
    fn wrong_output_fails_at_its_line() {
        for (right, wrong, line) in [
            ("\n75\n", "\n76\n", "26:"),
            ("\n75\n", "\n", "26:"),
            ("$ (exit 75)\n", "$ (exit 75)\nmore\n", "25:"),
            ("[..]/etc/[..]", "[..]/var/[..]", "22:"),
            ("to stderr\n```", "```", "28:"),
        ] {
            let difference = replay(&steps(&SAMPLE.replacen(right, wrong, 1))).unwrap_err();
            assert!(difference.starts_with(line), "{wrong:?}: {difference}");
        }
    }

    #[test]
    fn the_examples_and_the_binary_are_available() {
        let text = "```console\n$ ls examples/data_bags/service && command -v reconf\napi.json\napp-www.json\n[..]reconf\n```";
        assert_eq!(replay(&steps(text)), Ok(()));
    }

    #[test]
    fn a_placeholder_matches_any_text_within_its_line() {
        assert!(line_matches("a [..] c [..]", "a b c "));
        assert!(line_matches("[..]", ""));
        assert!(!line_matches("a [..] c", "a b d"));
        assert!(!line_matches("a[..]a", "b a"));
    }
}
