//! The life of a small fleet whose nodes are network namespaces: nobody notices that an api moves.

use std::{
    env,
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    os::unix::fs::MetadataExt as _,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use nix::sched::{CloneFlags, setns};
use serde_json::json;

use super::{changing::GRACE, print};
use crate::harness::{
    backend::{Backend, Protocol},
    client::{Client, Sending, get},
    etcd::Etcd,
    fleet::Fleet,
    haproxy::is_there,
    lab::Lab,
    not_run,
    ports::fixed_port,
    process::Running,
    scenario::{BINARY, Scenario, path_with_binary},
    wait::until,
};

/// Says to the test below how many requests it is to send.
const REQUESTS: &str = "NAMESPACE_REQUESTS";

/// This machine's end of the network.
const SETUP: &str = "mount -t tmpfs tmpfs /run && ip link set lo up && ip link add br0 type bridge && \
    ip addr add 10.77.0.1/24 dev br0 && ip link set br0 up";

/// A node of the network; `$1` is its name, `$2` its address.
const NODE: &str = "ip netns add $1 && ip link add v$1 type veth peer name eth0 netns $1 && \
    ip link set v$1 master br0 up && ip -n $1 addr add $2/24 dev eth0 && ip -n $1 link set eth0 up && \
    ip -n $1 link set lo up";

const PORT: u16 = 1100;

fn sh(script: &str, arguments: &[&str]) {
    let mut command = Command::new("sh");
    command.args(["-ec", script, "sh"]).args(arguments);
    assert!(command.status().unwrap().success(), "{script}");
}

/// Runs the test below where network, mounts and processes are its own.
fn in_namespaces(requests: usize) {
    if !is_there("the cycle of a deployment in network namespaces") {
        return;
    }
    let private = [
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ];
    let mut probe = Command::new("unshare");
    let may = probe.args(private).args(["sh", "-c", SETUP]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        let what = "the cycle of a deployment: no network namespaces can be made here";
        return not_run::record(not_run::LIST.as_ref(), what);
    }
    let mut test = Command::new("unshare");
    test.args(private).arg(env::current_exe().unwrap());
    test.args([
        "--exact",
        "balance::namespaces::inside",
        "--ignored",
        "--nocapture",
    ]);
    let output = test.env(REQUESTS, requests.to_string()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    #[expect(clippy::print_stdout, reason = "a proof prints its figures")]
    {
        println!("{text}");
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
fn an_api_moves_and_nobody_notices() {
    in_namespaces(1_000);
}

#[test]
#[ignore = "long: script/prove"]
fn an_api_moves_often_and_ten_thousand_requests_notice_nothing() {
    in_namespaces(10_000);
}

/// A node with an api of that id.
struct Api {
    node: Scenario,
    name: &'static str,
    address: SocketAddr,
}

impl Api {
    fn new(fleet: &Fleet, name: &'static str, host: &str) -> Self {
        sh(NODE, &[name, host]);
        let manifest = json!({
            "id": "api", "environment": {"PORT": PORT}, "local_port": 21100,
            "provides": {"API_URL": "http://{HOST}:{PORT}"},
            "balance": {"mode": "http", "hosts": ["api.example.com"]}, "public": true,
        });
        Self {
            node: fleet
                .node(name)
                .without("RECONF_HOST")
                .manifest("api", &manifest.to_string()),
            name,
            address: format!("{host}:{PORT}").parse().unwrap(),
        }
    }

    /// Starts the program in its namespace.
    fn start(&self) -> Backend {
        let (name, address) = (self.name, self.address);
        let listening = thread::spawn(move || {
            let namespace = File::open(format!("/run/netns/{name}")).unwrap();
            setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
            TcpListener::bind(address).unwrap()
        });
        Backend::listening(name, listening.join().unwrap(), Protocol::Http)
    }

    /// Runs reconf in its namespace.
    fn run(&self, words: &[&str]) {
        let inside = ["netns", "exec", self.name, BINARY];
        let mut command = self.node.program("ip".as_ref(), &[&inside, words].concat());
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {stderr}");
    }
}

/// What `in_namespaces` runs; by itself it does nothing.
#[test]
#[ignore = "long: script/prove"]
fn inside() {
    let Some(requests) = env::var(REQUESTS)
        .ok()
        .and_then(|text| text.parse::<u64>().ok())
    else {
        return;
    };
    sh(SETUP, &[]);
    let etcd = Etcd::at("10.77.0.1");
    let fleet = || Fleet::in_federation(etcd.url(), "default");
    let apis = [("api1", "10.77.0.11"), ("api2", "10.77.0.12")];
    let apis = apis.map(|(name, host)| Api::new(&fleet(), name, host));

    let external = fixed_port();
    let listen = json!({
        "debounce": "200ms", "splay": "0s", "min_interval": "0s",
        "command": ["sh", "-c", "echo run >>runs; exec reconf apply --all -q"],
    });
    let node = |name: &str, balance: serde_json::Value| {
        let mut lab = Lab::named(
            name,
            fleet(),
            &json!({"balance": balance, "listen": listen}),
        );
        lab.node = lab
            .node
            .without("RECONF_HOST")
            .env("PATH", &path_with_binary());
        lab
    };
    let www = node("www01", json!({"local": true}));
    www.requires(&["API_URL"]);
    let lb = node(
        "lb01",
        json!({"external": {"bind": [format!(":{external}")]}}),
    );
    let _unmet = www.node.run(&["render", "www"]).exits(75);
    let listen = |lab: &Lab| Running::start(lab.node.command(&["listen"]), &lab.node.path(""));
    let _listening = [listen(&www), listen(&lb)];

    let mut backend = apis[0].start();
    let started = Instant::now();
    apis[0].run(&["announce", "api"]);
    let local: SocketAddr = ([127, 0, 0, 1], 21100).into();
    let outside: SocketAddr = ([127, 0, 0, 1], external).into();
    until("the conf has the local port", || {
        (www.value("API_URL")? == format!("http://{local}")).then_some(())
    });
    assert_eq!(
        get(local, "h", "/").unwrap().body,
        "api1 /\n",
        "the port is open before a conf has it"
    );
    until("the external balancer routes it", || {
        (get(outside, "api.example.com", "/").ok()?.status == 200).then_some(())
    });
    let first = started.elapsed();

    let runs = || {
        fs::read_to_string(www.node.path("runs"))
            .unwrap_or_default()
            .lines()
            .count()
    };
    let conf = || {
        let path = www.node.path("etc/services.d/www.conf");
        let metadata = fs::metadata(&path).unwrap();
        (
            fs::read(path).unwrap(),
            metadata.ino(),
            metadata.mtime(),
            metadata.mtime_nsec(),
        )
    };
    until("the provision has ended", || {
        www.node.path("runs").exists().then_some(())
    });
    let (conf_before, runs_before) = (conf(), runs());
    let clients = [
        Client::start(local, Sending::Keep(Duration::from_millis(5)), 4),
        Client::asking(outside, Sending::Close, 2, "api.example.com", "/"),
    ];
    let mut slowest = Duration::ZERO;
    let moves = 4;
    for at in 0..moves {
        let (from, to) = (&apis[at % 2], &apis[(at + 1) % 2]);
        let next = to.start();
        to.run(&["announce", "api"]);
        let announced = Instant::now();
        let in_rotation = |lab: &Lab, api: &Api, is_in: bool| {
            let name = format!(":{}", api.name);
            until("HAProxy follows", || {
                let servers = lab.haproxy.servers();
                let mut found = servers.iter().filter(|server| server.name.ends_with(&name));
                let found = found.any(|server| !server.in_maintenance);
                (found == is_in).then_some(())
            });
        };
        for lab in [&www, &lb] {
            in_rotation(lab, to, true);
        }
        slowest = slowest.max(announced.elapsed());
        from.run(&["withdraw", "api"]);
        for lab in [&www, &lb] {
            in_rotation(lab, from, false);
        }
        thread::sleep(GRACE);
        backend.stop();
        backend = next;
        for client in &clients {
            client.sends(requests / 2 / u64::try_from(moves).unwrap());
        }
    }
    let tallies = clients.map(Client::stop);
    let figures = format!("announced to routed: first {first:.0?}, then at most {slowest:.0?}");
    print(&figures, &[&tallies[0], &tallies[1]]);
    for tally in &tallies {
        tally.lost_none_of(requests / 2);
        assert!(tally.by.len() == 2, "{tally}");
    }
    assert_eq!(conf(), conf_before, "the conf was not written again");
    assert_eq!(runs(), runs_before, "nothing was provisioned");
}
