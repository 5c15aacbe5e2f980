//! A node that balances with a real HAProxy what a registry says.

use std::{fs, net::SocketAddr};

use serde_json::{Map, Value, json};

use super::{
    fleet::Fleet,
    haproxy::Haproxy,
    scenario::{Run, Scenario},
};

/// HAProxy's file, below the root.
const OUTPUT: &str = "etc/haproxy/reconf.cfg";

/// A node, its HAProxy and the registry that they follow.
pub(crate) struct Lab {
    /// Ended before its root is removed.
    pub(crate) haproxy: Haproxy,
    pub(crate) node: Scenario,
    pub(crate) fleet: Fleet,
}

/// What an instance announces.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) service: String,
    pub(crate) node: String,
    pub(crate) region: String,
    pub(crate) names: Vec<String>,
    pub(crate) pattern: String,
    pub(crate) address: SocketAddr,
    pub(crate) local_port: Option<u16>,
    pub(crate) public: bool,
    /// Further fields, such as `mode`.
    pub(crate) more: Map<String, Value>,
}

impl Lab {
    /// A node `www01`; `config` is its `config.json`, in which `balance` gets the paths and commands of its HAProxy.
    pub(crate) fn new(fleet: Fleet, config: &Value) -> Self {
        Self::named("www01", fleet, config)
    }

    /// The same with another name.
    pub(crate) fn named(name: &str, fleet: Fleet, config: &Value) -> Self {
        let node = fleet.node(name);
        let lab = Self {
            haproxy: Haproxy::below(&node.path(""), OUTPUT),
            node,
            fleet,
        };
        lab.configure(config);
        lab
    }

    /// A node that balances locally and has the manifest of `www`, which requires these names.
    pub(crate) fn local(fleet: Fleet, names: &[&str]) -> Self {
        let config = json!({"balance": {"local": true}});
        let lab = Self::new(fleet, &config);
        lab.requires(names);
        lab
    }

    /// Writes `config.json` anew.
    pub(crate) fn configure(&self, config: &Value) {
        let mut config = config.clone();
        if let Some(balance) = config.get_mut("balance").and_then(Value::as_object_mut) {
            let command = |path: std::path::PathBuf| json!([path]);
            balance.insert("output".into(), format!("/{OUTPUT}").into());
            balance.insert("socket".into(), "/run/reconf-haproxy/admin.sock".into());
            let reload = command(self.haproxy.reload_command());
            balance.entry("reload").or_insert(reload);
            balance.insert("stop".into(), command(self.haproxy.stop_command()));
        }
        self.node.put("etc/reconf/config.json", &config.to_string());
    }

    /// Writes the manifest of `www`, which requires these names as variables of the same names.
    pub(crate) fn requires(&self, names: &[&str]) {
        let requires = names.iter().map(|name| (*name, format!("{{{name}}}")));
        let requires: Map<String, Value> = requires.map(|(k, v)| (k.into(), v.into())).collect();
        let manifest = json!({
            "id": "www", "federation": self.fleet.federation(), "requires": requires,
        });
        self.node
            .put("etc/reconf/services/www.json", &manifest.to_string());
    }

