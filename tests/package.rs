//! The Debian package: what it holds, and that a purge leaves nothing of ours and everything of others.

#![expect(clippy::print_stdout, reason = "proofs print what was done")]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use nix::unistd::geteuid;

use crate::harness::{not_run, scenario::Scenario, tree::Tree};

/// A folder of this repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a maintainer script as dpkg does for another root.
fn maintain(node: &Scenario, script: &str, action: &str) {
    let script = repository("packaging/debian").join(script);
    let mut command = node.program(&script, &[action]);
    let root = node.path("");
    let root = root.display().to_string();
    let output = command
        .env("DPKG_ROOT", root.trim_end_matches('/'))
        .output();
    let output = output.unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}

/// Files of others, which no package may touch.
const OTHERS: [(&str, &str); 4] = [
    ("etc/services.d/by-hand.conf", "export A=b\n"),
    ("etc/services.d/by-hand.json", "{}\n"),
    ("etc/haproxy/haproxy.cfg", "global\n"),
    (
        "etc/systemd/system/multi-user.target.wants/other.service",
        "",
    ),
];

/// A service with every format.
const WWW: &str = r#"{"id": "www", "environment": {"A": "b", "PORT": 8080}, "provides": {"WWW_URL": "http://{HOST}:{PORT}"},
    "conf": {"formats": ["shell", "systemd", "docker", "dotenv", "json", "envdir"]}}"#;

/// A template that does not say whose file it makes.
const TEMPLATE: &str = "# {{count}} variables, as we like it\n{{#each variables}}\nexport {{name}}={{shell value}}\n{{/each}}\n";

