//! `reconf exec`: the environment from the conf, then the command, in this very process. No thread, no connection.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    os::unix::ffi::OsStringExt,
    path::Path,
    time::Duration,
};

use crate::{
    edge::{
        conf_file::{self, Distrust},
        exec::{ExecError, exec},
        locks::{Lock, LockError},
        process_environment, tasks,
    },
    model::{id::Id, paths::Paths},
    render::shell,
};

/// What `exec` ends with when reconf itself failed.
pub(crate) const FAILED: u8 = 125;

/// What it ends with when there is no such command.
const NOT_FOUND: u8 = 127;

/// What `exec` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExecRequest {
    /// The service.
    pub id: Id,
    /// AnnounceOptions long the command, as a task, waits for a drain to end; `None` when it is no task.
    pub task: Option<Duration>,
    /// Whether the command gets the conf's variables only.
    pub pristine: bool,
    /// The command; empty for the manifest's own.
    pub command: Vec<OsString>,
}

/// Why no command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExecFailure {
    /// [`FAILED`], 126 or 127 (design.md section 7).
    pub code: u8,
    /// One lower-case clause.
    pub message: String,
    /// One next step.
    pub hint: Option<String>,
}

impl fmt::Display for ExecFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl ExecFailure {
    /// A failure of reconf itself, before there was a command to run.
    pub(crate) fn of_reconf(message: String, hint: Option<String>) -> Self {
        Self {
            code: FAILED,
            message,
            hint,
        }
    }
}

/// Becomes the command; returns only when that fails. `manifest_command` reads the manifest's own command, and is
/// asked only when none was given.
pub(crate) fn run(
    request: &ExecRequest,
    paths: &Paths,
    manifest_command: impl FnOnce() -> Result<Option<Vec<String>>, String>,
) -> ExecFailure {
    match prepare(request, paths, manifest_command) {
        Ok((command, variables, _held_until_the_command_has_it)) => {
            become_command(&command, variables, request.pristine)
        }
        Err(failure) => failure,
    }
}

type Variables = Vec<(OsString, OsString)>;

fn prepare(
    request: &ExecRequest,
    paths: &Paths,
    manifest_command: impl FnOnce() -> Result<Option<Vec<String>>, String>,
) -> Result<(Vec<OsString>, Variables, Option<Lock>), ExecFailure> {
    let id = &request.id;
    // A drain swaps the conf while it holds the lock: a task reads it only after it has its share.
    let lock = match request.task {
        Some(wait) => Some(join(id, paths, wait)?),
        None => None,
    };
    let mut variables = read(id, &paths.conf(id))?;
    if lock.is_some() {
        variables.push(("RECONF_TASK".into(), id.as_str().into()));
    }
    let command = if request.command.is_empty() {
        own_command(id, manifest_command)?
    } else {
        request.command.clone()
    };
    Ok((command, variables, lock))
}

fn join(id: &Id, paths: &Paths, wait: Duration) -> Result<Lock, ExecFailure> {
    let conf = paths.conf(id);
    let access = conf_file::access(&conf).map_err(|distrust| distrusted(id, &conf, &distrust))?;
    let lock = tasks::join(paths, id, &access, wait).map_err(|error| match error {
        LockError::Busy { .. } => ExecFailure::of_reconf(
            format!("a drain of `{id}` is not over: {error}"),
            Some("wait longer with `--wait`".to_owned()),
        ),
        LockError::File(_) => ExecFailure::of_reconf(
            error.to_string(),
            Some(format!("`reconf render {id}` makes the locks of its tasks")),
        ),
    })?;
    match lock.inherit() {
        Ok(()) => Ok(lock),
        Err(error) => Err(ExecFailure::of_reconf(
            format!("cannot hand the task lock of `{id}` on: {error}"),
            None,
        )),
    }
}

fn read(id: &Id, conf: &Path) -> Result<Variables, ExecFailure> {
    let bytes = conf_file::read(conf).map_err(|distrust| distrusted(id, conf, &distrust))?;
    let pairs = shell::parse(&bytes).map_err(|error| {
        let (line, column) = (error.line, error.column);
        let message = format!("`{}:{line}:{column}`: {}", conf.display(), error.message);
        ExecFailure::of_reconf(
            message,
            Some(format!("`reconf render {id}` writes it anew")),
        )
    })?;
    let pairs = pairs.into_iter();
    Ok(pairs
        .map(|(name, value)| (name.into(), OsString::from_vec(value)))
        .collect())
}

fn distrusted(id: &Id, conf: &Path, distrust: &Distrust) -> ExecFailure {
    let hint = match distrust {
        Distrust::Missing => Some(format!("`reconf render {id}` writes it")),
        Distrust::TooLarge | Distrust::Irregular | Distrust::Link => Some(format!(
            "move it away; `reconf render {id}` writes a new one"
        )),
        Distrust::Writable(_) | Distrust::Foreign(_) => Some(
            "look at what it sets, then let `reconf render` write it anew as the right user"
                .to_owned(),
        ),
        Distrust::Unreadable(_) => None,
    };
    ExecFailure::of_reconf(format!("`{}` {distrust}", conf.display()), hint)
}

fn own_command(
    id: &Id,
    manifest_command: impl FnOnce() -> Result<Option<Vec<String>>, String>,
) -> Result<Vec<OsString>, ExecFailure> {
    let command = manifest_command().map_err(|message| ExecFailure::of_reconf(message, None))?;
    match command {
        Some(words) if !words.is_empty() => Ok(words.into_iter().map(OsString::from).collect()),
        _ => Err(ExecFailure::of_reconf(
            format!("the manifest of `{id}` names no command"),
            Some(format!("name one: `reconf exec {id} -- COMMAND`")),
        )),
    }
}

fn become_command(command: &[OsString], variables: Variables, pristine: bool) -> ExecFailure {
    let inherited = process_environment::variables().filter(|_| !pristine);
    let (program, arguments) = command
        .split_first()
        .map_or((OsStr::new(""), command), |(first, rest)| {
            (first.as_os_str(), rest)
        });
    if program.is_empty() {
        return ExecFailure {
            code: NOT_FOUND,
            message: "the command is empty".to_owned(),
            hint: Some("is a variable unset that was to name it?".to_owned()),
        };
    }
    let error = exec(program, arguments, inherited.chain(variables));
    let code = match error {
        ExecError::NotFound { .. } => NOT_FOUND,
        ExecError::CannotRun { .. } => 126,
    };
    ExecFailure {
        code,
        message: error.to_string(),
        hint: None,
    }
}
