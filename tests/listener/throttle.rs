//! However much changes: provisions are few, one after another, and the last comes after the last change.

use std::time::{Duration, Instant};

use super::{Node, RENDER};

#[test]
fn a_thousand_changes_in_two_seconds_are_a_few_provisions() {
    let interval = Duration::from_secs(1);
    let node = Node::new(r#"{"debounce": "100ms", "debounce_max": "400ms", "min_interval": "1s"}"#);
    node.announce("before");
    let _listener = node.listen(RENDER);
    node.settles("before");
    node.told("provision-ended", 1);
    let start = Instant::now();
    let mut registry = node.registry();
    for number in 0..1000 {
        node.write(&mut registry, "db01", "DB_URL", &format!("v{number}"));
        super::pass((Duration::from_millis(2) * number).saturating_sub(start.elapsed()));
    }
    node.settles("v999");
    let most = 1 + start.elapsed().as_millis() / interval.as_millis();
    let begun = node.begun() as u128 - 1;
    assert!(
        (1..=most).contains(&begun),
        "{begun} provisions\n{}",
        node.log()
    );
    node.never_two();
}

#[test]
fn a_provision_that_fails_is_tried_again_and_one_in_the_way_is_waited_for() {
    let lock = tempfile::NamedTempFile::new().unwrap();
    let listen = format!(
        r#"{{"debounce": "0s", "min_interval": "0s", "busy_lock": "{}"}}"#,
        lock.path().display()
    );
    let node = Node::new(&listen);
    node.announce("one");
    fs2::FileExt::lock_exclusive(lock.as_file()).unwrap();
    let _listener = node.listen("echo begin >>runs; test -e good; s=$?; echo end >>runs; exit $s");
    node.told("busy", 1);
    assert_eq!(node.begun(), 0);
    fs2::FileExt::unlock(lock.as_file()).unwrap();
    node.told("provision-failed", 1);
    assert!(
        node.log().contains("exit=1 in_a_row=1 again_in=5s"),
        "{}",
        node.log()
    );
    node.scenario.put("good", "");
    node.told("provision-ended", 1);
    assert_eq!(node.begun(), 2);
    assert!(node.log().contains("reasons=retry"), "{}", node.log());
}

#[test]
fn a_command_that_applies_nothing_is_run_once_for_a_change() {
    let node = Node::new(r#"{"debounce": "0s", "min_interval": "0s"}"#);
    node.announce("one");
    let listener = node.listen("echo begin >>runs; echo end >>runs");
    node.told("provision-ended", 1);
    node.announce("two");
    node.told("provision-ended", 2);
    super::pass(Duration::from_millis(500));
    assert_eq!(node.begun(), 2, "{}", node.log());
    assert_eq!(listener.stop(), Some(0));
}
