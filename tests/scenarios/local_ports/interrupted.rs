//! A render that dies, or during which the balancer closes the port: no conf has a port that the state does not know.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::json;

use super::{ports, serve, www};
use crate::{
    harness::{
        scenario::Scenario,
        strace::{Paused, fault_points, kill_at, may_trace, moments, on_two_threads},
        wait::{LONG, wait_until},
    },
    scenarios::{Fleet, all_succeed, conf},
};

/// A node on which a render gives `www` the port, with a fleet of its own.
fn about_to_be_local() -> (Fleet, Scenario) {
    let fleet = Fleet::embedded();
    let node = www(&fleet);
    all_succeed(&node, &["render www"]);
    serve(&node, &["API_URL"], &json!({}));
    (fleet, node)
}

/// Whether the conf has the port, and whether the state says that a conf has it, or may.
fn has_and_says(node: &Scenario) -> (bool, bool) {
    let text = fs::read_to_string(node.path(&conf("www"))).unwrap();
    let says = ports(node).as_object().is_some_and(|ports| {
        let mut all = ports.values();
        all.any(|ports| !ports["21100"].is_null())
    });
    (text.contains("127.0.0.1:21100"), says)
}

#[test]
fn a_render_that_dies_leaves_no_conf_with_a_port_that_the_state_does_not_know() {
    if !may_trace("renders by local ports that are killed between any two system calls") {
        return;
    }
    let (_fleet, node) = about_to_be_local();
    let render = ["render", "www"];
    let points = fault_points(&node.command(&render));
    let expected = ports(&node);
    assert_eq!(has_and_says(&node), (true, true));
    let (killed, open) = (AtomicUsize::new(0), AtomicUsize::new(0));
    on_two_threads(&points, |point| {
        let (_fleet, node) = about_to_be_local();
        let was_killed = kill_at(&node.command(&render), point);
        killed.fetch_add(usize::from(was_killed), Ordering::Relaxed);
        let (has, says) = has_and_says(&node);
        assert!(says || !has, "{point:?}");
        open.fetch_add(usize::from(says && !has), Ordering::Relaxed);
        all_succeed(&node, &["render www"]);
        assert_eq!(ports(&node), expected, "{point:?}");
        assert_eq!(has_and_says(&node), (true, true), "{point:?}");
    });
    let (killed, open) = (killed.into_inner(), open.into_inner());
    assert!(killed * 2 > points.len() && open > 0, "{killed} {open}");
}

/// What a run of `balance` does that finds the name served no more: it takes it out of its state, and closes the port
/// unless it is in use. Returns whether it closed it; `None` while somebody is at the states.
fn stop_serving(node: &Scenario) -> Option<bool> {
    let lock = fs::File::create(node.path("run/reconf/state.lock")).unwrap();
    fs2::FileExt::try_lock_exclusive(&lock).ok()?;
    let (_, is_in_use) = has_and_says(node);
    let ports = if is_in_use {
        json!({"21100": {"served": {}}})
    } else {
        json!({})
    };
    serve(node, &[], &json!({"ports": ports}));
    Some(!is_in_use)
}

#[test]
fn no_conf_is_written_for_a_port_that_is_closed_while_it_is_rendered() {
    if !may_trace("renders by local ports with another process between any two system calls") {
        return;
    }
    let (_fleet, node) = about_to_be_local();
    let render = ["render", "www"];
    let files = ["balance.json", "services", "www", "state.lock"];
    let is_such = |arguments: &str| files.iter().any(|file| arguments.contains(file));
    let moments = moments(&node.command(&render), &node.path(""), is_such);
    let ends = [0; 3].map(AtomicUsize::new);
    on_two_threads(&moments, |moment| {
        let (_fleet, node) = about_to_be_local();
        let mut paused = Paused::start(&node.command(&render), moment);
        wait_until("it has stopped", LONG, || paused.rests());
        let closed = stop_serving(&node);
        let output = paused.end();
        assert!(output.status.success(), "{moment:?} {output:?}");
        let (has, says) = has_and_says(&node);
        assert!(says || !has, "{moment:?}");
        assert!(
            closed != Some(true) || !has,
            "{moment:?}: the port is closed"
        );
        let end = closed.map_or(2, usize::from);
        ends[end].fetch_add(1, Ordering::Relaxed);
    });
    // It came before the port was entered, after that, and in between.
    let ends = ends.map(AtomicUsize::into_inner);
    assert!(ends[0] > 0 && ends[1] > 0, "{ends:?}");
}
