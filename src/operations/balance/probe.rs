//! Step 3: whether HAProxy could bind what it does not hold yet. Its own check does not look, and a reload that cannot bind
//! pauses every port.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
};

use super::haproxy::{Haproxy, pid_file};
use crate::{
    balance::{
        file::{self, BoundAddress, ParsedFile, bound_addresses},
        view::View,
    },
    edge::haproxy::{self, BindProbe, Master, PortHolder},
    model::settings::BalanceSettings,
    report::{Code, Failure},
};

/// The addresses that the running HAProxy holds.
pub(super) struct Held<'a> {
    settings: &'a BalanceSettings,
    /// Those of the file that it runs; `None`: that file is not there any more.
    addresses: Option<BTreeSet<SocketAddr>>,
    /// The sections that accept connections.
    sections: BTreeSet<String>,
    /// The process that answers.
    pid: Option<u32>,
}

impl<'a> Held<'a> {
    /// `files` are those that it may run.
    pub(super) fn by(
        haproxy: &Haproxy,
        settings: &'a BalanceSettings,
        files: &[Option<Vec<u8>>],
    ) -> Self {
        let Some(running) = haproxy.running() else {
            return Self {
                settings,
                addresses: None,
                sections: BTreeSet::new(),
                pid: None,
            };
        };
        let parsed = files.iter().flatten().map(|bytes| {
            let text = String::from_utf8_lossy(bytes);
            file::parse(&text)
        });
        let mut running_file = parsed.filter(|file| {
            let shape = file.shape.as_deref();
            shape.is_some_and(|shape| running.runs(shape))
        });
        let sections = running.frontends.clone();
        let addresses = running_file.next();
        Self {
            settings,
            addresses: addresses.map(|file| addresses_of(&file, &sections)),
            sections,
            pid: Some(running.pid),
        }
    }

    /// Whether HAProxy holds an address for this section, as far as is known.
    fn has(&self, section: &str, address: SocketAddr) -> bool {
        match &self.addresses {
            Some(held) => held.iter().any(|held| overlaps(*held, address)),
            None => self.sections.contains(section),
        }
    }

    /// Who keeps HAProxy from binding an address, as one clause.
    fn taken(&self, section: &str, address: SocketAddr) -> Option<String> {
        if self.has(section, address) {
            return None;
        }
        match haproxy::probe(address) {
            // HAProxy may be permitted what this process is not.
            Ok(BindProbe::Free) | Err(_) => None,
            Ok(BindProbe::NoSuchAddress) => {
                Some(format!("no interface of this machine has {}", address.ip()))
            }
            Ok(BindProbe::Taken) => match haproxy::holder(address) {
                Some(holder) if self.is_own(&holder) => None,
                Some(holder) => Some(holder.to_string()),
                None => Some(format!("another program holds {address}")),
            },
        }
    }

    /// Whether it is a process of the HAProxy that answers.
    fn is_own(&self, holder: &PortHolder) -> bool {
        let Some(process) = &holder.process else {
            return false;
        };
        let is_master = || haproxy::master(&pid_file(self.settings)) == Master::Alive(process.pid);
        self.pid.is_some() && (self.pid == Some(process.pid) || is_master())
    }

    /// The local ports that somebody else holds: who, as one clause.
    pub(super) fn taken_ports(&self, view: &View) -> BTreeMap<u16, String> {
        let ports = view.ports.iter().filter_map(|port| {
            let mut addresses = port.addresses.iter();
            let taken = addresses.find_map(|address: &IpAddr| {
                self.taken(&port.pool, SocketAddr::new(*address, port.port))
            });
            Some((port.port, taken?))
        });
        ports.collect()
    }

    /// Refuses a frontend that cannot be bound.
    pub(super) fn refuse_taken_frontends(&self, view: &View) -> Result<(), Failure> {
        let frontends = view.frontends.iter().flat_map(|frontend| {
            let binds = frontend.binds.iter();
            binds.map(|bind| (frontend.kind.to_string(), bind.as_str()))
        });
        let stats = view.stats.iter();
        let stats = stats.map(|bind| ("stats".to_owned(), bind.as_str()));
        for (section, bind) in frontends.chain(stats) {
            let mut addresses = sockets(bind);
            if let Some(who) = addresses.find_map(|address| self.taken(&section, address)) {
                return Err(taken_frontend(&section, bind, &who));
            }
        }
        Ok(())
    }

    /// Whether everything of a view can be bound still.
    pub(super) fn can_bind(&self, view: &View) -> bool {
        self.taken_ports(view).is_empty() && self.refuse_taken_frontends(view).is_ok()
    }
}

/// The addresses of a `bind` that can be tried. One that is transparent may be no address of this machine.
fn sockets(bind: &str) -> impl Iterator<Item = SocketAddr> + use<> {
    let is_tried = !bind.split_whitespace().any(|word| word == "transparent");
    let addresses = bound_addresses(bind).into_iter();
    addresses.filter_map(move |address| match address {
        BoundAddress::Socket(address) => is_tried.then_some(address),
        BoundAddress::Other(_) => None,
    })
}

fn addresses_of(file: &ParsedFile, sections: &BTreeSet<String>) -> BTreeSet<SocketAddr> {
    let all = file.sections.iter().chain(&file.frontends);
    let open = all.filter(|(name, _)| sections.contains(*name));
    let binds = open.flat_map(|(_, section)| &section.binds);
    binds.flat_map(|bind| sockets(bind)).collect()
}

/// Whether one socket covers the other's address: HAProxy shares a port with itself over a reload.
fn overlaps(one: SocketAddr, other: SocketAddr) -> bool {
    let (first, second) = (one.ip(), other.ip());
    one.port() == other.port()
        && (first == second || first.is_unspecified() || second.is_unspecified())
}

fn taken_frontend(section: &str, bind: &str, who: &str) -> Failure {
    let message = format!("HAProxy cannot bind `{bind}`");
    let key = match section {
        "stats" => "balance.stats".to_owned(),
        kind => format!("balance.{kind}.bind"),
    };
    Failure::new(Code::CannotWrite, message)
        .facts([who.to_owned()])
        .note("nothing was changed")
        .hint(format!(
            "stop that program, or change `{key}` in config.json"
        ))
}
