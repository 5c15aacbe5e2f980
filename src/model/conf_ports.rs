//! The ports of the local balancer that the confs of a service have: part of the service's state (design.md section 12).
//! A port stays in use until no conf has it and no task can have started with one that did.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    balancing::{PortNames, PortsInUse},
    environment::Environment,
    id::Id,
};

/// The names that confs of a service have by ports of the local balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ConfPorts {
    /// Those of the conf that is about to be written: it may be there already.
    #[serde(skip_serializing_if = "PortNames::is_empty")]
    pub coming: PortNames,
    /// Those of the conf as written.
    #[serde(skip_serializing_if = "PortNames::is_empty")]
    pub written: PortNames,
    /// Those of the conf as applied.
    #[serde(skip_serializing_if = "PortNames::is_empty")]
    pub applied: PortNames,
    /// Those of confs that were replaced: tasks may run with them.
    #[serde(skip_serializing_if = "PortNames::is_empty")]
    pub replaced: PortNames,
}

impl ConfPorts {
    /// Whether no conf has any port.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// All of them.
    pub(crate) fn used(&self) -> PortNames {
        let mut all = PortNames::new();
        for ports in [&self.coming, &self.written, &self.applied, &self.replaced] {
            add(&mut all, ports);
        }
        all
    }

    /// Whether a conf with these can be written without a word about it before.
    pub(crate) fn cover(&self, ports: &PortNames) -> bool {
        contains(&self.written, ports)
    }

    /// A conf with these is about to be written.
    pub(crate) fn begin(&mut self, ports: &PortNames) {
        // A write that was cut off may have put that conf there.
        let coming = std::mem::take(&mut self.coming);
        add(&mut self.written, &coming);
        self.coming.clone_from(ports);
    }

    /// A conf with these was written, and is in use already unless it `is_pending`.
    pub(crate) fn end(&mut self, ports: &PortNames, is_pending: bool) {
        let coming = std::mem::take(&mut self.coming);
        let written = std::mem::replace(&mut self.written, ports.clone());
        for earlier in [coming, written] {
            add(&mut self.replaced, &without(&earlier, ports));
        }
        if !is_pending {
            self.applied.clone_from(ports);
        }
    }

    /// The conf as written is applied.
    pub(crate) fn apply_written(&mut self) {
        self.applied.clone_from(&self.written);
    }

    /// A conf is applied that was replaced meanwhile.
    pub(crate) fn apply_replaced(&mut self) {
        let (written, replaced) = (self.written.clone(), self.replaced.clone());
        add(&mut self.applied, &written);
        add(&mut self.applied, &replaced);
    }
}

impl PortsInUse {
    /// Those of all services; `None`: a service whose state could not be read.
    pub(crate) fn of<'p>(services: impl IntoIterator<Item = Option<&'p ConfPorts>>) -> Self {
        let mut all = Self::default();
        for ports in services {
            match ports {
                Some(ports) => {
                    add(&mut all.ports, &ports.used());
                    all.awaits_tasks |= !ports.replaced.is_empty();
                }
                None => all.may_lack = true,
            }
        }
        all
    }
}

/// The names that an environment of a service in this federation has by ports of the local balancer.
pub(crate) fn of_environment(federation: &Id, environment: &Environment) -> PortNames {
    let mut ports = PortNames::new();
    for (name, port) in environment.values().flat_map(|v| &v.local_ports) {
        let federations = ports.entry(*port).or_default();
        let names = federations.entry(federation.clone()).or_default();
        names.insert(name.clone());
    }
    ports
}

/// Whether `all` has everything that is in `some`.
pub(crate) fn contains(all: &PortNames, some: &PortNames) -> bool {
    without(some, all).is_empty()
}

fn add(all: &mut PortNames, more: &PortNames) {
    for (port, federations) in more {
        let known = all.entry(*port).or_default();
        for (federation, names) in federations {
            let known = known.entry(federation.clone()).or_default();
            known.extend(names.iter().cloned());
        }
    }
}

