//! The local balancer: which ports it opens, which names it serves by them, and where they send.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use super::{
    instance::{EMPTY, Instance, LeftOut, LeftOutKind, Place},
    pool::{PoolPlan, pool},
    served::{ServedPort, serve},
    view::{LocalPort, ServedName},
    wants::LocalWants,
};
use crate::model::{balance_state::OpenPort, id::Id, name::Name};

/// What the ports follow from.
#[derive(Clone, Copy)]
pub(super) struct LocalInput<'a> {
    pub wants: &'a LocalWants,
    /// The instances in rotation.
    pub instances: &'a [Instance],
    pub regions: &'a [Id],
    /// The ports that somebody else holds.
    pub taken: &'a BTreeMap<u16, String>,
}

/// What the local balancer does.
#[derive(Debug, Default)]
pub(super) struct LocalPlan {
    pub ports: Vec<LocalPort>,
    pub pools: Vec<PoolPlan>,
    /// What is kept of each open port.
    pub open: BTreeMap<u16, OpenPort>,
    pub left_out: Vec<LeftOut>,
}

/// A program that announces a port. One service on a node may announce it for two programs: each is an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Program<'a> {
    federation: &'a Id,
    region: &'a Id,
    service: &'a Id,
    node: &'a Id,
    place: Place<'a>,
}

/// The instances behind a port, by program and name.
type Behind<'a> = BTreeMap<Program<'a>, BTreeMap<ServedName, &'a Instance>>;

/// Plans the ports.
pub(super) fn plan(input: &LocalInput<'_>) -> LocalPlan {
    let mut claims = claims(input);
    let mut plan = LocalPlan::default();
    let used = input.wants.used.keys();
    let ports: BTreeSet<u16> = claims.keys().chain(used).copied().collect();
    // The program itself answers at its own port.
    for port in ports.difference(&input.wants.own) {
        plan.add(input, *port, claims.remove(port).unwrap_or_default());
    }
    plan
}

/// The instances that announce each port for a name that is wanted or in use there. A name that no value can have by a
/// port is not wanted there.
fn claims<'a>(input: &LocalInput<'a>) -> BTreeMap<u16, Vec<(ServedName, &'a Instance)>> {
    let mut by_name: BTreeMap<(u16, ServedName), Vec<&Instance>> = BTreeMap::new();
    for instance in input.instances {
        if let Some(port) = instance.local_port {
            let claim = (port, instance.served_name());
            by_name.entry(claim).or_default().push(instance);
        }
    }
    let mut claims: BTreeMap<u16, Vec<(ServedName, &Instance)>> = BTreeMap::new();
    for ((port, name), instances) in by_name {
        let is_wanted = input.wants.required.contains(&name);
        let has_form = instances.iter().any(|instance| instance.has_local_form);
        if is_wanted && has_form || input.wants.uses(port, &name) {
            let instances = instances.into_iter().map(|i| (name.clone(), i));
            claims.entry(port).or_default().extend(instances);
        }
    }
    claims
}

impl LocalPlan {
    fn add(&mut self, input: &LocalInput<'_>, port: u16, claims: Vec<(ServedName, &Instance)>) {
        let mut behind: Behind<'_> = BTreeMap::new();
        for (name, instance) in claims {
            let program = Program {
                federation: &instance.key.federation,
                region: &instance.key.region,
                service: &instance.key.service,
                node: &instance.key.node,
                place: instance.place(),
            };
            behind.entry(program).or_default().insert(name, instance);
        }
        let provides = behind.iter();
        let provides: BTreeMap<Program<'_>, BTreeSet<ServedName>> = provides
            .map(|(program, names)| (*program, names.keys().cloned().collect()))
            .collect();
        let used = input.wants.used.get(&port);
        let names = used.map(|names| names.keys().cloned().collect());
        let used: BTreeSet<ServedName> = names.unwrap_or_default();
        let required = &input.wants.required;
        let served = serve(required, &provides, &used);
        self.report_claims(port, &behind, required, served.as_ref());
        let Some(served) = served else { return };
        match input.taken.get(&port) {
            Some(holder) => {
                self.left_out
                    .push(taken(input, port, holder, &served.needed));
                self.remember(input, port);
            }
            None => self.open(input, port, &behind, served),
        }
    }

    /// Keeps which names have had a port that is not open now: programs may have it still when it is opened again.
    fn remember(&mut self, input: &LocalInput<'_>, port: u16) {
        if let Some(used) = input.wants.used.get(&port) {
            let open = OpenPort {
                used: LocalWants::written(used),
                ..OpenPort::default()
            };
            self.open.insert(port, open);
        }
    }

