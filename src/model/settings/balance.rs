//! The `balance` of `config.json`: judged here, so that a slip is told at once, and kept by nobody yet.

use super::file::{path, read, section};
use crate::model::{findings::Findings, json::Object};

const BALANCE: [&str; 5] = ["scope", "output", "check", "reload", "socket"];
const SCOPES: [(&str, ()); 3] = [("local", ()), ("internal", ()), ("external", ())];

/// Tells what is wrong with it.
pub(super) fn judge(findings: &mut Findings<'_>, top: &Object) {
    if let Some(balance) = section(findings, top, "balance", &BALANCE) {
        judge_balance(findings, balance);
    }
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
