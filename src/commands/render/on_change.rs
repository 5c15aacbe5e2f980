//! The `--on-change` command: run while something is written and not yet applied, until it succeeds.

use std::time::Duration;

use super::in_use::mark_applied;
use crate::{
    commands::{node::Node, states},
    edge::{
        files::{self, Access},
        locks::{self, LockError},
        registry::Session,
        shell_command::{self, Outcome},
    },
    model::id::Id,
    report::{Code, Failure},
};

/// A conf as it was before the command started.
struct Seen {
    id: Id,
    conf: Vec<u8>,
}

/// Runs the command if any of these services is pending, and marks as applied exactly what was written before it.
pub(super) fn run(
    node: &Node,
    session: &mut Session,
    ids: &[Id],
    command: &str,
    limit: Duration,
) -> Result<(), Failure> {
    if pending(node, ids)?.is_empty() {
        return Ok(());
    }
    node.make_lock_folder()?;
    let lock = locks::exclusive(&node.places.on_change_lock(), &Access::PRIVATE, limit);
    let _lock = lock.map_err(busy)?;
    // Another call may have applied it all while this one waited.
    let pending = pending(node, ids)?;
    if pending.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = pending.iter().map(|seen| seen.id.as_str()).collect();
    let variables = [("RECONF_CHANGED", names.join(" "))];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let outcome = shell_command::run_shell(command, &variables, limit)
        .map_err(|error| failed(&names, &format!("it cannot be started: {error}")))?;
    match outcome {
        Outcome::Ended(status) if status.success() => {}
        Outcome::Ended(status) => return Err(failed(&names, &status.to_string())),
        Outcome::TimedOut => {
            let limit = humantime::format_duration(limit);
            return Err(failed(&names, &format!("it was ended after {limit}")));
        }
        Outcome::Interrupted(signal) => {
            return Err(failed(
                &names,
                &format!("reconf was told to end by signal {signal}"),
            ));
        }
    }
    for seen in pending {
        let applied = mark_applied(node, session, &seen.id, Some(&seen.conf))?;
        for warning in &applied.warnings {
            node.tell.warning(warning);
        }
    }
    Ok(())
}

fn pending(node: &Node, ids: &[Id]) -> Result<Vec<Seen>, Failure> {
    let mut pending = Vec::new();
    for id in ids {
        if states::load(node, id)?.pending
            && let Some(conf) = files::read_own(&node.places.conf(id))?
        {
            let id = id.clone();
            pending.push(Seen { id, conf });
        }
    }
    Ok(pending)
}

fn failed(ids: &[&str], reason: &str) -> Failure {
    let named: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    Failure::new(Code::OnChange, "the `--on-change` command failed")
        .facts([reason.to_owned()])
        .note(format!(
            "what was written of {} is pending",
            named.join(", ")
        ))
        .hint("the next render with `--on-change` runs it again")
}

fn busy(error: LockError) -> Failure {
    match error {
        LockError::Busy { .. } => {
            let message = "another `--on-change` command is still running";
            Failure::new(Code::TryAgain, message)
                .facts([error.to_string()])
                .note("what was written is pending")
        }
        LockError::File(error) => error.into(),
    }
}
