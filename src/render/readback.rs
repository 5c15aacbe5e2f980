//! The parse-back check: what is written must say what was resolved, whatever template made it.

use std::{collections::BTreeMap, fmt};

use super::{
    Conf, ConfError, Pairs, RenderError, Rendered, docker, dotenv, envdir, json, shell, systemd,
};
use crate::model::format::{Format, LONGEST_CONF};

/// How a variable that was read back differs from the resolved one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// It is not there.
    Dropped(String),
    /// It was not resolved, or is there twice.
    Added(String),
    /// It has another value.
    Changed(String),
}

impl Difference {
    /// All differences as one clause.
    pub(super) fn list(differences: &[Self]) -> String {
        let all: Vec<String> = differences.iter().map(Self::to_string).collect();
        all.join(", ")
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped(name) => write!(f, "`{name}` is missing"),
            Self::Added(name) => write!(f, "`{name}` is added"),
            Self::Changed(name) => write!(f, "`{name}` has another value"),
        }
    }
}

/// Reads `rendered` as the format's own reader does, and compares.
pub(super) fn check(
    format: Format,
    conf: &Conf<'_>,
    rendered: &Rendered,
) -> Result<(), RenderError> {
    let service = conf.service.clone();
    if let (Format::Shell, Rendered::File(bytes)) = (format, rendered)
        && bytes.len() as u64 > LONGEST_CONF
    {
        return Err(RenderError::TooLarge { service });
    }
    let pairs = read(format, rendered).map_err(|source| RenderError::Unreadable {
        service: service.clone(),
        format,
        source,
    })?;
    let differences = differences(conf, pairs);
    if differences.is_empty() {
        return Ok(());
    }
    Err(RenderError::Different {
        service,
        format,
        differences,
    })
}

fn read(format: Format, rendered: &Rendered) -> Result<Pairs, ConfError> {
    match rendered {
        Rendered::Directory(directory) => Ok(envdir::parse(directory)),
        Rendered::File(conf) => match format {
            Format::Shell => shell::parse(conf),
            Format::Systemd => systemd::parse(conf),
            Format::Docker => docker::parse(conf),
            Format::Dotenv => dotenv::parse(conf),
            Format::Json | Format::Envdir => json::parse(conf),
        },
    }
}

fn differences(conf: &Conf<'_>, pairs: Pairs) -> Vec<Difference> {
    let resolved = conf.environment.iter();
    let mut missing: BTreeMap<&str, &[u8]> = resolved
        .map(|(name, variable)| (name.as_str(), variable.value.as_bytes()))
        .collect();
    let mut found = BTreeMap::new();
    for (name, value) in pairs {
        match missing.remove(name.as_str()) {
            Some(resolved) if resolved == value => {}
            Some(_) => {
                found.insert(name.clone(), Difference::Changed(name));
            }
            None => {
                found.insert(name.clone(), Difference::Added(name));
            }
        }
    }
    for name in missing.into_keys() {
        found.insert(name.to_owned(), Difference::Dropped(name.to_owned()));
    }
    found.into_values().collect()
}
