//! Names of variables and of provided values. A `Name` is always a POSIX name.

use std::{borrow::Cow, fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::parsed::parsed;

/// An environment variable's name, or the name of something that a service provides
/// (POSIX XBD 3.216: letters, digits and underscores, no digit first).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(Arc<str>);

/// Why a text is not a valid name of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    /// It is not a POSIX name.
    #[error("is not a POSIX name: letters, digits and `_`, no digit first")]
    Shape,
    /// A shell reserves it: sourcing the conf would change or end the shell (design.md section 3).
    #[error("is reserved by the shell and cannot be set by a conf")]
    Reserved,
    /// It controls which code a program loads, so only `environment` may set it.
    #[error("controls which code a program runs: set it in `environment`, not in `requires`")]
    EnvironmentOnly,
}

const RESERVED: &[&str] = &[
    "ARGC",
    "ARGV0",
    "BASHOPTS",
    "BASHPID",
    "COLUMNS",
    "DIRSTACK",
    "EGID",
    "ERRNO",
    "EUID",
    "FUNCNAME",
    "FUNCNEST",
    "GID",
    "GROUPS",
    "HISTCHARS",
    "HISTCMD",
    "HISTSIZE",
    "IFS",
    "KEYBOARD_HACK",
    "KEYTIMEOUT",
    "LINENO",
    "LINES",
    "LISTMAX",
    "MAILCHECK",
    "OLDPWD",
    "OPTARG",
    "OPTIND",
    "PIPESTATUS",
    "PPID",
    "PWD",
    "RANDOM",
    "SAVEHIST",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "SRANDOM",
    "TRY_BLOCK_ERROR",
    "TRY_BLOCK_INTERRUPT",
    "TTYIDLE",
    "UID",
    "USERNAME",
    "ZLE_RPROMPT_INDENT",
    "_",
    "aliases",
    "argv",
    "builtins",
    "cdpath",
    "commands",
    "dis_aliases",
    "dis_builtins",
    "dis_functions",
    "dis_functions_source",
    "dis_galiases",
    "dis_patchars",
    "dis_reswords",
    "dis_saliases",
    "fignore",
    "fpath",
    "funcfiletrace",
    "funcsourcetrace",
    "funcstack",
    "functions",
    "functions_source",
    "functrace",
    "galiases",
    "histchars",
    "history",
    "historywords",
    "jobdirs",
    "jobstates",
    "jobtexts",
    "keymaps",
    "mailpath",
    "manpath",
    "module_path",
    "modules",
    "nameddirs",
    "options",
    "parameters",
    "patchars",
    "path",
    "pipestatus",
    "psvar",
    "reswords",
    "saliases",
    "signals",
    "status",
    "termcap",
    "terminfo",
    "userdirs",
    "usergroups",
    "widgets",
    "zsh_eval_context",
    "zsh_scheduled_events",
];

const RESERVED_PREFIXES: &[&str] = &["BASH_", "EPOCH", "RECONF_", "ZSH_"];

/// Allowed in `environment` only. `BASH_ENV` is among them although it begins like a reserved name.
const ENVIRONMENT_ONLY: &[&str] = &["BASH_ENV", "NODE_OPTIONS", "PATH", "PYTHONPATH"];

impl Name {
    /// Parses a name that a service provides or refers to.
    ///
    /// # Errors
    /// [`NameError::Shape`] when the text is not a POSIX name.
    pub(crate) fn parse(text: &str) -> Result<Self, NameError> {
        let mut bytes = text.bytes();
        let starts = bytes
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        if starts && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Shape)
        }
    }

    /// Parses the name of a variable that a manifest's `environment` sets.
    ///
    /// # Errors
    /// [`NameError::Shape`], or [`NameError::Reserved`] for a name that a shell reserves.
    pub(crate) fn in_environment(text: &str) -> Result<Self, NameError> {
        let name = Self::parse(text)?;
        if name.is_reserved() {
            return Err(NameError::Reserved);
        }
        Ok(name)
    }

    /// Parses the name of a variable that a manifest's `requires` fills from outside.
    ///
    /// # Errors
    /// As [`Name::in_environment`], and [`NameError::EnvironmentOnly`].
    pub(crate) fn in_requires(text: &str) -> Result<Self, NameError> {
        let name = Self::in_environment(text)?;
        if ENVIRONMENT_ONLY.contains(&text) || text.starts_with("LD_") {
            return Err(NameError::EnvironmentOnly);
        }
        Ok(name)
    }

    /// The name as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The names that a shell reserves, but for those with a reserved beginning.
    #[cfg(test)]
    pub(crate) fn reserved() -> &'static [&'static str] {
        RESERVED
    }

    fn is_reserved(&self) -> bool {
        let text = self.as_str();
        !ENVIRONMENT_ONLY.contains(&text)
            && (RESERVED.contains(&text) || RESERVED_PREFIXES.iter().any(|p| text.starts_with(p)))
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, Self::parse)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for Name {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"})
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_allowed_by_where_it_is_set() {
        use NameError::{EnvironmentOnly, Reserved, Shape};
        for (text, in_environment, in_requires) in [
            ("A_1", Ok(()), Ok(())),
            ("_x", Ok(()), Ok(())),
            ("", Err(Shape), Err(Shape)),
            ("1A", Err(Shape), Err(Shape)),
            ("A-B", Err(Shape), Err(Shape)),
            ("É", Err(Shape), Err(Shape)),
            ("UID", Err(Reserved), Err(Reserved)),
            ("path", Err(Reserved), Err(Reserved)),
            ("RECONF_NODE", Err(Reserved), Err(Reserved)),
            ("BASH_X", Err(Reserved), Err(Reserved)),
            ("BASH_ENV", Ok(()), Err(EnvironmentOnly)),
            ("PATH", Ok(()), Err(EnvironmentOnly)),
            ("LD_PRELOAD", Ok(()), Err(EnvironmentOnly)),
        ] {
            assert_eq!(
                Name::in_environment(text).map(drop),
                in_environment,
                "{text}"
            );
            assert_eq!(Name::in_requires(text).map(drop), in_requires, "{text}");
        }
    }
}
