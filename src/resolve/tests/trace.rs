//! Random fleets: an explanation agrees with the resolution that it explains, and leaves nothing out.

use std::collections::BTreeSet;

use super::world::{explanations, id};
use crate::{
    harness::seed::Dice,
    model::{
        datastores::StoredValue, environment::Source, key::Key, name::Name,
        settings::OnUnreachable, snapshot::Snapshot, spread,
    },
    resolve::{
        DatastoreUse, FallbackUnused, NameTrace, NotTaken, PassedOver, RegistryState, ResolveInput,
        Trace, TraceOutcome, resolve, unannounced,
    },
};

mod fleets;

use fleets::{Drawn, Item, Seen, draw};

/// What was resolved, as the trace says it.
fn agrees(input: &ResolveInput, trace: &Trace) {
    let resolved = resolve(input);
    match resolved {
        Ok(resolution) => match resolution.environment.into_values().next() {
            Some(variable) => {
                assert_eq!(trace.outcome, TraceOutcome::Value(variable.clone()));
                let taken = trace.names.iter().flat_map(|of_name| {
                    let taken = of_name.taken.iter();
                    taken.map(|(key, _)| match of_name.local_port {
                        Some(port) => format!("local:{port}"),
                        None => key.provider(),
                    })
                });
                let taken: BTreeSet<String> = taken.collect();
                assert_eq!(taken, variable.providers.into_iter().collect());
                let is_default = variable.source == Source::Default;
                assert_eq!(is_default, !trace.missing.is_empty());
            }
            None => assert_eq!(trace.outcome, TraceOutcome::LeftOut),
        },
        Err(missing) => {
            assert_eq!(trace.outcome, TraceOutcome::Unmet);
            let missing: Vec<Name> = missing
                .into_iter()
                .map(|reference| reference.name)
                .collect();
            assert_eq!(missing, trace.missing);
        }
    }
}

/// What was last known of announced names decides nothing: of the others alone follows the same.
fn needs_only_what_is_unannounced(input: &ResolveInput, seen: &Seen<'_>) {
    let RegistryState::Available(snapshot) = input.registry else {
        return;
    };
    let mut needed = seen.known.clone();
    needed.retain(&unannounced(input, snapshot));
    let [all, needed] = [seen.known, &needed].map(|last_known| {
        let input = ResolveInput {
            last_known,
            ..*input
        };
        resolve(&input).map_err(|missing| explanations(&input, snapshot, &missing))
    });
    assert_eq!(needed, all);
}

/// Everything of each name is taken or has a reason, and each reason is true.
fn is_complete(drawn: &Drawn, input: &ResolveInput, seen: &Seen<'_>, trace: &Trace) {
    let snapshot = seen.snapshot;
    let federation = &input.manifest.federation;
    for of_name in &trace.names {
        let mut all = seen.known.keys(federation);
        if drawn.away.is_none() {
            all.extend(
                snapshot
                    .live
                    .keys()
                    .chain(snapshot.withdrawn.keys())
                    .cloned(),
            );
        }
        all.extend(input.local_offers.keys().cloned());
        all.retain(|key| key.name == of_name.name);
        let taken: BTreeSet<Key> = of_name.taken.iter().map(|(key, _)| key.clone()).collect();
        let others: BTreeSet<Key> = of_name.not_taken.keys().cloned().collect();
        assert!(taken.is_disjoint(&others));
        assert_eq!(&taken | &others, all, "{}", of_name.name);
        for (key, why) in &of_name.not_taken {
            assert!(
                is_true(input, snapshot, trace, (key, why)),
                "{key:?}: {why:?}"
            );
        }
        others_are_complete(drawn, input, snapshot, of_name);
        let used = of_name.datastores.values();
        let used = used.filter(|used| **used == DatastoreUse::Taken).count();
        let is_filled = trace.missing.is_empty();
        assert!(used <= 1 && (used == 0 || is_filled));
        assert_eq!(is_filled, used == 1 || !taken.is_empty());
    }
    if trace.fallback == Some(FallbackUnused::Met) {
        assert!(trace.missing.is_empty());
    }
}

/// Unreadable records and datastores are all named.
fn others_are_complete(
    drawn: &Drawn,
    input: &ResolveInput,
    snapshot: &Snapshot,
    of_name: &NameTrace,
) {
    let federation = &input.manifest.federation;
    let unreadable = snapshot.unreadable_of(federation, &of_name.name).count();
    let unreadable = if drawn.away.is_none() { unreadable } else { 0 };
    assert_eq!(of_name.unreadable.len(), unreadable);
    let stored = input.datastores.regions.values();
    let stored = stored.chain([&input.datastores.common]);
    let stored = stored.filter(|values| values.contains_key(&of_name.name));
    assert_eq!(of_name.datastores.len(), stored.count());
}

