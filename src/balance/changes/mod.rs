//! How the servers that HAProxy has become those of its file: by commands on its socket, or where those cannot do it, by a
//! reload.

mod commands;
mod ours;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use commands::CommandBatch;
pub(crate) use ours::{Ours, Parked, left_behind, parked_after, shutdowns};

use super::{
    file::{ParsedFile, ParsedServer, ProxySection},
    running::{Admin, Running, RunningServer, ServerId},
};
use commands::{Group, batches};

/// As many servers that were put away stay without a reload, even where fewer are in rotation.
const FEW_PARKED: usize = 100;

/// What makes HAProxy's servers those of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NeededChanges {
    /// They are.
    None,
    /// Commands on its socket.
    Socket(SocketChanges),
    /// Only a reload can.
    Reload(ReloadCause),
}

/// Commands on the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SocketChanges {
    /// The commands, those that add before those that put away.
    pub batches: Vec<CommandBatch>,
    /// The servers that they add or put away: from now on their maintenance is ours.
    pub noted: BTreeSet<ServerId>,
}

/// Why a reload is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReloadCause {
    /// HAProxy runs a file of another shape, or one whose shape is not known.
    Shape,
    /// Whose maintenance a server is in is not known any more.
    StateLost,
    /// A server comes, goes or moves whose address HAProxy resolves, or whose line says what commands cannot.
    Line,
    /// `backup` cannot be changed.
    Backup,
    /// Too many servers that were put away are left.
    Parked,
    /// A person asks for one.
    Asked,
}

/// The servers of HAProxy's file, and those that it has.
#[derive(Clone, Copy)]
pub(crate) struct Comparison<'a> {
    pub file: &'a ParsedFile,
    pub running: &'a Running,
    /// The servers whose maintenance is ours; `None`: that is not known any more.
    pub ours: Option<&'a Ours>,
}

impl Comparison<'_> {
    /// What makes the servers those of the file.
    pub(crate) fn changes(&self) -> NeededChanges {
        let runs_shape = |shape: &String| self.running.runs(shape);
        if !self.file.shape.as_ref().is_some_and(runs_shape) {
            return NeededChanges::Reload(ReloadCause::Shape);
        }
        let Some(ours) = self.ours else {
            return NeededChanges::Reload(ReloadCause::StateLost);
        };
        match self.groups(ours) {
            Err(cause) => NeededChanges::Reload(cause),
            Ok(groups) if groups.is_empty() => NeededChanges::None,
            Ok(groups) => {
                let noted = groups.iter().filter(|group| group.is_noted);
                NeededChanges::Socket(SocketChanges {
                    noted: noted.map(|group| group.server.clone()).collect(),
                    batches: batches(groups),
                })
            }
        }
    }

    /// The servers of the file that a person has put into maintenance, or drains.
    pub(crate) fn by_hand(&self) -> BTreeSet<ServerId> {
        let servers = self.running.servers.iter();
        let put_away = servers.filter(|(id, server)| {
            let is_ours = || self.ours.is_none_or(|ours| ours.has(id));
            match server.admin {
                Admin::Ready => false,
                Admin::Drain => true,
                Admin::Maintenance => !is_ours(),
            }
        });
        let in_file = put_away.filter(|(id, _)| self.wanted(id).is_some());
        in_file.map(|(id, _)| id.clone()).collect()
    }

    /// The servers that HAProxy has and the file has not.
    pub(crate) fn surplus(&self) -> impl Iterator<Item = (&ServerId, &RunningServer)> {
        let servers = self.running.servers.iter();
        servers.filter(|(id, _)| self.wanted(id).is_none())
    }

    /// Whether the file has a server.
    pub(crate) fn has(&self, id: &ServerId) -> bool {
        self.wanted(id).is_some()
    }

    fn wanted(&self, id: &ServerId) -> Option<&ParsedServer> {
        self.file.sections.get(&id.pool)?.servers.get(&id.server)
    }

    /// The commands for each server that differs.
    fn groups(&self, ours: &Ours) -> Result<Vec<Group>, ReloadCause> {
        let mut groups = Vec::new();
        for (pool, section) in &self.file.sections {
            for (name, wanted) in &section.servers {
                let id = ServerId::new(pool, name);
                groups.extend(match self.running.servers.get(&id) {
                    None => Some(added(id, wanted, section)?),
                    Some(there) => changed(id, wanted, there, ours)?,
                });
            }
        }
        let surplus: BTreeMap<_, _> = self.surplus().collect();
        if surplus.len() > FEW_PARKED.max(self.live()) {
            return Err(ReloadCause::Parked);
        }
        for (id, there) in surplus {
            if there.host.is_some() {
                return Err(ReloadCause::Line);
            }
            if there.admin != Admin::Maintenance {
                groups.push(Group::put_away(id.clone()));
            }
        }
        Ok(groups)
    }

    fn live(&self) -> usize {
        let sections = self.file.sections.values();
        sections.map(|section| section.servers.len()).sum()
    }
}

fn added(
    id: ServerId,
    wanted: &ParsedServer,
    section: &ProxySection,
) -> Result<Group, ReloadCause> {
    let (Ok(address), Some(port)) = (wanted.address.parse(), wanted.port) else {
        return Err(ReloadCause::Line);
    };
    if !wanted.words.is_empty() {
        return Err(ReloadCause::Line);
    }
    let words = &section.default_server;
    Ok(Group::add(id, address, port, words, wanted.backup))
}

/// The commands for a server that is there; `None`: it is as it should be, or in a person's hands.
fn changed(
    id: ServerId,
    wanted: &ParsedServer,
    there: &RunningServer,
    ours: &Ours,
) -> Result<Option<Group>, ReloadCause> {
    if wanted.backup != there.backup {
        return Err(ReloadCause::Backup);
    }
    let mut group = Group::new(id);
    if !is_at(there, wanted) {
        let (Ok(address), Some(port), None) = (wanted.address.parse(), wanted.port, &there.host)
        else {
            return Err(ReloadCause::Line);
        };
        group.move_to(address, port);
    }
    if there.admin == Admin::Maintenance && ours.has(&group.server) {
        group.bring_back();
    }
    Ok((!group.is_empty()).then_some(group))
}

/// Whether a server is at the address of the file.
pub(super) fn is_at(there: &RunningServer, wanted: &ParsedServer) -> bool {
    let is_host = match (&there.host, wanted.address.parse()) {
        (Some(host), Err(_)) => host.eq_ignore_ascii_case(&wanted.address),
        (None, Ok(address)) => there.address == Some(address),
        _ => false,
    };
    is_host && wanted.port == Some(there.port)
}