/// A node on which everything was used.
fn used() -> Scenario {
    let node = OTHERS
        .iter()
        .fold(Scenario::new(), |node, (path, text)| node.file(path, text));
    let node = node
        .config("{}")
        .manifest("www", WWW)
        .manifest("own", r#"{"id": "own", "environment": {"A": "b"}}"#)
        .file("etc/reconf/templates/shell.hbs", TEMPLATE);
    let _applied = node.run(&["apply", "own"]).exits(0);
    fs::remove_file(node.path("etc/reconf/templates/shell.hbs")).unwrap();
    let _applied = node.run(&["apply", "www"]).exits(0);
    node.put(
        "etc/haproxy/reconf.cfg",
        "# Written by reconf from the registry.\n",
    );
    node.put("etc/haproxy/reconf.cfg.internal.0f.map", "");
    let link = node.path("etc/systemd/system/multi-user.target.wants/reconf-listen.service");
    symlink("/usr/lib/systemd/system/reconf-listen.service", link).unwrap();
    node
}

#[test]
fn removal_leaves_configuration_and_state_and_a_purge_only_what_is_of_others() {
    let node = used();
    let before = Tree::of(&node.path(""));
    let changes = || before.changes(&Tree::of(&node.path("")));
    maintain(&node, "prerm", "upgrade");
    maintain(&node, "postrm", "upgrade");
    assert_eq!(changes().len(), 0);
    maintain(&node, "prerm", "remove");
    maintain(&node, "postrm", "remove");
    let changes: Vec<String> = changes().iter().map(ToString::to_string).collect();
    let is_link = |change: &String| change.contains("reconf-listen.service");
    assert!(changes.iter().any(is_link), "{changes:?}");
    let others = changes.iter().filter(|change| !is_link(change));
    // The folder of the link.
    assert!(
        others.clone().count() <= 1 && others.clone().all(|c| c.contains(".wants")),
        "{changes:?}"
    );
    maintain(&node, "postrm", "purge");
    let left: BTreeSet<String> = files_below(&node.path(""));
    let expected = OTHERS.iter().map(|(path, _)| (*path).to_owned());
    assert_eq!(left, expected.collect());
}

/// All files and links below a folder.
fn files_below(root: &Path) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![root.to_path_buf()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else {
                let path = path.strip_prefix(root).unwrap();
                found.insert(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn what_is_packed_is_there_or_made_by_script_package() {
    let manifest = fs::read_to_string(repository("Cargo.toml")).unwrap();
    let (_, assets) = manifest.split_once("\nassets = [\n").unwrap();
    let (assets, _) = assets.split_once("\n]").unwrap();
    let script = fs::read_to_string(repository("script/package")).unwrap();
    for asset in assets.lines() {
        let source = asset.split('"').nth(1).unwrap();
        if let Some(made) = source.strip_prefix("target/package/") {
            let folder = made.split('/').next().unwrap();
            assert!(script.contains(&format!("$parts/{folder}")), "{source}");
        } else if !source.starts_with("target/") {
            let folder = repository(source.split('*').next().unwrap());
            assert!(folder.exists(), "{source}");
        }
    }
    for unit in ["reconf-listen", "reconf-haproxy"] {
        assert!(repository(&format!("packaging/{unit}.service")).exists());
    }
}

/// What the package says and does on a root with nothing but Debian 12.
const ON_A_BARE_ROOT: &str = r#"set -eu
cd /
find / -xdev -not -path '/proc/*' | sort >/tmp/before
dpkg --install /tmp/reconf.deb
# Nothing runs, and nothing is configured.
test -d /etc/reconf && test -z "$(ls /etc/reconf)"
test ! -e /etc/services.d && test ! -e /var/lib/reconf
test ! -e /etc/systemd/system/multi-user.target.wants/reconf-listen.service
reconf --version
reconf config >/dev/null
for file in /usr/share/man/man1/reconf-render.1.gz /usr/share/bash-completion/completions/reconf \
  /usr/share/zsh/vendor-completions/_reconf /usr/share/fish/vendor_completions.d/reconf.fish \
  /usr/share/reconf/templates/shell.hbs /usr/share/reconf/schemas/manifest.json \
  /usr/lib/systemd/system/reconf-listen.service; do
  test -s "$file"
done
mkdir /etc/reconf/services
printf '{"id": "www", "environment": {"PORT": 8080}, "provides": {"WWW_URL": "http://{HOST}:{PORT}"}, "command": ["env"]}' \
  >/etc/reconf/services/www.json
reconf apply --all --host 10.0.0.5 --node web01
reconf exec www -- sh -c 'test "$PORT" = 8080'
reconf ls WWW_URL
# What an operator wrote stays as it is through an upgrade.
echo '{"region": "us-east-1"}' >/etc/reconf/config.json
dpkg --install /tmp/reconf.deb
grep -q us-east-1 /etc/reconf/config.json
dpkg --remove reconf
test ! -e /usr/bin/reconf && test -e /etc/reconf/config.json && test -e /etc/services.d/www.conf
find / -xdev -not -path '/proc/*' | sort >/tmp/removed
if comm -13 /tmp/before /tmp/removed | grep -v -e '^/etc/reconf' -e '^/etc/services.d' -e '^/var/lib/reconf' -e '^/run/reconf' \
  -e '^/tmp/' -e '^/var/lib/dpkg/info/reconf\.' -e '^/var/lib/dpkg/.*-old$'; then exit 1; fi
dpkg --purge reconf
find / -xdev -not -path '/proc/*' | sort >/tmp/purged
if comm -13 /tmp/before /tmp/purged | grep -v -e '^/tmp/' -e '^/var/lib/dpkg/.*-old$'; then exit 1; fi
echo PURGED
"#;

/// What the package does in a folder that dpkg takes for a root, where no bare root can be made: `$1`, with the package `$2`.
const IN_A_FOLDER: &str = r#"set -eu
root=$1
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
dpkg="dpkg --root=$root --force-not-root --force-depends --force-script-chrootless --log=/dev/null"
$dpkg --install "$2"
test -d "$root/etc/reconf" && test -z "$(ls "$root/etc/reconf")"
test ! -e "$root/etc/systemd" && test ! -e "$root/var/lib/reconf"
mkdir "$root/etc/reconf/services"
printf '{"id": "www", "environment": {"PORT": 8080}}' >"$root/etc/reconf/services/www.json"
"$root/usr/bin/reconf" --root "$root" apply --all --host 10.0.0.5 --node web01
$dpkg --install "$2"
test -e "$root/etc/reconf/services/www.json"
$dpkg --remove reconf
test ! -e "$root/usr/bin/reconf" && test -e "$root/etc/reconf/services/www.json" && test -e "$root/etc/services.d/www.conf"
$dpkg --purge reconf
test -z "$(find "$root" ! -type d ! -path "$root/var/lib/dpkg/*")"
echo PURGED
"#;

#[test]
#[ignore = "long: script/prove"]
fn the_package_is_installed_used_removed_and_purged_on_a_bare_root() {
    let built = Command::new(repository("script/package")).status().unwrap();
    assert!(built.success(), "script/package failed");
    let folder = repository("target/debian");
    let packages = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let package = packages.max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    let package = package.unwrap();
    what_is_packed_is_where_a_distribution_has_it(&package);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("bare");
    let mut command = if geteuid().is_root() && bootstrap(&root) {
        fs::copy(&package, root.join("tmp/reconf.deb")).unwrap();
        let mut command = Command::new("chroot");
        command.arg(&root).args(["/bin/sh", "-c", ON_A_BARE_ROOT]);
        command
    } else {
        // Loud, since dpkg alone says nothing of what a bare machine lacks.
        let what = "the package on a bare Debian 12: needs root, debootstrap and Debian's archive; tried with `dpkg --root` only";
        println!("NOT RUN: {what}");
        not_run::record(not_run::LIST.as_ref(), what);
        let mut command = Command::new("sh");
        command.args(["-c", IN_A_FOLDER, "sh"]);
        command.arg(folder.path().join("folder")).arg(&package);
        command
    };
    let output = command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.ends_with("PURGED\n"));
}

/// Everything is root's, nobody else can write it, only the binary can be run, and nothing lies where only operators put
/// things: `/usr/local`, or `/etc` but for the empty folder of the configuration.
fn what_is_packed_is_where_a_distribution_has_it(package: &Path) {
    let mut list = Command::new("dpkg-deb");
    let list = list.arg("--contents").arg(package).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let mut binaries = 0;
    for line in list.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (mode, owner, path) = (words[0], words[1], words[5]);
        assert_eq!(owner, "root/root", "{line}");
        match mode {
            "drwxr-xr-x" | "-rw-r--r--" => {}
            "-rwxr-xr-x" => {
                assert_eq!(path, "./usr/bin/reconf");
                binaries += 1;
            }
            _ => panic!("{line}"),
        }
        assert!(!path.starts_with("./usr/local"), "{line}");
        let is_configuration = path.starts_with("./etc/");
        assert!(
            !is_configuration || ["./etc/", "./etc/reconf/"].contains(&path),
            "{line}"
        );
    }
    assert_eq!(binaries, 1, "{list}");
}

/// Makes a root with nothing but Debian 12's base.
fn bootstrap(root: &Path) -> bool {
    let made = Command::new("debootstrap")
        .args(["--variant=minbase", "bookworm"])
        .arg(root)
        .arg("http://deb.debian.org/debian")
        .status();
    made.is_ok_and(|status| status.success())
}