fn is_true(
    input: &ResolveInput,
    snapshot: &Snapshot,
    trace: &Trace,
    (key, why): (&Key, &NotTaken),
) -> bool {
    let place = |region| input.regions.iter().position(|known| known == region);
    let is_read = place(&key.region).is_some();
    let is_live = snapshot.live.contains_key(key);
    let is_withdrawn = snapshot.withdrawn.contains_key(key);
    let is_away = matches!(input.registry, RegistryState::Unavailable(_));
    match why {
        NotTaken::PassedOver(PassedOver::LaterRegion { first }) => {
            place(first) < place(&key.region)
        }
        NotTaken::PassedOver(PassedOver::OtherShare { taken }) => {
            let (service, node) = taken.split_once('@').unwrap();
            let taken = Key {
                service: id(service),
                node: id(node),
                ..key.clone()
            };
            spread::score(input.node, &taken) >= spread::score(input.node, key)
        }
        NotTaken::PassedOver(PassedOver::Incomplete { lacks }) => {
            let stored = |name| {
                let stored = input.datastores.get(input.region, name);
                matches!(stored, Some(StoredValue::Text(_)))
            };
            !lacks.is_empty() && lacks.iter().all(|name| *name != key.name && !stored(name))
        }
        NotTaken::OthersMissing(names) => *names == trace.missing && !names.is_empty() && is_read,
        NotTaken::RegionNotRead => !is_read,
        NotTaken::NotProvided => input.local_offers.owns(key),
        NotTaken::Withdrawn(_) => is_withdrawn && !is_away,
        NotTaken::Expired(revision) => !is_live && !is_withdrawn && !is_away && *revision == 5,
        NotTaken::Unread(then) => is_away && *then != OnUnreachable::LastKnown,
    }
}

/// What is not taken can go without any change of the value; without what is taken, something else is.
fn is_counterfactual(drawn: &Drawn, trace: &Trace) {
    if drawn.requires.contains("{B}") || drawn.beside.is_some() {
        return;
    }
    let of_name = &trace.names[0];
    let without = |keys: &[&Key]| {
        let is_of = |item: &Item, key: &Key| {
            item.place == format!("{} {} {}", key.name, key.region, key.provider())
        };
        let mut less = drawn.clone();
        less.items
            .retain(|item| !keys.iter().any(|key| is_of(item, key)));
        less.explained(|_, _, trace| trace.clone())
    };
    for (key, why) in &of_name.not_taken {
        // Where the registry is not read, what was known of a name keeps datastores away.
        if let NotTaken::Unread(_) = why {
            continue;
        }
        assert_eq!(without(&[key]).outcome, trace.outcome, "without {key:?}");
    }
    let taken: Vec<&Key> = of_name.taken.iter().map(|(key, _)| key).collect();
    if !taken.is_empty() {
        assert_ne!(without(&taken).names[0].taken, of_name.taken);
    }
}

fn explain_fleets(fleets: usize) {
    let mut dice = Dice::new();
    let (mut met, mut unmet, mut not_taken) = (0, 0, 0);
    for fleet in 0..fleets {
        let drawn = draw(&mut dice);
        let explained = std::panic::catch_unwind(|| {
            drawn.explained(|input, seen, trace| {
                agrees(input, trace);
                needs_only_what_is_unannounced(input, seen);
                is_complete(&drawn, input, seen, trace);
                // Each takes several resolutions.
                if fleet % 5 == 0 {
                    is_counterfactual(&drawn, trace);
                }
                let names = trace.names.iter();
                let others: usize = names.map(|name| name.not_taken.len()).sum();
                (trace.outcome == TraceOutcome::Unmet, others)
            })
        });
        let Ok((is_unmet, others)) = explained else {
            panic!("{drawn:#?}");
        };
        *(if is_unmet { &mut unmet } else { &mut met }) += 1;
        not_taken += others;
    }
    #[expect(clippy::print_stdout, reason = "figures of the proof")]
    {
        println!("{met} met and {unmet} unmet requirements, {not_taken} reasons");
    }
}

#[test]
fn an_explanation_agrees_with_the_resolution_and_names_everything() {
    explain_fleets(500);
}

#[test]
#[ignore = "long: script/prove"]
fn ten_thousand_explanations_agree_with_the_resolution() {
    explain_fleets(10_000);
}
