//! What a member is asked: `etcdctl`, leases, metrics and users.

use std::{process::Command, sync::atomic::Ordering};

use super::Etcd;
use crate::harness::wait::until;

impl Etcd {
    /// Runs `etcdctl` against it and returns what it prints.
    pub(crate) fn ctl(&self, args: &[&str]) -> String {
        let mut command = Command::new("etcdctl");
        command
            .env("ETCDCTL_API", "3")
            .arg("--endpoints")
            .arg(&self.url);
        if let Some(tls) = &self.tls {
            command.arg("--cacert").arg(&tls.ca);
            if let Some(pair) = &tls.client {
                command
                    .arg("--cert")
                    .arg(&pair.cert)
                    .arg("--key")
                    .arg(&pair.key);
            }
        }
        if self.has_users.load(Ordering::Relaxed) {
            command.args(["--user", "root:root"]);
        }
        let output = command.args(args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "etcdctl {args:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The one lease on which a key hangs. A call that was repeated may have left others, which expire by themselves.
    #[track_caller]
    pub(crate) fn only_lease(&self) -> String {
        let listed = self.ctl(&["lease", "list"]);
        let is_used = |lease: &&str| {
            let keys = self.ctl(&["lease", "timetolive", lease, "--keys"]);
            keys.contains("attached keys([/")
        };
        let used: Vec<&str> = listed
            .lines()
            .skip(1)
            .map(str::trim)
            .filter(is_used)
            .collect();
        let [lease] = used[..] else {
            panic!("there is not one lease in use: {listed}");
        };
        lease.to_owned()
    }

    /// Waits until the time that a lease has left grows: somebody keeps it alive.
    #[track_caller]
    pub(crate) fn sees_renewal(&self, lease: &str) {
        let mut before = self.left(lease);
        until("the lease is renewed", || {
            let now = self.left(lease);
            let renewed = now > before;
            before = now;
            renewed.then_some(())
        });
    }

    /// How many seconds a lease has left.
    #[track_caller]
    pub(crate) fn left(&self, lease: &str) -> u64 {
        self.time(lease, "ttl")
    }

    /// The TTL with which a lease was granted, in seconds.
    #[track_caller]
    pub(crate) fn granted(&self, lease: i64) -> u64 {
        self.time(&format!("{lease:x}"), "granted-ttl")
    }

    #[track_caller]
    fn time(&self, lease: &str, what: &str) -> u64 {
        let told = self.ctl(&["lease", "timetolive", lease, "-w=json"]);
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        let time = told[what].as_u64();
        time.unwrap_or_else(|| panic!("the lease has ended: {told}"))
    }

    /// The lease of a key; 0 for none, `None` if the key is not there.
    pub(crate) fn lease_of(&self, key: &str) -> Option<i64> {
        let told = self.ctl(&["get", key, "-w=json"]);
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        let key = told["kvs"].get(0)?;
        Some(key["lease"].as_i64().unwrap_or(0))
    }

    /// How often users have logged in since it started, `etcdctl` included.
    pub(crate) fn logins(&self) -> u64 {
        self.metric(r#"grpc_server_handled_total{grpc_code="OK",grpc_method="Authenticate","#)
    }

    /// How often leases were renewed since it started.
    pub(crate) fn renewals(&self) -> u64 {
        self.metric("etcd_debugging_lease_renewed_total ")
    }

    /// The number in the line of its metrics that begins so.
    fn metric(&self, start: &str) -> u64 {
        let metrics = self.asked("/metrics").unwrap();
        let line = metrics.lines().find(|line| line.starts_with(start));
        let number = line.unwrap().rsplit(' ').next().unwrap();
        number.parse().unwrap()
    }

    /// Switches authentication on: each user has a password and may read and write one prefix; `root` has `root`.
    pub(crate) fn require_users(&self, users: &[(&str, &str, &str)]) {
        self.ctl(&["user", "add", "root:root"]);
        self.ctl(&["user", "grant-role", "root", "root"]);
        for (user, password, prefix) in users {
            self.ctl(&["user", "add", &format!("{user}:{password}")]);
            self.ctl(&["role", "add", user]);
            let grant = [
                "role",
                "grant-permission",
                "--prefix=true",
                user,
                "readwrite",
                prefix,
            ];
            self.ctl(&grant);
            self.ctl(&["user", "grant-role", user, user]);
        }
        self.ctl(&["auth", "enable"]);
        self.has_users_now();
    }

    /// Authentication was enabled; `root` has the password `root`.
    pub(crate) fn has_users_now(&self) {
        self.has_users.store(true, Ordering::Relaxed);
    }
}
