//! `reconf exec`: reads the environment from the conf, then becomes the command. No thread, no child, no connection.

use std::{
    ffi::OsString,
    fmt::{self, Display},
    os::unix::ffi::OsStringExt,
    path::Path,
    time::Duration,
};

use crate::{
    edge::{
        conf_file::{self, Distrust},
        exec::{ExecError, exec},
        files::{self, Access},
        locks::{Lock, LockError},
        process_environment, tasks, users,
    },
    model::{escape::escape_line, id::Id, paths::Paths, suggest},
    operations::written,
    render::shell,
};

/// The exit code of `exec` when reconf itself failed.
pub(crate) const FAILED: u8 = 125;

/// The exit code of `exec` when there is no such command.
const NOT_FOUND: u8 = 127;

/// How `exec` prepares the environment of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExecOptions {
    /// How long the command, as a task, waits for a drain to end; `None` if it is no task.
    pub task: Option<Duration>,
    /// Whether the command gets the variables of the conf only.
    pub pristine: bool,
}

/// Why no command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExecFailure {
    /// [`FAILED`], 126 or 127 (design.md section 7).
    pub code: u8,
    /// One lower-case clause, or all lines of a failure.
    pub message: String,
    /// One next step.
    pub hint: Option<String>,
}

impl Display for ExecFailure {
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
    pub(crate) fn of_reconf(message: impl Display, hint: Option<String>) -> Self {
        Self {
            code: FAILED,
            message: escape_line(&message.to_string()).into_owned(),
            hint,
        }
    }
}

/// The environment of a service, ready for a command.
#[derive(Debug)]
pub(crate) struct ExecEnvironment {
    variables: Variables,
    pristine: bool,
    /// A task's share of the lock, which the command inherits.
    _lock: Option<Lock>,
}

type Variables = Vec<(OsString, OsString)>;

impl ExecEnvironment {
    /// Reads the conf of a service. A drain swaps the conf while it holds the lock, so a task takes its share first.
    pub(crate) fn read(id: &Id, paths: &Paths, options: ExecOptions) -> Result<Self, ExecFailure> {
        let lock = match options.task {
            Some(wait) => Some(join(id, paths, wait)?),
            None => None,
        };
        let mut variables = read(id, paths)?;
        if lock.is_some() {
            variables.push(("RECONF_TASK".into(), id.as_str().into()));
        }
        Ok(Self {
            variables,
            pristine: options.pristine,
            _lock: lock,
        })
    }

    /// Becomes the command; returns only if that fails.
    pub(crate) fn exec(self, command: &[OsString]) -> ExecFailure {
        let Some((program, arguments)) = command.split_first().filter(|(p, _)| !p.is_empty())
        else {
            return ExecFailure {
                code: NOT_FOUND,
                message: "the command is empty".to_owned(),
                hint: Some("is a variable that should name it unset?".to_owned()),
            };
        };
        let inherited = process_environment::variables().filter(|_| !self.pristine);
        let error = exec(program, arguments, inherited.chain(self.variables));
        let code = match error {
            ExecError::NotFound { .. } => NOT_FOUND,
            ExecError::CannotRun { .. } | ExecError::TooLarge { .. } => 126,
        };
        let hint = match &error {
            ExecError::TooLarge { size, .. } => size.hint(),
            _ => None,
        };
        ExecFailure {
            code,
            message: escape_line(&error.to_string()).into_owned(),
            hint: hint.map(|hint| escape_line(&hint).into_owned()),
        }
    }
}

fn join(id: &Id, paths: &Paths, wait: Duration) -> Result<Lock, ExecFailure> {
    let conf = paths.conf(id);
    let access = conf_file::access(&conf).map_err(|distrust| distrusted(id, paths, &distrust))?;
    let lock = tasks::join(paths, id, &access, wait).map_err(|error| match error {
        LockError::Busy { .. } => ExecFailure::of_reconf(
            format!("a drain of `{id}` is still running: {error}"),
            Some("wait longer with `--wait`".to_owned()),
        ),
        LockError::File(_) => match conf_file::read(&conf) {
            // Whoever may read the conf may lock it, once both are there.
            Err(distrust) => distrusted(id, paths, &distrust),
            Ok(_) => ExecFailure::of_reconf(
                error.to_string(),
                Some(format!(
                    "`reconf render {id}` creates the locks of its tasks"
                )),
            ),
        },
    })?;
    match lock.inherit() {
        Ok(()) => Ok(lock),
        Err(error) => Err(ExecFailure::of_reconf(
            format!("cannot let the command inherit the task lock of `{id}`: {error}"),
            None,
        )),
    }
}

