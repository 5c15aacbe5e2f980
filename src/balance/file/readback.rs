//! Whether a rendered file says what the view says.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
};

use super::{
    BoundAddress, CandidateError, FileProblem, HEADER, ParsedFile, ParsedServer, ProxySection,
    binds::bound_addresses,
};
use crate::balance::view::{Pool, Server, View};

/// Refuses a file that differs from its view: HAProxy's own check does not see it.
///
/// # Errors
/// [`CandidateError::Differs`] with all differences.
pub(super) fn check(
    template: &str,
    text: &str,
    parsed: &ParsedFile,
    view: &View,
) -> Result<(), CandidateError> {
    let mut problems = Vec::new();
    if text.lines().next() != Some(HEADER) {
        problems.push(FileProblem::NoHeader);
    }
    if !text.ends_with('\n') {
        problems.push(FileProblem::NoFinalNewline);
    }
    for section in parsed.twice.iter().cloned() {
        problems.push(FileProblem::SectionTwice { section });
    }
    check_each_bind_once(parsed, &mut problems);
    check_binds(parsed, view, &mut problems);
    for pool in &view.pools {
        match parsed.sections.get(&pool.name) {
            Some(section) => check_servers(pool, section, &mut problems),
            None => problems.push(FileProblem::NoSection {
                section: pool.name.clone(),
            }),
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(CandidateError::Differs {
        template: template.to_owned(),
        problems,
    })
}

fn check_each_bind_once(parsed: &ParsedFile, problems: &mut Vec<FileProblem>) {
    let mut first: BTreeMap<BoundAddress, (&str, &str)> = BTreeMap::new();
    for (name, section) in parsed.sections.iter().chain(&parsed.frontends) {
        for bind in &section.binds {
            for address in bound_addresses(bind) {
                if let Some((before, bind)) = first.insert(address, (name, bind)) {
                    problems.push(FileProblem::BindTwice {
                        bind: bind.to_owned(),
                        sections: (before.to_owned(), name.clone()),
                    });
                }
            }
        }
    }
}

fn check_binds(parsed: &ParsedFile, view: &View, problems: &mut Vec<FileProblem>) {
    for port in &view.ports {
        let bind = |address: &IpAddr| SocketAddr::new(*address, port.port).to_string();
        let binds: Vec<String> = port.addresses.iter().map(bind).collect();
        check_section_binds(
            &port.pool,
            parsed.sections.get(&port.pool),
            &binds,
            problems,
        );
    }
    for frontend in &view.frontends {
        let name = frontend.kind.to_string();
        let section = parsed.frontends.get(&name);
        if section.is_none() {
            let section = name.clone();
            problems.push(FileProblem::NoSection { section });
        }
        check_section_binds(&name, section, &frontend.binds, problems);
    }
}

/// A section that is not there is reported elsewhere.
fn check_section_binds(
    name: &str,
    section: Option<&ProxySection>,
    wanted: &[String],
    problems: &mut Vec<FileProblem>,
) {
    let Some(section) = section else {
        return;
    };
    let there: Vec<BoundAddress> = section
        .binds
        .iter()
        .flat_map(|b| bound_addresses(b))
        .collect();
    for bind in wanted {
        if !bound_addresses(bind)
            .iter()
            .all(|address| there.contains(address))
        {
            problems.push(FileProblem::NoBind {
                bind: bind.clone(),
                section: name.to_owned(),
            });
        }
    }
}

fn check_servers(pool: &Pool, section: &ProxySection, problems: &mut Vec<FileProblem>) {
    let place = || pool.name.clone();
    for name in &section.twice {
        let (server, section) = (name.clone(), place());
        problems.push(FileProblem::ServerTwice { server, section });
    }
    for wanted in &pool.servers {
        let (server, place) = (wanted.name.clone(), place());
        match section.servers.get(&wanted.name) {
            None => problems.push(FileProblem::NoServer {
                server,
                section: place,
            }),
            Some(found) if !is_alike(wanted, found) => {
                problems.push(FileProblem::ServerDiffers {
                    server,
                    section: place,
                });
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<&str> = pool
        .servers
        .iter()
        .map(|server| server.name.as_str())
        .collect();
    for name in section.servers.keys() {
        if !known.contains(name.as_str()) {
            let (server, section) = (name.clone(), place());
            problems.push(FileProblem::UnknownServer { server, section });
        }
    }
}

fn is_alike(wanted: &Server, found: &ParsedServer) -> bool {
    let same_address = match (
        wanted.address.parse::<IpAddr>(),
        found.address.parse::<IpAddr>(),
    ) {
        (Ok(wanted), Ok(found)) => wanted == found,
        _ => wanted.address == found.address,
    };
    same_address && found.port == Some(wanted.port) && found.backup == wanted.backup
}
