//! Commands of HAProxy's socket. Names and addresses are well-formed, so nothing in them is escaped.

use std::net::{IpAddr, SocketAddr};

use crate::balance::running::ServerId;

/// About as many commands are sent with one connection.
pub(super) const COMMANDS: usize = 50;

/// Commands that are sent with one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandBatch {
    /// The commands, joined by `;`.
    pub line: String,
}

/// The commands for one server, which are sent in one line.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub server: ServerId,
    /// Whether they add the server or put it away.
    pub is_noted: bool,
    commands: Vec<String>,
}

impl Group {
    pub(super) fn new(server: ServerId) -> Self {
        Self {
            server,
            is_noted: false,
            commands: Vec::new(),
        }
    }

    /// A new server is in maintenance and unchecked: two commands end that.
    pub(super) fn add(
        server: ServerId,
        address: IpAddr,
        port: u16,
        words: &[String],
        is_backup: bool,
    ) -> Self {
        let mut add = format!("add server {server} {}", SocketAddr::new(address, port));
        for word in words {
            add.push(' ');
            add.push_str(word);
        }
        if is_backup {
            add.push_str(" backup");
        }
        let enable = ["health", "server"].map(|what| format!("enable {what} {server}"));
        Self {
            commands: [add].into_iter().chain(enable).collect(),
            server,
            is_noted: true,
        }
    }

    pub(super) fn put_away(server: ServerId) -> Self {
        Self {
            commands: vec![format!("set server {server} state maint")],
            server,
            is_noted: true,
        }
    }

    pub(super) fn move_to(&mut self, address: IpAddr, port: u16) {
        let server = &self.server;
        let command = format!("set server {server} addr {address} port {port}");
        self.commands.push(command);
    }

    /// It may have been added by a run that was cut off before it was checked.
    pub(super) fn bring_back(&mut self) {
        let server = &self.server;
        let commands = [
            format!("enable health {server}"),
            format!("set server {server} state ready"),
        ];
        self.commands.extend(commands);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }
}

/// Joins the commands of servers, without splitting those of one.
pub(super) fn batches(groups: Vec<Group>) -> Vec<CommandBatch> {
    let mut batches = Vec::new();
    let mut commands: Vec<String> = Vec::new();
    for group in groups {
        if !commands.is_empty() && commands.len() + group.commands.len() > COMMANDS {
            batches.push(CommandBatch::of(&commands));
            commands.clear();
        }
        commands.extend(group.commands);
    }
    if !commands.is_empty() {
        batches.push(CommandBatch::of(&commands));
    }
    batches
}

impl CommandBatch {
    pub(super) fn of(commands: &[String]) -> Self {
        Self {
            line: commands.join(";"),
        }
    }
}
