//! Instances that are gone, and instances whose announcement expired. A withdrawn one is out at once. An expired one is out
//! and remembered for an hour; but where more of a pool expired than are live, the registry has lost its leases rather than
//! the fleet its machines: then all of them stay, and health checks decide.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use super::{
    instance::{self, Instance, LeftOut, Place},
    members::ServerAddress,
};
use crate::model::{
    balance_state::KnownInstance,
    id::Id,
    key::{Key, Kind},
    name::Name,
    snapshot::{LiveEntry, Snapshot},
};

/// How long an expired announcement is remembered.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// How soon to look again whether a kept instance was found down for long.
const RECHECK: Duration = Duration::from_secs(5 * 60);

/// What the rule depends on.
#[derive(Clone, Copy)]
pub(super) struct RetainInput<'a> {
    pub regions: &'a [Id],
    /// What was read of each federation; `None`: it could not be read.
    pub federations: &'a BTreeMap<Id, Option<&'a Snapshot>>,
    /// The instances that were in rotation or expired.
    pub before: &'a BTreeMap<String, KnownInstance>,
    /// What was found down for ten minutes.
    pub down: &'a BTreeSet<ServerAddress>,
    pub drop_expired: bool,
    pub now: SystemTime,
}

/// The instances of which some pool of this node may consist.
#[derive(Debug, Default)]
pub(super) struct Retained {
    /// Those in rotation.
    pub instances: Vec<Instance>,
    /// All that are remembered, by key.
    pub known: BTreeMap<String, KnownInstance>,
    /// The announcements that nothing can use.
    pub left_out: Vec<LeftOut>,
    /// When it changes by itself.
    pub due: Option<SystemTime>,
}

/// Instances that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PoolGroup {
    /// Those of a federation behind a port of the local balancer.
    Port(Id, u16),
    /// Those of a service with a name.
    Name(Id, Id, Name),
}

/// An instance whose announcement expired.
struct Expired {
    instance: Instance,
    since: SystemTime,
}

/// A program on a node, whatever the names under which it is announced.
type ServerKey<'a> = (&'a Id, &'a Id, &'a Id, &'a Id);

/// Which instances are in rotation. `groups` are the pools of this node that an instance can be in; one that is in none is
/// of no interest.
pub(super) fn retain(
    input: &RetainInput<'_>,
    groups: impl Fn(&Instance) -> Vec<PoolGroup>,
    names: impl Fn(&Key) -> bool,
) -> Retained {
    let mut retained = Retained::default();
    let is_of_interest = |key: &Key| input.regions.contains(&key.region) && names(key);
    for (federation, snapshot) in input.federations {
        if let Some(snapshot) = snapshot {
            retained.add_live(federation, snapshot, is_of_interest, &groups);
        }
    }
    let mut expired = Vec::new();
    for (path, known) in input.before {
        let Some(instance) = Instance::last_known(path, known) else {
            continue;
        };
        if !is_of_interest(&instance.key) || groups(&instance).is_empty() {
            continue;
        }
        match input.federations.get(&instance.key.federation) {
            None => {}
            Some(None) => retained.as_known(path, known, instance),
            Some(Some(snapshot)) if is_there(snapshot, &instance.key, path) => {}
            Some(Some(_)) => {
                let since = known.expired.as_deref().and_then(parse_time);
                let since = since.map_or(input.now, |since| since.min(input.now));
                expired.push(Expired { instance, since });
            }
        }
    }
    drop_gone(&mut expired, &retained.instances, input);
    keep_where_most_expired(&mut expired, &retained.instances, &groups);
    retained.add_expired(expired, input.now);
    retained
}

impl Retained {
    /// The announcements of a federation, as they are.
    fn add_live(
        &mut self,
        federation: &Id,
        snapshot: &Snapshot,
        is_of_interest: impl Fn(&Key) -> bool,
        groups: impl Fn(&Instance) -> Vec<PoolGroup>,
    ) {
        for (key, live) in &snapshot.live {
            if key.federation != *federation || !is_of_interest(key) {
                continue;
            }
            match Instance::of(key, live) {
                Ok(instance) if groups(&instance).is_empty() => {}
                Ok(instance) => {
                    let known = instance.to_known(None);
                    self.known.insert(key.path(Kind::Provides), known);
                    self.instances.push(instance);
                }
                // A name without a port is no endpoint, which is nothing to report unless it says that it is one.
                Err(_) if !says_it_is_an_endpoint(live) => {}
                Err(malformed) => self.left_out.push(instance::left_out(key, malformed)),
            }
        }
        for path in snapshot.unreadable.keys() {
            if let Some((Kind::Provides, key)) = Key::parse(path)
                && is_of_interest(&key)
            {
                let malformed = ("unreadable", "its record cannot be read");
                self.left_out.push(instance::left_out(&key, malformed));
            }
        }
    }

