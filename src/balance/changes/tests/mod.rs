//! What is sent to HAProxy, and that it ends in the servers of the file wherever a run is cut off.

mod haproxy;
mod random;
mod reloads;
mod rules;

use super::*;
use crate::balance::file;

/// A file with these servers, `pool/server address:port [backup]`, and its shape.
pub(super) fn file_of(shape: &str, servers: &[&str]) -> ParsedFile {
    let mut sections: BTreeMap<&str, String> = BTreeMap::new();
    for line in servers {
        let (pool, rest) = line.split_once('/').unwrap();
        let section = sections.entry(pool).or_default();
        section.push_str(&format!("  server {rest}\n"));
    }
    let listens = sections.iter().map(|(pool, servers)| {
        format!("listen {pool}\n  default-server check inter 5s\n{servers}")
    });
    let listens: String = listens.collect();
    file::parse(&format!("global\n  description reconf {shape}\n{listens}"))
}

/// Servers by their texts.
pub(super) fn ours(servers: &[&str]) -> Ours {
    let mut ours = Ours::default();
    let servers = servers.iter().map(|text| ServerId::parse(text).unwrap());
    ours.note(&servers.collect());
    ours
}
