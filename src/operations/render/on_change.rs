//! The `--on-change` command: it runs while a conf is pending, and its success applies the conf.

use std::time::Duration;

use super::applied::{Seen, mark_applied};
use crate::{
    edge::{
        files::{self, Access},
        locks::{self, LockError},
        process::CommandEnd,
        process_environment,
        registry::Session,
        shell_command,
    },
    model::id::Id,
    node::{Node, states},
    operations::written,
    report::{AppliedReport, Code, Failure},
};

/// Refuses `--on-change` inside such a command.
pub(crate) fn refuse_nested() -> Result<(), Failure> {
    if process_environment::variable("RECONF_CHANGED").is_none() {
        return Ok(());
    }
    let message = "`--on-change` inside an `--on-change` command would wait for itself";
    Err(Failure::new(Code::Usage, message)
        .hint("leave `--on-change` out there: what that command writes stays pending"))
}

/// Runs the command if any of these services is pending. Its success applies exactly the confs that were written before
/// it started. Returns what was applied.
pub(crate) fn run(
    node: &Node,
    session: &mut Session,
    ids: &[Id],
    command: &str,
    limit: Duration,
) -> Result<Vec<AppliedReport>, Failure> {
    if pending(node, ids)?.is_empty() {
        return Ok(Vec::new());
    }
    node.make_lock_folder()?;
    let lock = locks::exclusive(&node.paths.on_change_lock(), &Access::PRIVATE, limit);
    let _lock = lock.map_err(busy)?;
    // Another call may have applied all of them while this one waited.
    let pending = pending(node, ids)?;
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = pending.iter().map(|seen| seen.id.as_str()).collect();
    let variables = [("RECONF_CHANGED", names.join(" "))];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let outcome = shell_command::run_shell(command, &variables, limit)
        .map_err(|error| failed(&names, &format!("it cannot be started: {error}")))?;
    match outcome {
        CommandEnd::Exited(status) if status.success() => {}
        CommandEnd::Exited(status) => return Err(failed(&names, &status.to_string())),
        CommandEnd::TimedOut => {
            let limit = humantime::format_duration(limit);
            return Err(failed(&names, &format!("it was ended after {limit}")));
        }
        CommandEnd::Interrupted(signal) => {
            return Err(failed(&names, &format!("reconf received signal {signal}")));
        }
    }
    let applied = mark_applied(node, session, &pending).into_iter();
    applied.map(|(_, report)| report).collect()
}

/// The confs that are pending, as they are before the command starts.
fn pending(node: &Node, ids: &[Id]) -> Result<Vec<Seen>, Failure> {
    let mut pending = Vec::new();
    for id in ids {
        if !states::load(node, id)?.pending {
            continue;
        }
        // Between a render's record of what it writes and its write, the two differ.
        let _lock = node.service_lock(id)?;
        if let Some(conf) = files::read_own(&node.paths.conf(id))? {
            written::refuse_changed(node, id, &conf)?;
            let (id, conf) = (id.clone(), Some(conf));
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
            "the written confs of {} stay pending",
            named.join(", ")
        ))
        .hint("the next render or apply with `--on-change` runs it again")
}

fn busy(error: LockError) -> Failure {
    match error {
        LockError::Busy { .. } => {
            let message = "another `--on-change` command is still running";
            Failure::new(Code::TryAgain, message)
                .facts([error.to_string()])
                .note("the written confs stay pending")
        }
        LockError::File(error) => error.into(),
    }
}
