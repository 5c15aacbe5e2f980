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
use serde_json::{Value, json};

use super::print;
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
const LOCAL_PORT: u16 = 21100;

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
    let said = String::from_utf8_lossy(&output.stdout);
    #[expect(clippy::print_stdout, reason = "a proof prints its figures")]
    {
        println!("{said}");
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(said.contains("1 passed"), "{said}");
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
            "id": "api", "environment": {"PORT": PORT}, "local_port": LOCAL_PORT,
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

/// The fleet, with a listener on the node of `www` and on that of the external balancer.
struct Cycle {
    www: Lab,
    lb: Lab,
    apis: [Api; 2],
    local: SocketAddr,
    outside: SocketAddr,
    _listening: [Running; 2],
}

impl Cycle {
    fn new(fleet: impl Fn() -> Fleet) -> Self {
        let external = fixed_port();
        let apis = [("api1", "10.77.0.11"), ("api2", "10.77.0.12")];
        let node = |name: &str, balance: Value| {
            let listen = json!({
                "debounce": "200ms", "splay": "0s", "min_interval": "0s",
                "command": ["sh", "-c", "echo run >>runs; exec reconf apply --all -q"],
            });
            let config = json!({"balance": balance, "listen": listen});
            let mut lab = Lab::named(name, fleet(), &config);
            let node = lab.node.without("RECONF_HOST");
            lab.node = node.env("PATH", &path_with_binary());
            lab
        };
        let www = node("www01", json!({"local": true}));
        www.requires(&["API_URL"]);
        let binds = json!([format!(":{external}")]);
        let lb = node("lb01", json!({"external": {"bind": binds}}));
        let _unmet = www.node.run(&["render", "www"]).exits(75);
        let listen = |lab: &Lab| Running::start(lab.node.command(&["listen"]), &lab.node.path(""));
        Self {
            apis: apis.map(|(name, host)| Api::new(&fleet(), name, host)),
            local: ([127, 0, 0, 1], LOCAL_PORT).into(),
            outside: ([127, 0, 0, 1], external).into(),
            _listening: [listen(&www), listen(&lb)],
            www,
            lb,
        }
    }

    /// The first api comes: its port is open before a conf has it.
    fn arrives(&self) -> Backend {
        let backend = self.apis[0].start();
        self.apis[0].run(&["announce", "api"]);
        let url = format!("http://{}", self.local);
        until("the conf has the local port", || {
            (self.www.value("API_URL")? == url).then_some(())
        });
        assert_eq!(get(self.local, "h", "/").unwrap().body, "api1 /\n");
        until("the external balancer routes it", || {
            let response = get(self.outside, "api.example.com", "/").ok()?;
            (response.status == 200).then_some(())
        });
        until("a provision has begun", || {
            (self.provisions() > 0).then_some(())
        });
        backend
    }

    /// An api moves to the other node, and its program ends once none of these clients can be waiting for it; gives how long
    /// both balancers took to send to it.
    fn moves(&self, from: &Api, to: &Api, old: Backend, clients: &[Client]) -> (Backend, Duration) {
        let new = to.start();
        to.run(&["announce", "api"]);
        let announced = Instant::now();
        self.follow(to, true);
        let took = announced.elapsed();
        from.run(&["withdraw", "api"]);
        self.follow(from, false);
        clients.iter().for_each(Client::each_is_answered);
        old.stop();
        (new, took)
    }

    /// Waits until both balancers send to an api, or do so no more.
    fn follow(&self, api: &Api, is_in: bool) {
        let name = format!(":{}", api.name);
        for lab in [&self.www, &self.lb] {
            until("HAProxy follows", || {
                let servers = lab.haproxy.servers();
                let mut servers = servers.iter().filter(|one| one.name.ends_with(&name));
                (servers.any(|one| !one.in_maintenance) == is_in).then_some(())
            });
        }
    }

    fn provisions(&self) -> usize {
        let runs = fs::read_to_string(self.www.node.path("runs"));
        runs.unwrap_or_default().lines().count()
    }

    /// The conf of `www`, and what would show that it was written again.
    fn conf(&self) -> (Vec<u8>, u64, i64, i64) {
        let path = self.www.node.path("etc/services.d/www.conf");
        let metadata = fs::metadata(&path).unwrap();
        let times = (metadata.mtime(), metadata.mtime_nsec());
        (fs::read(path).unwrap(), metadata.ino(), times.0, times.1)
    }
}

/// What `in_namespaces` runs; by itself it does nothing.
#[test]
#[ignore = "long: script/prove"]
fn inside() {
    let Ok(requests) = env::var(REQUESTS) else {
        return;
    };
    let requests: u64 = requests.parse().unwrap();
    sh(SETUP, &[]);
    let etcd = Etcd::at("10.77.0.1");
    let cycle = Cycle::new(|| Fleet::in_federation(etcd.url(), "default"));
    let mut backend = cycle.arrives();
    let before = (cycle.conf(), cycle.provisions());
    let clients = [
        Client::start(cycle.local, Sending::Keep(Duration::from_millis(5)), 4),
        Client::asking(cycle.outside, Sending::Close, 2, "api.example.com", "/"),
    ];
    let mut slowest = Duration::ZERO;
    let [one, two] = &cycle.apis;
    for (from, to) in [(one, two), (two, one), (one, two), (two, one)] {
        let (new, took) = cycle.moves(from, to, backend, &clients);
        backend = new;
        slowest = slowest.max(took);
        for client in &clients {
            client.sends(requests / 8);
        }
    }
    let tallies = clients.map(Client::stop);
    let figures = format!("announced to routed: at most {slowest:.0?}");
    print(&figures, &[&tallies[0], &tallies[1]]);
    for tally in &tallies {
        tally.lost_none_of(requests / 2);
        assert!(tally.by.len() == 2, "{tally}");
    }
    let after = (cycle.conf(), cycle.provisions());
    assert_eq!(
        after, before,
        "the conf is as it was, and nothing was provisioned"
    );
}
