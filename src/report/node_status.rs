//! The report of `status`: a line for each service of this node, then registry, listener and balancer, or all in one line
//! for a monitor.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Code, Output,
    node_parts::{BalancerStatus, ListenerLine, RegistryStatus},
    output::Row,
    service_status::{HEADER, ServiceStatus, condition_name},
    words::counted,
};
use crate::fleet::ServiceCondition;

/// A node at a glance.
#[derive(Default)]
pub(crate) struct NodeReport {
    /// Why `config.json` or `configuration.json` cannot be used, if so.
    pub config_error: Option<String>,
    /// The services.
    pub services: Vec<ServiceStatus>,
    /// The registry of each federation.
    pub registry: Vec<RegistryStatus>,
    /// The listener.
    pub listener: Option<ListenerLine>,
    /// The balancer; nothing on a node that has none.
    pub balancer: Option<BalancerStatus>,
}

/// One of the lines below the services.
struct PartRow<'a> {
    key: &'static str,
    text: String,
    condition: ServiceCondition,
    more: &'a dyn Fn() -> Value,
}

impl Serialize for PartRow<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = json!({self.key: self.text, "condition": condition_name(self.condition)});
        if let (Value::Object(object), Value::Object(more)) = (&mut object, (self.more)()) {
            object.extend(more);
        }
        object.serialize(serializer)
    }
}

impl Row<2> for PartRow<'_> {
    fn cells(&self) -> [String; 2] {
        [self.key.to_owned(), self.text.clone()]
    }
}

/// How the worst of a node reads to a monitor: exit code and word of Nagios and Sensu.
const MONITOR: [(u8, &str); 4] = [(0, "OK"), (1, "WARNING"), (2, "CRITICAL"), (3, "UNKNOWN")];

impl NodeReport {
    /// Prints it.
    pub(crate) fn print(&self, out: &Output) {
        let header = (!self.services.is_empty()).then_some(HEADER);
        out.rows(header, &self.services);
        let nothing = || Value::Null;
        let mut rows = Vec::new();
        if let Some(reason) = &self.config_error {
            rows.push(PartRow {
                key: "config",
                text: reason.clone(),
                condition: ServiceCondition::Fault,
                more: &nothing,
            });
        }
        let details: Vec<_> = self
            .registry
            .iter()
            .map(|one| move || one.details())
            .collect();
        for (registry, more) in self.registry.iter().zip(&details) {
            rows.push(PartRow {
                key: "registry",
                text: registry.text(),
                condition: registry.condition(),
                more,
            });
        }
        rows.extend(self.listener.iter().map(|listener| PartRow {
            key: "listener",
            text: listener.text.clone(),
            condition: listener.condition,
            more: &nothing,
        }));
        rows.extend(self.balancer.iter().map(|balancer| PartRow {
            key: "balancer",
            text: balancer.text.clone(),
            condition: balancer.condition,
            more: &nothing,
        }));
        out.rows(None, &rows);
    }

    /// The code to end with: what cannot be said comes first, then a registry that is away, then what is behind.
    pub(crate) fn code(&self) -> Option<Code> {
        let unsaid = self.config_error.is_some();
        let unread = self.services.iter().any(|one| one.state_error.is_some());
        let mut codes = self.registry.iter().filter_map(RegistryStatus::code);
        let refused = codes.clone().any(|code| code == Code::Configuration);
        let behind = (self.condition() > ServiceCondition::Good).then_some(Code::AtFault);
        if unsaid || unread || refused {
            return Some(Code::Configuration);
        }
        codes.next().or(behind)
    }

    /// Prints one line for a monitor; returns the exit code that it takes.
    pub(crate) fn print_for_monitor(&self, out: &Output) -> u8 {
        let at = match (self.code(), self.condition()) {
            (Some(Code::Configuration | Code::NotPermitted), _) => 3,
            (_, ServiceCondition::Fault) => 2,
            (_, ServiceCondition::Behind) => 1,
            (_, ServiceCondition::Good) => 0,
        };
        let (code, word) = MONITOR[at];
        out.text(&format!("RECONF {word} - {}\n", self.in_one_line()));
        // A line that nobody got says nothing.
        let is_lost = code == 0 && out.exit(None) != 0;
        if is_lost { MONITOR[3].0 } else { code }
    }

    /// What is wrong; the number of services where nothing is.
    fn in_one_line(&self) -> String {
        let mut wrong: Vec<String> = self.config_error.iter().cloned().collect();
        for service in self
            .services
            .iter()
            .filter(|one| one.condition() > ServiceCondition::Good)
        {
            let id = &service.service;
            wrong.push(format!("{id}: {}", service.worst()));
        }
        let registry = self.registry.iter();
        let registry = registry.map(|one| ("registry", one.text(), one.condition()));
        let listener = self.listener.iter();
        let listener = listener.map(|one| ("listener", one.text.clone(), one.condition));
        let balancer = self.balancer.iter();
        let balancer = balancer.map(|one| ("balancer", one.text.clone(), one.condition));
        let parts = registry.chain(listener).chain(balancer);
        for (key, text, _) in parts.filter(|(.., condition)| *condition > ServiceCondition::Good) {
            wrong.push(format!("{key}: {text}"));
        }
        if wrong.is_empty() {
            return counted(self.services.len(), "service");
        }
        wrong.join("; ")
    }

    fn condition(&self) -> ServiceCondition {
        let services = self.services.iter().map(ServiceStatus::condition);
        let registry = self.registry.iter().map(RegistryStatus::condition);
        let listener = self.listener.iter().map(|listener| listener.condition);
        let balancer = self.balancer.iter().map(|balancer| balancer.condition);
        let parts = services.chain(registry).chain(listener).chain(balancer);
        parts.max().unwrap_or_default()
    }
}
