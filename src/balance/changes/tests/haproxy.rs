//! HAProxy's servers and socket, as far as commands of ours reach.

use std::{collections::BTreeMap, net::IpAddr};

use crate::balance::{
    file::ParsedFile,
    running::{Running, ServerId},
};

/// A HAProxy without connections, checks or files.
#[derive(Clone, Debug, Default)]
pub(super) struct Haproxy {
    pub shape: String,
    pub servers: BTreeMap<ServerId, Server>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub address: String,
    pub port: u16,
    pub host: Option<String>,
    pub admin: u32,
    pub is_up: bool,
    pub is_checked: bool,
    pub backup: bool,
    pub connections: u64,
}

const MAINTENANCE: u32 = 1;

impl Haproxy {
    /// One that has just loaded a file, and a state file.
    pub(super) fn loading(file: &ParsedFile, states: &str) -> Self {
        let mut loaded = Self {
            shape: file.shape.clone().unwrap_or_default(),
            servers: BTreeMap::new(),
        };
        for (pool, section) in &file.sections {
            for (name, server) in &section.servers {
                let is_host = server.address.parse::<IpAddr>().is_err();
                let server = Server {
                    address: if is_host { "-" } else { &server.address }.to_owned(),
                    host: is_host.then(|| server.address.clone()),
                    port: server.port.unwrap(),
                    admin: 0,
                    is_up: true,
                    is_checked: true,
                    backup: server.backup,
                    connections: 0,
                };
                loaded.servers.insert(ServerId::new(pool, name), server);
            }
        }
        for line in states.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split(' ').collect();
            if let [_, pool, _, name, address, state, admin, _, _, port] = fields[..]
                && let Some(server) = loaded.servers.get_mut(&ServerId::new(pool, name))
            {
                server.address = address.to_owned();
                server.port = port.parse().unwrap();
                server.admin = admin.parse().unwrap();
                server.is_up = state == "2";
            }
        }
        loaded
    }

    pub(super) fn asked(&self) -> Running {
        let mut servers =
            "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state \
            srv_time_since_last_change srv_fqdn srv_port\n"
                .to_owned();
        let mut stat = "# pxname,svname,scur,status,bck\n".to_owned();
        for (id, server) in &self.servers {
            let ServerId { pool, server: name } = id;
            let (state, host) = (2 * u32::from(server.is_up), server.host.as_deref());
            let (host, backup) = (host.unwrap_or("-"), u32::from(server.backup));
            servers.push_str(&format!(
                "1 {pool} 1 {name} {} {state} {} 700 {host} {}\n",
                server.address, server.admin, server.port
            ));
            stat.push_str(&format!(
                "{pool},{name},{},-,{backup}\n",
                server.connections
            ));
        }
        let info = format!(
            "Name: HAProxy\nPid: 1\ndescription: reconf {}\n",
            self.shape
        );
        Running::parse(&[info, servers, stat].join("\n")).unwrap()
    }

    /// Executes the first commands of a line.
    pub(super) fn execute(&mut self, line: &str, commands: usize) {
        for command in line.split(';').take(commands) {
            let words: Vec<&str> = command.split(' ').collect();
            self.command(&words);
        }
    }

    fn command(&mut self, words: &[&str]) {
        match words {
            ["add", "server", id, address, words @ ..] => {
                let address: std::net::SocketAddr = address.parse().unwrap();
                let server = Server {
                    address: address.ip().to_string(),
                    port: address.port(),
                    host: None,
                    admin: MAINTENANCE,
                    is_up: true,
                    is_checked: false,
                    backup: words.ends_with(&["backup"]),
                    connections: 0,
                };
                assert!(words.starts_with(&["check", "inter", "5s"]), "{words:?}");
                let added = self.servers.insert(ServerId::parse(id).unwrap(), server);
                assert_eq!(added, None, "added twice: {words:?}");
            }
            ["enable", "health", id] => self.server(id).is_checked = true,
            ["enable", "server", id] | ["set", "server", id, "state", "ready"] => {
                self.server(id).admin = 0;
            }
            ["set", "server", id, "state", "maint"] => self.server(id).admin = MAINTENANCE,
            ["set", "server", id, "addr", address, "port", port] => {
                let server = self.server(id);
                server.address = (*address).to_owned();
                server.port = port.parse().unwrap();
            }
            _ => panic!("unknown command {words:?}"),
        }
    }

    fn server(&mut self, id: &str) -> &mut Server {
        let id = ServerId::parse(id).unwrap();
        self.servers.get_mut(&id).unwrap()
    }
}
