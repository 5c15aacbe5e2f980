//! The ports of members, and what they say of a cluster.

use crate::harness::ports::fixed_port;

/// Those of one member.
pub(super) struct Ports {
    pub(super) host: &'static str,
    pub(super) client: u16,
    pub(super) peer: u16,
    pub(super) health: u16,
}

impl Ports {
    /// Ports of this machine that nothing else is given, not even while the member does not run.
    pub(super) fn free() -> Self {
        Self {
            host: "127.0.0.1",
            client: fixed_port(),
            peer: fixed_port(),
            health: fixed_port(),
        }
    }

    fn peer_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.peer)
    }

    /// What makes the owner of these ports the member number `at` of a cluster.
    pub(super) fn membership(&self, at: usize, all: &[Self]) -> Vec<String> {
        let member = |(at, ports): (usize, &Self)| format!("m{at}={}", ports.peer_url());
        let cluster: Vec<_> = all.iter().enumerate().map(member).collect();
        let flags = [
            ("--name", format!("m{at}")),
            ("--listen-peer-urls", self.peer_url()),
            ("--initial-advertise-peer-urls", self.peer_url()),
            ("--initial-cluster", cluster.join(",")),
            (
                "--listen-metrics-urls",
                format!("http://127.0.0.1:{}", self.health),
            ),
        ];
        flags
            .into_iter()
            .flat_map(|(flag, value)| [flag.to_owned(), value])
            .collect()
    }
}
