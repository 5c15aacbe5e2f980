//! Lasting TCP connections go on through reloads and changes of other servers.

use super::{changing::Changing, print};
use crate::harness::{
    client::{Client, Sending, Start},
    haproxy::is_there,
};

/// Four busy connections through so many reloads, and as many runs that change other servers by socket.
fn connections_last(times: usize, start: Start) {
    let mut changing = Changing::new("tcp");
    let client = start(changing.address(), Sending::TcpKeep, 4);
    client.sends(20);
    for _ in 0..times {
        let report = changing.lab.reports(&["--reload"]);
        assert_eq!(report["how"], "reload");
        client.sends(4);
    }
    // Those that came later have no connection: the pool has had all of them before.
    let first = changing.size();
    for at in 0..times {
        let ending = if at % 3 == 0 {
            changing.add()
        } else if at % 3 == 1 {
            Some(changing.relocate_after(first))
        } else {
            Some(changing.remove_after(first))
        };
        changing.run();
        client.sends(4);
        if let Some(ending) = ending {
            ending.stop();
        }
    }
    assert_eq!(
        changing.ways().get("reload"),
        Some(&1),
        "{:?}",
        changing.ways()
    );
    let tally = client.stop();
    print(
        &format!("{times} reloads, {:?}", changing.ways()),
        &[&tally],
    );
    tally.lost_none_of(0);
    assert_eq!(tally.connections, 4, "{tally}");
}

#[test]
fn lasting_connections_survive_reloads_and_changes() {
    if is_there("lasting connections through HAProxy") {
        connections_last(6, Client::light);
    }
}

#[test]
#[ignore = "long: script/prove"]
fn lasting_connections_survive_a_hundred_reloads_and_changes() {
    connections_last(100, Client::start);
}
