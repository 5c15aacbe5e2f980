//! The plan of a run: what HAProxy is to serve, and what is known then. A run plans before it asks HAProxy, to know which
//! ports to try, and again with what it found.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::SystemTime,
};

use super::{instance::LeftOut, view::View};
use crate::model::{
    balance_state::BalanceState, balancing::PortsInUse, id::Id, key::Key, manifest::Manifest,
    settings::BalanceSettings, snapshot::Snapshot,
};

/// All that a plan depends on.
#[derive(Clone, Copy)]
pub(crate) struct PlanInput<'a> {
    /// `balance` of `config.json`; without any kind of balancer, what is open is closed as it goes out of use.
    pub settings: &'a BalanceSettings,
    /// This node.
    pub node: &'a Id,
    /// Its region.
    pub region: &'a Id,
    /// The regions in which to look up names, in order.
    pub regions: &'a [Id],
    /// What was read of each federation of this node; `None`: it could not be read.
    pub federations: &'a BTreeMap<Id, Option<&'a Snapshot>>,
    /// The manifests on this node; `None`: one that cannot be read.
    pub manifests: &'a BTreeMap<Id, Option<&'a Manifest>>,
    /// The ports that confs and tasks of this node have.
    pub in_use: &'a PortsInUse,
    /// What the last run has put in use.
    pub before: &'a BalanceState,
    /// What HAProxy's checks have found down for ten minutes, in every pool that has it.
    pub down: &'a BTreeSet<ServerAddress>,
    /// The ports of the local balancer that somebody else holds: who, as one clause.
    pub taken: &'a BTreeMap<u16, String>,
    /// Whether to forget what has expired.
    pub drop_expired: bool,
    /// The user that HAProxy becomes; `None`: the one that starts it.
    pub user: Option<&'a str>,
    /// The file with HAProxy's server states.
    pub state_file: &'a Path,
    /// The time.
    pub now: SystemTime,
}

/// A server and where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerAddress {
    /// `<region>:<service>:<node>`.
    pub name: String,
    /// An IP address without brackets, or a host name.
    pub host: String,
    /// Where the program listens.
    pub port: u16,
}

/// What follows from it.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What HAProxy is to serve; with no port and no frontend there is nothing to serve.
    pub view: View,
    /// `balance.json` as it is to be when HAProxy serves that. What HAProxy's answers decide is as it was before.
    pub state: BalanceState,
    /// What was left out, sorted.
    pub left_out: Vec<LeftOut>,
    /// The services with expired instances that are kept in rotation.
    pub kept: Vec<KeptInstances>,
    /// The announcements behind each server, by `pool/server`.
    pub members: BTreeMap<String, Vec<Member>>,
    /// When it changes by itself.
    pub due: Option<SystemTime>,
}

/// An announcement behind a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member {
    /// The announcement.
    pub key: Key,
    /// The revision of its key.
    pub revision: i64,
}

/// Expired instances of a service that are kept in rotation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeptInstances {
    /// Its federation.
    pub federation: Id,
    /// The service.
    pub service: Id,
    /// How many of its instances are kept.
    pub kept: usize,
    /// How many are in rotation.
    pub all: usize,
}

/// Plans a run.
pub(crate) fn plan(input: &PlanInput<'_>) -> Plan {
    let PlanInput {
        settings,
        node,
        region,
        ..
    } = *input;
    Plan {
        view: View {
            version: View::VERSION,
            node: node.clone(),
            region: region.clone(),
            shape: String::new(),
            user: input.user.map(str::to_owned),
            socket: settings.socket.clone(),
            state_file: input.state_file.to_owned(),
            extra: settings.extra.clone(),
            stats: settings.stats.clone(),
            ports: Vec::new(),
            frontends: Vec::new(),
            pools: Vec::new(),
        },
        state: input.before.clone(),
        left_out: Vec::new(),
        kept: Vec::new(),
        members: BTreeMap::new(),
        due: None,
    }
}
