//! Two commands on one state, in every order in which they can record.

use super::{Running, announced_at, put, said, withdrawal};
use crate::{
    announce::{
        outcome::Recorded,
        plan::Plan,
        record::{Intent, undo},
    },
    model::service_state::{AnnounceProgress, ServiceState},
};

/// Runs two commands on one state: `f` and `s` intend, `F` (at revision 6) and `S` (at 7) end. `t` is the intent of an
/// attempt of the second that met a conflict, and `T` takes it back.
fn run(order: &str, first: Plan, second: Plan) -> ServiceState {
    let mut state = announced_at(5);
    let mut first = Running::read(&state, first);
    let mut second = Running::read(&state, second);
    let mut before = state.clone();
    for step in order.chars() {
        match step {
            'f' => first.intend(&mut state),
            's' => second.intend(&mut state),
            't' => {
                before = state.clone();
                second.intend(&mut state);
            }
            'T' => {
                let progress = AnnounceProgress::PendingByHand;
                let intent = Intent::of(&second.plan, None, progress, second.hold);
                undo(&mut state, &before, &intent, second.intended);
            }
            'F' => drop(first.end(&mut state, 6)),
            'S' => assert_eq!(second.end(&mut state, 7), Recorded::Whole),
            _ => panic!("{order}"),
        }
    }
    state
}

/// The registry orders their transactions: the second has read what the first wrote, so its last intent is a later one.
#[test]
fn whoever_writes_last_is_what_the_state_says_in_every_order_of_recording() {
    for order in [
        "fFsS", "fsFS", "fsSF", "tfTFsS", "tfFTsS", "ftTsSF", "ftTFsS", "ftFTsS", "tfTsSF",
    ] {
        let withdrawn = run(order, put("new"), withdrawal());
        assert_eq!(said(&withdrawn), (None, false, true), "{order}");
        let announced = run(order, withdrawal(), put("new"));
        let expected = (Some(("new", 7)), false, false);
        assert_eq!(said(&announced), expected, "{order}");
    }
}