    /// Runs `reconf balance` with these words.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> Run {
        self.node.run(&[&["balance"], words].concat())
    }

    /// Runs `reconf balance`, which is to succeed, and gives its report.
    #[track_caller]
    pub(crate) fn balances(&self) -> Value {
        self.reports(&[])
    }

    /// The same with further words.
    #[track_caller]
    pub(crate) fn reports(&self, words: &[&str]) -> Value {
        let run = self.run(&[&["--output", "json"], words].concat()).exits(0);
        let text = String::from_utf8_lossy(&run.output.stdout);
        let reports = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let mut reports = reports.filter(|report: &Value| report.get("how").is_some());
        reports
            .next()
            .unwrap_or_else(|| panic!("no report: {}", run.text()))
    }

    /// Has an instance announce all its names.
    pub(crate) fn announce(&self, instance: &Instance) {
        self.announce_all(std::slice::from_ref(instance));
    }

    /// Has many instances announce all their names.
    pub(crate) fn announce_all(&self, instances: &[Instance]) {
        let mut registry = self.fleet.registry();
        let federation = self.fleet.federation();
        for instance in instances {
            for name in &instance.names {
                let key = key(federation, "provides", name, instance);
                registry.put(federation, &key, &instance.announcement());
            }
        }
    }

    /// The same of one in another federation of the registry.
    pub(crate) fn announce_in(&self, federation: &str, instance: &Instance) {
        for name in &instance.names {
            let key = key(federation, "provides", name, instance);
            let mut registry = self.fleet.registry();
            registry.put(federation, &key, &instance.announcement());
        }
    }

    /// Has an instance announce all its names with a lease that nobody renews and that ends after so many seconds.
    pub(crate) fn announce_for(&self, seconds: i64, instance: &Instance) {
        let mut registry = self.fleet.registry();
        for name in &instance.names {
            let key = key(self.fleet.federation(), "provides", name, instance);
            registry.put_for(seconds, &key, &instance.announcement());
        }
    }

    /// Has an instance withdraw all its names.
    pub(crate) fn withdraw(&self, instance: &Instance) {
        let mut registry = self.fleet.registry();
        let federation = self.fleet.federation();
        let tombstone = json!({"by": "manifest", "at": "2026-01-01T00:00:00Z"}).to_string();
        for name in &instance.names {
            registry.put(
                federation,
                &key(federation, "withdrawn", name, instance),
                &tombstone,
            );
            registry.delete(
                federation,
                &key(self.fleet.federation(), "provides", name, instance),
            );
        }
    }

    /// Lets the announcements of an instance expire.
    pub(crate) fn expire(&self, instance: &Instance) {
        let mut registry = self.fleet.registry();
        for name in &instance.names {
            registry.delete(
                self.fleet.federation(),
                &key(self.fleet.federation(), "provides", name, instance),
            );
        }
    }

    /// HAProxy's file as it is.
    pub(crate) fn file(&self) -> String {
        fs::read_to_string(self.haproxy.output()).unwrap_or_default()
    }

    /// A state file of reconf, below `/var/lib/reconf`.
    pub(crate) fn state(&self, name: &str) -> Value {
        let path = self.node.path("var/lib/reconf").join(name);
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// What the conf of `www` says of a variable.
    pub(crate) fn value(&self, variable: &str) -> Option<String> {
        self.value_of("www", variable)
    }

    /// The same of another service.
    pub(crate) fn value_of(&self, service: &str, variable: &str) -> Option<String> {
        let path = format!("etc/services.d/{service}.conf");
        let conf = fs::read_to_string(self.node.path(&path)).ok()?;
        let start = format!("export {variable}='");
        let line = conf.lines().find(|line| line.starts_with(&start))?;
        Some(line[start.len()..].trim_end_matches('\'').to_owned())
    }

    /// Asserts that HAProxy's servers, those in maintenance apart, are exactly those of its file, at the same addresses.
    #[track_caller]
    pub(crate) fn runs_its_file(&self) {
        let mut section = String::new();
        let mut filed = Vec::new();
        for line in self.file().lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["listen" | "backend", name, ..] => name.clone_into(&mut section),
                ["server", name, address, ..] => filed.push(format!("{section}/{name} {address}")),
                _ => {}
            }
        }
        filed.sort();
        let running = self.haproxy.servers();
        let running = running.into_iter().filter(|server| !server.in_maintenance);
        let running: Vec<_> = running
            .map(|one| format!("{} {}", one.name, one.address))
            .collect();
        assert_eq!(running, filed, "HAProxy runs something else than its file");
    }
}

fn key(federation: &str, kind: &str, name: &str, instance: &Instance) -> String {
    let Instance {
        service,
        node,
        region,
        ..
    } = instance;
    format!("/reconf/v1/{federation}/{kind}/{name}/{region}/{service}@{node}")
}

impl Instance {
    /// Service `api` of that node at `address`, which provides `API_URL` as `http://{HOST}:{PORT}`.
    pub(crate) fn of(node: &str, address: SocketAddr, local_port: u16) -> Self {
        Self {
            service: "api".to_owned(),
            node: node.to_owned(),
            region: "default".to_owned(),
            names: vec!["API_URL".to_owned()],
            pattern: "http://{HOST}:{PORT}".to_owned(),
            address,
            local_port: Some(local_port),
            public: false,
            more: Map::new(),
        }
    }

    /// The same with another service and other names.
    pub(crate) fn providing(mut self, service: &str, names: &[&str]) -> Self {
        service.clone_into(&mut self.service);
        self.names = names.iter().map(ToString::to_string).collect();
        self
    }

    /// The same with a further field.
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.more.insert(field.to_owned(), value.into());
        self
    }

    /// The server that it is in HAProxy.
    pub(crate) fn server(&self) -> String {
        format!("{}:{}:{}", self.region, self.service, self.node)
    }

    fn announcement(&self) -> String {
        let (host, port) = (self.address.ip().to_string(), self.address.port());
        let value = self
            .pattern
            .replace("{HOST}", &host)
            .replace("{PORT}", &port.to_string());
        let mut announcement = json!({
            "value": value, "pattern": self.pattern, "host": host, "port": port,
            "local_port": self.local_port, "service": self.service, "node": self.node,
            "public": self.public, "since": "2026-01-01T00:00:00Z",
        });
        let fields = announcement.as_object_mut().unwrap();
        fields.extend(self.more.clone());
        announcement.to_string()
    }
}
