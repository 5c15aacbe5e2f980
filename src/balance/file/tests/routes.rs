//! What a request costs HAProxy with few and with many routes.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use super::{
    frontend, route,
    running::{Instances, Running},
};
use crate::{
    balance::view::{Route, RoutingKind},
    harness::ports::fixed_port,
};

const REQUESTS: usize = 10_000;

/// So many routes by host and path, to one instance.
fn routes(count: usize) -> Vec<Route> {
    let one = |at: usize| {
        let host = format!("host{}.example.com", at % 100);
        route(Some(&host), &format!("/service-{at}"), "www")
    };
    (0..count).map(one).collect()
}

/// Sends requests over one connection, to each route in turn; all are answered with 200.
fn send(port: u16, count: usize) {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(&stream);
    for request in 0..REQUESTS {
        let at = request % count;
        let host = at % 100;
        let head = format!("GET /service-{at}/x HTTP/1.1\r\nHost: host{host}.example.com\r\n\r\n");
        (&stream).write_all(head.as_bytes()).unwrap();
        let (mut line, mut length) = (String::new(), 0);
        reader.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        reader.read_exact(&mut vec![0; length]).unwrap();
    }
}

/// The CPU that the threads of a process have used, in microseconds.
fn cpu(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let used = tasks.map(|task| {
        let schedule = fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
        schedule.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    used.sum::<u64>() / 1_000
}

#[expect(clippy::print_stdout, reason = "a proof prints its figures")]
fn print([few, many]: [u64; 2]) {
    println!("CPU of {REQUESTS} requests: {few} us with 20 routes, {many} us with 1,000");
}

#[test]
#[ignore = "long: script/prove"]
fn a_request_costs_about_the_same_with_1000_routes_as_with_20() {
    let instances = Instances::start(&["www"]);
    let counts = [20, 1_000];
    let start = |count| {
        let port = fixed_port();
        let bind = format!("127.0.0.1:{port}");
        let routes = frontend(RoutingKind::External, &bind, false, routes(count));
        Some((count, port, Running::start(instances.view(vec![routes]))?))
    };
    // The least of some rounds in turn, of some processes each: what else the machine does only adds, and so does memory that
    // lies badly.
    let mut least = [u64::MAX; 2];
    for _ in 0..3 {
        let Some(balancers) = counts.map(start).into_iter().collect::<Option<Vec<_>>>() else {
            return;
        };
        for (which, (count, port, running)) in (0..5).flat_map(|_| balancers.iter().enumerate()) {
            let before = cpu(running.pid());
            send(*port, *count);
            least[which] = cpu(running.pid()).saturating_sub(before).min(least[which]);
        }
    }
    print(least);
    assert!(least[1] * 10 <= least[0] * 11, "{least:?}");
}
