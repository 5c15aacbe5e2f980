//! A run shows all that was said and changed, and a wrong expectation of it fails.

use super::*;

#[test]
fn a_story_shows_all_that_was_said_and_changed_and_nothing_of_this_machine() {
    let scenario = Scenario::new()
        .manifest("api", "{}")
        .datastores("{}")
        .config("{}")
        .env("GREETING", "hello")
        .without("TZ")
        .registry("http://127.0.0.1:4711,http://127.0.0.1:4712");
    let hello = scenario.sh("echo \"$GREETING $TZ\" >new; chmod 604 new; echo \"$RECONF_ROOT\"");
    scenario.put("kept", "as it is");
    let goodbye =
        scenario.sh("rm new; find . -type f | sort; printf %s \"$RECONF_REGISTRY\" >&2; exit 75");
    golden_story("harness/story", &[hello, goodbye]);
}

#[test]
fn a_run_that_changes_nothing_says_so() {
    let scenario = Scenario::new().file("a", "b");
    assert_eq!(scenario.sh("cat a").changes_nothing().succeeds(), "b");
    let failure = scenario.sh("echo no >&2; exit 3");
    failure.reads("$ echo no >&2; exit 3\nstatus 3\n--- stderr\nno\n");
    assert_eq!(failure.fails(3), "no\n");
    let binary = scenario.sh("command -v reconf").succeeds();
    assert_eq!(binary.trim_end(), BINARY);
    assert_eq!(fs::read(scenario.path("a")).expect("it is there"), b"b");
}

#[test]
#[should_panic(expected = "rewritten")]
fn the_same_bytes_written_again_are_a_change() {
    let scenario = Scenario::new().file("a", "b");
    let _ = scenario.sh("cp a c; mv c a").changes_nothing();
}

#[test]
#[should_panic(expected = "status 3")]
fn another_status_fails_with_the_whole_text() {
    let _ = Scenario::new().sh("exit 3").exits(0);
}

#[test]
fn arguments_are_shown_as_they_would_be_typed() {
    let shown = Scenario::new()
        .run(&["exec", "api", "--", "sh", "-c", "it's"])
        .shown;
    assert_eq!(shown, "reconf exec api -- sh -c 'it'\\''s'");
}
