//! Tables and random steps of the rule of names.

use super::*;
use crate::balance::random::Draws;

type Names = BTreeSet<&'static str>;
type Step = (&'static str, &'static [(&'static str, &'static str)]);

fn words(text: &'static str) -> Names {
    text.split_whitespace().collect()
}

/// After each step, `served | pool` as a run finds it, and the pool when this node's confs were rendered and applied;
/// `-`: closed.
fn run(steps: &[Step]) -> Vec<String> {
    let mut used = Names::new();
    let list = |words: Names| words.into_iter().collect::<Vec<_>>().join(" ");
    let mut lines = Vec::new();
    for (required, instances) in steps {
        let (required, instances) = (words(required), instances.iter());
        let provides: BTreeMap<&str, Names> = instances.map(|(i, n)| (*i, words(n))).collect();
        let first = serve(&required, &provides, &used);
        let (served, pool) = first.map_or((Names::new(), "-".to_owned()), |served| {
            (served.names, list(served.pool))
        });
        used.clone_from(&served);
        let then = serve(&required, &provides, &used);
        let then = then.map_or("-".to_owned(), |served| list(served.pool));
        lines.push(format!("{} | {pool} | {then}", list(served)));
    }
    lines
}

fn check(steps: &[Step], expected: &[&str]) {
    assert_eq!(run(steps), expected, "{steps:?}");
}

#[test]
fn a_port_sends_only_to_what_every_conf_means_by_it() {
    let all: &[_] = &[("m", "API RO"), ("r1", "RO"), ("r2", "RO")];
    let steps = [("API", &all[..1]), ("API RO", all), ("RO", all), ("", all)];
    let expected = [
        "API | m | m",
        "RO | m | m r1 r2",
        "RO | m r1 r2 | m r1 r2",
        " | m r1 r2 | -",
    ];
    check(&steps, &expected);
}

#[test]
fn a_name_is_served_when_all_provide_it() {
    // A rolling upgrade adds a name.
    let steps: [Step; 3] = [
        ("API NEW", &[("a", "API"), ("b", "API")]),
        ("API NEW", &[("a", "API NEW"), ("b", "API")]),
        ("API NEW", &[("a", "API NEW"), ("b", "API NEW")]),
    ];
    let expected = ["API | a b | a b", "API | a b | a b", "API NEW | a b | a b"];
    check(&steps, &expected);
    // A name is retired while another goes on.
    let steps: [Step; 2] = [
        ("API RO", &[("m", "API RO"), ("r", "API RO")]),
        ("API RO", &[("m", "RO"), ("r", "RO")]),
    ];
    check(&steps, &["API RO | m r | m r", "RO | m r | m r"]);
    let steps: [Step; 2] = [("X", &[("x1", "X"), ("x2", "X")]), ("X", &[])];
    check(&steps, &["X | x1 x2 | x1 x2", " |  | -"]);
}

#[test]
fn what_uses_a_port_goes_on_while_others_claim_it() {
    let steps: [Step; 3] = [
        ("X Y", &[("x1", "X"), ("x2", "X")]),
        ("X Y", &[("x1", "X"), ("x2", "X"), ("y1", "Y")]),
        ("X Y", &[("x1", "X"), ("x2", "X")]),
    ];
    let expected = ["X | x1 x2 | x1 x2", " | x1 x2 | -", "X | x1 x2 | x1 x2"];
    check(&steps, &expected);
    // The port moved to another service: its name waits until the old one is out of use.
    let both: &[_] = &[("x", "X"), ("y", "Y")];
    let steps = [("X", &both[..1]), ("Y", both), ("Y", both)];
    check(&steps, &["X | x | x", " | x | y", "Y | y | y"]);
}

/// Random steps of random fleets: what a conf sends to a port always reaches an instance that provides the name that it
/// means, as long as any does. Returns how many pairs of a name and a server were checked.
fn random(fleets: usize) -> usize {
    let mut draws = Draws::new();
    let names = ["A", "B", "C"];
    let mut checked = 0;
    for _ in 0..fleets {
        let mut provides: BTreeMap<usize, Names> = BTreeMap::new();
        let (mut used, mut required) = (Names::new(), Names::new());
        for _ in 0..25 {
            let operation = draws.below(100);
            if operation < 50 {
                let instance = draws.below(5);
                if draws.percent(35) {
                    provides.remove(&instance);
                } else {
                    let mut some = draws.some(&names, 60);
                    some.push(names[draws.below(3)]);
                    provides.insert(instance, some.into_iter().collect());
                }
            } else if operation < 70 {
                required = draws.some(&names, 50).into_iter().collect();
            }
            let served = serve(&required, &provides, &used);
            let newly: Names = served.iter().flat_map(|s| s.names.clone()).collect();
            assert!(served.is_some() || used.is_empty());
            for (server, name) in served.iter().flat_map(|served| {
                let means = &used | &served.names;
                let pairs = served.pool.iter();
                pairs.flat_map(move |server| means.clone().into_iter().map(|name| (*server, name)))
            }) {
                checked += 1;
                let is_right = provides[&server].contains(name);
                assert!(is_right || !provides.values().any(|names| names.contains(name)));
            }
            if operation > 60 {
                used = newly; // Rendered and applied.
            } else if operation > 55 {
                used.extend(newly); // Rendered, and not applied yet.
            }
        }
    }
    checked
}

#[test]
fn no_request_reaches_an_instance_that_does_not_provide_its_name() {
    assert!(random(400) > 0);
}

#[test]
#[ignore = "long: script/prove"]
#[expect(clippy::print_stdout, reason = "a figure of script/prove")]
fn no_request_reaches_a_wrong_instance_in_500_000_steps() {
    let checked = random(20_000);
    println!("{checked} pairs of a name and a server, 0 wrong");
}
