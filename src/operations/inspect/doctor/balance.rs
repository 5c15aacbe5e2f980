//! Balancing: HAProxy's file, its socket, and the ports of the services.

use std::{collections::BTreeSet, time::Duration};

use super::rules;
use crate::{
    balance::running::{QUESTION, Running},
    edge::{
        caller::Caller,
        files,
        haproxy::{self, SocketError},
        net,
    },
    model::settings::BalanceSettings,
    node::{Node, manifests},
    report::Diagnosis,
};

/// How long HAProxy may take for its check.
const CHECK_LIMIT: Duration = Duration::from_secs(60);

/// How long HAProxy may take for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// How many lines of a refusal are shown.
const SHOWN: usize = 2;

/// What stands before the shape in HAProxy's file.
const SHAPE: &str = "description reconf ";

pub(super) fn look(node: &Node) -> Vec<Diagnosis> {
    let settings = &node.settings.balance;
    if !settings.is_on() {
        return vec![Diagnosis::ok("balance", "no kind of balancer is given")];
    }
    let mut rows = ports(node);
    let path = settings.output.display();
    match files::read_text(&settings.output) {
        Ok(Some(text)) => {
            rows.push(check(settings));
            rows.push(socket(settings, shape(&text)));
        }
        Ok(None) => rows.push(Diagnosis::warning(
            "balance",
            format!("there is no {path}"),
            "`reconf balance` makes it",
        )),
        Err(error) if Caller::this().is_root() => {
            rows.push(Diagnosis::failure("balance", &error.into(), false));
        }
        Err(error) => rows.push(Diagnosis::unknown("balance", error.to_string())),
    }
    rows
}

/// Local ports that any outgoing connection may take.
fn ports(node: &Node) -> Vec<Diagnosis> {
    if node.settings.balance.local.is_none() {
        return Vec::new();
    }
    let range = net::outgoing_ports();
    let ids = manifests::ids(node).unwrap_or_default();
    let manifests = manifests::load(node, &ids);
    let usable = manifests
        .values()
        .filter_map(|manifest| manifest.as_ref().ok());
    let ports: BTreeSet<(String, u16)> = usable
        .flat_map(|manifest| {
            let ports = manifest.provides.values();
            let ports = ports.filter_map(|provided| provided.local_port);
            ports.map(|port| (manifest.id.to_string(), port))
        })
        .collect();
    let judged = ports.into_iter();
    judged
        .filter_map(|(id, port)| rules::local_port(format!("manifest {id}"), port, range))
        .collect()
}

/// HAProxy's own judgement of the file that it would start with.
fn check(settings: &BalanceSettings) -> Diagnosis {
    let path = settings.output.display().to_string();
    let words = settings.check.iter();
    let words: Vec<String> = words.map(|word| word.replace("{file}", &path)).collect();
    let ran = haproxy::run(&words, CHECK_LIMIT);
    let Some(failure) = ran.failure else {
        return Diagnosis::ok("balance file", format!("{path}: HAProxy accepts it"));
    };
    if !Caller::this().is_root() {
        return Diagnosis::unknown("balance file", failure);
    }
    let shown: Vec<&str> = ran.output.lines().take(SHOWN).collect();
    Diagnosis::fault(
        "balance file",
        format!("{path}: {failure} ({})", shown.join(" ")),
        "`reconf balance` makes it anew",
    )
}

/// Whether HAProxy answers, and runs the file.
fn socket(settings: &BalanceSettings, shape: Option<&str>) -> Diagnosis {
    let path = settings.socket.display();
    let answer = match haproxy::ask(&settings.socket, QUESTION, ANSWER_LIMIT) {
        Ok(answer) => answer,
        Err(SocketError::System(error)) if !Caller::this().is_root() => {
            return Diagnosis::unknown("balance socket", format!("{path}: {error}"));
        }
        Err(error) => {
            let mend = format!("`{}`", settings.reload.join(" "));
            return Diagnosis::fault("balance socket", format!("{path}: {error}"), mend);
        }
    };
    let running = Running::parse(&answer);
    match running {
        Ok(running) if running.shape.as_deref() == shape => {
            Diagnosis::ok("balance socket", format!("{path}: HAProxy runs this file"))
        }
        Ok(_) => Diagnosis::warning(
            "balance socket",
            format!("{path}: HAProxy runs another file"),
            "`reconf balance` reloads it",
        ),
        Err(error) => Diagnosis::fault(
            "balance socket",
            format!("{path}: what answers is no HAProxy that reconf knows: {error}"),
            "`balance.socket` in config.json must be the runtime socket of reconf's HAProxy",
        ),
    }
}

fn shape(text: &str) -> Option<&str> {
    let mut lines = text.lines();
    lines.find_map(|line| line.trim().strip_prefix(SHAPE))
}
