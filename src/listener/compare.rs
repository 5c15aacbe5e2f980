//! What this node runs with against what it would run with if it were provisioned now; told when that changes.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    digest::{applied, of_conf, of_environment},
    mirror::Mirror,
};
use crate::{
    model::id::Id, node::Node, provision::Resolved, render::diff, report::Journal, resolve::resolve,
};

impl Mirror {
    /// What a service is and would be, with the variables that differ, or the names that it lacks; nothing for one
    /// without a good manifest, or of whose registry nothing was seen yet.
    pub(super) fn resolved(&self, node: &Node, id: &Id) -> Option<(Resolved, Vec<String>)> {
        let manifest = self.inputs.manifests.get(id)?.as_ref().ok()?;
        if self.inputs.read_error(manifest).is_some() {
            return None;
        }
        let conf = applied(node, id);
        let applied = conf.as_deref().and_then(of_conf);
        let (now, names) = match resolve(&self.inputs.of(node, manifest)) {
            Ok(resolution) => {
                let environment = &resolution.environment;
                let lines = diff(conf.as_deref(), environment, false);
                let names = lines.into_iter().map(|line| line.name).collect();
                (Some(of_environment(environment)), names)
            }
            Err(missing) => {
                let names: BTreeSet<String> = missing
                    .iter()
                    .map(|reference| reference.name.to_string())
                    .collect();
                (None, names.into_iter().collect())
            }
        };
        Some((Resolved { now, applied }, names))
    }

    /// A provision begins with what was found when it was looked last.
    pub(super) fn begin(&mut self) {
        self.baseline.begin(self.resolved.clone());
    }

    /// The provision that began last has ended.
    pub(super) fn ended(&mut self, node: &Node, success: bool) {
        if success {
            let applied = |id: &Id| applied(node, id).and_then(|conf| of_conf(&conf));
            self.baseline.succeeded(applied);
        } else {
            self.baseline.failed();
        }
        self.affect_all();
    }

    /// Looks at the services that are affected; says whether a provision would change any of them, and none that failed has
    /// tried to.
    pub(super) fn compare(&mut self, node: &Node, journal: Journal) -> bool {
        let mut news = false;
        for id in std::mem::take(&mut self.affected) {
            let Some((resolved, variables)) = self.resolved(node, &id) else {
                self.differing.remove(&id);
                self.resolved.remove(&id);
                continue;
            };
            self.resolved.insert(id.clone(), resolved);
            self.baseline.record(&id, resolved);
            self.tell_unmet(&id, resolved, &variables, journal);
            if self.baseline.differs(&id, resolved) {
                news |= self.baseline.is_news(&id, resolved);
                self.tell_change(&id, variables, journal);
            } else if self.differing.remove(&id).is_some() {
                journal.tell("up-to-date", &[("service", &id)]);
            }
        }
        news
    }

    fn tell_change(&mut self, id: &Id, variables: Vec<String>, journal: Journal) {
        if self.differing.get(id) != Some(&variables) {
            let named = variables.join(",");
            journal.tell("change", &[("service", id), ("variables", &named)]);
            self.differing.insert(id.clone(), variables);
        }
    }

    fn tell_unmet(&mut self, id: &Id, resolved: Resolved, names: &[String], journal: Journal) {
        if resolved.now.is_some() {
            self.unmet.remove(id);
        } else if self.unmet.insert(id.clone()) {
            let names = names.join(",");
            journal.tell("unmet", &[("service", id), ("names", &names)]);
        }
    }

    pub(super) fn tell_bad(&mut self, journal: Journal) {
        let mut bad = BTreeMap::new();
        for (id, manifest) in &self.inputs.manifests {
            if let Err(failure) = manifest {
                bad.insert(id.clone(), failure.in_short());
            }
        }
        for (id, reason) in bad
            .iter()
            .filter(|(id, reason)| self.bad.get(id) != Some(reason))
        {
            journal.tell("bad-manifest", &[("service", id), ("reason", reason)]);
        }
        self.bad = bad;
    }
}
