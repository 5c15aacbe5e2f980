//! The `balance` of `config.json`: validated, so that mistakes show early, but not used yet.

use crate::model::{document_reader::DocumentReader, json::JsonObject};

const BALANCE: [&str; 5] = ["scope", "output", "check", "reload", "socket"];
const SCOPES: [(&str, ()); 3] = [("local", ()), ("internal", ()), ("external", ())];

/// Reports its problems.
pub(super) fn check(reader: &mut DocumentReader<'_>, top: &JsonObject) {
    if let Some(balance) = reader.section(top, "balance", &BALANCE) {
        check_balance(reader, balance);
    }
}

fn check_balance(reader: &mut DocumentReader<'_>, balance: &JsonObject) {
    balance
        .get_non_null("scope")
        .and_then(|node| reader.choice("balance.scope", node, &SCOPES));
    for key in ["output", "socket"] {
        let label = format!("balance.{key}");
        balance
            .get_non_null(key)
            .and_then(|node| reader.path(&label, node));
    }
    for key in ["check", "reload"] {
        let label = format!("balance.{key}");
        balance
            .get_non_null(key)
            .and_then(|node| reader.command_line(&label, node));
    }
}
