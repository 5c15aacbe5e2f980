//! Whether this node can do its work. Each file looks at one part and says how each thing in it is.

mod balance;
mod config;
mod credentials;
mod listener;
mod locks;
mod places;
mod registry;
mod rules;
mod services;

use crate::{
    edge::caller::Caller,
    model::paths::Paths,
    node::Node,
    report::{Code, Diagnosis, Failure},
};

/// Looks at everything.
pub(crate) fn diagnose(node: &Node) -> Vec<Diagnosis> {
    let mut session = node.session();
    let mut rows = caller();
    rows.extend(config::look(node));
    rows.extend(registry::look(node, &mut session));
    rows.extend(credentials::look(node));
    rows.push(config::host(node, &session));
    rows.extend(services::look(node));
    rows.extend(places::look(node));
    rows.extend(locks::look(&node.paths));
    rows.extend(balance::look(node));
    rows.extend(listener::look(node));
    rows
}

/// Looks at what can be judged without `config.json`, which cannot be used.
pub(crate) fn diagnose_without_settings(paths: &Paths, failure: &Failure) -> Vec<Diagnosis> {
    let mut rows = caller();
    let row = Diagnosis::failure("config", failure, false);
    rows.push(row.or_mend("`reconf config` shows the place"));
    rows.push(Diagnosis::unknown(
        "everything else",
        "registry, services, confs and balancing follow from config.json",
    ));
    rows.extend(locks::look(paths));
    rows
}

/// Whether nothing can be said because the caller may not read `config.json`.
pub(crate) fn is_closed(failure: &Failure) -> bool {
    failure.code == Code::NotPermitted && !Caller::this().is_root()
}

/// An ordinary user sees less.
fn caller() -> Vec<Diagnosis> {
    if Caller::this().is_root() {
        return Vec::new();
    }
    let found = "not root: what only root may read is not judged";
    vec![Diagnosis::unknown("caller", found)]
}
