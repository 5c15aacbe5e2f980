//! The `listen` and `balance` of `config.json`: judged here, so that a slip is told at once, and kept by nobody yet.

use std::time::Duration;

use super::file::{path, read, section};
use crate::model::{findings::Findings, json::Object};

const LISTEN: [&str; 7] = [
    "command",
    "debounce",
    "debounce_max",
    "min_interval",
    "splay",
    "max_parallel",
    "busy_lock",
];
const BALANCE: [&str; 5] = ["scope", "output", "check", "reload", "socket"];
const SCOPES: [(&str, ()); 3] = [("local", ()), ("internal", ()), ("external", ())];

/// Tells what is wrong with both.
pub(super) fn judge(findings: &mut Findings<'_>, top: &Object) {
    if let Some(listen) = section(findings, top, "listen", &LISTEN) {
        judge_listen(findings, listen);
    }
    if let Some(balance) = section(findings, top, "balance", &BALANCE) {
        judge_balance(findings, balance);
    }
}

fn judge_listen(findings: &mut Findings<'_>, listen: &Object) {
    read(listen, "command", |node| {
        findings.command_line("listen.command", node)
    });
    for key in ["debounce", "debounce_max", "min_interval", "splay"] {
        let label = format!("listen.{key}");
        read(listen, key, |node| {
            findings.duration(&label, node, Duration::ZERO)
        });
    }
    read(listen, "max_parallel", |node| {
        findings.whole("listen.max_parallel", node, 1, u32::MAX)
    });
    read(listen, "busy_lock", |node| {
        path(findings, "listen.busy_lock", node)
    });
}

fn judge_balance(findings: &mut Findings<'_>, balance: &Object) {
    read(balance, "scope", |node| {
        findings.choice("balance.scope", node, &SCOPES)
    });
    for key in ["output", "socket"] {
        let label = format!("balance.{key}");
        read(balance, key, |node| path(findings, &label, node));
    }
    for key in ["check", "reload"] {
        let label = format!("balance.{key}");
        read(balance, key, |node| findings.command_line(&label, node));
    }
}
