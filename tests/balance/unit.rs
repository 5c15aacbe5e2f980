//! The unit in `packaging/` that runs a balancer's HAProxy.

use std::{fs, path::Path, process::Command};

use crate::harness::{not_run, scenario::Scenario};

const UNIT: &str = include_str!("../../packaging/reconf-haproxy.service");

#[test]
fn the_unit_has_the_paths_that_balancing_has_by_default() {
    let node = Scenario::new();
    let run = node.run(&["config"]).exits(0);
    let text = run.text();
    let value = |key: &str| {
        let row = text.lines().find(|line| line.starts_with(key)).unwrap();
        let value = row.split_whitespace().nth(1).unwrap();
        value.replace("[ROOT]", "")
    };
    let pid_file = Path::new(&value("balance.socket")).with_file_name("haproxy.pid");
    let command = format!(
        "\nExecStart=/usr/sbin/haproxy -Ws -f {} -p {}\n",
        value("balance.output"),
        pid_file.display()
    );
    assert!(UNIT.contains(&command), "{command}");
    let folder = pid_file.parent().unwrap().file_name().unwrap();
    let folder = format!("\nRuntimeDirectory={}\n", folder.display());
    assert!(UNIT.contains(&folder), "{folder}");
}

#[test]
fn the_unit_is_what_systemd_understands() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reconf-haproxy.service");
    // A program that is there, wherever HAProxy is.
    fs::write(&file, UNIT.replace("/usr/sbin/haproxy", "/bin/true")).unwrap();
    let mut verify = Command::new("systemd-analyze");
    match verify.arg("verify").arg(&file).output() {
        Ok(judged) => {
            let said = String::from_utf8_lossy(&judged.stderr);
            assert!(judged.status.success() && said.is_empty(), "{said}");
        }
        Err(error) => {
            let what = format!("systemd-analyze on the unit of HAProxy: {error}");
            not_run::record(Path::new(not_run::LIST), &what);
        }
    }
}
