//! The one integration binary: a line per module says what it proves. Every test runs the real thing.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests touch the outside to look at it, and a failed test panics"
)]

/// The printed roles of a federation wall it off in a real etcd, and the audit proves it.
mod access;
/// The arrows of ARCHITECTURE.md and the house rules hold in every file, and references to the contract resolve.
mod architecture;
/// `--assume` shows what would be, before a file is written.
mod assumed;
/// A real HAProxy that follows the registry loses no request of clients that never retry, whatever changes.
mod balance;
/// A repository is judged before it is deployed, and a node's files before they are replaced.
mod check;
/// What a node is configured with is used as written, or refused by its name.
mod configuration;
/// `doctor` finds what keeps a node from its work, and changes nothing.
mod doctor;
/// `exec` becomes the command, with the conf's environment and nothing else, or refuses.
mod exec;
/// Man pages, completions and schemas are taken by the programs that they are for.
mod generate;
/// Pictures say who needs whom, alike for everybody, and write nothing.
mod graph;
/// Registry away, disk full, processes killed: every command ends in time, says why and spoils nothing.
mod hardship;
/// What the other modules stand on: scenarios, golden texts, shells, etcd.
mod harness;
/// Help describes every command with examples and exit codes, and a wrong command line gets a hint.
mod help;
/// The listener provisions when what a node requires has moved, and never loses a change, whatever goes away meanwhile.
mod listener;
/// The Debian package is installed, used, removed and purged, and leaves nothing.
mod package;
/// Every command of README.md prints what README.md shows.
mod pages;
/// What the previous release left on a node is used as it is, and written under the same names.
mod release;
/// What a service's user can write never decides what root runs, reads, changes or waits for.
mod safety;
/// Nodes that share a registry deploy, withdraw, move, fail and come back, as operators make them.
mod scenarios;
/// The verbs that only read say what is, on both registries, and write nothing.
mod sight;
/// `status` says how a node is and what a fleet runs with, and touches nothing.
mod status;
/// Commands run on with the conf that they started with; a drain waits for them, new ones wait for the drain.
mod tasks;
