//! Each rule of section 12, step 7, by itself.

use std::time::Duration;

use super::{haproxy::Haproxy, *};
use crate::model::balance_state::ParkedServer;

const BEFORE: [&str; 2] = ["local:1/a 10.0.0.1:80", "local:1/b 10.0.0.2:80 backup"];

fn changes(running: &Running, file: &ParsedFile, ours: &Ours) -> NeededChanges {
    Comparison {
        file,
        running,
        ours: Some(ours),
    }
    .changes()
}

fn lines(changes: NeededChanges) -> Vec<String> {
    match changes {
        NeededChanges::Socket(SocketChanges { batches, .. }) => {
            batches.into_iter().map(|batch| batch.line).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_difference_has_its_commands() {
    let running = Haproxy::loading(&file_of("s", &BEFORE), "").asked();
    let a = BEFORE[0];
    for (after, expected) in [
        (
            &[a, BEFORE[1], "local:1/c fd00::7:90"][..],
            "add server local:1/c [fd00::7]:90 check inter 5s;enable health local:1/c;enable server local:1/c",
        ),
        (
            &[a, BEFORE[1], "local:2/c 10.0.0.3:90 backup"],
            "add server local:2/c 10.0.0.3:90 check inter 5s backup;enable health local:2/c;enable server local:2/c",
        ),
        (
            &["local:1/a 10.0.0.9:81", BEFORE[1]],
            "set server local:1/a addr 10.0.0.9 port 81",
        ),
        (&[a], "set server local:1/b state maint"),
    ] {
        let changes = changes(&running, &file_of("s", after), &Ours::default());
        assert_eq!(lines(changes), [expected], "{after:?}");
    }
    let same = changes(&running, &file_of("s", &BEFORE), &Ours::default());
    assert_eq!(same, NeededChanges::None);
}

#[test]
fn what_commands_cannot_do_takes_a_reload() {
    let running = Haproxy::loading(
        &file_of("s", &[BEFORE[0], BEFORE[1], "b/h api.example.com:80"]),
        "",
    )
    .asked();
    let [a, b, h] = [BEFORE[0], BEFORE[1], "b/h API.example.com:80"];
    for (shape, after, cause) in [
        ("other", vec![a, b, h], ReloadCause::Shape),
        (
            "s",
            vec![a, "local:1/b 10.0.0.2:80", h],
            ReloadCause::Backup,
        ),
        ("s", vec![a, b], ReloadCause::Line),
        (
            "s",
            vec![a, b, "b/h other.example.com:80"],
            ReloadCause::Line,
        ),
        ("s", vec![a, b, "b/h api.example.com:81"], ReloadCause::Line),
        ("s", vec![a, b, "b/h 10.0.0.7:80"], ReloadCause::Line),
        (
            "s",
            vec!["local:1/a api.example.com:80", b, h],
            ReloadCause::Line,
        ),
        (
            "s",
            vec![a, b, h, "b/i api.example.com:80"],
            ReloadCause::Line,
        ),
        (
            "s",
            vec![a, b, h, "b/i 10.0.0.8:80 weight 7"],
            ReloadCause::Line,
        ),
    ] {
        let changes = changes(&running, &file_of(shape, &after), &Ours::default());
        assert_eq!(changes, NeededChanges::Reload(cause), "{after:?}");
    }
}

#[test]
fn without_a_shape_or_a_record_of_what_is_ours_it_takes_a_reload() {
    let file = file_of("s", &BEFORE);
    let running = Haproxy::loading(&file, "").asked();
    assert_eq!(
        changes(&running, &file, &Ours::default()),
        NeededChanges::None
    );
    let comparison = Comparison {
        file: &file,
        running: &running,
        ours: None,
    };
    assert_eq!(
        comparison.changes(),
        NeededChanges::Reload(ReloadCause::StateLost)
    );
    // A template that says no shape.
    let mut silent = file.clone();
    silent.shape = None;
    let unproved = changes(&running, &silent, &Ours::default());
    assert_eq!(unproved, NeededChanges::Reload(ReloadCause::Shape));
}

#[test]
fn many_servers_that_were_put_away_take_a_reload() {
    let name = |at: usize| format!("local:1/s{at} 10.0.0.1:{at}");
    for (live, parked, cause) in [
        (1, 100, None),
        (1, 101, Some(ReloadCause::Parked)),
        (150, 150, None),
        (150, 151, Some(ReloadCause::Parked)),
    ] {
        let all: Vec<String> = (1..=live + parked).map(name).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let running = Haproxy::loading(&file_of("s", &all), "").asked();
        let changes = changes(&running, &file_of("s", &all[..live]), &Ours::default());
        match cause {
            Some(cause) => assert_eq!(changes, NeededChanges::Reload(cause)),
            None => assert_eq!(lines(changes).len(), parked.div_ceil(50)),
        }
    }
}

#[test]
fn commands_are_joined_by_fifty_and_those_of_a_server_stay_together() {
    let wanted: Vec<String> = (0..40)
        .map(|at| format!("local:1/n{at} 10.0.0.1:{}", 100 + at))
        .collect();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let running = Haproxy::loading(&file_of("s", &BEFORE), "").asked();
    let lines = lines(changes(&running, &file_of("s", &wanted), &Ours::default()));
    let counts: Vec<usize> = lines.iter().map(|line| line.split(';').count()).collect();
    // 40 x 3 that add, then 2 that put away.
    assert_eq!(counts, [48, 48, 26]);
    for at in 0..40 {
        let end = format!("/n{at}");
        let of = |line: &&String| line.split([';', ' ']).any(|word| word.ends_with(&end));
        assert_eq!(lines.iter().filter(of).count(), 1);
    }
    assert!(lines[2].ends_with("set server local:1/b state maint"));
}

#[test]
fn a_maintenance_of_ours_ends_and_that_of_a_person_stays() {
    let file = file_of("s", &BEFORE);
    let mut haproxy = Haproxy::loading(&file, "");
    for (admin, is_ours, expected) in [
        (
            1,
            true,
            Some("enable health local:1/a;set server local:1/a state ready"),
        ),
        (1, false, None),
        (8, true, None),
        (8, false, None),
        (
            9,
            true,
            Some("enable health local:1/a;set server local:1/a state ready"),
        ),
    ] {
        let id = ServerId::new("local:1", "a");
        haproxy.servers.get_mut(&id).unwrap().admin = admin;
        let running = haproxy.asked();
        let ours = if is_ours {
            ours(&["local:1/a"])
        } else {
            ours(&[])
        };
        let comparison = Comparison {
            file: &file,
            running: &running,
            ours: Some(&ours),
        };
        let by_hand: Vec<_> = comparison.by_hand().into_iter().collect();
        match expected {
            Some(line) => assert_eq!(lines(comparison.changes()), [line]),
            None => assert_eq!(comparison.changes(), NeededChanges::None),
        }
        let expected = if expected.is_none() { vec![id] } else { vec![] };
        assert_eq!(by_hand, expected, "{admin} {is_ours}");
    }
}

#[test]
fn a_server_that_is_put_away_keeps_its_time_and_loses_its_connections_after_the_drain() {
    let mut haproxy = Haproxy::loading(&file_of("s", &BEFORE), "");
    let file = file_of("s", &[]);
    haproxy.execute("set server local:1/a state maint", 1);
    let a = ServerId::new("local:1", "a");
    haproxy.servers.get_mut(&a).unwrap().connections = 3;
    // A person's maintenance of a server that is gone by now.
    haproxy.execute("set server local:1/b state maint", 1);
    let running = haproxy.asked();
    let ours = ours(&["local:1/a"]);
    let comparison = Comparison {
        file: &file,
        running: &running,
        ours: Some(&ours),
    };
    let first = parked_after(&comparison, &BTreeMap::new(), "10");
    let parked = |since: &str| ParkedServer {
        since: since.to_owned(),
        address: Some("10.0.0.1:80".parse().unwrap()),
    };
    assert_eq!(first, [("local:1/a".to_owned(), parked("10"))].into());
    assert_eq!(parked_after(&comparison, &first, "20"), first);
    let left = left_behind(&comparison, &first, "30");
    assert_eq!(left["local:1/a"], parked("10"));
    assert_eq!(left["local:1/b"].since, "30");
    let drain = Duration::from_secs(5);
    let cut = |now: u64| {
        let age = |since: &str| now.checked_sub(since.parse().unwrap());
        shutdowns(&comparison, &first, drain, |since| {
            age(since).map(Duration::from_secs)
        })
    };
    assert_eq!(cut(14), []);
    let lines: Vec<_> = cut(15).into_iter().map(|batch| batch.line).collect();
    assert_eq!(lines, ["shutdown sessions server local:1/a"]);
}
