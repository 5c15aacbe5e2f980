//! What a reload takes over of the states of servers (section 12, step 8).

use super::{haproxy::Haproxy, *};
use crate::balance::state_file;

/// Servers of every kind, of which some move or go.
fn of_every_kind() -> Haproxy {
    let mut haproxy = Haproxy::loading(&file_of("s", &EVERY_KIND), "");
    for (id, server) in &mut haproxy.servers {
        server.is_up = !id.server.starts_with("down") && id.server != "gone";
        server.admin = match id.server.as_str() {
            "hand" | "hand-moved" | "ours" => 1,
            "drain" => 8,
            _ => 0,
        };
    }
    haproxy
}

const EVERY_KIND: [&str; 8] = [
    "p/up 10.0.0.1:1",
    "p/down 10.0.0.1:2",
    "p/down-moved 10.0.0.1:3",
    "p/hand 10.0.0.1:4",
    "p/hand-moved 10.0.0.1:5",
    "p/ours 10.0.0.1:6",
    "p/gone 10.0.0.1:7",
    "p/drain 10.0.0.1:8",
];

#[test]
fn only_what_is_down_or_in_a_persons_hands_is_taken_over_by_a_reload() {
    let before = EVERY_KIND;
    let after = [
        before[0],
        before[1],
        "p/down-moved 10.0.0.2:3",
        before[3],
        "p/hand-moved 10.0.0.2:55",
        before[5],
        before[7],
    ];
    let file = file_of("t", &after);
    let running = of_every_kind().asked();
    let states = state_file::content(&running, &file, Some(&ours(&["p/ours"])));
    let loaded = Haproxy::loading(&file, &states);
    let seen = loaded.servers.iter().map(|(id, server)| {
        let (address, port, admin) = (&server.address, server.port, server.admin);
        format!("{} {address}:{port} {admin} {}", id.server, server.is_up)
    });
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [
            "down 10.0.0.1:2 0 false",
            "down-moved 10.0.0.2:3 0 true",
            "drain 10.0.0.1:8 8 true",
            "hand 10.0.0.1:4 1 true",
            "hand-moved 10.0.0.2:55 1 true",
            "ours 10.0.0.1:6 0 true",
            "up 10.0.0.1:1 0 true",
        ]
    );
    // Whose maintenance it is may not be known: then it ends.
    let states = state_file::content(&running, &file, None);
    assert_eq!(states.lines().count(), 3, "{states}");
    let nothing = state_file::content(&running, &file_of("t", &[before[0]]), None);
    assert_eq!(nothing, state_file::EMPTY);
}
