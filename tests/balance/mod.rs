//! What balancing promises, shown against a real HAProxy: clients send without pause, never retry, and count every failure
//! (docs/balance.md).

mod by_hand;
mod changes;
mod changing;
mod dead;
mod ending;
mod lasting;
mod listening;
mod namespaces;
mod never_empty;
mod off;
mod old;
mod own;
mod person;
mod refusals;
mod reloads;
mod replaced;
mod right;
mod routing;
mod scale;
mod socket;
mod taken;
mod tasks;
mod unanswered;
mod unit;
mod verbs;
mod whole;

use crate::harness::{
    backend::{Backend, Protocol},
    client::Tally,
};

/// The figures of a proof, shown with its failure too.
#[expect(clippy::print_stdout, reason = "a proof prints its figures")]
fn print(what: &str, tallies: &[&Tally]) {
    println!("{what}");
    for tally in tallies {
        println!("  {tally}");
    }
}

/// A program that echoes lines, at a port of its own.
fn backend(id: &str) -> Backend {
    Backend::start(id, "127.0.0.1:0", Protocol::Lines)
}
