//! The file from which HAProxy takes the states of servers when it reloads. Without it a server that its checks have found
//! down would be sent connections until they do so again.

use std::net::IpAddr;

use super::{
    changes::{Ours, is_at},
    file::{ParsedFile, ParsedServer},
    running::{Admin, Running, RunningServer, ServerId},
};

/// A file without any state: the version of its format. HAProxy warns of an empty one.
pub(crate) const EMPTY: &str = "1\n";

/// The states that the servers of a new file are to have from the start: down where checks have found that, and put away
/// where a person has said that; all others start up. A line would also bring back the old address of a server that moves:
/// it is not known to be down at its new one, and what a person has put away gets its new address here. Where it is not known
/// whose maintenance is ours (`None`), none is taken over.
pub(crate) fn content(running: &Running, file: &ParsedFile, ours: Option<&Ours>) -> String {
    let mut content = running.header.clone();
    let mut is_empty = true;
    for (id, server) in &running.servers {
        let section = file.sections.get(&id.pool);
        let wanted = section.and_then(|section| section.servers.get(&id.server));
        let line = wanted.and_then(|wanted| line(&running.header, id, server, wanted, ours));
        if let Some(line) = line {
            content.push_str(&line);
            content.push('\n');
            is_empty = false;
        }
    }
    if is_empty { EMPTY.to_owned() } else { content }
}

/// The line of a server that is not to start up, or `None`.
fn line(
    header: &str,
    id: &ServerId,
    server: &RunningServer,
    wanted: &ParsedServer,
    ours: Option<&Ours>,
) -> Option<String> {
    let is_put_away = match server.admin {
        Admin::Ready => false,
        Admin::Drain | Admin::Maintenance => !ours?.has(id),
    };
    if is_at(server, wanted) {
        return (is_put_away || server.down.is_some()).then(|| server.line.clone());
    }
    let (address, port): (IpAddr, u16) = (wanted.address.parse().ok()?, wanted.port?);
    let can_move = is_put_away && server.host.is_none();
    can_move.then(|| moved(header, &server.line, address, port))
}

/// A line with another address and port.
fn moved(header: &str, line: &str, address: IpAddr, port: u16) -> String {
    let names = header.lines().last().unwrap_or_default();
    let names = names.trim_start_matches("# ").split(' ');
    let fields = names.zip(line.split(' ')).map(|(name, field)| match name {
        "srv_addr" => address.to_string(),
        "srv_port" => port.to_string(),
        _ => field.to_owned(),
    });
    fields.collect::<Vec<_>>().join(" ")
}
