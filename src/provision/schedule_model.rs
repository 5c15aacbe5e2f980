//! Random events of a node, in random order and at random times.

use proptest::prelude::*;

/// An event, a random number of milliseconds after the one before.
#[derive(Clone, Debug)]
pub(super) enum ModelEvent {
    Change,
    /// The value returns to the applied one.
    Revert,
    /// Chef provisions the node.
    Converge,
    Kick,
    On,
    Off(Option<u64>),
    Busy(bool),
}

/// How a provision ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ModelEnd {
    /// It applies what it began with.
    Applied,
    /// It succeeds and applies nothing: the registry did not answer.
    Degraded,
    Failed,
}

fn end() -> impl Strategy<Value = ModelEnd> {
    prop_oneof![
        3 => Just(ModelEnd::Applied),
        1 => Just(ModelEnd::Degraded),
        1 => Just(ModelEnd::Failed),
    ]
}

fn event() -> impl Strategy<Value = ModelEvent> {
    prop_oneof![
        8 => Just(ModelEvent::Change),
        1 => Just(ModelEvent::Revert),
        1 => Just(ModelEvent::Converge),
        1 => Just(ModelEvent::Kick),
        1 => Just(ModelEvent::On),
        1 => proptest::option::of(1..5_000_u64).prop_map(ModelEvent::Off),
        2 => any::<bool>().prop_map(ModelEvent::Busy),
    ]
}

#[derive(Clone, Debug)]
pub(super) struct RandomSchedule {
    pub(super) limits: [u64; 3],
    pub(super) splay: u64,
    pub(super) events: Vec<(u64, ModelEvent)>,
    /// Of each attempt: how long the provision takes, how it ends, and whether its slot is refused.
    pub(super) ends: Vec<(u64, ModelEnd, bool)>,
}

pub(super) fn schedule() -> impl Strategy<Value = RandomSchedule> {
    (
        [0..500_u64, 0..3_000_u64, 0..5_000_u64],
        0..300_u64,
        proptest::collection::vec((0..800_u64, event()), 1..60),
        proptest::collection::vec((0..2_000_u64, end(), proptest::bool::weighted(0.2)), 1..20),
    )
        .prop_map(|(limits, splay, events, ends)| RandomSchedule {
            limits,
            splay,
            events,
            ends,
        })
}