    /// An instance of a federation that could not be read.
    fn as_known(&mut self, path: &str, known: &KnownInstance, instance: Instance) {
        self.known.insert(path.to_owned(), known.clone());
        if known.expired.is_none() || known.kept {
            self.instances.push(instance);
        }
    }

    fn add_expired(&mut self, expired: Vec<Expired>, now: SystemTime) {
        for Expired { instance, since } in expired {
            let end = since + REMEMBERED;
            if !instance.kept && end <= now {
                continue;
            }
            let next = if instance.kept { now + RECHECK } else { end };
            self.due = Some(self.due.map_or(next, |due| due.min(next)));
            let since = humantime::format_rfc3339_seconds(since).to_string();
            let path = instance.key.path(Kind::Provides);
            self.known.insert(path, instance.to_known(Some(since)));
            if instance.kept {
                self.instances.push(instance);
            }
        }
    }
}

/// Whether the registry says something of a key: that it is announced, that it was withdrawn, or what cannot be used.
fn is_there(snapshot: &Snapshot, key: &Key, path: &str) -> bool {
    snapshot.withdrawn.contains_key(key)
        || snapshot.live.contains_key(key)
        || snapshot.unreadable.contains_key(path)
        || snapshot.unreadable.contains_key(&key.path(Kind::Withdrawn))
}

/// Drops what is out for good: addresses that another announcement has, or that HAProxy's checks found down.
fn drop_gone(expired: &mut Vec<Expired>, live: &[Instance], input: &RetainInput<'_>) {
    let places: BTreeSet<Place<'_>> = live.iter().map(Instance::place).collect();
    expired.retain(|Expired { instance, .. }| {
        let address = ServerAddress {
            name: instance.server(),
            host: instance.host.clone(),
            port: instance.port,
        };
        !input.drop_expired && !places.contains(&instance.place()) && !input.down.contains(&address)
    });
}

/// Keeps all expired servers of each group that has more of them than live ones, under all their names.
fn keep_where_most_expired(
    expired: &mut [Expired],
    live: &[Instance],
    groups: impl Fn(&Instance) -> Vec<PoolGroup>,
) {
    if expired.is_empty() {
        return;
    }
    let mut alive: BTreeMap<PoolGroup, BTreeSet<ServerKey<'_>>> = BTreeMap::new();
    for instance in live {
        for group in groups(instance) {
            alive.entry(group).or_default().insert(server(instance));
        }
    }
    let mut gone: BTreeMap<PoolGroup, BTreeSet<ServerKey<'_>>> = BTreeMap::new();
    for Expired { instance, .. } in &*expired {
        for group in groups(instance) {
            gone.entry(group).or_default().insert(server(instance));
        }
    }
    let outnumber = |(group, servers): &(PoolGroup, BTreeSet<_>)| {
        servers.len() > alive.get(group).map_or(0, BTreeSet::len)
    };
    let most_gone = gone.into_iter().filter(outnumber);
    let kept: BTreeSet<ServerKey<'_>> = most_gone.flat_map(|(_, servers)| servers).collect();
    let kept: Vec<bool> = expired
        .iter()
        .map(|expired| kept.contains(&server(&expired.instance)))
        .collect();
    for (expired, is_kept) in expired.iter_mut().zip(kept) {
        expired.instance.kept |= is_kept;
    }
}

fn server(instance: &Instance) -> ServerKey<'_> {
    let Key {
        federation,
        region,
        service,
        node,
        ..
    } = &instance.key;
    (federation, region, service, node)
}

fn says_it_is_an_endpoint(live: &LiveEntry) -> bool {
    let announcement = &live.announcement;
    announcement.port.is_some() || announcement.local_port.is_some() || announcement.public
}

fn parse_time(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}

#[cfg(test)]
mod tests;
