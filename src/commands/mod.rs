//! The verbs: they parse nothing and decide nothing. Each joins node and operations, and prints through one output.

mod access;
mod announce;
mod applied;
mod apply;
mod balance;
mod check;
mod config;
mod doctor;
mod exec;
mod generate;
mod graph;
mod listen;
mod ls;
mod remove;
mod render;
mod retire;
mod status;
mod supervise;
mod tasks;
mod why;
mod withdraw;

pub(crate) use exec::run_fast_path;

use std::path::Path;

use crate::{
    cli::{Cli, Command, Global},
    node::{self, AssumedFiles, Node},
    report::{Ended, Output},
};

/// Runs a command and returns the exit code.
pub(crate) fn run(cli: Cli) -> u8 {
    let Cli { global, command } = cli;
    let writes = writes(&command);
    if writes && matches!(command, Command::Render(_) | Command::Apply(_)) {
        node::note_render(&global);
    }
    let on_node = |verb: &dyn Fn(Node) -> Ended| with_node(&global, None, writes, verb);
    let without_node = |verb: &dyn Fn(&Output) -> Ended| {
        let out = Output::new(&global);
        finish(&out, verb(&out))
    };
    match command {
        Command::Render(args) => with_node(&global, args.assume.as_deref(), writes, &|node| {
            render::run(&node, &args)
        }),
        Command::Applied(args) => on_node(&|node| applied::run(&node, &args)),
        Command::Announce(args) => with_node(&global, args.assume.as_deref(), writes, &|node| {
            announce::run(&node, &args)
        }),
        Command::Withdraw(args) => on_node(&|node| withdraw::run(&node, &global, &args)),
        Command::Remove(args) => on_node(&|node| remove::run(&node, &args)),
        Command::Retire(args) => on_node(&|node| retire::run(&node, &args)),
        Command::Apply(args) => on_node(&|node| apply::run(&node, &args)),
        Command::Listen(args) if listen::is_status(&args) => {
            without_node(&|out| listen::status(&global, out))
        }
        Command::Listen(args) => on_node(&|node| listen::run(node, &global, &args)),
        Command::Balance(args) => on_node(&|node| balance::run(&node, &args)),
        Command::Check(args) => without_node(&|out| check::run(&global, out, &args)),
        Command::Status(args) => status::run(&global, &args),
        Command::Ls(args) => on_node(&|node| ls::run(&node, &args)),
        Command::Why(args) => on_node(&|node| why::run(&node, &args)),
        Command::Tasks(args) => on_node(&|node| tasks::run(&node, &args)),
        Command::Config(_) => on_node(&|node| config::run(&node)),
        Command::Doctor(_) => without_node(&|out| doctor::run(&global, out)),
        Command::Access(args) => on_node(&|node| access::run(&node, &args)),
        Command::Graph(args) => on_node(&|node| graph::run(&node, &args)),
        Command::Generate(args) => without_node(&|out| generate::run(out, &args)),
        // These two end as the command that they run ends.
        Command::Exec(args) => exec::run(&global, args),
        Command::Supervise(args) => supervise::run(&global, &args),
    }
}

/// Whether a command writes confs, or what this node announces. All others only look.
fn writes(command: &Command) -> bool {
    match command {
        Command::Render(args) => !args.stdout && !args.dry_run,
        Command::Announce(args) => !args.dry_run,
        Command::Retire(args) => !args.dry_run,
        Command::Withdraw(args) => !args.dry_run,
        Command::Apply(args) => !args.dry_run,
        Command::Balance(args) => !args.only_looks(),
        Command::Applied(_) | Command::Remove(_) => true,
        Command::Listen(args) => args.action.is_none(),
        Command::Check(_)
        | Command::Ls(_)
        | Command::Why(_)
        | Command::Status(_)
        | Command::Tasks(_)
        | Command::Config(_)
        | Command::Access(_)
        | Command::Graph(_)
        | Command::Generate(_)
        | Command::Doctor(_)
        | Command::Exec(_)
        | Command::Supervise(_) => false,
    }
}

/// Runs a verb on this node, with the files that `--assume` names.
fn with_node(
    global: &Global,
    assume: Option<&Path>,
    writes: bool,
    verb: &dyn Fn(Node) -> Ended,
) -> u8 {
    let out = Output::new(global);
    let assumed = assume.map_or(Ok(AssumedFiles::default()), AssumedFiles::load);
    let node = assumed.and_then(|assumed| Node::load(global, assumed, out.clone()));
    let node = node.and_then(|mut node| {
        if writes {
            node.refuse_other_federation()?;
            node.claim_state()?;
        } else {
            node.look_at_owner();
        }
        Ok(node)
    });
    finish(&out, node.and_then(verb))
}

/// The exit code of a command that ended so; reports its failure.
fn finish(out: &Output, ended: Ended) -> u8 {
    match ended {
        Ok(code) => out.exit(code),
        Err(failure) => {
            out.failure(None, &failure);
            failure.code.number()
        }
    }
}