fn read(id: &Id, paths: &Paths) -> Result<Variables, ExecFailure> {
    let conf = paths.conf(id);
    let read = conf_file::read(&conf).map_err(|distrust| distrusted(id, paths, &distrust))?;
    if let Some(owner) = read.foreign_owner {
        refuse_changed(id, paths, &read.bytes, owner)?;
    }
    let pairs = shell::parse(&read.bytes).map_err(|error| {
        let (line, column) = (error.line, error.column);
        let message = format!("`{}:{line}:{column}`: {}", conf.display(), error.message);
        ExecFailure::of_reconf(
            message,
            Some(format!("`reconf render {id}` writes it again")),
        )
    })?;
    let pairs = pairs.into_iter();
    Ok(pairs
        .map(|(name, value)| (name.into(), OsString::from_vec(value)))
        .collect())
}

/// Refuses to run as root what another user has put in.
fn refuse_changed(id: &Id, paths: &Paths, conf: &[u8], owner: u32) -> Result<(), ExecFailure> {
    let as_written = written::is_as_written(paths, id, conf)
        .map_err(|error| ExecFailure::of_reconf(error.to_string(), None))?;
    if as_written {
        return Ok(());
    }
    let owner = users::user_name(owner);
    let message = format!(
        "`{}` is not what `render` wrote: user `{owner}`, who owns it, may have changed it",
        paths.conf(id).display()
    );
    let hint = format!(
        "`reconf render {id}` writes it again; run the command as `{owner}` to take it as it is"
    );
    Err(ExecFailure::of_reconf(message, Some(hint)))
}

/// Who may read a conf that the caller may not.
fn readers(access: &Access) -> String {
    let mode = access.mode;
    match (access.group, access.owner) {
        (Some(group), _) if mode & 0o040 != 0 => format!(
            "root and members of group `{}` may read it (mode {mode:04o})",
            users::group_name(group)
        ),
        (_, Some(owner)) => format!(
            "only root and user `{}` may read it (mode {mode:04o})",
            users::user_name(owner)
        ),
        _ => format!("its mode is {mode:04o}"),
    }
}

fn distrusted(id: &Id, paths: &Paths, distrust: &Distrust) -> ExecFailure {
    let conf = paths.conf(id);
    let hint = match distrust {
        Distrust::Missing => Some(missing_hint(id, paths)),
        Distrust::TooLarge | Distrust::Irregular | Distrust::Link | Distrust::SecondName => Some(
            format!("move it away; `reconf render {id}` writes a new one"),
        ),
        Distrust::Writable(_) | Distrust::Foreign(_) => Some(
            "check what it sets, then run `reconf render` as the right user to replace it"
                .to_owned(),
        ),
        Distrust::ForeignLink(_) => Some("give the folder to root and `chmod go-w` it".to_owned()),
        Distrust::Unreadable(_) => conf_file::access(&conf).ok().map(|access| readers(&access)),
    };
    ExecFailure::of_reconf(format!("`{}` {distrust}", conf.display()), hint)
}

/// What may help where there is no conf: to render it, if there is a manifest, or another id.
fn missing_hint(id: &Id, paths: &Paths) -> String {
    if files::exists(&paths.manifest(id)) {
        return format!("`reconf render {id}` writes it");
    }
    let ids = |folder: &Path, extension| files::list_ids(folder, extension).unwrap_or_default().ids;
    let known = [ids(&paths.manifests(), "json"), ids(paths.confs(), "conf")].concat();
    match suggest::near_miss(id.as_str(), known.iter().map(Id::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is no manifest of `{id}` either; check the id and --root"),
    }
}
