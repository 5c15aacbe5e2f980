//! Commands stop and die at the calls that they are told to, and at no others.

use super::*;
use crate::harness::scenario::Scenario;

/// Of one process: what a shell starts counts its own calls.
const SCRIPT: &str = "read -r line <given; echo \"$line\" >one; echo \"$line\" >two";

fn script(node: &Scenario) -> Command {
    node.program("sh".as_ref(), &["-c", SCRIPT])
}

#[test]
fn every_call_that_changes_something_is_a_fault_point_and_no_other() {
    if !may_trace("fault points") {
        return;
    }
    let node = || Scenario::new().file("given", "text\n");
    let points = fault_points(&script(&node()));
    let calls: Vec<&str> = points.iter().map(|point| &point.call[..4]).collect();
    assert_eq!(calls, ["open", "writ", "open", "writ"], "{points:?}");
    let left = points.iter().map(|point| {
        let node = node();
        assert!(kill_at(&script(&node), point), "{point:?}");
        ["one", "two"].map(|name| fs::read_to_string(node.path(name)).ok())
    });
    let whole = || Some("text\n".to_owned());
    let empty = || Some(String::new());
    let expected = [
        [None, None],
        [empty(), None],
        [whole(), None],
        [whole(), empty()],
    ];
    assert_eq!(left.collect::<Vec<_>>(), expected);
}

#[test]
fn a_run_stops_after_a_call_until_it_is_told_to_go_on() {
    if !may_trace("moments between two system calls") {
        return;
    }
    let node = || Scenario::new().file("given", "text\n");
    let moments = moments(&script(&node()), "given".as_ref(), |_| true);
    let writes = moments.iter().filter(|moment| moment.call == "write");
    let [one, two] = writes.collect::<Vec<_>>()[..] else {
        panic!("{moments:?}");
    };
    for (moment, written) in [(one, false), (two, true)] {
        let node = node();
        let mut paused = Paused::start(&script(&node), moment);
        wait_until("it has stopped", LONG, || paused.rests());
        assert!(!paused.has_ended());
        let found = fs::read_to_string(node.path("two")).unwrap_or_default();
        assert_eq!(!found.is_empty(), written, "{moment:?}");
        assert!(paused.end().status.success());
        assert!(node.path("two").exists());
    }
}

#[test]
fn a_run_that_does_not_get_as_far_is_not_killed() {
    if !may_trace("fault points") {
        return;
    }
    let node = Scenario::new().file("given", "text\n");
    let mut points = fault_points(&script(&node));
    let mut last = points.pop().expect("there are four");
    last.number += 1;
    assert!(!kill_at(&script(&node), &last));
}
