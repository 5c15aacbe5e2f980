//! Runs what the blocks of docs/reference.md put into files: a unit, a line of cron, a container, a configuration.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
};

use super::page;
use crate::harness::scenario::{BINARY, Scenario};

/// The first block in that language that contains this text.
#[track_caller]
pub(super) fn block<'a>(text: &'a str, language: &str, part: &str) -> &'a str {
    let mut blocks = text.split("\n```");
    let found = blocks.find_map(|block| {
        let body = block.strip_prefix(language)?.strip_prefix('\n')?;
        body.contains(part).then_some(body)
    });
    found.unwrap_or_else(|| panic!("the page has no {language} block with `{part}`"))
}

/// The node of the page with everything rendered: its `/usr/local/bin` has reconf and a `docker` that only prints what
/// the image would get, and the programs of `app-www` print their name and one variable.
pub(super) fn node_of_the_page() -> Scenario {
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
pub(super) fn on_node(node: &Scenario, text: &str) -> String {
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
pub(super) fn prints(node: &Scenario, path: &str, line: &str) -> String {
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
    let (text, node) = (page("docs/reference.md"), node_of_the_page());
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
    let text = page("docs/reference.md");
    let readme = page("README.md");
    let manifest = block(&readme, "json", "\"provides\":");
    let config = block(&text, "json", "\"endpoints\": [\"https:");
    let node = node_of_the_page().manifest("app-www", manifest);
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
