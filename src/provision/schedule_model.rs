//! What may happen to a node, in random order and at random times.

use proptest::prelude::*;

/// Something that happens, so many milliseconds after what happened before.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    Change,
    /// The value goes back to what the node runs with.
    Revert,
    /// Somebody else provisions the node.
    Converge,
    Kick,
    On,
    Off(Option<u64>),
    Busy(bool),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => Just(Happening::Change),
        1 => Just(Happening::Revert),
        1 => Just(Happening::Converge),
        1 => Just(Happening::Kick),
        1 => Just(Happening::On),
        1 => proptest::option::of(1..5_000_u64).prop_map(Happening::Off),
        2 => any::<bool>().prop_map(Happening::Busy),
    ]
}

#[derive(Clone, Debug)]
pub(super) struct Schedule {
    pub(super) limits: [u64; 3],
    pub(super) splay: u64,
    pub(super) happenings: Vec<(u64, Happening)>,
    /// Of each provision: how long it takes, and whether it succeeds; of each try, whether the fleet refuses it.
    pub(super) ends: Vec<(u64, bool, bool)>,
}

pub(super) fn schedule() -> impl Strategy<Value = Schedule> {
    (
        [0..500_u64, 0..3_000_u64, 0..5_000_u64],
        0..300_u64,
        proptest::collection::vec((0..800_u64, happening()), 1..60),
        proptest::collection::vec(
            (
                0..2_000_u64,
                proptest::bool::weighted(0.7),
                proptest::bool::weighted(0.2),
            ),
            1..20,
        ),
    )
        .prop_map(|(limits, splay, happenings, ends)| Schedule {
            limits,
            splay,
            happenings,
            ends,
        })
}
