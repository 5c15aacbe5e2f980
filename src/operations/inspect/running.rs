//! Whether the unit that runs a service was started with a value, for `why`.

use std::collections::BTreeMap;

use crate::{
    edge::{clock, unit},
    model::{id::Id, name::Name},
    node::Node,
    report::{RunningHas, RunningUse},
};

/// The unit of ours that runs a service.
pub(super) struct RunningUnit {
    unit: String,
    pid: u32,
    started: Option<String>,
    /// What its first process was started with, or why that is not known.
    environment: Result<BTreeMap<String, String>, String>,
}

impl RunningUnit {
    /// Finds it; `None` where no unit of ours runs the service.
    pub(super) fn find(node: &Node, id: &Id) -> Option<Self> {
        let name = format!("reconf-{id}.service");
        let process = unit::first_process(&node.settings.root, &name)?;
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        Some(Self {
            unit: name,
            pid: process.pid,
            started: process.started.map(clock::rfc3339),
            environment: process.environment.map(|pairs| {
                let pairs = pairs.into_iter();
                pairs.map(|(name, value)| (name, text(value))).collect()
            }),
        })
    }

    /// What it has of a variable. `shown` is what may be shown of another value.
    pub(super) fn compare(
        &self,
        variable: &Name,
        value: Option<&str>,
        shown: impl Fn(&str) -> String,
    ) -> RunningUse {
        let environment = self.environment.as_ref().ok();
        let found = environment.and_then(|all| all.get(variable.as_str()).map(String::as_str));
        let has = match (&self.environment, found) {
            (Err(_), _) => RunningHas::Unknown,
            (Ok(_), found) if found == value => RunningHas::Same,
            (Ok(_), None) => RunningHas::Missing,
            (Ok(_), Some(_)) => RunningHas::Other,
        };
        RunningUse {
            unit: self.unit.clone(),
            pid: self.pid,
            started: self.started.clone(),
            has,
            other: found.filter(|_| has == RunningHas::Other).map(shown),
            error: self.environment.as_ref().err().cloned(),
        }
    }
}