    fn open<'a>(
        &mut self,
        input: &LocalInput<'_>,
        port: u16,
        behind: &Behind<'a>,
        served: ServedPort<ServedName, Program<'a>>,
    ) {
        let counting = |names: &BTreeMap<ServedName, &'a Instance>| -> Vec<&'a Instance> {
            let counts = names
                .iter()
                .filter(|(name, _)| served.needed.contains(*name));
            counts.map(|(_, instance)| *instance).collect()
        };
        let programs = served.pool.iter();
        let servers = programs
            .filter_map(|program| behind.get(program))
            .map(counting);
        let servers: Vec<Vec<&Instance>> = servers.collect();
        // Every server provides what is needed, so all are of one federation; without any, that of a name stands for it.
        let first = served.pool.first().map(|program| program.federation);
        let federation = first.or(served.needed.first().map(|name| &name.federation));
        let Some(federation) = federation else { return };
        let planned = pool(format!("local:{port}"), federation, &servers, input.regions);
        if planned.pool.servers.is_empty() {
            self.report_empty(port, behind, &served);
        }
        let used = input.wants.used.get(&port);
        self.open.insert(
            port,
            OpenPort {
                served: by_federation(&served.names),
                mode: planned.pool.mode,
                used: used.map(LocalWants::written).unwrap_or_default(),
            },
        );
        self.ports.push(LocalPort {
            addresses: input.wants.addresses.clone(),
            port,
            names: served.names.into_iter().collect(),
            pool: planned.pool.name.clone(),
        });
        self.pools.push(planned);
    }

    /// Reports required names that stay direct because a port is claimed for more than one thing.
    fn report_claims(
        &mut self,
        port: u16,
        behind: &Behind<'_>,
        required: &BTreeSet<ServedName>,
        served: Option<&ServedPort<ServedName, Program<'_>>>,
    ) {
        let claimed = behind.iter().filter(|(_, names)| {
            let mut names = names.keys();
            names.any(|name| required.contains(name))
        });
        let mut services: BTreeSet<(&Id, &Id)> = BTreeSet::new();
        let mut programs: BTreeMap<(&Id, &Id, &Id, &Id), usize> = BTreeMap::new();
        let mut direct: BTreeSet<&ServedName> = BTreeSet::new();
        for (program, names) in claimed {
            let Program {
                federation,
                region,
                service,
                node,
                ..
            } = *program;
            services.insert((federation, service));
            *programs
                .entry((federation, region, service, node))
                .or_default() += 1;
            direct.extend(names.keys().filter(|name| required.contains(*name)));
        }
        let why = if services.len() > 1 {
            ("claimed", claim_of_all(&services, port))
        } else if let Some(((_, _, service, node), _)) = programs.iter().find(|(_, n)| **n > 1) {
            let detail = format!("`{service}@{node}` announces port {port} for several programs");
            ("programs", detail)
        } else {
            return;
        };
        let is_served = |name: &ServedName| served.is_some_and(|s| s.names.contains(name));
        for name in direct.into_iter().filter(|name| !is_served(name)) {
            self.left_out.push(direct_name(name, why.0, why.1.clone()));
        }
    }

    /// Reports names that confs have by a port that sends nowhere.
    fn report_empty(
        &mut self,
        port: u16,
        behind: &Behind<'_>,
        served: &ServedPort<ServedName, Program<'_>>,
    ) {
        let detail = if behind.is_empty() {
            format!("no instance is left behind port {port}")
        } else {
            format!("no instance behind port {port} provides all that confs have by it")
        };
        let names = served.needed.iter();
        let left_out = names.map(|name| direct_name(name, EMPTY, detail.clone()));
        self.left_out.extend(left_out);
    }
}

/// A name that does not reach instances by a port.
fn direct_name(name: &ServedName, reason: &'static str, detail: String) -> LeftOut {
    LeftOut {
        kind: LeftOutKind::Name,
        id: name.name.to_string(),
        federation: Some(name.federation.clone()),
        reason,
        detail,
    }
}

fn taken(input: &LocalInput<'_>, port: u16, holder: &str, names: &BTreeSet<ServedName>) -> LeftOut {
    let names: BTreeSet<&str> = names.iter().map(|name| name.name.as_str()).collect();
    let stay = if names.len() == 1 { "stays" } else { "stay" };
    let names = Vec::from_iter(names).join(", ");
    let address = input.wants.addresses.first();
    LeftOut {
        kind: LeftOutKind::Port,
        id: address.map_or(port.to_string(), |address| {
            SocketAddr::new(*address, port).to_string()
        }),
        federation: None,
        reason: "taken",
        detail: format!("{holder}; {names} {stay} direct"),
    }
}

fn claim_of_all(services: &BTreeSet<(&Id, &Id)>, port: u16) -> String {
    let services = services.iter();
    let services: Vec<String> = services.map(|(f, s)| format!("`{f}:{s}`")).collect();
    let services = services.join(" and ");
    format!("{services} claim port {port}; give each a `local_port` of its own")
}

/// Names by their federations.
pub(super) fn by_federation<'a>(
    names: impl IntoIterator<Item = &'a ServedName>,
) -> BTreeMap<Id, BTreeSet<Name>> {
    let mut federations: BTreeMap<Id, BTreeSet<Name>> = BTreeMap::new();
    for ServedName { federation, name } in names {
        let of_federation = federations.entry(federation.clone()).or_default();
        of_federation.insert(name.clone());
    }
    federations
}

#[cfg(test)]
mod tests;
