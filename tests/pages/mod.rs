//! Runs the `console` blocks of README.md and of the pages in `docs/` that people read, each page in order, in one shell and one
//! temporary directory, and compares the output; runs what other blocks put into files.
//!
//! Programs that a block needs besides those of every system follow `console`; where one is missing, the page is run up to
//! there, and that is listed as not run. `$ ` starts a command, `> ` continues it, and every other line is expected output
//! (stdout and stderr); `[..]` matches any text within a line. The directory holds a copy of `examples/`, as a checkout does.

mod recipes;
mod reference;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::harness::{diff, not_run, scenario};

/// The line that the script prints after the output of each command.
const MARK: &str = "--- end of a command of a page ---";

/// The pages of `docs/` without commands to run: what the contract shows are examples, and the last one has figures.
const WITHOUT_COMMANDS: [&str; 5] = [
    "balance.md",
    "cookbook.md",
    "design.md",
    "sight.md",
    "speed.md",
];

/// Programs with which other tests run the blocks, those of the cookbook: where one is missing here, nothing is left out.
const ELSEWHERE: [&str; 1] = ["chef-solo"];

#[derive(Debug, PartialEq, Eq)]
struct Step {
    /// The line of the page on which the step starts.
    line: usize,
    command: String,
    output: String,
    /// The programs that its block needs.
    needs: Vec<String>,
}

/// A page of this repository, such as `docs/reference.md`.
fn page(path: &str) -> String {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(checkout.join(path)).expect("the page is there")
}

/// README.md, and the pages of `docs/` with commands.
fn pages() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let names = fs::read_dir(folder).expect("docs/ is there").map(|entry| {
        let name = entry.expect("docs/ can be listed").file_name();
        name.into_string().expect("the name of a page is UTF-8")
    });
    let is_page = |name: &String| Path::new(name).extension().is_some_and(|end| end == "md");
    let shown = names.filter(|name| is_page(name) && !WITHOUT_COMMANDS.contains(&name.as_str()));
    let mut pages: Vec<String> = shown.map(|name| format!("docs/{name}")).collect();
    pages.push("README.md".to_owned());
    pages
}

#[test]
fn the_pages_show_the_real_output() {
    let pages = pages();
    assert!(pages.len() > 2, "{pages:?}");
    for path in pages {
        let mut steps = steps(&page(&path));
        assert!(!steps.is_empty(), "{path} shows no command");
        leave_out_what_cannot_run(&path, &mut steps);
        if let Err(difference) = replay(&steps) {
            panic!("{path}:{difference}");
        }
    }
}

/// Leaves out the steps from the first one on that needs a program which this machine has not.
fn leave_out_what_cannot_run(path: &str, steps: &mut Vec<Step>) {
    let Some((at, program)) = first_missing(steps) else {
        return;
    };
    if !ELSEWHERE.contains(&program) {
        let what = format!("{path} from line {} on: no {program}", steps[at].line);
        not_run::record(not_run::LIST.as_ref(), &what);
    }
    steps.truncate(at);
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
    let (mut steps, mut inside): (Vec<Step>, Option<Vec<String>>) = (Vec::new(), None);
    for (index, line) in text.lines().enumerate() {
        if let Some(info) = line.strip_prefix("```") {
            inside = programs(info);
            continue;
        }
        let Some(needs) = &inside else { continue };
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                line: index + 1,
                command: command.to_owned(),
                output: String::new(),
                needs: needs.clone(),
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

/// The programs that a `console` block needs, from what follows its opening; `None` for other blocks.
fn programs(info: &str) -> Option<Vec<String>> {
    let mut words = info.split(' ');
    let is_console = words.next() == Some("console");
    is_console.then(|| words.map(str::to_owned).collect())
}

/// The first step that needs a program which this machine has not, and that program.
fn first_missing(steps: &[Step]) -> Option<(usize, &str)> {
    let path = scenario::path_with_binary();
    let is_there = |program: &str| {
        path.split(':')
            .any(|folder| Path::new(folder).join(program).exists())
    };
    steps.iter().enumerate().find_map(|(at, step)| {
        let missing = step.needs.iter().find(|program| !is_there(program))?;
        Some((at, missing.as_str()))
    })
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

/// Runs it; as root in namespaces of its own: pages use ports, and nothing that they start outlives them.
fn run(script: &str, folder: &Path) -> String {
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("unshare");
        let inner = "ip link set lo up; exec sh -c \"$1\"";
        command.args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        command.args(["sh", "-c", inner, "sh", script]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    };
    let output = command
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
mod tests;
