//! The verbs: each joins edge, resolve, announce and render in the order that makes it safe, and tells what it did.

mod announce;
mod applied;
mod apply;
mod assumed;
mod commit;
mod config;
pub mod exec;
mod known;
mod listen;
mod ls;
mod node;
mod reading;
mod record;
mod render;
mod run_exec;
mod services;
mod states;
mod tally;
mod tasks;
mod view;
mod withdraw;

pub use run_exec::exec_quickly;

use crate::{
    cli::{Cli, Command},
    report::{Code, Failure, Teller},
};
use assumed::Assumed;
use node::Node;
use tally::Tally;

/// How a command ends: with nothing to say, with a code that was explained already, or with a failure of its own.
type Ended = Result<Option<Code>, Failure>;

/// Runs a command and returns the exit code.
pub fn run(cli: Cli) -> u8 {
    let Cli { global, command } = cli;
    // The only verb whose exit codes are not reconf's but the command's.
    if let Command::Exec(exec) = command {
        return run_exec::run(&global, exec);
    }
    // It ends as the command ends, too.
    if let Command::Supervise(supervise) = command {
        return listen::supervise(&global, &supervise);
    }
    let teller = Teller::new(&global);
    let node = Assumed::of(&command).and_then(|assumed| Node::load(&global, assumed));
    let ended = node.and_then(|node| match &command {
        // The listener reads the node's configuration again when it changes.
        Command::Listen(args) => Ok(teller.exit(listen::run(node, &global, args)?)),
        command => {
            let code = dispatch(&node, &global, command)?;
            Ok(node.tell.exit(code))
        }
    });
    match ended {
        Ok(code) => code,
        Err(failure) => {
            teller.failure(None, &failure);
            failure.code.number()
        }
    }
}

fn dispatch(node: &Node, global: &crate::cli::Global, command: &Command) -> Ended {
    match command {
        Command::Render(args) => render::run(node, args),
        Command::Applied(args) => applied::run(node, args),
        Command::Announce(args) => announce::run(node, args),
        Command::Withdraw(args) => withdraw::run(node, global, args),
        Command::Apply(args) => apply::run(node, args),
        Command::Ls(args) => ls::run(node, args),
        Command::Tasks(args) => tasks::run(node, args),
        Command::Config => config::run(node),
        Command::Exec(_) | Command::Listen(_) | Command::Supervise(_) => Ok(None),
    }
}
