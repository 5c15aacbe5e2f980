//! A command under `exec --task` that runs until it is told to end.

use std::{
    cell::RefCell,
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
};

use crate::harness::{scenario::Scenario, wait::until};

/// Says its version; told to end, it says what the conf says by then.
const SCRIPT: &str = r#"echo "$VERSION"; read -r _; . etc/services.d/app.conf; echo "$VERSION""#;

/// A task, started or still waiting for a drain to end.
pub(super) struct Task {
    child: Child,
    lines: Receiver<String>,
    said: RefCell<Vec<String>>,
}

impl Task {
    /// Starts one that need not run yet.
    pub(super) fn spawn(node: &Scenario) -> Self {
        Self::of(node.command(&["exec", "--task", "app", "--", "sh", "-c", SCRIPT]))
    }

    /// Starts one and waits until it runs.
    pub(super) fn start(node: &Scenario) -> Self {
        let task = Self::spawn(node);
        task.version();
        task
    }

    /// A task by its whole command, with [`Self::script`] at its end.
    pub(super) fn of(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (told, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        // Ends with the output, so with the task.
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _nobody_listens = told.send(line);
            }
        });
        Self {
            child,
            lines,
            said: RefCell::default(),
        }
    }

    /// What every task runs.
    pub(super) fn script() -> &'static str {
        SCRIPT
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it runs.
    pub(super) fn has_started(&self) -> bool {
        self.said.borrow_mut().extend(self.lines.try_iter());
        !self.said.borrow().is_empty()
    }

    /// Whether it has opened the gate, which a drain keeps closed.
    pub(super) fn is_at_gate(&self) -> bool {
        let Ok(files) = fs::read_dir(format!("/proc/{}/fd", self.pid())) else {
            return false;
        };
        let files = files.flatten().map(|file| fs::read_link(file.path()));
        files.flatten().any(|path| path.ends_with("tasks/app.gate"))
    }

    /// The version that it was started with; waits until it runs.
    pub(super) fn version(&self) -> String {
        until("the task starts", || self.has_started().then_some(()));
        self.said.borrow()[0].clone()
    }

    /// Lets it end as soon as it runs.
    pub(super) fn release(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Ends it; returns the versions of its environment and of the conf at its end.
    pub(super) fn end(mut self) -> [String; 2] {
        self.release();
        assert!(self.child.wait().unwrap().success());
        let mut said = self.said.take();
        said.extend(self.lines.iter());
        said.try_into().unwrap()
    }

    /// Ends it without a chance to do anything about it.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