/// What is in `ports` and not in `others`.
fn without(ports: &PortNames, others: &PortNames) -> PortNames {
    let mut left = PortNames::new();
    for (port, federations) in ports {
        let mut left_here = BTreeMap::new();
        for (federation, names) in federations {
            let others = others.get(port).and_then(|others| others.get(federation));
            let is_other = |name| others.is_some_and(|others| others.contains(name));
            let names = names.iter().filter(|name| !is_other(name));
            let names: BTreeSet<_> = names.cloned().collect();
            if !names.is_empty() {
                left_here.insert(federation.clone(), names);
            }
        }
        if !left_here.is_empty() {
            left.insert(*port, left_here);
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name::Name;

    /// `21100 API_URL,21200 WWW_URL`, of one federation.
    fn ports(text: &str) -> PortNames {
        let mut ports = PortNames::new();
        for one in text.split(',').filter(|one| !one.is_empty()) {
            let (port, name) = one.split_once(' ').unwrap();
            let federations = ports.entry(port.parse().unwrap()).or_default();
            let names = federations.entry(Id::default_scope()).or_default();
            names.insert(Name::parse(name).unwrap());
        }
        ports
    }

    fn shown(ports: &PortNames) -> String {
        let federations = ports.iter().flat_map(|(port, federations)| {
            let names = federations.values().flatten();
            names.map(move |name| format!("{port} {name}"))
        });
        federations.collect::<Vec<_>>().join(",")
    }

    fn all(ports: &ConfPorts) -> [String; 4] {
        [
            &ports.coming,
            &ports.written,
            &ports.applied,
            &ports.replaced,
        ]
        .map(shown)
    }

    #[test]
    fn a_port_is_in_use_before_its_conf_is_there_and_after_it_was_replaced() {
        let mut state = ConfPorts::default();
        let (a, b) = (ports("1 A"), ports("1 B,2 C"));
        assert!(!state.cover(&a) && state.cover(&ports("")));
        state.begin(&a);
        assert_eq!(all(&state), ["1 A", "", "", ""]);
        state.end(&a, false);
        assert_eq!(all(&state), ["", "1 A", "1 A", ""]);
        assert!(state.cover(&a));
        // The next one is pending until it is applied.
        state.begin(&b);
        assert_eq!(shown(&state.used()), "1 A,1 B,2 C");
        state.end(&b, true);
        assert_eq!(all(&state), ["", "1 B,2 C", "1 A", "1 A"]);
        state.apply_written();
        assert_eq!(all(&state), ["", "1 B,2 C", "1 B,2 C", "1 A"]);
        // And one without any.
        state.end(&ports(""), false);
        assert_eq!(all(&state), ["", "", "", "1 A,1 B,2 C"]);
        assert!(!state.is_empty());
    }

    #[test]
    fn a_write_that_was_cut_off_leaves_both_confs_in_use() {
        let mut state = ConfPorts::default();
        state.end(&ports("1 A"), false);
        state.begin(&ports("2 B"));
        // The process dies here, and nobody knows which conf is there.
        state.begin(&ports("3 C"));
        assert_eq!(shown(&state.used()), "1 A,2 B,3 C");
        state.end(&ports("3 C"), false);
        assert_eq!(all(&state), ["", "3 C", "3 C", "1 A,2 B"]);
        // Or the next one has no port: it is written without a word.
        state.begin(&ports("2 B"));
        state.end(&ports(""), false);
        assert_eq!(all(&state), ["", "", "", "1 A,2 B,3 C"]);
    }

    #[test]
    fn what_is_applied_after_it_was_replaced_is_one_of_those_that_were() {
        let mut state = ConfPorts::default();
        state.end(&ports("1 A"), true);
        state.end(&ports("2 B"), true);
        state.apply_replaced();
        assert_eq!(all(&state), ["", "2 B", "1 A,2 B", "1 A"]);
    }

    #[test]
    fn services_use_what_each_of_them_uses_and_one_that_cannot_be_read_may_use_any() {
        let mut one = ConfPorts::default();
        one.end(&ports("1 A"), false);
        let mut other = ConfPorts::default();
        other.begin(&ports("1 B"));
        let all = PortsInUse::of([Some(&one), Some(&other)]);
        assert_eq!((&shown(&all.ports)[..], all.may_lack), ("1 A,1 B", false));
        assert!(PortsInUse::of([Some(&one), None]).may_lack);
        assert!(!all.awaits_tasks);
        one.end(&ports("2 B"), true);
        assert!(PortsInUse::of([Some(&one)]).awaits_tasks);
    }
}
