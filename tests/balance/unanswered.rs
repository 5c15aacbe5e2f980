//! A run that is killed, cut off or without an answer: nothing is lost, and the next run ends as one in one piece.

use std::{fs, os::unix::process::ExitStatusExt as _, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    changing::{Change, Changing},
    print,
};
use crate::harness::{
    backend::Backend,
    client::{Client, Sending},
    haproxy::is_there,
    socket_proxy::{Reaction, SocketProxy},
    strace::{FaultPoint, fault_points, kill_at, may_trace},
    wait::freeze,
};

const SERVERS: [Change; 3] = [Change::Add, Change::Move, Change::Remove];
const SENDING: Sending = Sending::Keep(Duration::from_millis(2));

/// The next run does what is left to do; after it, nothing is left, and what is in maintenance was put there for good.
fn is_made_up_for(changing: &mut Changing) {
    changing.run();
    let lab = &changing.lab;
    let state = lab.state("balance.json");
    for server in lab.haproxy.servers() {
        let parked = state["parked"].get(&server.name).is_some();
        assert_eq!(server.in_maintenance, parked, "{} {state:#}", server.name);
    }
    assert_eq!(
        state["noted"].as_array().map_or(0, Vec::len),
        0,
        "{state:#}"
    );
    let left = fs::read_dir(lab.haproxy.output().parent().unwrap()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["reconf.cfg"], "candidates are left");
    assert_eq!(lab.balances()["how"], "unchanged");
}

/// Kills runs of both kinds at every `step`th moment at which that makes a difference.
fn killed_at_each(step: usize) {
    if !is_there("runs that are killed") || !may_trace("runs of balance that are killed") {
        return;
    }
    let mut changing = Changing::new("http");
    let client = Client::start(changing.address(), SENDING, 4);
    let command = changing.lab.node.command(&["balance"]);
    let mut killed = 0;
    for reloads in [false, true] {
        let change = |changing: &mut Changing| {
            let other = if reloads { changing.toggle() } else { None };
            [changing.alter(&SERVERS), other]
        };
        let ending = change(&mut changing);
        let points = fault_points(&command);
        stop_all(ending, &client);
        for point in points.iter().step_by(step) {
            let ending = change(&mut changing);
            killed += usize::from(kill_at(&command, point));
            is_made_up_for(&mut changing);
            stop_all(ending, &client);
        }
    }
    let tally = client.stop();
    print(
        &format!("killed {killed} times, {:?}", changing.ways()),
        &[&tally],
    );
    assert!(killed > 0);
    tally.lost_none_of(0);
}

/// Ends instances once none of the clients can be waiting for them.
fn stop_all(ending: [Option<Backend>; 2], client: &Client) {
    client.each_is_answered();
    for backend in ending.into_iter().flatten() {
        backend.stop();
    }
}

/// Cuts the connection in the middle of the commands, each time at another place.
fn cut_off(times: usize, reaction: fn(usize) -> Reaction) {
    let mut changing = Changing::new("http");
    let client = Client::start(changing.address(), SENDING, 4);
    let mut cut = 0;
    for at in 0..times {
        let ending = [changing.alter(&SERVERS), changing.alter(&SERVERS)];
        let proxy = SocketProxy::before(&changing.lab.haproxy, reaction(at * 7 % 300));
        let run = changing.lab.run(&[]);
        let reacted = proxy.reacted();
        cut += reacted;
        if reaction(0) == Reaction::KillAfter(0) {
            let signal = run.output.status.signal();
            assert_eq!(signal, (reacted > 0).then_some(9), "{}", run.text());
        }
        drop(proxy);
        is_made_up_for(&mut changing);
        stop_all(ending, &client);
    }
    let tally = client.stop();
    print(
        &format!("cut off {cut} times, {:?}", changing.ways()),
        &[&tally],
    );
    assert!(cut > 0);
    tally.lost_none_of(0);
}

#[test]
fn a_run_that_is_killed_is_made_up_for() {
    killed_at_each(16);
}

#[test]
#[ignore = "long: script/prove"]
fn a_run_that_is_killed_anywhere_is_made_up_for() {
    killed_at_each(1);
}

#[test]
fn commands_that_are_cut_off_are_made_up_for() {
    if is_there("commands that are cut off") {
        cut_off(5, Reaction::CutAfter);
    }
}

#[test]
#[ignore = "long: script/prove"]
fn commands_that_are_cut_off_anywhere_are_made_up_for() {
    cut_off(100, Reaction::CutAfter);
}

#[test]
fn commands_that_are_cut_off_while_their_run_is_killed_are_made_up_for() {
    if is_there("commands that are cut off") {
        cut_off(4, |at| Reaction::KillAfter(at * 8));
    }
}

#[test]
#[ignore = "long: script/prove"]
fn commands_that_are_cut_off_anywhere_while_their_run_is_killed_are_made_up_for() {
    cut_off(100, Reaction::KillAfter);
}

#[test]
fn of_ten_runs_at_once_the_last_one_wins() {
    if !is_there("runs of balance at once") {
        return;
    }
    let mut changing = Changing::new("http");
    let client = Client::start(changing.address(), SENDING, 4);
    let mut endings = Vec::new();
    let mut running = Vec::new();
    for _ in 0..10 {
        endings.push([changing.alter(&SERVERS), changing.toggle()]);
        running.push(
            changing
                .lab
                .node
                .command(&["balance", "-q"])
                .spawn()
                .unwrap(),
        );
    }
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    changing.lab.runs_its_file();
    assert_eq!(changing.lab.balances()["how"], "unchanged");
    for ending in endings {
        stop_all(ending, &client);
    }
    client.stop().lost_none_of(0);
}

#[test]
fn a_silent_or_moved_socket_changes_nothing() {
    if !is_there("a silent HAProxy") {
        return;
    }
    let mut changing = Changing::new("tcp");
    let _added = changing.add();
    let _other = changing.toggle();
    let lab = &changing.lab;
    let file = lab.file();
    let calls = lab.haproxy.reload_calls();
    let state = lab.state("balance.json");
    let worker: Pid = lab.haproxy.worker().unwrap();
    freeze(worker);
    let silent = lab.run(&[]).exits(75);
    kill(worker, Signal::SIGCONT).unwrap();
    let socket = lab.haproxy.socket();
    fs::rename(&socket, socket.with_extension("away")).unwrap();
    let moved = lab.run(&[]).exits(75);
    fs::rename(socket.with_extension("away"), &socket).unwrap();
    for run in [silent, moved] {
        assert_eq!(lab.file(), file, "{}", run.text());
    }
    assert_eq!(lab.haproxy.reload_calls(), calls);
    assert_eq!(lab.state("balance.json"), state);
    assert_eq!(lab.haproxy.worker(), Some(worker));
    changing.run();
}

#[test]
fn a_point_that_no_run_reaches_kills_none() {
    if is_there("runs that are killed") && may_trace("runs of balance that are killed") {
        let changing = Changing::new("tcp");
        let command = changing.lab.node.command(&["balance"]);
        assert!(!kill_at(&command, &FaultPoint::never()));
    }
}
