//! Random fleets, as far as one requirement sees them.

use crate::{
    harness::seed::Dice,
    model::{
        announcement::By, last_known::LastKnown, name::Name, settings::OnUnreachable,
        snapshot::Snapshot,
    },
    resolve::{
        ResolveInput, Trace,
        tests::world::{World, requiring},
        trace,
    },
};

const REQUIRES: [&str; 9] = [
    r#""{A}""#,
    r#""{A}""#,
    r#""<{A}>""#,
    r#"{"value": "{A}", "pick": "all"}"#,
    r#"{"value": "{A}", "optional": true}"#,
    r#"{"value": "{A}", "default": "d"}"#,
    r#""{A}:{B}""#,
    r#"{"value": "{A}:{B}", "pick": "all"}"#,
    r#"{"value": "{B}{A}{B}", "default": "d"}"#,
];

const DATASTORES: [&str; 6] = [
    "{}",
    "{}",
    r#"{"datastores": {"A": "a"}}"#,
    r#"{"datastores": {"B": "b", "A": []}}"#,
    r#"{"datastores": {"A": "a"}, "regions": {"east": {"datastores": {"A": "e"}}}}"#,
    r#"{"regions": {"east": {"datastores": {"B": 1}}, "west": {"datastores": {"A": "w"}}}}"#,
];

const BESIDE: [&str; 3] = [
    r#"{"id": "beside", "environment": {"PORT": 80}, "provides": {"A": "{HOST}:{PORT}"}, "local_port": 2000}"#,
    r#"{"id": "beside", "provides": {"A": "a0", "B": "b0"}}"#,
    r#"{"id": "beside", "provides": {"C": "x"}}"#,
];

/// What one provider has of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    state: usize,
    pub(super) place: String,
    value: String,
}

/// A fleet, as far as one requirement of `web01` sees it.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub(super) items: Vec<Item>,
    pub(super) requires: &'static str,
    regions: &'static [&'static str],
    datastores: &'static str,
    pub(super) beside: Option<&'static str>,
    pub(super) away: Option<OnUnreachable>,
    is_balanced: bool,
}

/// The registry, and what was known of it before it was read.
pub(super) struct Seen<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) known: &'a LastKnown,
}

fn one<T: Clone>(dice: &mut Dice, all: &[T]) -> T {
    all[dice.roll(all.len())].clone()
}

pub(super) fn draw(dice: &mut Dice) -> Drawn {
    let mut items: Vec<Item> = Vec::new();
    for _ in 0..dice.roll(8) {
        let service = one(dice, &["api", "api", "db", "beside"]);
        let node = one(dice, &["n1", "n2", "n3", "web01"]);
        let region = one(dice, &["east", "east", "west", "north"]);
        let place = format!("{} {region} {service}@{node}", one(dice, &["A", "A", "B"]));
        let value = format!("{{HOST}}:{{PORT}}/{}|2000", items.len());
        if items.iter().all(|item| item.place != place) {
            let state = dice.roll(6);
            items.push(Item {
                state,
                place,
                value,
            });
        }
    }
    let away = [
        OnUnreachable::LastKnown,
        OnUnreachable::Datastores,
        OnUnreachable::Fail,
    ];
    Drawn {
        items,
        requires: one(dice, &REQUIRES),
        regions: one(
            dice,
            &[
                &["east"][..],
                &["east", "west"],
                &["west", "east"],
                &["west"],
            ],
        ),
        datastores: one(dice, &DATASTORES),
        beside: (dice.roll(4) == 0).then(|| one(dice, &BESIDE)),
        away: (dice.roll(5) == 0).then(|| one(dice, &away)),
        is_balanced: dice.roll(6) == 0,
    }
}

impl Drawn {
    fn world(&self) -> World {
        let mut world = requiring(self.requires)
            .regions(self.regions)
            .datastores(self.datastores);
        for item in &self.items {
            let text = format!("{} {}", item.place, item.value);
            world = match item.state {
                0 => world.known(&text),
                1 => world.withdrawn(&item.place, By::Hand),
                2 => world.known(&text).withdrawn(&item.place, By::Manifest),
                3 => world.known(&text).live(&text),
                4 if item.value.contains("/1") => world.unreadable(&item.place),
                _ => world.live(&text),
            };
        }
        if let Some(json) = self.beside {
            world = world.beside(json);
        }
        if let Some(then) = self.away {
            world = world.away(then);
        }
        if self.is_balanced {
            world = world.served(2000, &["A"]);
        }
        world
    }

    pub(super) fn explained<T>(
        &self,
        check: impl FnOnce(&ResolveInput, &Seen<'_>, &Trace) -> T,
    ) -> T {
        self.world().ask("web01", |input, snapshot| {
            let mut last_known = input.last_known.clone();
            if self.away.is_none() {
                let names = ["A", "B"].map(|name| Name::parse(name).unwrap()).into();
                last_known.update(&names, snapshot, |key| input.local_offers.owns(key));
            }
            let seen = Seen {
                snapshot,
                known: input.last_known,
            };
            let input = ResolveInput {
                last_known: &last_known,
                ..*input
            };
            let requirement = input.manifest.requires.values().next().unwrap();
            let trace = trace(&input, requirement, seen.known);
            check(&input, &seen, &trace)
        })
    }
}
