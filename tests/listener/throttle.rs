//! However much changes: provisions are few, one after another, and the last comes after the last change.

use std::time::{Duration, Instant};

use super::{AT_ONCE, Node, RENDER};

#[test]
fn a_thousand_changes_at_once_are_a_few_provisions() {
    let interval = Duration::from_secs(1);
    let node = Node::new(
        r#"{"debounce": "100ms", "splay": "0s", "debounce_max": "400ms", "min_interval": "1s"}"#,
    );
    node.announce("before");
    let _listener = node.listen(RENDER);
    node.settles("before");
    node.logs("provision-ended", 1);
    let start = Instant::now();
    let mut registry = node.fleet.registry();
    for number in 0..1000 {
        let value = format!("v{number}");
        node.fleet
            .announce_through(&mut registry, "db01", "DB_URL", &value);
    }
    node.settles("v999");
    // However long that took: no two of them began within the interval.
    let begun = node.begun() as u128 - 1;
    let most = 1 + start.elapsed().as_millis() / interval.as_millis();
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
        r#"{{"debounce": "0s", "splay": "0s", "min_interval": "0s", "busy_lock": "{}"}}"#,
        lock.path().display()
    );
    let node = Node::new(&listen);
    node.announce("one");
    fs2::FileExt::lock_exclusive(lock.as_file()).unwrap();
    let _listener = node.listen("echo begin >>runs; test -e good; s=$?; echo end >>runs; exit $s");
    node.logs("lock-held", 1);
    assert_eq!(node.begun(), 0);
    fs2::FileExt::unlock(lock.as_file()).unwrap();
    node.logs("provision-failed", 1);
    assert!(
        node.log().contains("exit=1 failures=1 retry_in=5s"),
        "{}",
        node.log()
    );
    node.scenario.put("good", "");
    node.logs("provision-ended", 1);
    assert_eq!(node.begun(), node.events("provision-failed") + 1);
    assert!(node.log().contains("reasons=retry"), "{}", node.log());
}

#[test]
fn a_command_that_applies_nothing_is_run_once_for_a_change() {
    let node = Node::new(AT_ONCE);
    node.announce("one");
    let listener = node.listen("echo begin >>runs; echo end >>runs");
    node.logs("provision-ended", 1);
    node.announce("two");
    node.logs("provision-ended", 2);
    node.decides(&listener);
    assert_eq!(node.events("provision-started"), 2, "{}", node.log());
    assert_eq!(listener.stop(), Some(0));
}
