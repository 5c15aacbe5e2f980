//! Several nodes that share a registry, and what operators do with them: each file tells of one concern, and most of its
//! stories are told with both registries.

mod apply;
mod applying;
mod at_once;
mod away;
mod batches;
mod deploy;
mod dotenv;
mod hints;
mod hostile;
mod idle;
mod known;
mod leases;
mod local_ports;
mod machines;
mod maintenance;
mod manifests;
mod moving;
mod mutants;
mod previewing;
mod printing;
mod removing;
mod retiring;
mod taken_back;
mod telling;
mod values;
mod versions;
mod waiting;
mod withdrawing;

use crate::harness::{
    fleet::{Fleet, all_succeed, on_both},
    scenario::Scenario,
    shells::{Environment, SHELLS, environment_of},
};

/// The seed's services and datastores.
const WWW: &str = include_str!("../../examples/data_bags/service/app-www.json");
const API: &str = include_str!("../../examples/data_bags/service/api.json");
const DATASTORES: &str = include_str!("../../examples/configuration.json");

/// Where the conf of `id` is on `node`, relative to its root.
fn conf(id: &str) -> String {
    format!("etc/services.d/{id}.conf")
}

/// The environment that four shells and `exec` find in the conf of `id`: the same for all, or the test fails.
#[track_caller]
fn environment(node: &Scenario, id: &str) -> Environment {
    let ran = node.command(&["exec", "--pristine", id, "--", "/usr/bin/env", "-0"]);
    let executed = environment_of(ran);
    for shell in SHELLS {
        let sourced = shell.source(&node.path(&conf(id)));
        assert_eq!(sourced, executed, "{}", shell.name);
    }
    executed
}

/// The value of one variable of a conf, as [`environment`] finds it; empty if it is not set.
#[track_caller]
fn value(node: &Scenario, id: &str, name: &str) -> String {
    let value = environment(node, id).remove(name).unwrap_or_default();
    String::from_utf8(value).unwrap()
}
