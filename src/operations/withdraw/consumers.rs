//! What `--dry-run` says of consumers, compared with what they resolve afterwards, in random fleets.

mod drawn;

use std::collections::BTreeSet;

use drawn::{Consumer, at, draw_consumer, draw_lives, id, known_at, one, records, resolved};

use crate::{
    fleet::{self, Leaving},
    harness::seed::Dice,
    model::{environment::Environment, id::Id, key::Key},
};

/// How many lines were certain, and how many were not.
#[derive(Debug, Default)]
struct Counts {
    certain: usize,
    unmet: usize,
    doubtful: usize,
}

fn play(dice: &mut Dice, counts: &mut Counts) {
    let lives = draw_lives(dice);
    let consumers: Vec<Consumer> = (0..4).map(|number| draw_consumer(dice, number)).collect();
    let now = at(&lives, 90, &BTreeSet::new(), records(&lives, &consumers));
    let gone = id(one(dice, &["n1", "n2"]));
    let known = fleet::used_keys(&Id::default_scope(), &now);
    let all = now.live.keys().chain(&known);
    let left: BTreeSet<Key> = all.filter(|key| key.node == gone).cloned().collect();
    let leaving = Leaving {
        keys: &left,
        nodes: &[gone].into(),
    };
    let foreseen = fleet::successors(&Id::default_scope(), &left, leaving, &now);
    let after = at(&lives, 90, &left, Vec::new());
    for line in &foreseen {
        let (web, said) = line.split_once("   URL of www: ").unwrap();
        let mut all = consumers.iter();
        let consumer = all.find(|consumer| consumer.node.as_str() == web).unwrap();
        let known = known_at(&lives, consumer.rendered);
        // One that is unmet already, by what expired without a trace, stays so.
        if resolved(consumer, &now, &known).is_none() {
            continue;
        }
        let later = resolved(consumer, &after, &known);
        let shown = || format!("{line}\n{lives:#?}\n{consumer:#?}\n{later:#?}");
        check(said, consumer, later.as_ref(), counts, &shown);
    }
}

fn check(
    said: &str,
    consumer: &Consumer,
    later: Option<&Environment>,
    counts: &mut Counts,
    shown: &dyn Fn() -> String,
) {
    let variable = later.and_then(|environment| environment.values().next());
    let providers = variable
        .map(|variable| variable.providers.clone())
        .unwrap_or_default();
    if said.starts_with("not certain: ") {
        counts.doubtful += 1;
    } else if let Some((other, instead)) = said.split_once(" instead of ") {
        counts.certain += 1;
        assert!(
            providers.iter().any(|provider| provider == other),
            "{}",
            shown()
        );
        assert!(
            providers.iter().all(|provider| provider != instead),
            "{}",
            shown()
        );
    } else if let Some((without, _)) = said.split_once(", from the other providers") {
        counts.certain += 1;
        let without = without.strip_prefix("without ").unwrap();
        assert!(!providers.is_empty(), "{}", shown());
        assert!(
            providers.iter().all(|provider| provider != without),
            "{}",
            shown()
        );
    } else {
        counts.unmet += 1;
        assert!(said.starts_with("unmet, unless its node "), "{said}");
        let has_other = consumer.requires.contains("default")
            || consumer.requires.contains("optional")
            || consumer.datastores != "{}"
            || consumer.regions.len() > 1
            || variable.is_some_and(|variable| variable.source.name() == "last-known");
        assert!(has_other || later.is_none(), "{}", shown());
    }
}

fn play_fleets(fleets: usize) {
    let (mut dice, mut counts) = (Dice::new(), Counts::default());
    for _ in 0..fleets {
        play(&mut dice, &mut counts);
    }
    #[expect(clippy::print_stdout, reason = "shown with the test's failure")]
    {
        println!("{counts:?}");
    }
}

#[test]
fn what_a_dry_run_is_certain_of_comes_true() {
    play_fleets(300);
}

#[test]
#[ignore = "long: script/prove"]
fn what_a_dry_run_is_certain_of_comes_true_in_ten_thousand_fleets() {
    play_fleets(10_000);
}
