//! What systemd hears, at a socket in its place: readiness, heartbeats, reloads and the end.

use std::{fs, os::unix::net::UnixDatagram, path::Path, process::Command};

use nix::sys::signal::Signal;

use super::Node;
use crate::harness::{not_run, scenario::BINARY};

struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    fn hears(&self) -> String {
        let mut bytes = [0; 4096];
        let length = self
            .socket
            .recv(&mut bytes)
            .expect("it says something in time");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    /// What it hears until that comes, and that.
    fn hears_until(&self, word: &str) -> Vec<String> {
        let mut heard = vec![self.hears()];
        while !heard.last().is_some_and(|last| last.starts_with(word)) {
            assert!(heard.len() < 1000, "{heard:?}");
            heard.push(self.hears());
        }
        heard
    }
}

#[test]
fn readiness_heartbeats_reload_and_end_are_told() {
    let node = Node::new(
        r#"{"splay": "0s", "command": ["sh", "-c", "test -z \"$NOTIFY_SOCKET$WATCHDOG_USEC\""]}"#,
    );
    node.announce("one");
    let path = node.scenario.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(super::LONG)).unwrap();
    let manager = Manager { socket };
    let mut command = node.scenario.command(&["listen"]);
    command
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "400000");
    let listener = node.listen_as(command);
    manager.hears_until("READY=1");
    for _ in 0..3 {
        manager.hears_until("WATCHDOG=1");
    }
    listener.signal(Signal::SIGHUP);
    let heard = manager.hears_until("RELOADING=1");
    let told = heard.last().unwrap().split_once("MONOTONIC_USEC=").unwrap();
    assert!(told.1.parse::<u64>().unwrap() > 0);
    manager.hears_until("READY=1");
    // The command hears nothing of the manager.
    node.logs("provision-ended", 1);
    assert_eq!(listener.stop(), Some(0));
    manager.hears_until("STOPPING=1");
}

#[test]
fn the_unit_is_what_systemd_understands() {
    let unit = include_str!("../../packaging/reconf-listen.service");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reconf-listen.service");
    fs::write(&file, unit.replace("/usr/bin/reconf", BINARY)).unwrap();
    match Command::new("systemd-analyze")
        .arg("verify")
        .arg(&file)
        .output()
    {
        Ok(judged) => {
            let said = String::from_utf8_lossy(&judged.stderr);
            assert!(judged.status.success() && said.is_empty(), "{said}");
        }
        Err(error) => {
            let what = format!("systemd-analyze on the listener's unit: {error}");
            not_run::record(Path::new(not_run::LIST), &what);
        }
    }
}
